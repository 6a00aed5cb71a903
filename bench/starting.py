"""What a process costs before its first request: Certfolio's, and one that imports the same and nothing of ours."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator

from bench.installation import ROOT, Installation
from bench.measure import CERTFOLIO
from bench.processes import kilobytes_in
from bench.results import Work

ALONE = "the same imports alone"
_OURS = ("wsgi", "config", "records", "portal", "admin_panel", "bench")
_TIMES = 5
_TELL = "import json, sys, wsgi; print(json.dumps(list(sys.modules)))"
_STATUS = "; print(open('/proc/self/status').read())"
_IMPORT = "import importlib, json, sys; [importlib.import_module(name) for name in json.load(sys.stdin)]" + _STATUS
_START = "import wsgi" + _STATUS


def starts(installation: Installation) -> Iterator[Work]:
    """Seconds of the processor, and the most memory; in turns."""
    environment = installation.environment()
    told = subprocess.run(
        [sys.executable, "-c", _TELL], cwd=ROOT, env=environment, check=True, capture_output=True
    ).stdout
    names = [name for name in json.loads(told) if name.partition(".")[0] not in _OURS and name != "__main__"]
    given = {ALONE: (_IMPORT, json.dumps(names).encode()), CERTFOLIO: (_START, b"")}
    turns = [{by: _started(*each, environment) for by, each in given.items()} for _ in range(_TIMES)]
    for by in given:
        seconds, most = zip(*(turn[by] for turn in turns), strict=True)
        yield Work("process start", by, statistics.median(seconds), 1, growth=max(most))


def _started(program: str, given: bytes, environment: dict[str, str]) -> tuple[float, int]:
    """Seconds of the processor, and the bytes that it had at most: it says so itself, for what Linux counts of a child
    begins with what its parent had."""
    command = [sys.executable, "-W", "ignore", "-c", program]
    running = subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    if running.stdin is None or running.stdout is None:
        raise RuntimeError("process start: no pipes")
    with running.stdin as into:
        into.write(given)
    with running.stdout as output:
        status = output.read().decode()
    _, code, used = os.wait4(running.pid, 0)
    running.returncode = os.waitstatus_to_exitcode(code)
    if running.returncode:
        raise RuntimeError(f"process start: it ended with {running.returncode}")
    return used.ru_utime + used.ru_stime, kilobytes_in(status, "VmHWM:") * 1024

"""What a process costs before its first request: Certfolio's, and one that imports the same and nothing of ours."""

from __future__ import annotations

import json
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
_COST = "; import json, time; print(json.dumps([time.process_time(), open('/proc/self/status').read()]))"
_IMPORT = "import importlib, json, sys; [importlib.import_module(name) for name in json.load(sys.stdin)]" + _COST
_START = "import wsgi" + _COST


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
    """Seconds of the processor until all is there, and the bytes that it had at most. It says both itself: what Linux
    counts of a child has its end in it, and begins with the memory that its parent had."""
    command = [sys.executable, "-W", "ignore", "-c", program]
    said = subprocess.run(command, cwd=ROOT, env=environment, input=given, stdout=subprocess.PIPE, check=True).stdout
    seconds, status = json.loads(said)
    return seconds, 1024 * kilobytes_in(status, "VmHWM:")

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
from bench.results import Work

ALONE = "the same imports alone"
_OURS = ("wsgi", "config", "records", "portal", "admin_panel", "bench")
_TIMES = 5
_TELL = "import json, sys, wsgi; print(json.dumps(list(sys.modules)))"
_IMPORT = "import importlib, json, sys; [importlib.import_module(name) for name in json.load(sys.stdin)]"
_START = "import wsgi"


def starts(installation: Installation) -> Iterator[Work]:
    """Seconds of the processor, and the most memory."""
    environment = installation.environment()
    told = subprocess.run(
        [sys.executable, "-c", _TELL], cwd=ROOT, env=environment, check=True, capture_output=True
    ).stdout
    names = [name for name in json.loads(told) if name.partition(".")[0] not in _OURS and name != "__main__"]
    yield _started(ALONE, _IMPORT, environment, json.dumps(names).encode())
    yield _started(CERTFOLIO, _START, environment, b"")


def _started(by: str, program: str, environment: dict[str, str], given: bytes) -> Work:
    spent, most = [], 0
    for _ in range(_TIMES):
        running = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", program], cwd=ROOT, env=environment, stdin=subprocess.PIPE
        )
        if running.stdin is not None:
            running.stdin.write(given)
            running.stdin.close()
        _, status, used = os.wait4(running.pid, 0)
        running.returncode = os.waitstatus_to_exitcode(status)
        if running.returncode:
            raise RuntimeError(f"process start, {by}: it ended with {running.returncode}")
        spent.append(used.ru_utime + used.ru_stime)
        most = max(most, 1024 * used.ru_maxrss)
    return Work("process start", by, statistics.median(spent), 1, growth=most)

"""Drawing previews, behind one small door: each in a child process with little memory and time.

A decoder meets bytes that strangers chose. Whatever they do to it happens in `child.py`, which gets
one file on its standard input, gives one WebP picture on its standard output, and ends.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

_CHILD = Path(__file__).with_name("child.py")
_SECONDS = 20
_LARGEST = 8 * 1024 * 1024
# Few arenas: each reserves address space, of which the child has little.
_ENVIRONMENT = {"LANG": "C.UTF-8", "MALLOC_ARENA_MAX": "2", "OMP_NUM_THREADS": "1"}


class CannotDraw(Exception):
    """These bytes do not decode within the limits; trying again would end the same."""


class Interrupted(Exception):
    """Drawing was cut off from outside, by the clock or for want of memory; it may work another time."""


def draw(stream: BinaryIO, *, kind: str, seconds: float = _SECONDS) -> bytes:
    """A WebP picture of the file, or of a PDF's first page. Raises CannotDraw, Interrupted."""
    with TemporaryFile() as given, TemporaryFile() as drawn:
        shutil.copyfileobj(stream, given)
        given.seek(0)
        code = _run(given, drawn, kind, seconds)
        if code in (-signal.SIGKILL, -signal.SIGALRM, -signal.SIGTERM):
            raise Interrupted(f"ended by signal {-code}")
        if code != 0:
            raise CannotDraw(f"ended with {code}")
        drawn.seek(0)
        picture = drawn.read(_LARGEST + 1)
    if picture[:4] != b"RIFF" or picture[8:12] != b"WEBP" or len(picture) > _LARGEST:
        raise CannotDraw("gave no picture")
    return picture


def _run(given: BinaryIO, drawn: BinaryIO, kind: str, seconds: float) -> int:
    """The child's exit code. A session of its own keeps it from signals meant for the worker."""
    try:
        return subprocess.run(  # noqa: S603  # because: our own script, and a media type as its one argument
            [sys.executable, "-I", str(_CHILD), kind],
            stdin=given,
            stdout=drawn,
            stderr=subprocess.DEVNULL,
            timeout=seconds,
            cwd="/",
            env=_ENVIRONMENT,
            start_new_session=True,
            check=False,
        ).returncode
    except subprocess.TimeoutExpired:
        raise Interrupted(f"took longer than {seconds} seconds") from None

"""Drawing previews, behind one small door: each in a child process with little memory and time.

A decoder meets bytes that strangers chose. Whatever they do to it happens in `child.py`, which gets
one file on its standard input, gives two WebP pictures on its standard output, and ends. Nothing here
decodes what it gave: where one picture ends and the other begins is read from their heads.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

_CHILD = Path(__file__).with_name("child.py")
_SECONDS = 20
_TELLS_PLACE = 4  # as the child says it
_LARGEST = 8 * 1024 * 1024
# Few arenas: each reserves address space, of which the child has little.
_ENVIRONMENT = {"LANG": "C.UTF-8", "MALLOC_ARENA_MAX": "2", "OMP_NUM_THREADS": "1"}


class CannotDraw(Exception):
    """These bytes do not decode within the limits; trying again would end the same."""


class Interrupted(Exception):
    """Drawing was cut off from outside, by the clock or for want of memory; it may work another time."""


@dataclass(frozen=True)
class Drawn:
    """Two WebP pictures of the same: one to read, and a small one for lists.

    `tells_place`: the file says where it was taken. The pictures do not.
    """

    preview: bytes
    thumbnail: bytes
    tells_place: bool = False


def draw(stream: BinaryIO, *, kind: str, seconds: float = _SECONDS) -> Drawn:
    """Pictures of the file, or of a PDF's first page. Raises CannotDraw, Interrupted."""
    with TemporaryFile() as given, TemporaryFile() as drawn:
        shutil.copyfileobj(stream, given)
        given.seek(0)
        code = _run(given, drawn, kind, seconds)
        if code in (-signal.SIGKILL, -signal.SIGALRM, -signal.SIGTERM):
            raise Interrupted(f"ended by signal {-code}")
        if code not in (0, _TELLS_PLACE):
            raise CannotDraw(f"ended with {code}")
        drawn.seek(0)
        pictures = drawn.read(_LARGEST + 1)
    if len(pictures) > _LARGEST:
        raise CannotDraw("gave too much")
    preview, rest = _first(pictures)
    thumbnail, rest = _first(rest)
    if rest:
        raise CannotDraw("gave more than two pictures")
    return Drawn(preview, thumbnail, tells_place=code == _TELLS_PLACE)


def _first(pictures: bytes) -> tuple[bytes, bytes]:
    """The WebP picture at the start, as long as its head says, and what follows it. Raises CannotDraw."""
    length = 8 + int.from_bytes(pictures[4:8], "little")
    if pictures[:4] != b"RIFF" or pictures[8:12] != b"WEBP" or len(pictures) < length:
        raise CannotDraw("gave no picture")
    return pictures[:length], pictures[length:]


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

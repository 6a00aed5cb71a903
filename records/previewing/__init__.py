"""Drawing previews, behind one small door: each in a child process with little memory and time.

A decoder meets bytes that strangers chose. Whatever they do to it happens in a child of `child.py`, which gets
one file, gives two WebP pictures, and ends. Nothing here decodes what it gave: where one picture ends and the other
begins is read from their heads.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

_CHILD = Path(__file__).with_name("child.py")
_SECONDS = 20
_TELLS_PLACE = 4  # as the child says it
_LARGEST = 8 * 1024 * 1024
_LONGEST_ANSWER = 16
# Few arenas: each reserves address space, of which the child has little.
_ENVIRONMENT = {"LANG": "C.UTF-8", "MALLOC_ARENA_MAX": "2", "OMP_NUM_THREADS": "1"}


_at_hand: ContextVar[_Parent | None] = ContextVar("parent", default=None)


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


@contextmanager
def drawing_many() -> Iterator[None]:
    """Within the block, the process that has the decoders is started once for all files, and ends with it."""
    with _Parent() as parent:
        before = _at_hand.set(parent)
        try:
            yield
        finally:
            _at_hand.reset(before)


def _run(given: BinaryIO, drawn: BinaryIO, kind: str, seconds: float) -> int:
    """The child's exit code. Raises Interrupted."""
    if (at_hand := _at_hand.get()) is not None:
        return at_hand.exit_code_for(given, drawn, kind, seconds)
    with _Parent() as parent:
        return parent.exit_code_for(given, drawn, kind, seconds)


class _Parent:
    """The process that has the decoders and forks a child for each file; it runs from the first one on."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> _Parent:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def exit_code_for(self, given: BinaryIO, drawn: BinaryIO, kind: str, seconds: float) -> int:
        """Raises Interrupted; then the next file is drawn by children of a new process."""
        if self._process is None:
            self._begin()
        try:
            self._door.settimeout(seconds)
            socket.send_fds(self._door, [kind.encode()], [given.fileno(), drawn.fileno()])
            if answer := self._door.recv(_LONGEST_ANSWER):
                return int(answer)
            raise Interrupted("the process that draws is gone")
        except BaseException as error:
            self._end()
            if isinstance(error, OSError):  # too late, or it is gone
                raise Interrupted(f"no answer within {seconds} seconds: {type(error).__name__}") from error
            raise

    def _begin(self) -> None:
        """A session of its own keeps it from signals meant for the worker."""
        self._door, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603  # because: our own script
                [sys.executable, "-I", str(_CHILD)],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env=_ENVIRONMENT,
                start_new_session=True,
            )

    def _end(self) -> None:
        """With the child that may still draw: it is of the same group."""
        if self._process is not None:
            self._door.close()
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

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
from threading import Lock, Timer
from typing import BinaryIO

_CHILD = Path(__file__).with_name("child.py")
_SECONDS = 20
STAYS = 30  # seconds: how long the process with the decoders waits for more
_TELLS_PLACE = 4  # as the child says it
_LARGEST = 8 * 1024 * 1024
_LONGEST_ANSWER = 16
# Few arenas: each reserves address space, of which the child has little. And memory that was given back is used again,
# for the picture after: asking the system for it anew costs more than most drawings.
_ENVIRONMENT = {
    "LANG": "C.UTF-8", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2",
    "MALLOC_MMAP_THRESHOLD_": "33000000", "MALLOC_TRIM_THRESHOLD_": "100000000", "MALLOC_TOP_PAD_": "16000000",
}  # fmt: skip


_at_hand: ContextVar[_Parent | None] = ContextVar("parent", default=None)
_resting: dict[_Parent, Timer] = {}  # each with what ends it
_turn = Lock()


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
    """Within the block, the process that has the decoders is started once for all files. It stays for a while, for
    files that come soon after: where many people send theirs, that is every second."""
    parent = _rested()
    before = _at_hand.set(parent)
    try:
        yield
    finally:
        _at_hand.reset(before)
        parent.rest()


def _run(given: BinaryIO, drawn: BinaryIO, kind: str, seconds: float) -> int:
    """The child's exit code. Raises Interrupted."""
    if (at_hand := _at_hand.get()) is not None:
        return at_hand.exit_code_for(given, drawn, kind, seconds)
    with _Parent() as parent:
        return parent.exit_code_for(given, drawn, kind, seconds)


def _rested() -> _Parent:
    """One that waits for more, or a new one."""
    with _turn:
        if not _resting:
            return _Parent()
        parent, leaving = _resting.popitem()
    leaving.cancel()
    return parent


def _forget_rested() -> None:
    """A process that was forked has none: it and the one that it came from would hear each other's answers."""
    global _turn
    _turn = Lock()
    _resting.clear()


os.register_at_fork(after_in_child=_forget_rested)


class _Parent:
    """The process that has the decoders and forks a child for each file; it runs from the first one on. Where its
    worker is gone, so is the other end of its socket, and it ends."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> _Parent:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def rest(self) -> None:
        """Wait for more, and end where nothing comes; or, where the worker ends first, with it."""
        if self._process is None:
            return
        leaving = Timer(STAYS, self._leave)
        leaving.daemon = True
        with _turn:
            _resting[self] = leaving
        leaving.start()

    def _leave(self) -> None:
        with _turn:
            rested = _resting.pop(self, None)
        if rested:
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

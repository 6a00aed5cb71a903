"""A file that is read over a network, piece by piece, as if it lay here."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from records.errors import StorageUnavailable

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

# A connection is held for so many bytes at a time, however slowly they are taken off us; none of them are held here.
_PIECE = 8 * 1024 * 1024
_ATTEMPTS = 2

Reader = Callable[[int], bytes]


class Ranges(io.RawIOBase):
    """`fetch` asks for the bytes from one place up to before another, and returns what reads at most so many of them at
    a time: b"" where they break off before their end. Then they are asked for once more from there; if not one byte
    comes of it, reading raises StorageUnavailable. `size` in bytes."""

    def __init__(self, fetch: Callable[[int, int], Reader], size: int) -> None:
        super().__init__()
        self._fetch, self._size = fetch, size
        self._at = self._end = 0
        self._reader: Reader | None = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        to = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        if to != self._at:
            self._reader = None
        self._at = max(to, 0)
        return self._at

    def readinto(self, buffer: WriteableBuffer) -> int:
        with memoryview(buffer).cast("B") as room:
            if self._at >= self._size or not room:
                return 0
            for _ in range(_ATTEMPTS):
                if read := self._read(len(room)):
                    room[: len(read)] = read
                    return len(read)
        raise StorageUnavailable()

    def _read(self, most: int) -> bytes:
        if self._reader is None:
            self._end = min(self._at + _PIECE, self._size)
            self._reader = self._fetch(self._at, self._end)
        read = self._reader(min(most, self._end - self._at))
        self._at += len(read)
        if not read or self._at == self._end:
            self._reader = None
        return read

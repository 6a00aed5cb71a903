"""Scans in a folder on disk: synced under a name of their own, then renamed to their final one."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from io import BufferedWriter, FileIO
from pathlib import Path
from typing import IO, Any, BinaryIO

from records.storage import Received, copied, disk_errors, is_key

_AT_ONCE = 4 * 1024 * 1024


class _Early(BufferedWriter):
    """A file that goes to its disk while it is written, so that the sync at its end finds little left to do. Linux
    takes the advice so: what is not on the disk yet begins to go there, and stays in memory."""

    _begun = 0

    def write(self, piece: Any) -> int:
        written = super().write(piece)
        end = self.tell()
        if end - self._begun >= _AT_ONCE and hasattr(os, "posix_fadvise"):
            self.flush()
            os.posix_fadvise(self.fileno(), self._begun, end - self._begun, os.POSIX_FADV_DONTNEED)
            self._begun = end
        return written


class FolderStorage:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.incoming = root / "incoming"
        self._lasting: set[Path] = set()

    def is_empty(self) -> bool:
        with disk_errors():
            return not self.root.exists() or not any(self.root.iterdir())

    def receive(self, stream: IO[bytes], *, name: str, limit: int) -> Received:
        with disk_errors():
            self._make(self.incoming)
            path = self.incoming / secrets.token_hex(16)
            try:
                with _Early(FileIO(path, "x")) as file:
                    sha256, size, head = copied(stream, file, name=name, limit=limit)
                    file.flush()
                    os.fsync(file.fileno())
            except BaseException:
                path.unlink(missing_ok=True)
                raise
        return Received(sha256, size, head, held=path)

    def keep(self, received: Received, key: str) -> None:
        with disk_errors():
            path = self._path(key)
            self._make(path.parent)
            received.held.rename(path)
            sync_folder(path.parent)

    def discard(self, received: Received) -> None:
        received.held.unlink(missing_ok=True)

    def open(self, key: str) -> BinaryIO:
        with disk_errors():
            return self._path(key).open("rb")

    def delete(self, key: str) -> None:
        with disk_errors():
            self._path(key).unlink(missing_ok=True)

    def keys_before(self, instant: float) -> Iterator[str]:
        for path in self.root.glob("*/*"):
            key = path.relative_to(self.root).as_posix()
            with suppress(FileNotFoundError):  # because: it may be renamed or deleted while we look
                if is_key(key) and path.stat().st_mtime < instant:
                    yield key

    def _make(self, folder: Path) -> None:
        """A folder that outlives a crash: another process may have made it just now, so each syncs it once."""
        if folder in self._lasting and folder.exists():
            return
        made = [each for each in (folder, *folder.parents) if not each.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        for each in {folder, self.root, *made}:
            sync_folder(each.parent)
        self._lasting.add(folder)

    def _path(self, key: str) -> Path:
        if not is_key(key):
            raise ValueError("not a storage key")
        return self.root / key


def sync_folder(folder: Path) -> None:
    """Make names that were given in this folder outlive a crash."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

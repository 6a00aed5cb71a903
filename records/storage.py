"""The bytes of scans, behind one small door: a folder on disk (another store needs only these verbs).

Written so that a crash at any instant leaves no row without its bytes: the bytes are on disk, synced
and under their final name, before the row that points to them is committed. Bytes without a row are
swept after a grace time.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, Protocol
from urllib.parse import unquote, urlparse

from flask import Flask, current_app

from records.errors import N_, FileEmpty, FileTooLarge, StorageFull, StorageUnavailable

_CHUNK = 1024 * 1024
_KEY = re.compile(r"([0-9]+|incoming)/[0-9a-f-]{32,}((\.small)?\.webp)?")


@dataclass(frozen=True)
class Received:
    """Bytes that have arrived and are synced, but have no name yet. `size` in bytes, `head` the first 8 KiB."""

    path: Path
    sha256: str
    size: int
    head: bytes


class Storage(Protocol):
    def is_empty(self) -> bool:
        """Whether nothing was ever stored here, or what was stored is out of reach. Raises StorageUnavailable."""

    def receive(self, stream: IO[bytes], *, name: str, limit: int) -> Received:
        """Take in `stream`, hashing it. Raises FileTooLarge, FileEmpty, StorageFull, StorageUnavailable."""

    def keep(self, received: Received, key: str) -> None:
        """Give received bytes their final name, so that they outlive a crash."""

    def discard(self, received: Received) -> None:
        """Forget received bytes that were not kept."""

    def open(self, key: str) -> BinaryIO:
        """The bytes, from their start. Raises StorageUnavailable where they are not to be had."""

    def delete(self, key: str) -> None:
        """Remove the bytes; nothing happens where there are none."""

    def keys_before(self, instant: float) -> Iterator[str]:
        """The keys of all bytes last written before `instant` (seconds since the epoch)."""


def new_key(organization_id: int, sha256: str) -> str:
    """A key never used before: bytes that are deleted can never be mistaken for bytes that come anew."""
    return f"{organization_id}/{sha256}-{secrets.token_hex(8)}"


def is_key(text: str) -> bool:
    """Whether bytes could lie under this key."""
    return _KEY.fullmatch(text) is not None


def is_arriving(key: str) -> bool:
    """Whether these bytes have no name of their own yet: of an upload under way, or of one that was cut short."""
    return key.startswith("incoming/")


def measured(stream: BinaryIO) -> tuple[int, str]:
    """How many bytes there are from here on, and their SHA-256 (hexadecimal); read in pieces."""
    digest, size = hashlib.sha256(), 0
    while chunk := stream.read(_CHUNK):
        digest.update(chunk)
        size += len(chunk)
    return size, digest.hexdigest()


def sha256_of(stream: BinaryIO) -> str:
    """The SHA-256 (hexadecimal) of all bytes from here on; read in pieces."""
    return measured(stream)[1]


def preview_key(key: str) -> str:
    return f"{key}.webp"


def thumbnail_key(key: str) -> str:
    return f"{key}.small.webp"


def drawn_from(key: str) -> str:
    """The key of the file that a preview or a thumbnail shows; that of a file itself stays as it is."""
    return key.partition(".")[0]


class FolderStorage:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.incoming = root / "incoming"
        self._lasting: set[Path] = set()

    def is_empty(self) -> bool:
        with _storage_errors():
            return not self.root.exists() or not any(self.root.iterdir())

    def receive(self, stream: IO[bytes], *, name: str, limit: int) -> Received:
        digest, size, head = hashlib.sha256(), 0, b""
        with _storage_errors():
            self._make(self.incoming)
            path = self.incoming / secrets.token_hex(16)
            try:
                with path.open("xb") as file:
                    while chunk := stream.read(_CHUNK):
                        size += len(chunk)
                        if size > limit:
                            raise FileTooLarge(name=name, limit=megabytes(limit), field="files")
                        head = head or chunk[:8192]
                        digest.update(chunk)
                        file.write(chunk)
                    if not size:
                        raise FileEmpty(name=name, field="files")
                    file.flush()
                    os.fsync(file.fileno())
            except BaseException:
                path.unlink(missing_ok=True)
                raise
        return Received(path, digest.hexdigest(), size, head)

    def keep(self, received: Received, key: str) -> None:
        with _storage_errors():
            path = self._path(key)
            self._make(path.parent)
            received.path.rename(path)
            sync_folder(path.parent)

    def discard(self, received: Received) -> None:
        received.path.unlink(missing_ok=True)

    def open(self, key: str) -> BinaryIO:
        with _storage_errors():
            return self._path(key).open("rb")

    def delete(self, key: str) -> None:
        with _storage_errors():
            self._path(key).unlink(missing_ok=True)

    def keys_before(self, instant: float) -> Iterator[str]:
        for path in self.root.glob("*/*"):
            key = path.relative_to(self.root).as_posix()
            with suppress(FileNotFoundError):  # because: it may be renamed or deleted while we look
                if _KEY.fullmatch(key) and path.stat().st_mtime < instant:
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


@contextmanager
def _storage_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if is_full(error):
            raise StorageFull() from error
        raise StorageUnavailable() from error


def is_full(error: OSError) -> bool:
    """Whether it says that there is no room left."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT)


def megabytes(size: int) -> str:
    """`size` in bytes as people read it."""
    for unit, bytes_in_it in (("GB", 1024**3), ("MB", 1024**2), ("KB", 1024)):
        if size >= bytes_in_it:
            return f"{size / bytes_in_it:.1f}".removesuffix(".0") + f" {unit}"
    return f"{size} B"


def init_app(app: Flask) -> None:
    url = urlparse(app.config["SCANS_URL"])
    if url.scheme != "file":
        raise SystemExit(N_("SCANS_URL: only a folder (file:///FOLDER) is supported yet"))
    app.extensions["storage"] = FolderStorage(Path(unquote(url.path)))


def storage() -> Storage:
    door: Storage = current_app.extensions["storage"]
    return door

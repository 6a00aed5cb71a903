"""The bytes of scans, behind one small door: a folder on disk (`folder.py`), or a bucket of an S3 store (`bucket.py`).

Written so that a crash at any instant leaves no row without its bytes: the bytes are stored to last, under their final
name, before the row that points to them is committed. Bytes without a row are swept after a grace time.
"""

from __future__ import annotations

import errno
import hashlib
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, BinaryIO, Protocol
from urllib.parse import unquote, urlparse

from flask import Flask, current_app

from records.errors import FileEmpty, FileTooLarge, StorageFull, StorageUnavailable

_CHUNK = 256 * 1024
_KEY = re.compile(r"([0-9]+|incoming)/[0-9a-f-]{32,}((\.small)?\.webp)?")


@dataclass(frozen=True)
class Received:
    """Bytes that have arrived, but have no name yet. `size` in bytes, `head` the first 8 KiB; what `held` is, only the
    storage knows that took them in."""

    sha256: str
    size: int
    head: bytes
    held: Any = field(repr=False)


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


def copied(stream: IO[bytes], into: IO[bytes], *, name: str, limit: int) -> tuple[str, int, bytes]:
    """Write all of `stream` into the other, in pieces. Returns its SHA-256 (hexadecimal), its size in bytes and its
    first 8 KiB. Raises FileTooLarge, FileEmpty."""
    digest, size, head = hashlib.sha256(), 0, b""
    while chunk := stream.read(_CHUNK):
        size += len(chunk)
        if size > limit:
            raise FileTooLarge(name=name, limit=megabytes(limit), field="files")
        head = head or chunk[:8192]
        digest.update(chunk)
        into.write(chunk)
    if not size:
        raise FileEmpty(name=name, field="files")
    return digest.hexdigest(), size, head


def preview_key(key: str) -> str:
    return f"{key}.webp"


def thumbnail_key(key: str) -> str:
    return f"{key}.small.webp"


def drawn_from(key: str) -> str:
    """The key of the file that a preview or a thumbnail shows; that of a file itself stays as it is."""
    return key.partition(".")[0]


@contextmanager
def disk_errors() -> Iterator[None]:
    """What a disk answers, as a refusal: StorageFull or StorageUnavailable."""
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
    if url.scheme == "s3":
        from records.storage.bucket import BucketStorage

        app.extensions["storage"] = BucketStorage.of(app.config)
    else:
        from records.storage.folder import FolderStorage

        app.extensions["storage"] = FolderStorage(Path(unquote(url.path)))


def storage() -> Storage:
    door: Storage = current_app.extensions["storage"]
    return door

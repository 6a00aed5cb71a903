"""Bytes, from one storage into another, each proven by its SHA-256 on the way."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, column, select, table

from records.errors import FileEmpty, StorageOutOfReach, StorageUnavailable
from records.models.stored_file import Preview
from records.storage import Storage, is_key, measured, preview_key, thumbnail_key

_AT_ONCE = 500
_stored_file = table("stored_file", column("id"), column("key"), column("size"), column("sha256"), column("preview"))


@dataclass(frozen=True)
class Bytes:
    """What is to be carried: its key, and `size` and `sha256` where they are known. What was drawn of a file has none
    written down. `record` is the row that names it, for whoever reads of a problem."""

    key: str
    size: int = 0
    sha256: str | None = None
    record: str = ""


class NotCarried(Exception):
    """Bytes that are missing, or are not what they should be; it says whose, in words for whoever runs the command."""

    @classmethod
    def missing(cls, wanted: Bytes) -> NotCarried:
        return cls(f"{wanted.record}: its bytes are missing ({wanted.key})")

    @classmethod
    def other(cls, wanted: Bytes) -> NotCarried:
        return cls(f"{wanted.record}: its bytes are not those that arrived ({wanted.key})")


def named_bytes(connection: Connection) -> Iterator[Bytes]:
    """All bytes that the rows name: files, and what was drawn of them."""
    statement = select(_stored_file).order_by(_stored_file.c.id)
    for row in connection.execute(statement, execution_options={"yield_per": _AT_ONCE}):
        record = f"stored_file {row.id}"
        yield Bytes(row.key, row.size, row.sha256, record)
        if row.preview == Preview.READY:
            yield Bytes(preview_key(row.key), record=f"{record}, its preview")
            yield Bytes(thumbnail_key(row.key), record=f"{record}, its thumbnail")


def carry(wanted: Bytes, source: Storage, target: Storage) -> tuple[int, str]:
    """Bring the bytes into `target`, unless it has them already. Returns their size and SHA-256. Raises NotCarried,
    StorageFull, StorageOutOfReach."""
    if not is_key(wanted.key):
        raise NotCarried.missing(wanted)
    there = _measured(target, wanted)
    if there is not None:
        return there
    try:
        with source.open(wanted.key) as stream:
            received = target.receive(stream, name=wanted.key, limit=sys.maxsize)
    except StorageOutOfReach:
        raise
    except StorageUnavailable as error:
        raise NotCarried.missing(wanted) from error
    except FileEmpty as error:
        raise NotCarried.other(wanted) from error
    try:
        if wanted.sha256 not in (None, received.sha256):
            raise NotCarried.other(wanted)
        target.keep(received, wanted.key)
    finally:
        target.discard(received)
    return received.size, received.sha256


def _measured(storage: Storage, wanted: Bytes) -> tuple[int, str] | None:
    try:
        with storage.open(wanted.key) as stream:
            size, sha256 = measured(stream)
    except StorageOutOfReach:
        raise
    except StorageUnavailable:
        return None
    return (size, sha256) if wanted.sha256 in (None, sha256) else None

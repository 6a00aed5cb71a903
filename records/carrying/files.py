"""Bytes, from one storage into another, each proven by its SHA-256 on the way."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import IO, cast

from sqlalchemy import Connection, column, select, table

from records.errors import FileEmpty, StorageOutOfReach, StorageUnavailable
from records.models.stored_file import Preview
from records.storage import Storage, drawn_from, is_key, measured, preview_key, thumbnail_key

_AT_ONCE = 500
# So many files travel beside one another: most of the time of a small one is waiting for a disk or a server.
_BESIDE = 8
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


def not_named(connection: Connection, keys: Collection[str]) -> set[str]:
    """Those of the `keys` that belong to no file of the rows."""
    drawn: dict[str, set[str]] = {}
    for key in keys:
        drawn.setdefault(drawn_from(key), set()).add(key)
    files = sorted(drawn)
    for at in range(0, len(files), _AT_ONCE):
        some = _stored_file.c.key.in_(files[at : at + _AT_ONCE])
        for key in connection.scalars(select(_stored_file.c.key).where(some)):
            del drawn[key]
    return {key for those in drawn.values() for key in those}


def carry_all(
    wanted: Iterable[Bytes], source: Storage, target: Storage
) -> Iterator[tuple[Bytes, tuple[int, str] | NotCarried]]:
    """`carry` for many, some beside one another; each comes out in its turn, with its size and SHA-256, or with what is
    wrong. Raises StorageFull, StorageUnavailable where `target` takes none."""
    with ThreadPoolExecutor(_BESIDE) as pool:
        under_way: deque[tuple[Bytes, Future[tuple[int, str]]]] = deque()
        try:
            for each in wanted:
                under_way.append((each, pool.submit(carry, each, source, target)))
                if len(under_way) > _BESIDE:
                    yield _outcome(*under_way.popleft())
            while under_way:
                yield _outcome(*under_way.popleft())
        finally:
            pool.shutdown(cancel_futures=True)


def _outcome(wanted: Bytes, carried: Future[tuple[int, str]]) -> tuple[Bytes, tuple[int, str] | NotCarried]:
    try:
        return wanted, carried.result()
    except NotCarried as problem:
        return wanted, problem


def carry(wanted: Bytes, source: Storage, target: Storage) -> tuple[int, str]:
    """Bring the bytes into `target`, unless it has them already. Returns their size and SHA-256.

    Raises NotCarried where `source` is to blame; StorageFull, StorageUnavailable where `target`
    is; StorageOutOfReach where either is."""
    if not is_key(wanted.key):
        raise NotCarried.missing(wanted)
    there = _measured(target, wanted)
    if there is not None:
        return there
    try:
        stream = source.open(wanted.key)
    except StorageOutOfReach:
        raise
    except StorageUnavailable as error:
        raise NotCarried.missing(wanted) from error
    try:
        with stream:
            received = target.receive(cast("IO[bytes]", _Source(stream, wanted)), name=wanted.key, limit=sys.maxsize)
    except FileEmpty as error:
        raise NotCarried.other(wanted) from error
    try:
        if wanted.sha256 not in (None, received.sha256):
            raise NotCarried.other(wanted)
        target.keep(received, wanted.key)
    finally:
        target.discard(received)
    return received.size, received.sha256


class _Source:
    """A stream whose own failures are told from those of whoever takes its bytes in."""

    def __init__(self, stream: IO[bytes], wanted: Bytes) -> None:
        self._stream, self._wanted = stream, wanted

    def read(self, size: int = -1) -> bytes:
        try:
            return self._stream.read(size)
        except StorageOutOfReach:
            raise
        except (OSError, StorageUnavailable) as error:
            raise NotCarried.missing(self._wanted) from error


def _measured(storage: Storage, wanted: Bytes) -> tuple[int, str] | None:
    try:
        with storage.open(wanted.key) as stream:
            size, sha256 = measured(stream)
    except StorageOutOfReach:
        raise
    except StorageUnavailable:
        return None
    return (size, sha256) if wanted.sha256 in (None, sha256) else None

"""Bytes in the storage without a row that points to them: of crashes, and of requests cut short or under way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import islice

from sqlalchemy import select

from records.database import db, every_organization
from records.models import StoredFile
from records.storage import drawn_from, storage

_AT_ONCE = 500


def stray_bytes(*, before: datetime) -> Iterator[list[str]]:
    """The keys of such bytes that were last written before this instant, in batches; of all organizations.

    A key is never used twice: what is old and has no row will have none.
    """
    keys = storage().keys_before(before.timestamp())
    while batch := list(islice(keys, _AT_ONCE)):
        pointed_to = select(StoredFile.key).where(StoredFile.key.in_({drawn_from(key) for key in batch}))
        with every_organization():
            kept = set(db.session.scalars(pointed_to))
        db.session.rollback()
        yield [key for key in batch if drawn_from(key) not in kept]

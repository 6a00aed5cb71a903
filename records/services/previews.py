"""Drawing the previews and thumbnails of stored files: background work that a killed worker only delays."""

from __future__ import annotations

import io
import logging
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, or_, select, update

from records import clock, jobs
from records.database import every_organization, transaction
from records.errors import StorageFull, StorageUnavailable
from records.models import Preview, StoredFile
from records.models.stored_file import HELD_BACK
from records.previewing import CannotDraw, Interrupted, draw, drawing_many
from records.storage import preview_key, storage, thumbnail_key

log = logging.getLogger(__name__)

# Longer than one drawing may take: a claim that runs out was a killed worker's.
_CLAIM = timedelta(minutes=2)
_MOST_ATTEMPTS = 3
_TURN_SECONDS = 60
# What the virus scan holds back is not read for it, either.
_WAITS = StoredFile.preview == Preview.WAITING, StoredFile.virus_scan.not_in(HELD_BACK)


@dataclass(frozen=True)
class _Claimed:
    id: int
    key: str
    kind: str
    attempts: int


def _undrawn() -> Select[Any]:
    return select(StoredFile.organization_id).where(*_WAITS)


@jobs.job(every_minutes=1, waiting=_undrawn, at_once=4)
def draw_previews() -> None:
    """Draw what waits, for a minute at most; then the other jobs have their turn before it goes on."""
    ends_at = time.monotonic() + _TURN_SECONDS
    with every_organization(), drawing_many():
        while (claimed := _claim()) is not None:
            _draw(claimed)
            jobs.did()
            if jobs.is_over() or time.monotonic() > ends_at:
                jobs.wake(draw_previews)
                return


def _claim() -> _Claimed | None:
    """One waiting file that no living worker has. Its attempt is counted now, lest it kill workers for ever."""
    now = clock.now()
    free = or_(StoredFile.preview_claimed_until.is_(None), StoredFile.preview_claimed_until < now)
    first = select(StoredFile.id).where(*_WAITS, free).order_by(StoredFile.id).limit(1)
    claiming = (
        update(StoredFile)
        .where(StoredFile.id == first.with_for_update(skip_locked=True).scalar_subquery())
        .values(preview_claimed_until=now + _CLAIM, preview_attempts=StoredFile.preview_attempts + 1)
        .returning(StoredFile.id, StoredFile.key, StoredFile.kind, StoredFile.preview_attempts)
        .execution_options(synchronize_session=False)
    )
    with transaction() as session:
        row = session.execute(claiming).one_or_none()
    return None if row is None else _Claimed(*row)


def _draw(claimed: _Claimed) -> None:
    if claimed.attempts > _MOST_ATTEMPTS:
        _set(claimed, preview=Preview.FAILED)
        return
    try:
        with storage().open(claimed.key) as stream:
            drawn = draw(stream, kind=claimed.kind)
        # A worker killed between the two leaves the file waiting, and both are drawn again.
        _keep(drawn.thumbnail, thumbnail_key(claimed.key))
        _keep(drawn.preview, preview_key(claimed.key))
    except (CannotDraw, Interrupted) as error:
        log.info("no preview of file %s: %s", claimed.id, error)
        if isinstance(error, CannotDraw) or claimed.attempts == _MOST_ATTEMPTS:
            _set(claimed, preview=Preview.FAILED)
    except (StorageUnavailable, StorageFull) as error:
        log.warning("no preview of file %s yet: %s", claimed.id, error)
        _set(claimed, preview_attempts=claimed.attempts - 1, preview_claimed_until=clock.now() + _CLAIM)
    else:
        if not _set(claimed, preview=Preview.READY, tells_place=drawn.tells_place):
            _drop(claimed)


def _keep(picture: bytes, key: str) -> None:
    received = storage().receive(io.BytesIO(picture), name="preview", limit=len(picture))
    try:
        storage().keep(received, key)
    finally:
        storage().discard(received)


def _set(claimed: _Claimed, **values: Any) -> bool:
    """Whether the file was still waiting."""
    waiting = update(StoredFile).where(StoredFile.id == claimed.id, StoredFile.preview == Preview.WAITING)
    with transaction() as session:
        result = session.execute(waiting.values({"preview_claimed_until": None, **values}))
        return bool(result.rowcount)  # type: ignore[attr-defined]  # because: an UPDATE's result counts rows


def _drop(claimed: _Claimed) -> None:
    """The file was swept meanwhile: its pictures go too. Where another worker drew them, they stay."""
    with transaction() as session:
        gone = session.scalar(select(StoredFile.id).where(StoredFile.id == claimed.id)) is None
    if gone:
        forget_drawn(claimed.key)


def forget_drawn(key: str) -> None:
    """Delete what was drawn of the file with this key."""
    storage().delete(preview_key(key))
    storage().delete(thumbnail_key(key))

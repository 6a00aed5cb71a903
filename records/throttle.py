"""One throttle for all processes: how often a key was tried in a window of time, counted in SQL."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from records import clock
from records.database import db, is_sqlite, transaction
from records.errors import TooManyAttempts
from records.models import ThrottleCount


def count_attempt(*keys: str, most: int, per: timedelta, refusal: type[TooManyAttempts] = TooManyAttempts) -> None:
    """Count one attempt on each key. Raises `refusal` where a key has more than `most` in `per`.

    Windows are fixed and begin with the epoch, so that all processes agree on them.
    """
    now = clock.now()
    began_at = _window(now, per)
    with transaction() as session:
        tries = [session.execute(_counted(_digest(key), began_at)).scalar_one() for key in keys]
    if max(tries, default=0) > most:
        raise refusal(retry_after=int((began_at + per - now).total_seconds()) + 1)


def take_back(*keys: str, per: timedelta) -> None:
    """Uncount one attempt on each key: it was no guess. The window is the one that is running."""
    counted = ThrottleCount.key.in_([_digest(key) for key in keys])
    running = ThrottleCount.began_at == _window(clock.now(), per)
    with transaction() as session:
        session.execute(update(ThrottleCount).where(counted, running, ThrottleCount.count > 0)
                        .values(count=ThrottleCount.count - 1))  # fmt: skip


def attempts(key: str, *, per: timedelta) -> int:
    """How many attempts `key` has in the window that is running."""
    statement = select(ThrottleCount.count).where(
        ThrottleCount.key == _digest(key), ThrottleCount.began_at == _window(clock.now(), per)
    )
    return db.session.scalar(statement) or 0


def forget_old(*, before: datetime) -> None:
    """Sweep the windows that began before this instant."""
    with transaction() as session:
        session.execute(delete(ThrottleCount).where(ThrottleCount.began_at < before))


def _window(now: datetime, per: timedelta) -> datetime:
    seconds = int(per.total_seconds())
    return datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, tz=now.tzinfo)


def _digest(key: str) -> str:
    kind, _, value = key.partition(":")
    return f"{kind}:{hashlib.sha256(value.encode()).hexdigest()}"


def _counted(key: str, began_at: datetime):  # type: ignore[no-untyped-def]  # because: two dialects' insert types
    insert = sqlite.insert if is_sqlite() else postgresql.insert
    new = insert(ThrottleCount).values(key=key, began_at=began_at, count=1)
    return new.on_conflict_do_update(
        index_elements=[ThrottleCount.key, ThrottleCount.began_at], set_={"count": ThrottleCount.count + 1}
    ).returning(ThrottleCount.count)

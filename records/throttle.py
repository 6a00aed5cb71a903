"""One throttle for all processes: how often a key was tried in a window of time, counted in SQL."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from records import clock
from records.database import db, is_sqlite, transaction
from records.errors import TooManyAttempts
from records.models import ThrottleCount

_UNCOUNTING = (
    update(ThrottleCount)
    .where(ThrottleCount.key == bindparam("key_"), ThrottleCount.began_at == bindparam("began_at_"))
    .where(ThrottleCount.count > 0)
    .values(count=ThrottleCount.count - 1)
)


def count_attempt(*keys: str, most: int, per: timedelta, refusal: type[TooManyAttempts] = TooManyAttempts) -> None:
    """Count one attempt on each key. Raises `refusal` where a key has more than `most` in `per`.

    Windows are fixed and begin with the epoch, so that all processes agree on them.
    """
    count_attempts(dict.fromkeys(keys, most), per=per, refusal=refusal)


def count_attempts(
    limits: Mapping[str, int], *, per: timedelta, refusal: type[TooManyAttempts] = TooManyAttempts
) -> None:
    """Count one attempt on each key that has a limit here, up to the first that is over its own: those after it are
    left alone. Raises `refusal` where one is over."""
    now = clock.now()
    began_at, is_over = _window(now, per), False
    with transaction() as session:
        connection = session.connection()
        for key, most in limits.items():
            given = {"key": _digest(key), "began_at": began_at}
            is_over = connection.execute(_counting(is_sqlite()), given).scalar_one() > most
            if is_over:
                break
    if is_over:
        raise refusal(retry_after=int((began_at + per - now).total_seconds()) + 1)


def take_back(*keys: str, per: timedelta) -> None:
    """Uncount one attempt on each key: it was no guess. The window is the one that is running."""
    with transaction():
        uncount(*keys, per=per)


def uncount(*keys: str, per: timedelta) -> None:
    """`take_back` inside a transaction."""
    began_at = _window(clock.now(), per)
    if keys:
        given = [{"key_": _digest(key), "began_at_": began_at} for key in keys]
        db.session.connection().execute(_UNCOUNTING, given)


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


@cache
def _counting(lite: bool) -> Any:
    """For SQLite or for PostgreSQL; made once."""
    insert = sqlite.insert if lite else postgresql.insert
    new = insert(ThrottleCount).values(key=bindparam("key"), began_at=bindparam("began_at"), count=1)
    return new.on_conflict_do_update(
        index_elements=[ThrottleCount.key, ThrottleCount.began_at], set_={"count": ThrottleCount.count + 1}
    ).returning(ThrottleCount.count)

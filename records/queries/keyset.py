"""Where a page of a list begins or ends: the sort key and the id of one row, as one opaque word for an address."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

_MOST = 2000


@dataclass(frozen=True)
class Cursor:
    """`key` is None for a row without a sort key; such rows come last in every order."""

    key: str | date | datetime | None
    id: int

    def word(self) -> str:
        key = self.key.isoformat() if isinstance(self.key, date) else self.key
        packed = json.dumps([key, self.id], separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(packed).decode().rstrip("=")

    @classmethod
    def read(cls, word: str, kind: type[str] | type[date] | type[datetime]) -> Cursor | None:
        """The cursor that `word` says, its key of this kind; None for anything else that people may send."""
        if not word or len(word) > _MOST:
            return None
        try:
            packed = base64.b64decode(word + "=" * (-len(word) % 4), altchars="-_", validate=True)
            key, row_id = json.loads(packed)
            cursor = cls(_key(key, kind), row_id)
        except (ValueError, TypeError, OverflowError, RecursionError):  # binascii.Error is a ValueError
            return None
        return cursor if type(row_id) is int and 0 < row_id < 2**63 else None


def _key(value: Any, kind: type[str] | type[date] | type[datetime]) -> str | date | datetime | None:
    """Raises ValueError for what no database could compare with."""
    if value is None:
        return None
    if not isinstance(value, str) or "\x00" in value:
        raise ValueError("not a key")
    value.encode()  # refuses halves of surrogate pairs
    if kind is datetime:
        instant = datetime.fromisoformat(value)
        if instant.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        return instant.astimezone(UTC)
    return date.fromisoformat(value) if kind is date else value

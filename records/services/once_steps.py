"""Steps of verbs that a form calls: made once however often it is sent, and saved over nothing that it did not show."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from records.database import db
from records.errors import Stale
from records.models import Actor, AuditEvent, Member


def once_key(key: str, *, by: Actor) -> str | None:
    """What the event of a record carries that the asker's form with this key made; None where a form has no key."""
    if not key:
        return None
    return hashlib.sha256(f"form:{by.organization_id}:{by.member_id}:{key}".encode()).hexdigest()


def made_before(key: str, *, by: Actor) -> int | None:
    """The id of the record that the asker's form with this key has made. The asker's other forms wait until the
    transaction ends, so that of two that are sent at once the second finds what the first has made.
    """
    if not key:
        return None
    db.session.execute(select(Member.id).where(Member.id == by.member_id).with_for_update(key_share=True))
    return db.session.scalar(select(AuditEvent.subject_id).where(AuditEvent.once_key == once_key(key, by=by)))


def mark(facts: Mapping[str, Any]) -> str:
    """What a form carries of a record without versions, to be compared when it comes back."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def require_shown(facts: Mapping[str, Any], seen: str) -> None:
    """Raises Stale where a record stands differently from what the form with the mark `seen` showed."""
    if mark(facts) != seen:
        raise Stale()

"""How events hang together by hashes: what of an event is hashed, and in which form.

`docs/audit-trail.md` says the same for whoever checks a trail without this program.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

# What stands in place of the previous hash in the first event of a chain.
BEGINNING = "0" * 64

# All columns of an event but its hash. One that is added later needs a form of its own here: what is sealed stays.
HASHED = (
    "id", "organization_id", "at", "kind", "actor_kind", "actor_member_id", "administrator_id", "account_id",
    "subject_kind", "subject_id", "member_id", "request_id", "once_key", "detail_digest", "sequence", "previous_hash",
    "sealed_at",
)  # fmt: skip
# The values of a detail, in the order in which its digest takes them.
PERSONAL = ("salt", "actor_name", "administrator_name", "address", "before", "after")


def plain(columns: Any) -> dict[str, Any]:
    """The hashed columns of an event (a mapping of more columns) as JSON knows them."""
    return {name: in_text(columns[name]) for name in HASHED}


def in_text(value: Any) -> Any:
    """An instant as text, always with six digits after the second; all else as it is."""
    return value.astimezone(UTC).isoformat(timespec="microseconds") if isinstance(value, datetime) else value


def hash_of(event: Mapping[str, Any]) -> str:
    """SHA-256 (hexadecimal) of an event as `plain` gives it, with its number, previous hash and time of sealing."""
    return hashed(dict(event))


def digest_of_detail(detail: Mapping[str, Any]) -> str:
    """SHA-256 (hexadecimal) over the salt and the values."""
    return hashed([detail[name] for name in PERSONAL])


def hashed(value: Any) -> str:
    """SHA-256 (hexadecimal) of `value` as JSON without spaces, names in order, in UTF-8."""
    canonical = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()

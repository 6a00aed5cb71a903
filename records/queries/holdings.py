"""Certifications that members hold, as plain rows, for whoever goes through many members."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import date

from sqlalchemy import Select, cast, func, literal, literal_column, select
from sqlalchemy.dialects.postgresql import JSONB

from records.database import is_sqlite
from records.models import Certification
from records.models.base import Id
from records.queries.among import among

Held = Select[int, int, int, str, date | None, date, date | None, date | None, int | None]
_COLUMNS = (
    Certification.id,
    Certification.member_id,
    Certification.type_id,
    Certification.folded_number,
    Certification.issued_on,
    Certification.expires_on,
    Certification.suspended_on,
    Certification.revoked_on,
    Certification.supersedes_id,
)


def of_members(member_ids: Collection[int]) -> Held:
    """All that these members hold."""
    return select(*_COLUMNS).where(Certification.deleted_at.is_(None), among(Certification.member_id, member_ids))


def of_types(asked: Collection[tuple[int, int]]) -> Held:
    """What members hold of types: pairs of their ids. One value tells of all pairs, and each is looked up by index; of
    a long list of pairs, SQLite reads the whole table, and PostgreSQL thinks over every one."""
    given = literal(json.dumps(sorted(asked)))
    listed = func.json_each(given) if is_sqlite() else func.jsonb_array_elements(cast(given, JSONB))
    pair = listed.table_valued("value", name="asked").c.value
    member_id, type_id = (cast(pair.op("->>")(literal_column(at)), Id) for at in ("0", "1"))
    return select(*_COLUMNS).where(
        Certification.deleted_at.is_(None), Certification.member_id == member_id, Certification.type_id == type_id
    )

"""What one member holds, as their pages show it: live certifications with types, renewals and scans."""

from __future__ import annotations

from collections import defaultdict
from functools import cache

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import aliased
from sqlalchemy.orm.attributes import set_committed_value

from records.models import Certification, Scan, StoredFile
from records.queries.ahead import Question, read_ahead, rows_of
from records.queries.certification_types import all_types, asked_for_types


def held_by(member_id: int) -> list[Certification]:
    """By type, the latest expiring first. One statement."""
    certifications, scans, _types = asked = asked_for_held(member_id)
    with read_ahead(*asked):
        files = defaultdict(list)
        for scan, stored in rows_of(*scans):
            set_committed_value(scan, "stored_file", stored)
            files[scan.certification_id].append(scan)
        types = {each.id: (place, each) for place, each in enumerate(all_types())}
        for each, renewal in (rows := rows_of(*certifications)):
            set_committed_value(each, "type", types[each.type_id][1])
            set_committed_value(each, "renewal", renewal)
            set_committed_value(each, "scans", files[each.id])
    return sorted((each for each, _ in rows), key=lambda each: types[each.type_id][0])


def asked_for_held(member_id: int) -> tuple[Question, Question, Question]:
    """What `held_by` is going to ask."""
    given = {"member_id": member_id}
    return Question(_certifications(), given), Question(_scans(), given), asked_for_types()


@cache
def _certifications() -> Select[Certification, Certification | None]:
    renewal = aliased(Certification)
    return (
        select(Certification, renewal)
        .outerjoin(renewal, (renewal.supersedes_id == Certification.id) & renewal.deleted_at.is_(None))
        .where(Certification.member_id == bindparam("member_id"), Certification.deleted_at.is_(None))
        .order_by(Certification.expires_on.desc(), Certification.id.desc())
        .execution_options(populate_existing=True)
    )


@cache
def _scans() -> Select[Scan, StoredFile]:
    return (
        select(Scan, StoredFile)
        .join(Certification, Scan.certification_id == Certification.id)
        .join(StoredFile, Scan.stored_file_id == StoredFile.id)
        .where(Certification.member_id == bindparam("member_id"), Certification.deleted_at.is_(None))
        .where(Scan.deleted_at.is_(None))
        .order_by(Scan.id)
    )

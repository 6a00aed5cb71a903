"""What one member holds, as their pages show it: live certifications with types, renewals and scans."""

from __future__ import annotations

from collections import defaultdict
from functools import cache

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import aliased
from sqlalchemy.orm.attributes import set_committed_value

from records.models import Certification, CertificationType, Scan, StoredFile
from records.queries.ahead import Question, read_ahead, rows_of


def held_by(member_id: int) -> list[Certification]:
    """By type, the latest expiring first. One statement."""
    certifications, scans = asked_for_held(member_id)
    with read_ahead(certifications, scans):
        files = defaultdict(list)
        for scan, stored in rows_of(*scans):
            set_committed_value(scan, "stored_file", stored)
            files[scan.certification_id].append(scan)
        for each, type_, renewal in (rows := rows_of(*certifications)):
            set_committed_value(each, "type", type_)
            set_committed_value(each, "renewal", renewal)
            set_committed_value(each, "scans", files[each.id])
    return [each for each, _type, _renewal in rows]


def asked_for_held(member_id: int) -> tuple[Question, Question]:
    """What `held_by` is going to ask."""
    given = {"member_id": member_id}
    return Question(_certifications(), given), Question(_scans(), given)


@cache
def _certifications() -> Select[Certification, CertificationType, Certification | None]:
    renewal = aliased(Certification)
    return (
        select(Certification, CertificationType, renewal)
        .join(CertificationType, Certification.type_id == CertificationType.id)
        .outerjoin(renewal, (renewal.supersedes_id == Certification.id) & renewal.deleted_at.is_(None))
        .where(Certification.member_id == bindparam("member_id"), Certification.deleted_at.is_(None))
        .order_by(
            CertificationType.position,
            CertificationType.folded_name,
            Certification.expires_on.desc(),
            Certification.id.desc(),
        )
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

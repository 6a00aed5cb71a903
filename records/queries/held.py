"""What one member holds, as their pages show it: live certifications with types, renewals and scans; and the external
certificates that they earned."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import fields
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, select

from records.models import Certification, CreditKind, ExternalCertificate, HeldCertification, Scan, StoredFile
from records.models.external_certificate import is_expired
from records.queries.certification_types import asked_for_kinds, kinds
from records.queries.credit_types import asked_for_credit_kinds, credit_kinds
from records.reading.ahead import Question, read_ahead, rows_of
from records.reading.unpacking import relate

Record = Certification | ExternalCertificate
# What a HeldCertification is made of.
_VALUES = [each.name for each in fields(HeldCertification) if each.init]
_LINKS: dict[type[Record], str] = {
    Certification: "certification_id",
    ExternalCertificate: "external_certificate_id",
}


class External(NamedTuple):
    """An external certificate: its values, for reading only."""

    id: int
    credit_type_id: int
    title: str
    issuer: str
    state: str
    claimed_credits: Decimal
    awarded_credits: Decimal | None
    earned_on: date
    expires_on: date | None
    created_at: datetime
    credit_type: CreditKind
    scans: list[Scan]

    def is_expired(self, on: date) -> bool:
        return is_expired(self.state, self.expires_on, on=on)


def held_by(member_id: int) -> list[HeldCertification]:
    """By type, the latest expiring first. One statement."""
    certifications, scans, _kinds = asked = asked_for_held(member_id)
    with read_ahead(*asked):
        files = scans_of(scans, Certification)
        types = {each.id: (place, each) for place, each in enumerate(kinds())}
        rows = rows_of(*certifications)
    held = [HeldCertification(*row) for row in rows]
    by_id = {each.id: each for each in held}
    for each in held:
        each.type, each.scans = types[each.type_id][1], files.get(each.id, [])
        if each.supersedes_id in by_id:
            by_id[each.supersedes_id].renewal = each
    return sorted(held, key=lambda each: types[each.type_id][0])


def earned_by(member_id: int) -> list[External]:
    """In no order. One statement."""
    certificates, scans, _kinds = asked = asked_for_earned(member_id)
    with read_ahead(*asked):
        files = scans_of(scans, ExternalCertificate)
        types, rows = {each.id: each for each in credit_kinds()}, rows_of(*certificates)
    return [External._make((*row, types[row.credit_type_id], files.get(row.id, []))) for row in rows]


def scans_of(asked: Question, record: type[Record]) -> dict[int, list[Scan]]:
    """Scans, each with its file, by the id of the record that they are of."""
    found: dict[int, list[Scan]] = defaultdict(list)
    for scan, stored in rows_of(*asked):
        relate(scan, stored_file=stored)
        found[getattr(scan, _LINKS[record])].append(scan)
    return found


def asked_for_scans(record: type[Record], member_id: int) -> Question:
    """What `scans_of` is going to ask: those of all such records of a member."""
    return Question(_scans(record), {"member_id": member_id})


def asked_for_held(member_id: int) -> tuple[Question, Question, Question]:
    """What `held_by` is going to ask."""
    return (
        Question(_certifications(), {"member_id": member_id}),
        asked_for_scans(Certification, member_id),
        asked_for_kinds(),
    )


def asked_for_earned(member_id: int) -> tuple[Question, Question, Question]:
    """What `earned_by` is going to ask."""
    certificates = Question(_certificates(), {"member_id": member_id})
    return certificates, asked_for_scans(ExternalCertificate, member_id), asked_for_credit_kinds()


@cache
def _certifications() -> Select[Any]:
    return (
        select(*(getattr(Certification, name) for name in _VALUES))
        .where(Certification.member_id == bindparam("member_id"), Certification.deleted_at.is_(None))
        .order_by(Certification.expires_on.desc(), Certification.id.desc())
    )


@cache
def _scans(record: type[Record]) -> Select[Scan, StoredFile]:
    return (
        select(Scan, StoredFile)
        .join(record, getattr(Scan, _LINKS[record]) == record.id)
        .join(StoredFile, Scan.stored_file_id == StoredFile.id)
        .where(record.member_id == bindparam("member_id"), Scan.deleted_at.is_(None))
        .order_by(Scan.id)
    )


@cache
def _certificates() -> Select[Any]:
    columns = [getattr(ExternalCertificate, name) for name in External._fields[:-2]]
    return select(*columns).where(ExternalCertificate.member_id == bindparam("member_id"))

"""What one member holds, as their pages show it: live certifications with types, renewals and scans."""

from __future__ import annotations

from collections import defaultdict
from functools import cache

from sqlalchemy import Select, bindparam, select

from records.models import Certification, ExternalCertificate, Scan, StoredFile
from records.queries.certification_types import asked_for_kinds, kinds
from records.reading.ahead import Question, read_ahead, rows_of, scalars_of
from records.reading.unpacking import relate

Record = Certification | ExternalCertificate
_LINKS: dict[type[Record], str] = {
    Certification: "certification_id",
    ExternalCertificate: "external_certificate_id",
}


def held_by(member_id: int) -> list[Certification]:
    """By type, the latest expiring first. One statement."""
    certifications, scans, _kinds = asked = asked_for_held(member_id)
    with read_ahead(*asked):
        files = scans_of(scans, Certification)
        types = {each.id: (place, each) for place, each in enumerate(kinds())}
        held = scalars_of(*certifications)
    renewals = {each.supersedes_id: each for each in held if each.supersedes_id}
    for each in held:
        relate(each, type=types[each.type_id][1], renewal=renewals.get(each.id), scans=files.get(each.id, []))
    return sorted(held, key=lambda each: types[each.type_id][0])


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


@cache
def _certifications() -> Select[Certification]:
    return (
        select(Certification)
        .where(Certification.member_id == bindparam("member_id"), Certification.deleted_at.is_(None))
        .order_by(Certification.expires_on.desc(), Certification.id.desc())
        .execution_options(populate_existing=True)
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

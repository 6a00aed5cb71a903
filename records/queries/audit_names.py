"""The names of the records that audit events speak of by their ids."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from records.database import db
from records.models import (
    AuditEvent,
    Certification,
    CertificationType,
    CreditType,
    ExternalCertificate,
    Member,
    Position,
    RenewalProposal,
    Requirement,
    Unit,
)

# Which record a field names, alone or in a list.
FIELDS = {
    "type_id": "certification_type", "type_ids": "certification_type", "counts_as_ids": "certification_type",
    "credit_type_id": "credit_type",
    "unit_id": "unit", "unit_ids": "unit", "parent_id": "unit", "scope_unit_ids": "unit",
    "position_ids": "position",
    "requirement_id": "requirement", "requirement_ids": "requirement",
    "member_id": "member", "member_ids": "member", "scope_member_ids": "member", "kept_id": "member",
    "merged_id": "member", "merged_into_id": "member", "parted_from_id": "member",
    "approved_by_id": "member",
    "certification_id": "certification", "supersedes_id": "certification", "renewal_id": "certification",
    "duplicates": "certification", "renewal_proposal_id": "renewal_proposal",
    "external_certificate_id": "external_certificate",
}  # fmt: skip
_NAMED: dict[str, tuple[Any, Any]] = {
    "certification_type": (CertificationType.id, CertificationType.name),
    "credit_type": (CreditType.id, CreditType.name),
    "unit": (Unit.id, Unit.name),
    "position": (Position.id, Position.name),
    "requirement": (Requirement.id, Requirement.name),
    "external_certificate": (ExternalCertificate.id, ExternalCertificate.title),
}
# Named by the type of a certification and the day on which they expire.
_TYPED: dict[str, tuple[Any, Any, Any]] = {
    "certification": (Certification.id, Certification.expires_on, Certification.id),
    "renewal_proposal": (RenewalProposal.id, RenewalProposal.expires_on, RenewalProposal.certification_id),
}
_AT_ONCE = 500


@dataclass(frozen=True)
class Named:
    """A record's name, and the day on which it expires where it is a certification."""

    name: str
    expires_on: date | None = None


Names = Mapping[tuple[str, int], Named]


def names_for(events: Iterable[AuditEvent]) -> Names:
    """By table and id; records that are gone for good are not among them. A statement a table."""
    wanted: dict[str, set[int]] = defaultdict(set)
    for event in events:
        for table, record_id in _named_by(event):
            wanted[table].add(record_id)
    found: dict[tuple[str, int], Named] = {}
    for table, ids in wanted.items():
        in_order = sorted(ids)
        for start in range(0, len(in_order), _AT_ONCE):
            for record_id, named in _found(table, in_order[start : start + _AT_ONCE]):
                found[table, record_id] = named
    return found


def ids_named(value: Any) -> list[int]:
    """The ids that a field of an event holds: one, a list of them, or as names of what is said of each."""
    held = value if isinstance(value, list | dict) else [value]
    return [int(each) for each in held if str(each).isdecimal() and len(str(each)) < 19]


def _named_by(event: AuditEvent) -> Iterator[tuple[str, int]]:
    if event.member_id:
        yield "member", event.member_id
    if event.subject_id:
        yield event.subject_kind, event.subject_id
    for facts in (event.detail.before, event.detail.after):
        for field in facts.keys() & FIELDS.keys():
            yield from ((FIELDS[field], record_id) for record_id in ids_named(facts[field]))


def _found(table: str, ids: Collection[int]) -> Iterator[tuple[int, Named]]:
    if table == "member":
        members = db.session.scalars(select(Member).where(Member.id.in_(ids)))
        yield from ((member.id, Named(member.name)) for member in members)
    elif table in _TYPED:
        record, expires, certification_id = _TYPED[table]
        of_its_type = Certification.id == certification_id, Certification.type_id == CertificationType.id
        held = db.session.execute(select(record, CertificationType.name, expires).where(*of_its_type, record.in_(ids)))
        yield from ((record_id, Named(name, expires_on)) for record_id, name, expires_on in held)
    elif table in _NAMED:
        record, name = _NAMED[table]
        rows = db.session.execute(select(record, name).where(record.in_(ids)))
        yield from ((record_id, Named(named)) for record_id, named in rows)

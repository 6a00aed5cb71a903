"""What a reviewer should look at twice: files and numbers that were seen before, and large claims.

A warning names another member only to those who may see them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select
from sqlalchemy.orm.attributes import set_committed_value

from records.database import this_organization
from records.models import Actor, Certification, CertificationType, ExternalCertificate, Member, Scan, State
from records.reading.ahead import Question, read_ahead, rows_of

MOST = 8


@dataclass
class SeenBefore:
    """Another record with the same number or the same bytes; `file` is the name of that file there.

    `record` and `member` are None where the asker may not see whose it is.
    """

    record: Certification | ExternalCertificate | None
    member: Member | None
    is_same_member: bool
    same_number: bool = False
    same_file: bool = False

    @property
    def certification(self) -> Certification | None:
        return self.record if isinstance(self.record, Certification) else None

    @property
    def certificate(self) -> ExternalCertificate | None:
        return self.record if isinstance(self.record, ExternalCertificate) else None


@dataclass(frozen=True)
class Warnings:
    """`more`: others were seen before than those that are listed. `above_largest`: it claims more than is usual."""

    seen_before: Sequence[SeenBefore] = ()
    more: bool = False
    above_largest: bool = False

    def __bool__(self) -> bool:
        return bool(self.seen_before or self.above_largest)


@dataclass
class _Gathered:
    """Records in the order in which they were met, each once."""

    found: dict[tuple[type, int], SeenBefore] = field(default_factory=dict)

    def add(self, record: Certification | ExternalCertificate, *, of: ExternalCertificate, by: Actor) -> SeenBefore:
        key = (type(record), record.id)
        if key not in self.found:
            is_theirs = record.member_id == of.member_id
            shown = is_theirs or record.member.may_be_seen_by(by)
            self.found[key] = SeenBefore(record if shown else None, record.member if shown else None, is_theirs)
        return self.found[key]


def warnings_about(certificate: ExternalCertificate, *, by: Actor) -> Warnings:
    """One statement."""
    asked = _Asked.about(certificate, tracks=this_organization().tracks_certifications)
    gathered = _Gathered()
    with read_ahead(*asked.files, *asked.numbers):
        for record in _found(asked.files):
            gathered.add(record, of=certificate, by=by).same_file = True
        for record in _found(asked.numbers):
            gathered.add(record, of=certificate, by=by).same_number = True
    found = list(gathered.found.values())
    largest = certificate.credit_type.largest_claim
    above = largest is not None and certificate.claimed_credits > largest
    return Warnings(found[:MOST], len(found) > MOST, above)


def asked_for_warnings(certificate: ExternalCertificate) -> Sequence[Question]:
    """What `warnings_about` is going to ask."""
    asked = _Asked.about(certificate, tracks=this_organization().tracks_certifications)
    return [*asked.files, *asked.numbers]


class _Asked(NamedTuple):
    """Other records with the same files, and with the same number; what came of this certificate has them by right."""

    files: Sequence[Question]
    numbers: Sequence[Question]

    @classmethod
    def about(cls, certificate: ExternalCertificate, *, tracks: bool) -> _Asked:
        kinds = [_certificates, _certifications] if tracks else [_certificates]
        own = {"certificate_id": certificate.id, "became_id": certificate.certification_id or 0}
        hashes = {"hashes": sorted({scan.stored_file_id for scan in certificate.scans})}
        has_digits = any(letter.isdigit() for letter in certificate.number)
        number = {"folded_number": certificate.folded_number}
        return cls(
            [Question(kind(of_files=True), own | hashes) for kind in kinds if hashes["hashes"]],
            [Question(kind(of_files=False), own | number) for kind in kinds if has_digits],
        )


@cache
def _certificates(*, of_files: bool) -> Any:
    """With the number of the scan, or of the certificate, by which they are sorted."""
    place = Scan.id if of_files else ExternalCertificate.id
    statement: Any = (
        select(place.label("place"), ExternalCertificate, Member)
        .join(Member, ExternalCertificate.member_id == Member.id)
        .where(ExternalCertificate.id != bindparam("certificate_id"))
    )
    if of_files:
        statement = _with_file(statement.join(Scan, Scan.external_certificate_id == ExternalCertificate.id))
    else:
        same = ExternalCertificate.folded_number == bindparam("folded_number")
        statement = statement.where(same, ExternalCertificate.state != State.WITHDRAWN)
    return statement.order_by(place.desc()).limit(MOST + 1)


@cache
def _certifications(*, of_files: bool) -> Any:
    place = Scan.id if of_files else Certification.id
    statement: Any = (
        select(place.label("place"), Certification, Member, CertificationType)
        .join(Member, Certification.member_id == Member.id)
        .join(CertificationType, Certification.type_id == CertificationType.id)
        .where(Certification.id != bindparam("became_id"), Certification.deleted_at.is_(None))
    )
    if of_files:
        statement = _with_file(statement.join(Scan, Scan.certification_id == Certification.id))
    else:
        statement = statement.where(Certification.folded_number == bindparam("folded_number"))
    return statement.order_by(place.desc()).limit(MOST + 1)


def _with_file(statement: Any) -> Any:
    of_file = Scan.stored_file_id.in_(bindparam("hashes", expanding=True))
    return statement.where(of_file, Scan.deleted_at.is_(None))


def _found(questions: Sequence[Question]) -> Iterator[Certification | ExternalCertificate]:
    """The latest first; of files, certificates and certifications are sorted into one another."""
    rows = [row for each in questions for row in rows_of(*each)]
    for _place, record, member, *types in rows:
        set_committed_value(record, "member", member)
        for type_ in types:
            set_committed_value(record, "type", type_)
    if any("hashes" in each.given for each in questions):
        rows = sorted(rows, key=lambda row: row.place, reverse=True)[: MOST + 1]
    return (row[1] for row in rows)

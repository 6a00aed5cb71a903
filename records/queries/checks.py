"""The proof that the books are right: the ledger, revisions, references, stored bytes and trail of an organization.

Nothing here trusts the constraints and triggers that keep these rules: it reads what stands.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import aliased, selectinload

from records import clock
from records.database import chosen_organization_id, db, is_sqlite, this_organization
from records.errors import StorageOutOfReach, StorageUnavailable
from records.models import (
    ERASED,
    CreditEntry,
    EntryKind,
    Erasure,
    ExternalCertificate,
    Member,
    Revision,
    State,
    StoredFile,
)
from records.models.clearance import is_cleared
from records.models.revision import digest_of
from records.queries.audit_chains import lines
from records.queries.audit_verifying import Fault, verify
from records.queries.binding import any_requirement, rules
from records.queries.clearance import cleared_on
from records.queries.persons import people
from records.queries.references import astray
from records.storage import measured, storage

_AT_ONCE, _AWARDED = 500, (State.APPROVED, State.REVOKED)


class ProblemKind(StrEnum):
    BALANCE = "balance_differs"
    AWARD_MISSING = "award_missing"
    AWARDED_TWICE = "awarded_twice"
    AWARD_DIFFERS = "award_differs"
    AWARD_UNFOUNDED = "award_of_undecided"
    REVERSAL_MISSING = "reversal_missing"
    REVERSAL_UNFOUNDED = "reversal_unfounded"
    REVERSED_TWICE = "reversed_twice"
    REVERSAL_DIFFERS = "reversal_differs"
    REVISION_DIFFERS = "revision_differs"
    REVISION_MISSING = "revision_missing"
    CERTIFICATE_DIFFERS = "certificate_differs"
    CLEARANCE = "clearance_differs"
    REFERENCE = "reference_astray"
    BYTES_MISSING = "bytes_missing"
    BYTES_DIFFER = "bytes_differ"


@dataclass(frozen=True)
class Problem:
    """`record` is its table and id; `detail` is for whoever mends it, in English."""

    kind: ProblemKind | Fault
    record: str
    detail: str


@dataclass
class Report:
    """How much was looked at, by what, and what is wrong with it."""

    looked_at: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)

    def add(self, kind: ProblemKind, record: Any, detail: str) -> None:
        self.problems.append(Problem(kind, f"{record.__tablename__} {record.id}", detail))


def check_organization() -> Report:
    """Everything of the chosen organization. Books first, as they stood at one moment; then bytes, file by file, and
    the trail, event by event."""
    report = Report()
    db.session.rollback()
    if not is_sqlite():  # where a reading transaction sees one moment anyway
        db.session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    books = (_balances, _awards, _reversals, _revisions, _certificates, _references)
    steps: tuple[Callable[[Report], None], ...] = (*books, _clearances)
    for step in steps:
        step(report)
    db.session.rollback()
    _bytes(report)
    db.session.rollback()
    check_trail(chosen_organization_id(), report)
    return report


def check_trail(organization_id: int | None, report: Report) -> None:
    """The chain of audit events of this organization, or that of events without one."""
    for chain in verify(lines([organization_id])).values():
        report.looked_at["events"] += chain.sealed + chain.waiting
        report.problems += [Problem(each.kind, each.record, each.detail) for each in chain.breaks]


def _balances(report: Report) -> None:
    """By member and credit type: the ledger's sum is that of the certificates that are approved and not revoked."""
    entry, certificate = CreditEntry, ExternalCertificate
    ledger = select(entry.member_id, entry.credit_type_id, func.sum(entry.amount)).group_by(
        entry.member_id, entry.credit_type_id
    )
    awarded = (
        select(certificate.member_id, certificate.credit_type_id, func.sum(certificate.awarded_credits))
        .where(certificate.state == State.APPROVED)
        .group_by(certificate.member_id, certificate.credit_type_id)
    )
    nothing = Decimal("0.00")
    has = {(row[0], row[1]): row[2] or nothing for row in db.session.execute(ledger)}
    due = {(row[0], row[1]): row[2] or nothing for row in db.session.execute(awarded)}
    report.looked_at["balances"] += len(has.keys() | due.keys())
    for member_id, type_id in sorted(has.keys() | due.keys()):
        pair = member_id, type_id
        if has.get(pair, nothing) != due.get(pair, nothing):
            detail = (
                f"member {member_id}, credit type {type_id}: the ledger holds {has.get(pair, nothing)}, the approved"
                f" certificates are worth {due.get(pair, nothing)}"
            )
            report.problems.append(Problem(ProblemKind.BALANCE, f"member {member_id}", detail))


def _awards(report: Report) -> None:
    """One award for each certificate that was ever approved, as it was decided, and none for any other."""
    award = aliased(CreditEntry)
    certificate = ExternalCertificate
    joined = select(certificate, award).outerjoin(
        award, and_(award.external_certificate_id == certificate.id, award.kind == EntryKind.AWARD)
    )
    seen: set[int] = set()
    relevant = or_(certificate.state.in_(_AWARDED), award.id.is_not(None))
    for decided, entry in _each(joined.where(relevant).order_by(certificate.id, award.id)):
        report.looked_at["awards"] += 1
        if entry is None:
            report.add(ProblemKind.AWARD_MISSING, decided, f"{decided.state}, and the ledger has no award for it")
        elif decided.id in seen:
            report.add(ProblemKind.AWARDED_TWICE, entry, f"one more award for external_certificate {decided.id}")
        elif decided.state not in _AWARDED:
            detail = f"external_certificate {decided.id} is {decided.state}, and yet awarded"
            report.add(ProblemKind.AWARD_UNFOUNDED, entry, detail)
        elif _facts_of(entry) != (
            decided.member_id,
            decided.credit_type_id,
            decided.awarded_credits,
            decided.earned_on,
        ):
            detail = f"it does not say what external_certificate {decided.id} says"
            report.add(ProblemKind.AWARD_DIFFERS, entry, detail)
        seen.add(decided.id)


def _facts_of(entry: CreditEntry) -> tuple[Any, ...]:
    return entry.member_id, entry.credit_type_id, entry.amount, entry.counts_on


def _reversals(report: Report) -> None:
    """Each revoked certificate's award is reversed, once, by the opposite amount on the same day; and no other is."""
    award = aliased(CreditEntry)
    reversal, certificate = CreditEntry, ExternalCertificate
    statement = (
        select(reversal, award, certificate)
        .outerjoin(award, award.id == reversal.reverses_id)
        .outerjoin(certificate, certificate.id == reversal.external_certificate_id)
        .where(reversal.kind == EntryKind.REVERSAL)
        .order_by(reversal.id)
    )
    reversed_ids: set[int] = set()
    for entry, taken_back, decided in _each(statement):
        report.looked_at["reversals"] += 1
        if taken_back is None or taken_back.kind != EntryKind.AWARD:
            report.add(ProblemKind.REVERSAL_DIFFERS, entry, "it names no award")
            continue
        if taken_back.id in reversed_ids:
            report.add(ProblemKind.REVERSED_TWICE, entry, f"credit_entry {taken_back.id} is reversed already")
        reversed_ids.add(taken_back.id)
        if not _is_opposite(entry, taken_back):
            detail = f"it is not the opposite of credit_entry {taken_back.id}"
            report.add(ProblemKind.REVERSAL_DIFFERS, entry, detail)
        if decided is None or decided.state != State.REVOKED:
            report.add(ProblemKind.REVERSAL_UNFOUNDED, entry, "its certificate is not revoked")
    revoked = select(award, certificate).join(certificate, certificate.id == award.external_certificate_id)
    for entry, _decided in _each(revoked.where(certificate.state == State.REVOKED, award.kind == EntryKind.AWARD)):
        if entry.id not in reversed_ids:
            report.add(ProblemKind.REVERSAL_MISSING, entry, "its certificate is revoked, and nothing reverses it")


def _is_opposite(reversal: CreditEntry, award: CreditEntry) -> bool:
    same = (reversal.member_id, reversal.credit_type_id, -reversal.amount, reversal.counts_on) == _facts_of(award)
    return same and reversal.external_certificate_id == award.external_certificate_id


def _revisions(report: Report) -> None:
    """Each revision's digest is that of its own fields and files. What an erasure emptied is erased, not broken."""
    statement = select(Revision, Erasure.id).join(
        ExternalCertificate, Revision.external_certificate_id == ExternalCertificate.id
    )
    for revision, erasure_id in _each(_with_erasure(statement).order_by(Revision.id)):
        if erasure_id is not None and not revision.facts and not revision.files:
            report.looked_at["erased revisions"] += 1
            continue
        report.looked_at["revisions"] += 1
        hashes = [str(file.get("sha256")) for file in revision.files]
        if digest_of(revision.facts, hashes) != revision.digest:
            report.add(ProblemKind.REVISION_DIFFERS, revision, "its digest is not that of its fields and files")


def _certificates(report: Report) -> None:
    """Revisions count from one without a gap, and the latest is the certificate as it stands, files included."""
    statement = (
        _with_erasure(select(ExternalCertificate, Erasure.id))
        .options(selectinload(ExternalCertificate.revisions), selectinload(ExternalCertificate.scans))
        .order_by(ExternalCertificate.id)
    )
    for certificate, erasure_id in _each(statement):
        report.looked_at["certificates"] += 1
        numbers = [revision.number for revision in certificate.revisions]
        if not numbers or numbers != list(range(1, len(numbers) + 1)):
            report.add(ProblemKind.REVISION_MISSING, certificate, f"its revisions are {numbers}")
        is_erased = erasure_id is not None and certificate.title == ERASED
        if numbers and not is_erased and certificate.revisions[-1].digest != certificate.digest():
            detail = "its fields or files are not those of its latest revision"
            report.add(ProblemKind.CERTIFICATE_DIFFERS, certificate, detail)


def _with_erasure(statement: Any) -> Any:
    """With the erasure of whose certificate it is, where there is one."""
    return statement.outerjoin(Erasure, Erasure.member_id == ExternalCertificate.member_id)


def _references(report: Report) -> None:
    """No row of the organization points to nothing, or to another organization's."""
    for table, row_id, columns in astray():
        detail = f"no row of its own organization stands where {columns} points"
        report.problems.append(Problem(ProblemKind.REFERENCE, f"{table} {row_id}", detail))


def _clearances(report: Report) -> None:
    """Who is cleared today: the rule and its SQL name the same members."""
    organization = this_organization()
    if not organization.tracks_certifications or not any_requirement():
        return
    today, ruled, active = clock.today(organization), rules(), Member.deactivated_at.is_(None)
    ids = db.session.scalars(select(Member.id).where(active)).all()
    cleared = set(db.session.scalars(select(Member.id).where(active, cleared_on(today, ruled))))
    for person in people(ids, ruled):
        report.looked_at["clearances"] += 1
        if is_cleared(today, ruled.demands, person) != (person.id in cleared):
            detail = "it depends on where one looks whether the member is cleared today"
            report.problems.append(Problem(ProblemKind.CLEARANCE, f"member {person.id}", detail))


def _bytes(report: Report) -> None:
    """Each row's bytes are there, as many as it says and the very same."""
    columns = select(StoredFile.id, StoredFile.key, StoredFile.size, StoredFile.sha256).order_by(StoredFile.id)
    after = 0
    while rows := db.session.execute(columns.where(StoredFile.id > after).limit(_AT_ONCE)).all():
        db.session.rollback()  # reading bytes takes its time, in which no transaction stays open
        for row in rows:
            report.looked_at["files"] += 1
            _file(report, row.id, row.key, expected=(row.size, row.sha256))
        after = rows[-1].id


def _file(report: Report, file_id: int, key: str, *, expected: tuple[int, str]) -> None:
    try:
        with storage().open(key) as stream:
            found = measured(stream)
    except StorageOutOfReach:
        raise
    except (StorageUnavailable, ValueError):
        found = None
    if found == expected:
        return
    stored = db.session.get(StoredFile, file_id)
    db.session.rollback()
    if stored is None:  # swept since
        return
    kind, detail = ProblemKind.BYTES_DIFFER, "other bytes than arrived"
    if found is None:
        kind, detail = ProblemKind.BYTES_MISSING, "its bytes are not there"
    elif found[0] != expected[0]:
        detail = f"{found[0]} bytes where {expected[0]} arrived"
    report.problems.append(Problem(kind, f"stored_file {file_id}", detail))


def _each(statement: Any) -> Iterator[Any]:
    """Rows, a batch at a time, each forgotten with its batch."""
    return iter(db.session.execute(statement.execution_options(yield_per=_AT_ONCE)))

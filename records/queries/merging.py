"""Merging two members: what becomes of each table that points at a member, or at a certification.

Every foreign key to a member has its row here; a test goes through all tables and fails for one without. What names
who did a thing stays: it was done under that name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, select
from sqlalchemy.orm import aliased

from records.database import db
from records.models import (
    CalendarFeed,
    Certification,
    CreditEntry,
    Exemption,
    ExternalCertificate,
    FeedKind,
    Member,
    MemberMerge,
    Message,
    Proof,
    Reminder,
    RenewalProposal,
    RequirementMember,
    SavedView,
    Scan,
    Transcript,
    Upload,
)
from records.models.base import OrganizationOwned
from records.queries.among import among


@dataclass(frozen=True)
class Goes:
    """Rows that go over from the merged member to the kept one, all of `only`.

    `key` tells the rows of one member apart; `unless` are the columns in which no row of the kept member may be the
    same, where it meets `and_where`, too: such a row stays. `record`: the column that names the record that the row
    is of, and goes back with.
    """

    model: Any
    key: Any
    unless: tuple[Any, ...] = ()
    and_where: Callable[[Any], tuple[ColumnElement[bool], ...]] = lambda _theirs: ()
    record: Any = None
    only: tuple[ColumnElement[bool], ...] = ()

    @property
    def member_id(self) -> Any:
        return self.model.member_id

    @property
    def table(self) -> str:
        return str(self.model.__tablename__)


def _overlaps(theirs: type[Exemption]) -> tuple[ColumnElement[bool], ...]:
    """Of two exemptions from one requirement, whether they share a day on which both are in force."""
    in_force = theirs.withdrawn_at.is_(None), Exemption.withdrawn_at.is_(None)
    return *in_force, theirs.starts_on <= Exemption.ends_on, theirs.ends_on >= Exemption.starts_on


CERTIFICATION = Certification.__tablename__
CERTIFICATES = Goes(ExternalCertificate, ExternalCertificate.id, unless=(ExternalCertificate.submission_key,))
# In the order in which they go. Certifications and external certificates go before what is of them.
OTHERS: tuple[Goes, ...] = (
    Goes(CreditEntry, CreditEntry.id, record=CreditEntry.external_certificate_id),
    Goes(Reminder, Reminder.id, record=Reminder.certification_id),
    Goes(RenewalProposal, RenewalProposal.id, record=RenewalProposal.certification_id),
    Goes(Transcript, Transcript.id),
    Goes(Proof, Proof.id),
    Goes(Message, Message.id),
    Goes(Exemption, Exemption.id, unless=(Exemption.requirement_id,), and_where=_overlaps),
    Goes(RequirementMember, RequirementMember.requirement_id, unless=(RequirementMember.requirement_id,)),
    Goes(CalendarFeed, CalendarFeed.id, unless=(CalendarFeed.kind,), only=(CalendarFeed.kind == FeedKind.OWN,)),
    Goes(SavedView, SavedView.id, unless=(SavedView.page, SavedView.folded_name)),
    Goes(Upload, Upload.id),
)
GO = frozenset({f"{goes.table}.member_id" for goes in (CERTIFICATES, *OTHERS)} | {"certification.member_id"})

CHOSEN = frozenset({"member_position.member_id"})  # one of the fields that whoever merges chooses

_DID = "who did it"
_WHAT_WAS = "what was so at the time"
STAY: dict[str, str] = {
    "certification.supersedes_id": "mended where a duplicate stood in a chain of renewals",
    "scan.certification_id": "files of a duplicate go over to its twin",
    "proof.certification_id": "a code for a duplicate proves its twin from then on",
    "renewal_proposal.certification_id": "a proposal that waits goes over to the twin",
    "renewal_proposal.renewal_id": _WHAT_WAS,
    "external_certificate.certification_id": _WHAT_WAS,
    "batched_renewal.certification_id": _WHAT_WAS,
    "import_row.certification_id": _WHAT_WAS,
    "reminder.certification_id": _WHAT_WAS,
    "snooze.certification_id": "a duplicate is reminded of no more",
    "digest.member_id": "digests are of a role, and the kept member has a role of their own",
    "scope_unit.member_id": "the scope of a role; the kept member has a role of their own",
    "sign_in.member_id": "ended by the merge",
    "sign_in.administrator_id": "ended by the merge",
    "single_use_link.member_id": "spent by the merge",
    "list_export.member_id": "a file of what was asked for under that role; it goes after a day",
    "import_row.member_id": "what the register brought in; undoing it must not take the kept member away",
    "erasure.member_id": "nothing is left that could be merged",
    "erasure.erased_by_id": _DID,
    "exemption.approved_by_id": _DID,
    "external_certificate.decided_by_id": _DID,
    "external_certificate.revoked_by_id": _DID,
    "member_merge.kept_id": _WHAT_WAS,
    "member_merge.merged_id": _WHAT_WAS,
    "member_merge.merged_by_id": _DID,
    "member_merge.undone_by_id": _DID,
    "register_import.started_by_id": _DID,
    "renewal_batch.made_by_id": _DID,
    "renewal_batch.undone_by_id": _DID,
    "renewal_proposal.administrator_id": _DID,
    "renewal_proposal.decided_by_id": _DID,
    "revision.administrator_id": _DID,
    "revision.submitted_by_id": _DID,
    "snooze.by_id": _DID,
    "upload.started_by_id": _DID,
}


def counted(moved: dict[str, Any]) -> dict[str, int]:
    """How many rows of each table went over, by its name; those of which none did are left out."""
    return {table: len(rows) for table, rows in moved["rows"].items() if rows}


def duplicates_of(merged: Member, kept: Member) -> dict[int, int]:
    """From the id of each live certification of the one to that of the other's with the same four facts."""
    twin = aliased(Certification)
    same = (
        select(Certification.id, twin.id)
        .join(
            twin,
            (twin.type_id == Certification.type_id)
            & (twin.number == Certification.number)
            & (twin.expires_on == Certification.expires_on),
        )
        .where(Certification.member_id == merged.id, Certification.deleted_at.is_(None))
        .where(twin.member_id == kept.id, twin.deleted_at.is_(None))
    )
    return {row[0]: row[1] for row in db.session.execute(same)}


def tally(member: Member, kept: Member) -> dict[str, int]:
    """How many rows of each table would go over."""
    counts = {goes.table: db.session.scalar(_counting(goes, member, kept)) or 0 for goes in (CERTIFICATES, *OTHERS)}
    certifications = select(func.count(Certification.id)).where(
        Certification.member_id == member.id, Certification.deleted_at.is_(None)
    )
    counts[CERTIFICATION] = (db.session.scalar(certifications) or 0) - len(duplicates_of(member, kept))
    scans = select(func.count(Scan.id)).where(Scan.deleted_at.is_(None))
    of_theirs = Scan.certification_id.in_(select(Certification.id).where(Certification.member_id == member.id))
    submitted = Scan.external_certificate_id.in_(
        select(ExternalCertificate.id).where(ExternalCertificate.member_id == member.id)
    )
    counts[Scan.__tablename__] = db.session.scalar(scans.where(of_theirs | submitted)) or 0
    return {table: count for table, count in counts.items() if count}


def _counting(goes: Goes, member: Member, kept: Member) -> Select[int]:
    return select(func.count()).select_from(going(goes, member, kept).subquery())


def going(goes: Goes, merged: Member, kept: Member) -> Select[Any]:
    """The keys of the rows that go over."""
    statement = select(goes.key).where(goes.member_id == merged.id, *goes.only)
    if not issubclass(goes.model, OrganizationOwned):
        statement = statement.where(goes.model.organization_id == merged.organization_id)
    if goes.unless:
        theirs = aliased(goes.model)
        same = [getattr(theirs, column.key) == column for column in goes.unless]
        statement = statement.where(~exists().where(theirs.member_id == kept.id, *same, *goes.and_where(theirs)))
    return statement


def kept_instead_of(member_ids: Iterable[int]) -> dict[int, int]:
    """From each of these few members who was merged, and the kept one maybe again, to who has their records now."""
    stands_for: dict[int, int] = {}
    wanted = set(member_ids)
    while wanted:
        standing = select(MemberMerge.merged_id, MemberMerge.kept_id).where(
            among(MemberMerge.merged_id, wanted), MemberMerge.undone_at.is_(None)
        )
        into = {row.merged_id: row.kept_id for row in db.session.execute(standing)}
        stands_for = {merged: into.get(kept, kept) for merged, kept in stands_for.items()} | into
        wanted = set(into.values())
    return stands_for

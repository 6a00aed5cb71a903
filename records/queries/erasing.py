"""Erasing a member: what becomes of each table that leads to a member, and of each text in it.

Every text and every JSON column of such a table is decided here; a test goes through all tables and fails for one
without. What is numbers, dates and closed words stays where its row does.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, case, func, or_, select

from records.database import db
from records.errors.erasing import ErasedWhileActive, OwnErasure
from records.models import (
    ERASED,
    Actor,
    CalendarFeed,
    Certification,
    CreditEntry,
    Digest,
    Erasure,
    Exemption,
    ExternalCertificate,
    ImportRow,
    ListExport,
    Member,
    MemberMerge,
    MemberPosition,
    Message,
    Proof,
    RegisterImport,
    ReminderMessage,
    RenewalProposal,
    RequirementMember,
    Revision,
    SavedView,
    Scan,
    ScopeUnit,
    SignIn,
    SignOnIdentity,
    SingleUseLink,
    Snooze,
    Transcript,
    Upload,
)

Ids = Collection[int]
# A text that may not be empty where it is not: it becomes ERASED there, and stays empty elsewhere.
MARKED: Any = object()


@dataclass(frozen=True)
class Decided:
    """What becomes of the rows of `model` that `whose` finds for the ids of members: with `becomes`, values by column;
    without, they are deleted."""

    model: Any
    whose: Callable[[Ids], ColumnElement[bool]]
    becomes: Mapping[str, Any] | None = None

    @property
    def table(self) -> str:
        return str(self.model.__tablename__)

    def values(self) -> dict[str, Any]:
        """For an UPDATE."""
        return {
            name: case((getattr(self.model, name) == "", ""), else_=ERASED) if value is MARKED else value
            for name, value in (self.becomes or {}).items()
        }


def _of(column: Any) -> Callable[[Ids], ColumnElement[bool]]:
    return lambda ids: column.in_(ids)


def _through(column: Any, owner: Any) -> Callable[[Ids], ColumnElement[bool]]:
    """Rows of a record of the member."""
    return lambda ids: column.in_(select(owner.id).where(owner.member_id.in_(ids)))


def scans_of(ids: Ids) -> ColumnElement[bool]:
    """The scans, also deleted ones, of all records of these members."""
    owners = (
        (Scan.certification_id, Certification),
        (Scan.external_certificate_id, ExternalCertificate),
        (Scan.renewal_proposal_id, RenewalProposal),
    )
    return or_(*(_through(column, owner)(ids) for column, owner in owners))


def of_their_organization(ids: Ids) -> ColumnElement[bool]:
    """All exports of lists in the organization of these members."""
    return ListExport.organization_id.in_(select(Member.organization_id).where(Member.id.in_(ids)))


# In the order in which they go.
GO: tuple[Decided, ...] = (
    Decided(ReminderMessage, _through(ReminderMessage.message_id, Message)),
    Decided(Digest, _of(Digest.member_id)),
    Decided(Message, _of(Message.member_id)),
    Decided(Snooze, _through(Snooze.certification_id, Certification)),
    Decided(Exemption, _of(Exemption.member_id)),
    Decided(RequirementMember, _of(RequirementMember.member_id)),
    Decided(MemberPosition, _of(MemberPosition.member_id)),
    Decided(ScopeUnit, _of(ScopeUnit.member_id)),
    Decided(CalendarFeed, _of(CalendarFeed.member_id)),
    Decided(Proof, _of(Proof.member_id)),
    Decided(Transcript, _of(Transcript.member_id)),
    Decided(SavedView, _of(SavedView.member_id)),
    # Whoever asked for them: any list may name the member.
    Decided(ListExport, of_their_organization),
    Decided(Upload, lambda ids: or_(Upload.member_id.in_(ids), Upload.started_by_id.in_(ids))),
    Decided(Scan, scans_of),
    Decided(SignIn, lambda ids: or_(SignIn.member_id.in_(ids), SignIn.administrator_id.in_(ids))),
    Decided(SingleUseLink, _of(SingleUseLink.member_id)),
    Decided(
        SignOnIdentity,
        lambda ids: SignOnIdentity.account_id.in_(
            select(Member.account_id).where(Member.id.in_(ids), Member.account_id.is_not(None))
        ),
    ),
)
EMPTIED: tuple[Decided, ...] = (
    Decided(Certification, _of(Certification.member_id),
            {"number": "", "folded_number": "", "suspended_reason": MARKED, "revoked_reason": MARKED}),
    Decided(RenewalProposal, _of(RenewalProposal.member_id), {"number": "", "reason": MARKED}),
    Decided(ExternalCertificate, _of(ExternalCertificate.member_id),
            {"title": ERASED, "issuer": "", "number": "", "folded_number": "", "note": "", "reason": MARKED,
             "revoked_reason": MARKED}),
    Decided(Revision, _through(Revision.external_certificate_id, ExternalCertificate), {"facts": {}, "files": []}),
    Decided(ImportRow, _of(ImportRow.member_id),
            {"cells": [], "name": "", "problem": "", "problem_params": {}, "candidates": [], "answer": "",
             "before": {}}),
    Decided(RegisterImport, _of(RegisterImport.started_by_id), {"started_by_name": ""}),
)  # fmt: skip
# Of the member themself; the folded columns follow. The name becomes "Erased member".
MEMBER: dict[str, Any] = {
    "number": None, "given_name": "", "suffix": "", "email": None, "role": "member", "covers_organization": False,
    "reviews": False, "unwanted_mail": [], "language": None, "joined_on": None, "unit_id": None, "account_id": None,
    "invited_at": None, "last_seen_at": None,
}  # fmt: skip

# Tables whose rows go with the account, where it opens no other member.
WITH_THE_ACCOUNT = frozenset(
    {"account", "known_browser", "sign_in", "single_use_link", "second_factor", "recovery_code", "halfway_sign_in"}
)
# Tables whose rows go with one of GO.
WITH_ANOTHER = frozenset({"uploaded_file"})
_RANDOM = "drawn at random"
STAY: dict[str, str] = {
    "member.family_name": "says that they are erased",
    "member.folded_email": "follows the address",
    "member.folded_number": "follows the number",
    "member.sort_name": "follows the name",
    "member.search_text": "empty, so that no search finds them",
    "external_certificate.submission_key": _RANDOM,
    "external_certificate.answers": "the reviewer's answers to the type's questions, yes or no",
    "revision.digest": "proves what was decided, for whoever has it, and tells nothing",
    "erasure.counts": "numbers by table",
    "member_merge.moved": "ids of the rows that went over; the values of the two are taken out of it",
    "renewal_batch.submission_key": _RANDOM,
    "import_row.problem_column": "a head of the register",
    "import_row.created": "words of the program",
    "import_row.versions": "numbers",
    "import_row.kept": "words of the program",
    "register_import.file_name": "says which register it was; its file goes",
    "register_import.reading": "how the file was read",
    "register_import.survey": "heads and counts of the columns; samples and words are taken out of it",
    "register_import.mapping": "which column is which",
    "register_import.counts": "numbers",
    "register_import.digest": "of all rows together",
    "register_import.made": "ids of types and units",
}


def with_merged(member: Member) -> list[int]:
    """The ids of the member and of all who were merged into them, maybe by way of others."""
    ids, found = [member.id], [member.id]
    while found:
        into = select(MemberMerge.merged_id).where(MemberMerge.kept_id.in_(found), MemberMerge.undone_at.is_(None))
        found = list(db.session.scalars(into))
        ids += found
    return ids


def require_erasable(member: Member, *, by: Actor) -> None:
    """The guard of erasing, asked by its page, too.

    Raises NotAllowed, NotFound, OwnErasure, MemberErased, MergedAway (erase the one who stays), ErasedWhileActive.
    """
    by.require_administrator()
    member.require_seen_by(by)
    if by.member_id == member.id:
        raise OwnErasure()
    member.require_standing()
    if member.is_active:
        raise ErasedWhileActive(name=member.name)


def tally(member: Member) -> dict[str, int]:
    """How many rows of each table go or are emptied; those of which there are none are left out."""
    ids = with_merged(member)
    counts = {each.table: _count(each.model, each.whose(ids)) for each in (*GO, *EMPTIED)}
    return {table: count for table, count in counts.items() if count}


def staying(member: Member) -> dict[str, int]:
    """What stays: entries of the ledger, and certificates, without what they say."""
    ids = with_merged(member)
    kept: tuple[Any, ...] = (CreditEntry, ExternalCertificate, Certification)
    return {model.__tablename__: _count(model, model.member_id.in_(ids)) for model in kept}


def erasure_of(member: Member) -> Erasure | None:
    return db.session.scalar(select(Erasure).where(Erasure.member_id == member.id))


def _count(model: Any, condition: ColumnElement[bool]) -> int:
    return db.session.scalar(select(func.count()).select_from(model).where(condition)) or 0

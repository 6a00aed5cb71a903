"""Renewals that members propose, and the decision on them. Each verb is one transaction.

Proposing changes no certification: only accepting does, and then as anybody's renewal is recorded.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy.exc import IntegrityError

from records import clock
from records.database import db, lock, locked, this_organization, transaction
from records.errors import (
    ExpiresRequired,
    Invalid,
    InvalidInput,
    NoCertificateFile,
    NotAllowed,
    NotFound,
    Refusal,
    Stale,
    TooManyFiles,
)
from records.errors.renewals import ExpiresNoLater, NotProposable, ProposedAlready
from records.models import (
    Actor,
    AuditEvent,
    AuditKind,
    Certification,
    Member,
    MessageKind,
    RenewalProposal,
    UploadedFile,
)
from records.queries.external_certificates import staged
from records.queries.renewal_proposals import open_proposal_of
from records.services import certification_steps as steps
from records.services.certification_steps import Entry
from records.services.files import Arrived, require_sound
from records.services.outbox import notify
from records.services.scan_steps import attach
from records.services.staging_steps import Kept, forget, keep

MOST_FILES = 20


@dataclass(frozen=True)
class Proposal:
    """What a member gives. The files are those that wait under `key`, but for `left_out` (ids of waiting files);
    `unreadable` are the refusals of fields that hold no date, and of files that did not arrive, by field."""

    key: str
    expires_on: date | None
    issued_on: date | None = None
    number: str = ""
    left_out: Collection[int] = ()
    unreadable: Mapping[str, Refusal] = field(default_factory=dict)


def stage(
    certification: Certification,
    arrived: Sequence[Arrived],
    *,
    key: str,
    by: Actor,
    left_out: Collection[int] = (),
    order: Sequence[int] = (),
) -> Kept:
    """Keep files until the proposal that carries `key` is right; `left_out` and `order` are ids of waiting files.

    Raises NotFound (another's), NotProposable, ProposedAlready, ModuleOff.
    """
    with transaction():
        member, _certification = _proposable(certification, by=by)
        return keep(member, arrived, key=key, most=MOST_FILES, by=by, left_out=left_out, order=order)


def propose(certification: Certification, given: Proposal, *, by: Actor) -> RenewalProposal:
    """Raises as `stage`, and InvalidInput: a refusal for each wrong field (`issued_on`, `expires_on`, `number`,
    `files`)."""
    try:
        with transaction() as session:
            member, certification = _proposable(certification, by=by)
            files = [file for file in staged(given.key, by=by) if file.id not in given.left_out]
            proposal = _filled(certification, given, files)
            proposal.member_id, proposal.administrator_id = member.id, by.administrator_id
            session.add(proposal)
            session.flush()
            for file in files:
                attach(proposal, file.stored_file, name=file.name, by=by)
            forget(given.key, by=by)
            after = proposal.facts() | {"files": [file.name for file in files]}
            _note(AuditKind.RENEWAL_PROPOSED, proposal, by=by, after=after)
            return proposal
    except IntegrityError:
        raise ProposedAlready() from None


def withdraw(proposal: RenewalProposal, *, by: Actor) -> None:
    """Raises ProposalDecided, NotFound (another's), ModuleOff."""
    with transaction() as session:
        steps.require_tracking()
        proposal = lock(proposal)
        proposal.require_own(by)
        proposal.withdraw(by=by, at=clock.now())
        session.flush()
        _note(AuditKind.RENEWAL_WITHDRAWN, proposal, by=by)


def accept(proposal: RenewalProposal, entry: Entry, *, version: int, by: Actor) -> Certification:
    """The renewal that comes of it, as `entry` says (its type and what it renews are not read), with the same files.

    Raises ProposalDecided, RenewedMeanwhile, TypeRetiredMeanwhile, Stale (no longer that `version`), FileUnscanned,
    FileInfected, FileChanged, OwnProposal, NotAllowed, NotFound, ModuleOff, and InvalidInput for the fields of `entry`.
    """
    _held_by(proposal, by=by)
    require_sound(proposal.scans)
    try:
        with transaction() as session:
            proposal = _held_by(lock(proposal), by=by)
            if proposal.version != version:
                raise Stale()
            if (overtaken := proposal.overtaken) is not None:
                raise overtaken
            member, earlier = locked(Member, proposal.member_id), proposal.certification
            given = Entry(earlier.type_id, entry.expires_on, entry.issued_on, entry.number, earlier.id)
            with session.no_autoflush:
                renewal = steps.record(member, given, by=by)
            for scan in proposal.scans:
                attach(renewal, scan.stored_file, name=scan.name, by=by, rotation=scan.rotation)
            proposal.accept(renewal, by=by, at=clock.now())
            session.flush()
            _note(AuditKind.RENEWAL_ACCEPTED, proposal, by=by, after={"renewal_id": renewal.id} | renewal.facts())
            _tell(MessageKind.RENEWAL_ACCEPTED, proposal, renewal.id, by=by)
            return renewal
    except IntegrityError:
        raise Stale() from None


def decline(proposal: RenewalProposal, *, reason: str, version: int, by: Actor) -> None:
    """For good. Raises ProposalDecided, ReasonRequired (field `reason`), Stale, OwnProposal, NotAllowed, NotFound,
    ModuleOff."""
    with transaction() as session:
        proposal = _held_by(lock(proposal), by=by)
        if proposal.version != version:
            raise Stale()
        proposal.decline(reason=reason, by=by, at=clock.now())
        session.flush()
        _note(AuditKind.RENEWAL_DECLINED, proposal, by=by, after={"reason": proposal.reason})
        stands = proposal.certification.deleted_at is None
        _tell(MessageKind.RENEWAL_DECLINED, proposal, proposal.certification_id if stands else None, by=by)


def _held_by(proposal: RenewalProposal, *, by: Actor) -> RenewalProposal:
    """Of two who decide at once, the second is told who was first."""
    steps.require_tracking()
    proposal.require_decider(by)
    proposal.require_open()
    return proposal


def _proposable(certification: Certification, *, by: Actor) -> tuple[Member, Certification]:
    """Both locked, so that two proposals of one member follow each other."""
    steps.require_tracking()
    if by.member_id is None:
        raise NotAllowed()
    member, certification = locked(Member, by.member_id), lock(certification)
    if certification.member_id != member.id or certification.deleted_at is not None:
        raise NotFound()
    if open_proposal_of(certification) is not None:
        raise ProposedAlready()
    if not certification.may_be_proposed_on(clock.today(this_organization())):
        raise NotProposable()
    return member, certification


def _filled(certification: Certification, given: Proposal, files: Sequence[UploadedFile]) -> RenewalProposal:
    errors: dict[str, Refusal] = {}
    proposal = RenewalProposal(
        certification_id=certification.id,
        issued_on=given.issued_on,
        expires_on=given.expires_on,
        created_at=clock.now(),
    )
    try:
        proposal.number = given.number
    except Invalid as refusal:
        errors["number"] = refusal
    try:
        _check_dates(certification, given)
    except Invalid as refusal:
        errors["expires_on"] = refusal
    if not files:
        errors["files"] = NoCertificateFile(field="files")
    elif len(files) > MOST_FILES:
        errors["files"] = TooManyFiles(field="files", most=MOST_FILES)
    errors |= given.unreadable
    if errors:
        raise InvalidInput(errors)
    return proposal


def _check_dates(certification: Certification, given: Proposal) -> None:
    if given.expires_on is None:
        raise ExpiresRequired(field="expires_on")
    Certification(number="", issued_on=given.issued_on, expires_on=given.expires_on).check()
    if given.expires_on <= certification.expires_on:
        raise ExpiresNoLater(field="expires_on")


def _note(kind: AuditKind, proposal: RenewalProposal, *, by: Actor, after: dict[str, Any] | None = None) -> None:
    db.session.add(AuditEvent.of(kind, proposal, by=by, at=clock.now(), after=after))


def _tell(kind: MessageKind, proposal: RenewalProposal, certification_id: int | None, *, by: Actor) -> None:
    """Tell the member what was decided, by whom and why; the page is that of the certification, where there is one."""
    facts = {"title": proposal.title, "decider": by.name, "reason": proposal.reason}
    page = f"/portfolio/certifications/{certification_id}" if certification_id else "/portfolio/certifications"
    notify(proposal.member, kind, facts=facts, page=page)

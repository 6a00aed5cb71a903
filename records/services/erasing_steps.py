"""Steps of erasing members, inside the verb's transaction. What becomes of each table: `queries.erasing`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, or_, select

from records.database import db, every_organization
from records.models import (
    Account,
    Actor,
    Certification,
    Erasure,
    ErasureReason,
    ExternalCertificate,
    ListExport,
    Member,
    MemberMerge,
    ProposalState,
    RenewalProposal,
    Scan,
    State,
    StoredFile,
    Upload,
    UploadedFile,
)
from records.models.certificate_states import OPEN
from records.queries.erasing import EMPTIED, GO, MEMBER, Decided, of_their_organization, scans_of
from records.services.erasing_traces import LONG_AGO, Traces, empty_events, empty_messages, empty_registers
from records.services.merge_steps import change

_NOTHING: dict[str, Any] = {"before": {}, "after": {}, "gave": {}, "positions": {"before": [], "after": []}}


def empty_all(ids: Sequence[int], *, reason: ErasureReason, called: str, by: Actor, at: datetime) -> dict[int, Erasure]:
    """Everything of these members goes or is emptied; the first one's erasure counts it all. By member."""
    session = db.session
    members = session.scalars(select(Member).where(Member.id.in_(ids)).with_for_update(of=Member)).unique().all()
    accounts = _accounts_only_of(members)
    traces = Traces.of(members, accounts)
    erasures = {
        each.id: Erasure(organization_id=each.organization_id, member_id=each.id, erased_at=at,
                         erased_by_id=by.member_id, reason=reason, counts={})
        for each in members
    }  # fmt: skip
    session.add_all(erasures.values())
    session.flush()  # the triggers let through what an erasure stands for
    counts = {"withdrawn": _withdraw_open(ids, at=at)}
    _free_files(ids)
    counts |= {"register_import": empty_registers(traces, ids), "audit_event": empty_events(traces, at=at)}
    empty_messages(traces)
    _close_certifications(ids, at=at)  # without their numbers some would be the same
    for each in (*GO, *EMPTIED):
        counts[each.table] = counts.get(each.table, 0) + _carry_out(each, ids)
    _forget_values_of_merges(ids)
    for member in members:
        _empty_member(member, called=called, at=at)
    session.flush()
    session.execute(delete(Account).where(Account.id.in_([account.id for account in accounts])))
    erasures[ids[0]].counts = {name: count for name, count in counts.items() if count}
    return erasures


def _carry_out(decided: Decided, ids: Sequence[int]) -> int:
    if decided.becomes is not None:
        return change(decided.model, decided.whose(ids), **decided.values())
    gone = delete(decided.model).where(decided.whose(ids))
    result: Any = db.session.execute(gone.execution_options(synchronize_session=False))
    return int(result.rowcount)


def _withdraw_open(ids: Sequence[int], *, at: datetime) -> int:
    """Nobody can decide any more on what waits: it counts as withdrawn by the member."""
    certificate, proposal = ExternalCertificate, RenewalProposal
    certificates = change(
        certificate, certificate.member_id.in_(ids), certificate.state.in_(OPEN),
        state=State.WITHDRAWN, reason="", decided_at=at, decided_by_id=certificate.member_id,
    )  # fmt: skip
    proposals = change(
        proposal, proposal.member_id.in_(ids), proposal.state == ProposalState.PROPOSED,
        state=ProposalState.WITHDRAWN, decided_at=at, decided_by_id=proposal.member_id,
    )  # fmt: skip
    return certificates + proposals


def _free_files(ids: Sequence[int]) -> None:
    """The next sweep takes bytes that are nobody else's without waiting: as if nobody had wanted them for long."""
    uploads = select(Upload.id).where(or_(Upload.member_id.in_(ids), Upload.started_by_id.in_(ids)))
    scanned = select(Scan.stored_file_id).where(scans_of(ids))
    uploaded = select(UploadedFile.stored_file_id).where(UploadedFile.upload_id.in_(uploads))
    exported = select(ListExport.stored_file_id).where(of_their_organization(ids))
    theirs = or_(*(StoredFile.id.in_(some) for some in (scanned, uploaded, exported)))
    change(StoredFile, theirs, wanted_at=LONG_AGO)


def _close_certifications(ids: Sequence[int], *, at: datetime) -> None:
    held = Certification.member_id.in_(ids), Certification.deleted_at.is_(None)
    change(Certification, *held, deleted_at=at, version=Certification.version + 1)


def _forget_values_of_merges(ids: Sequence[int]) -> None:
    """Also of merges that were undone: the two may be two persons by now, but each saw the other's values."""
    sides = or_(MemberMerge.kept_id.in_(ids), MemberMerge.merged_id.in_(ids))
    for merge in db.session.scalars(select(MemberMerge).where(sides)).unique():
        merge.moved = merge.moved | {"identity": _NOTHING}


def _empty_member(member: Member, *, called: str, at: datetime) -> None:
    member.erased_at = at
    for name, value in MEMBER.items():
        setattr(member, name, value)
    member.family_name = called


def _accounts_only_of(members: Sequence[Member]) -> list[Account]:
    """The accounts that open nobody else, in any organization."""
    ids = [member.id for member in members]
    with every_organization():
        others = select(func.count(Member.id)).where(Member.id.not_in(ids))
        return [
            member.account
            for member in members
            if member.account is not None
            and not db.session.scalar(others.where(Member.account_id == member.account_id))
        ]

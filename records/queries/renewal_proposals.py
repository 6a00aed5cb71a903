"""Renewals that members propose: what the member sees of their own, and the list of those who decide."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Select, bindparam, func, select
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from records.database import db, is_id, this_organization
from records.errors import ModuleOff, NotFound
from records.models import (
    Actor,
    Certification,
    CertificationType,
    HeldCertification,
    Member,
    ProposalState,
    RenewalProposal,
)
from records.queries.capped import MOST_COUNTED
from records.queries.member_filters import Scope, in_scope, scope_of
from records.queries.member_search import matches, words_of
from records.reading.ahead import Question, rows_of

PAGE = 50
_MOST_HELD = 50  # scopes


@dataclass(frozen=True)
class ProposalList:
    """`following` and `preceding` say where the pages around begin: ids of proposals, None where there are none."""

    rows: list[RenewalProposal]
    following: int | None
    preceding: int | None


@dataclass(frozen=True)
class ProposalsWaiting:
    """How many the asker may decide (MOST_COUNTED + 1 means "more"), and since when the oldest waits."""

    count: int
    oldest: datetime | None

    @property
    def is_more(self) -> bool:
        return self.count > MOST_COUNTED


def proposals_of(certification: Certification | HeldCertification) -> Sequence[RenewalProposal]:
    """Those that its member made for a certification, newest first, with their files."""
    statement = (
        select(RenewalProposal)
        .where(RenewalProposal.certification_id == certification.id)
        .options(joinedload(RenewalProposal.decided_by), selectinload(RenewalProposal.scans))
        .order_by(RenewalProposal.id.desc())
    )
    return db.session.scalars(statement).all()


def open_proposal_of(certification: Certification) -> RenewalProposal | None:
    """The one that waits; there is at most one."""
    return db.session.scalar(
        select(RenewalProposal).where(
            RenewalProposal.certification_id == certification.id, RenewalProposal.state == ProposalState.PROPOSED
        )
    )


def with_open_proposals(certification_ids: Collection[int]) -> set[int]:
    """Those of these certifications whose member has proposed a renewal that waits."""
    statement = select(RenewalProposal.certification_id).where(
        RenewalProposal.certification_id.in_(certification_ids), RenewalProposal.state == ProposalState.PROPOSED
    )
    return set(db.session.scalars(statement))


def own_proposal(proposal_id: int, *, by: Actor) -> RenewalProposal:
    """One of the asker's own. Raises ModuleOff, and NotFound alike for another's and for none at all."""
    proposal = _found(proposal_id)
    proposal.require_own(by)
    return proposal


def proposal_for(proposal_id: int, *, by: Actor) -> RenewalProposal:
    """Of a member in the asker's scope. Raises NotAllowed, NotFound, ModuleOff."""
    by.require_staff()
    proposal = _found(proposal_id)
    proposal.member.require_seen_by(by)
    return proposal


def _found(proposal_id: int) -> RenewalProposal:
    if not this_organization().tracks_certifications:
        raise ModuleOff()
    statement = (
        select(RenewalProposal)
        .where(RenewalProposal.id == proposal_id)
        .options(
            joinedload(RenewalProposal.member).joinedload(Member.unit),
            joinedload(RenewalProposal.certification).joinedload(Certification.type),
            joinedload(RenewalProposal.certification).joinedload(Certification.renewal),
            joinedload(RenewalProposal.decided_by),
            selectinload(RenewalProposal.scans),
        )
    )
    proposal = db.session.scalar(statement) if is_id(proposal_id) else None
    if proposal is None:
        raise NotFound()
    return proposal


# The list of those who decide


def proposals(
    state: str, *, by: Actor, search: str = "", after: int | None = None, before: int | None = None
) -> ProposalList:
    """One page of the proposals in this state in the asker's scope: what waits oldest first, what was decided newest
    first. `search` looks for the member; `after` and `before` are ids. Raises NotAllowed.
    """
    by.require_staff()
    cursor, backwards = (before, True) if is_id(before) else (after if is_id(after) else None, False)
    falls = (state != ProposalState.PROPOSED) != backwards
    statement = _listed().where(RenewalProposal.state == state, *_visible(state, by)).limit(PAGE + 1)
    if words := words_of(search):
        statement = statement.where(matches(words))
    if cursor is not None:
        statement = statement.where(RenewalProposal.id < cursor if falls else RenewalProposal.id > cursor)
    order = RenewalProposal.id.desc() if falls else RenewalProposal.id
    found = list(db.session.scalars(statement.order_by(order)))
    has_more, found = len(found) > PAGE, found[:PAGE]
    if backwards:
        found.reverse()
    return ProposalList(
        found,
        following=found[-1].id if found and (has_more or backwards) else None,
        preceding=found[0].id if found and cursor is not None and (has_more or not backwards) else None,
    )


def proposals_waiting(*, by: Actor) -> ProposalsWaiting:
    """Of active members in the asker's scope, those that the asker may decide. Raises NotAllowed."""
    by.require_staff()
    ((count, oldest),) = rows_of(*asked_for_proposals_waiting(by=by))
    return ProposalsWaiting(count, oldest)


def asked_for_proposals_waiting(*, by: Actor) -> Question:
    """What `proposals_waiting` is going to ask."""
    return Question(_waiting(scope_of(by), MOST_COUNTED), {"asker_id": by.member_id or 0})


@lru_cache(_MOST_HELD)
def _waiting(scope: Scope, most: int) -> Select[int, datetime]:
    asker_id: BindParameter[Any] = bindparam("asker_id")
    some = (
        select(RenewalProposal.created_at)
        .join(Member, RenewalProposal.member_id == Member.id)
        .where(RenewalProposal.state == ProposalState.PROPOSED, *_visible(ProposalState.PROPOSED, scope))
        .where(RenewalProposal.member_id != asker_id, func.coalesce(RenewalProposal.administrator_id, 0) != asker_id)
        .order_by(RenewalProposal.created_at)
        .limit(most + 1)
        .subquery()
    )
    return select(func.count(), func.min(some.c.created_at))


def _visible(state: str, by: Actor | Scope) -> list[ColumnElement[bool]]:
    """Scope; and deactivated members' proposals wait for nobody."""
    conditions = [in_scope(by)]
    return [*conditions, Member.deactivated_at.is_(None)] if state == ProposalState.PROPOSED else conditions


def _listed() -> Select[RenewalProposal]:
    return (
        select(RenewalProposal)
        .join(Member, RenewalProposal.member_id == Member.id)
        .join(Certification, RenewalProposal.certification_id == Certification.id)
        .join(CertificationType, Certification.type_id == CertificationType.id)
        .options(
            contains_eager(RenewalProposal.member).joinedload(Member.unit),
            contains_eager(RenewalProposal.certification).contains_eager(Certification.type),
            joinedload(RenewalProposal.decided_by),
        )
    )

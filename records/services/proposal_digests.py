"""Telling those who decide which renewals were proposed: one message each for all that is new, and at most every
quarter of an hour."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, select

from records import jobs
from records.database import db, every_organization, organization_scope
from records.models import MessageKind, Organization, ProposalState, RenewalProposal
from records.queries.reviewers import proposals_to_decide, staff
from records.services.announcing import announce


def _is_news() -> ColumnElement[bool]:
    return (RenewalProposal.state == ProposalState.PROPOSED) & RenewalProposal.announced_at.is_(None)


def _unannounced() -> Select[Any]:
    return select(RenewalProposal.organization_id).where(_is_news())


@jobs.job(every_minutes=15, waiting=_unannounced)
def announce_proposals() -> None:
    """Tell the staff of every organization that tracks certifications."""
    with every_organization():
        tracks = select(Organization.id).where(Organization.tracks_certifications)
        ids = list(db.session.scalars(tracks.where(Organization.id.in_(_unannounced()))))
    for organization_id in ids:
        with organization_scope(organization_id):
            _announce()


def _announce() -> None:
    announce(
        RenewalProposal,
        _is_news(),
        waiting=proposals_to_decide,
        people=staff,
        kind=MessageKind.RENEWALS_PROPOSED,
        page="/admin/renewals/proposed/",
    )

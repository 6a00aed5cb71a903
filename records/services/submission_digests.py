"""Telling reviewers what was submitted: one message each for all that is new, and at most every quarter of an hour."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, select

from records import jobs
from records.database import db, every_organization, organization_scope
from records.models import ExternalCertificate, MessageKind, Organization, State
from records.queries.reviewers import reviewers, waiting
from records.services.announcing import announce


def _is_news() -> ColumnElement[bool]:
    return (ExternalCertificate.state == State.PENDING) & ExternalCertificate.announced_at.is_(None)


def _unannounced() -> Select[Any]:
    return select(ExternalCertificate.organization_id).where(_is_news())


@jobs.job(every_minutes=15, waiting=_unannounced)
def announce_submissions() -> None:
    """Tell the reviewers of every organization that takes external certificates."""
    with every_organization():
        takes = select(Organization.id).where(Organization.takes_external_certificates)
        ids = list(db.session.scalars(takes.where(Organization.id.in_(_unannounced()))))
    for organization_id in ids:
        with organization_scope(organization_id):
            _announce()


def _announce() -> None:
    announce(
        ExternalCertificate,
        _is_news(),
        waiting=waiting,
        people=reviewers,
        kind=MessageKind.CERTIFICATES_SUBMITTED,
        page="/admin/approvals/",
    )

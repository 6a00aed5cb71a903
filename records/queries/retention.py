"""Whom and what the organization's rules of retention let go: for the job, and for the page that says how much."""

from __future__ import annotations

from datetime import datetime

from dateutil.relativedelta import relativedelta
from sqlalchemy import Select, false, func, select

from records import clock
from records.database import db
from records.models import (
    AuditDetail,
    AuditEvent,
    AuditKind,
    Certification,
    Member,
    MemberMerge,
    Organization,
    Scan,
)

_VIEWS = (AuditKind.SCAN_VIEWED, AuditKind.CERTIFICATE_OPENED)


def erased_before(organization: Organization) -> datetime | None:
    """Members who were deactivated before this instant are erased; None where the rule is off."""
    years = organization.erase_members_years
    return clock.now() - relativedelta(years=years) if years else None


def due_members(organization: Organization) -> Select[int]:
    """The ids; those who were merged into somebody go with that one."""
    before = erased_before(organization)
    merged = select(MemberMerge.merged_id).where(MemberMerge.undone_at.is_(None))
    due = select(Member.id).where(Member.organization_id == organization.id, Member.erased_at.is_(None))
    due = due.where(Member.id.not_in(merged), Member.deactivated_at < before if before else false())
    return due.order_by(Member.id)


def expired_scans(organization_id: int) -> Select[int]:
    """The ids of the files of certifications that expired long enough ago."""
    organization = db.session.get_one(Organization, organization_id)
    years = organization.remove_scans_years
    long_ago = clock.today(organization) - relativedelta(years=years or 0)
    return (
        select(Scan.id)
        .join(Certification, Certification.id == Scan.certification_id)
        .where(Scan.organization_id == organization_id, Scan.deleted_at.is_(None))
        .where(Certification.expires_on < long_ago if years else false())
    )


def due_views(organization: Organization) -> Select[int]:
    """The ids of the events that say who looked at a paper, long enough ago, and still say it."""
    months = organization.empty_views_months
    before = clock.now() - relativedelta(months=months or 0)
    return (
        select(AuditEvent.id)
        .join(AuditDetail, AuditDetail.event_id == AuditEvent.id)
        .where(AuditEvent.organization_id == organization.id, AuditEvent.kind.in_(_VIEWS))
        .where(AuditDetail.erased_at.is_(None), AuditEvent.at < before if months else false())
        .order_by(AuditEvent.id)
    )


def due_by_rule(organization: Organization) -> dict[str, int]:
    """How many the next run takes, by the name of each rule that is on."""
    due = {
        "erase_members_years": due_members(organization),
        "remove_scans_years": expired_scans(organization.id),
        "empty_views_months": due_views(organization),
    }
    return {
        name: db.session.scalar(select(func.count()).select_from(those.order_by(None).subquery())) or 0
        for name, those in due.items()
        if getattr(organization, name) is not None
    }

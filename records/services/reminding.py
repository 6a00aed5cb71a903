"""The job that keeps what expires from going unseen: notices of expiry, then weekly digests, of every organization."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select

from records import jobs
from records.database import db, every_organization, organization_scope
from records.models import Organization
from records.services import digests, reminders
from records.services.reminders import Report


@dataclass(frozen=True)
class Done:
    """What one organization's run sent, or would send; `digests` names who got a weekly digest."""

    organization: str
    report: Report
    digests: list[str]


@jobs.job(every_minutes=15)
def send_reminders() -> None:
    """One organization's failure does not keep the others from hearing; it is raised once all were tried."""
    failures: list[Exception] = []
    for organization_id, name in _organizations():
        try:
            run_for(organization_id, name)
        except Exception as failure:  # because: raised below
            db.session.rollback()
            failures.append(failure)
    if failures:
        raise failures[0]


def run_for(organization_id: int, name: str, *, dry_run: bool = False) -> Done:
    with organization_scope(organization_id):
        report = reminders.remind(dry_run=dry_run)
        return Done(name, report, digests.send(dry_run=dry_run))


def run(*, organization: Organization | None = None, dry_run: bool = False) -> Iterator[Done]:
    """By hand: each organization that tracks certifications, or the one that is named."""
    those = _organizations() if organization is None else [(organization.id, organization.name)]
    for organization_id, name in those:
        yield run_for(organization_id, name, dry_run=dry_run)


def _organizations() -> list[tuple[int, str]]:
    with every_organization():
        tracking = select(Organization.id, Organization.name).where(Organization.tracks_certifications)
        return [(row.id, row.name) for row in db.session.execute(tracking.order_by(Organization.id))]

"""Batches of renewals: the list of them, and what came of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import contains_eager, joinedload

from records.database import db, is_id
from records.errors import NotFound
from records.models import Actor, BatchedRenewal, Certification, CertificationType, Member, RenewalBatch
from records.queries.member_filters import in_scope

PAGE = 25


@dataclass(frozen=True)
class ListedBatch:
    """`members` is how many certifications came of it."""

    batch: RenewalBatch
    members: int


@dataclass(frozen=True)
class BatchList:
    """Newest first. `older` is where the next page begins (a batch's id), None on the last."""

    rows: list[ListedBatch]
    older: int | None


@dataclass(frozen=True)
class BatchPage:
    """A batch with the certifications that came of it, by name; `out_of_reach`: how many more the asker may not see."""

    batch: RenewalBatch
    certifications: Sequence[Certification]
    out_of_reach: int

    @property
    def live(self) -> list[Certification]:
        return [each for each in self.certifications if each.deleted_at is None]


def made_with(key: str, *, by: Actor) -> RenewalBatch | None:
    """The asker's batch that the form with this key has made."""
    statement = select(RenewalBatch).where(RenewalBatch.submission_key == key, RenewalBatch.made_by_id == by.member_id)
    return db.session.scalar(statement)


def batches(*, by: Actor, before_id: int | None = None) -> BatchList:
    """All for administrators, their own for coordinators. Raises NotAllowed."""
    by.require_staff()
    size = select(func.count()).where(BatchedRenewal.batch_id == RenewalBatch.id).scalar_subquery()
    statement = (
        select(RenewalBatch, size)
        .options(joinedload(RenewalBatch.type), joinedload(RenewalBatch.made_by), joinedload(RenewalBatch.undone_by))
        .order_by(RenewalBatch.id.desc())
        .limit(PAGE + 1)
    )
    if not by.administers:
        statement = statement.where(RenewalBatch.made_by_id == by.member_id)
    if is_id(before_id):
        statement = statement.where(RenewalBatch.id < before_id)
    rows = [ListedBatch(batch, members) for batch, members in db.session.execute(statement)]
    return BatchList(rows[:PAGE], rows[PAGE - 1].batch.id if len(rows) > PAGE else None)


def batch_for(batch_id: int, *, by: Actor) -> RenewalBatch:
    """Raises NotAllowed, NotFound (of another organization, or another coordinator's)."""
    statement = select(RenewalBatch).where(RenewalBatch.id == batch_id)
    options = joinedload(RenewalBatch.type), joinedload(RenewalBatch.made_by), joinedload(RenewalBatch.undone_by)
    batch = db.session.scalar(statement.options(*options)) if is_id(batch_id) else None
    if batch is None:
        raise NotFound()
    batch.require_seen_by(by)
    return batch


def batch_page(batch_id: int, *, by: Actor) -> BatchPage:
    """Raises as `batch_for`."""
    batch = batch_for(batch_id, by=by)
    of_batch = select(Certification).join(BatchedRenewal, BatchedRenewal.certification_id == Certification.id)
    of_batch = of_batch.where(BatchedRenewal.batch_id == batch.id)
    statement = (
        of_batch.join(Member, Certification.member_id == Member.id)
        .join(CertificationType, Certification.type_id == CertificationType.id)
        .where(in_scope(by))
        .options(contains_eager(Certification.member), contains_eager(Certification.type))
        .order_by(Member.sort_name, Certification.id)
    )
    found = db.session.scalars(statement).all()
    size = db.session.scalar(select(func.count()).where(BatchedRenewal.batch_id == batch.id)) or 0
    return BatchPage(batch, found, size - len(found))

"""Which types a certification type counts as: a step inside the transaction that saves the type."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Select, delete, select
from sqlalchemy.orm.attributes import flag_modified

from records import clock
from records.database import chosen_organization_id, db, is_id
from records.errors import N_, Invalid
from records.errors.requirements import CountsInACircle
from records.models import Actor, AuditEvent, AuditKind, CertificationType, Organization, TypeEquivalence
from records.queries.equivalences import counts_as, reached


def choose(type_: CertificationType, counts_as_ids: Iterable[int], *, by: Actor) -> bool:
    """Whoever holds this locked, flushed type counts as holding those with these ids; True where that is news.

    Retired types stay where they are, and cannot be newly chosen. Raises Invalid and CountsInACircle (field
    `counts_as`). The caller has asked whether `by` may change certification types, and held the others up by
    `queue` before locking the type.
    """
    direct = counts_as()
    before, wanted = direct.get(type_.id, frozenset()), frozenset(counts_as_ids)
    if before == wanted:
        return False
    others = {each.id: each for each in db.session.scalars(_those(wanted | before))}
    if any(each not in others or others[each].is_retired for each in wanted - before):
        raise Invalid(N_("Choose certification types from the list."), field="counts_as")
    for other in wanted:
        if type_.id in reached([other], direct):
            raise CountsInACircle(field="counts_as", name=others[other].name)
    _write(type_, before, wanted)
    db.session.add(AuditEvent.of(AuditKind.EQUIVALENCES_CHOSEN, type_, by=by, at=clock.now(),
                                 before={"counts_as_ids": sorted(before)},
                                 after={"counts_as_ids": sorted(wanted)}))  # fmt: skip
    return True


def queue() -> None:
    """Changes of types of one organization wait for each other, so that two at once cannot make a circle."""
    organization = select(Organization.id).where(Organization.id == chosen_organization_id())
    db.session.execute(organization.with_for_update(key_share=True))


def _those(ids: Iterable[int]) -> Select[CertificationType]:
    return select(CertificationType).where(CertificationType.id.in_([each for each in ids if is_id(each)]))


def _write(type_: CertificationType, before: frozenset[int], wanted: frozenset[int]) -> None:
    gone = delete(TypeEquivalence).where(TypeEquivalence.type_id == type_.id)
    db.session.execute(gone.where(TypeEquivalence.counts_as_id.in_(before - wanted)))
    db.session.add_all([TypeEquivalence(type_id=type_.id, counts_as_id=each) for each in sorted(wanted - before)])
    flag_modified(type_, "name")  # a new version of the type, so that an open page notices
    db.session.flush()

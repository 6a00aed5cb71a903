"""Certifications that expire in a time, and which of them have been followed by another."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from sqlalchemy import ColumnElement, false, select

from records.models import Actor, Certification, CertificationType, Member, Unit
from records.models.following import is_followed, is_renewed, stands
from records.queries.member_filters import Scope, scope_of
from records.queries.reports.frame import MOST_HELD, Asked, Paged, is_narrow, its_people, people, units_in, within
from records.queries.reports.holdings import COLUMNS
from records.queries.steering import its_holder, its_type

UNRENEWED, ALL = "unrenewed", "all"


def expiring(asked: Asked, by: Actor) -> Paged:
    """By expiry date. What is revoked by today expires no more; what is followed by another is told of only if asked
    for."""
    return _expiring(asked, scope_of(by), units_in(asked))


@lru_cache(MOST_HELD)
def _expiring(asked: Asked, scope: Scope, units: tuple[int, ...]) -> Paged:
    unrenewed = asked["renewed"] == UNRENEWED
    followed = false() if unrenewed else is_renewed(asked.on, told=True) | is_followed(asked.on)
    statement = (
        select(
            *COLUMNS,
            Certification.standing_expression(asked.on).label("standing"),
            followed.label("is_followed"),
            Certification.expires_on.label("key"),
        )
        .join(CertificationType, its_type())
        .join(Member, its_holder(few=is_narrow(asked, by=scope)))
        .outerjoin(Unit, Member.unit_id == Unit.id)
        .where(*people(asked, by=scope, units=units))
    )
    lean = its_people(select(Certification.id), asked, by=scope, units=units)
    found = [*within(Certification.expires_on, asked.span), *_told_of(asked)]
    return Paged(
        statement.where(*found), Certification.expires_on, Certification.id, kind=date, lean=lean.where(*found)
    )


def _told_of(asked: Asked) -> list[ColumnElement[bool]]:
    """The conditions of one certification, its days left out."""
    found = [Certification.deleted_at.is_(None), stands(Certification.revoked_on, asked.on)]
    if asked["type"]:
        found.append(Certification.type_id == int(asked["type"]))
    if asked["renewed"] == UNRENEWED:
        found += [~is_renewed(asked.on), ~is_followed(asked.on)]
    return found

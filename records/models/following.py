"""What comes after a certification, so that nobody need hear of its end any more: a renewal, or a later one.

A later one of the same type follows it, linked or not, unless that one counts for nothing on the day. Source: DOMAIN,
Certifications. `follows` and `renews` decide in Python, `is_followed` and `is_renewed`
in SQL; a property test holds them equal.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from records.models.certification import Certification
from records.models.held import HeldCertification
from records.models.standing import Standing

_Either = Certification | HeldCertification
_DAYS = 50  # so many of which conditions are held, made once for all statements
_COUNTS_FOR_NOTHING = frozenset({Standing.REVOKED, Standing.SUSPENDED, Standing.SUPERSEDED})


def follows(later: _Either, earlier: _Either, *, on: date) -> bool:
    """Whether `later`, a live one, expires later than `earlier`, is of the same member and type, and counts on the day
    `on`. One that has expired by then counts, too: it is the one to hear of."""
    return (
        (later.member_id, later.type_id) == (earlier.member_id, earlier.type_id)
        and later.expires_on > earlier.expires_on
        and later.standing_on(on) not in _COUNTS_FOR_NOTHING
    )


@lru_cache(_DAYS)
def is_followed(on: date) -> ColumnElement[bool]:
    """Whether another certification follows the one that the statement is about."""
    later, renewal = aliased(Certification), aliased(Certification)
    replaced = select(renewal.id).where(
        renewal.organization_id == later.organization_id,
        renewal.supersedes_id == later.id,
        renewal.deleted_at.is_(None),
        _effect(renewal) <= on,
    )
    return (
        select(later.id)
        .where(
            later.organization_id == Certification.organization_id,
            later.member_id == Certification.member_id,
            later.type_id == Certification.type_id,
            later.expires_on > Certification.expires_on,
            later.deleted_at.is_(None),
            stands(later.revoked_on, on),
            stands(later.suspended_on, on),
            ~replaced.exists(),
        )
        .correlate(Certification)
        .exists()
    )


def renews(renewal: Certification, *, on: date) -> bool:
    """Whether a recorded renewal takes the place of what it renews, on `on` or later: one in effect has; one that its
    issuer has revoked or suspended before that does not, and the earlier one is still the one to hear of."""
    taken = any(day is not None and day <= on for day in (renewal.revoked_on, renewal.suspended_on))
    return renewal.takes_effect_on <= on or not taken


@lru_cache(_DAYS)
def is_renewed(on: date, *, told: bool = False) -> ColumnElement[bool]:
    """Whether a recorded renewal renews the one that the statement is about. `told`: for a statement that shows it of
    each row: of an EXISTS there PostgreSQL may gather all renewals first."""
    renewal = aliased(Certification)
    renewing = (
        select(renewal.id)
        .where(
            renewal.organization_id == Certification.organization_id,
            renewal.supersedes_id == Certification.id,
            renewal.deleted_at.is_(None),
            or_(_effect(renewal) <= on, and_(stands(renewal.revoked_on, on), stands(renewal.suspended_on, on))),
        )
        .correlate(Certification)
    )
    return renewing.limit(1).scalar_subquery().is_not(None) if told else renewing.exists()


def _effect(renewal: Any) -> ColumnElement[date]:
    """`Certification.takes_effect_on` in SQL."""
    return func.coalesce(renewal.issued_on, renewal.recorded_on)


def stands(day: InstrumentedAttribute[date | None], on: date) -> ColumnElement[bool]:
    """Whether what the issuer does on `day` has not happened by `on`."""
    return or_(day.is_(None), day > on)

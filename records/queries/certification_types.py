"""Certification types as pull-downs and the back office's list show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import Select, func, select

from records.database import db
from records.models import Certification, CertificationKind, CertificationType
from records.reading.ahead import Question, rows_of, scalars_of
from records.reading.unpacking import Row

# Holders are counted up to here: a list is no place for a count over a million rows.
MOST_HOLDERS = 1000
_MOST_KEPT = 100  # organizations


@dataclass(frozen=True)
class Listed:
    """A type with how many members hold a certification of it: at most MOST_HOLDERS + 1, which means "more"."""

    type: CertificationType
    holders: int

    @property
    def more(self) -> bool:
        return self.holders > MOST_HOLDERS


def kinds() -> Sequence[CertificationKind]:
    """All of them, retired ones too, in the organization's order; for reading only."""
    return _made(tuple(rows_of(_every_kind())))


def active_kinds() -> tuple[CertificationKind, ...]:
    """Those that a pull-down offers, likewise."""
    return tuple(each for each in kinds() if not each.is_retired)


@lru_cache(_MOST_KEPT)
def _made(rows: tuple[Row, ...]) -> tuple[CertificationKind, ...]:
    return tuple(CertificationKind(*row) for row in rows)


def asked_for_kinds() -> Question:
    """What `kinds` is going to ask."""
    return Question(_every_kind())


@cache
def _every_kind() -> Any:
    of = CertificationType
    columns = (of.id, of.name, of.folded_name, of.description, of.issuer, of.position, of.grace_days, of.notice_days,
               of.usual_term, of.members_propose_renewals, of.retired_at.is_not(None).label("is_retired"))  # fmt: skip
    return _every_type().with_only_columns(*columns)


def active_types() -> Sequence[CertificationType]:
    """Those that a pull-down offers, in the organization's order."""
    return [each for each in all_types() if each.retired_at is None]


def all_types() -> Sequence[CertificationType]:
    """All of them, retired ones too, in the organization's order."""
    return scalars_of(_every_type())


def asked_for_types() -> Question:
    """What `active_types` and `all_types` are going to ask."""
    return Question(_every_type())


def type_names() -> Sequence[Any]:
    """Of all of them, in that order, the id and the name."""
    return rows_of(_every_name())


def asked_for_type_names() -> Question:
    """What `type_names` is going to ask."""
    return Question(_every_name())


@cache
def _every_name() -> Select[int, str]:
    return _every_type().with_only_columns(CertificationType.id, CertificationType.name)


@cache
def _every_type() -> Select[CertificationType]:
    return select(CertificationType).order_by(CertificationType.position, CertificationType.folded_name)


def listed_types() -> list[Listed]:
    """All of them in order, with their holders."""
    some = (
        select(Certification.member_id)
        .where(Certification.type_id == CertificationType.id, Certification.deleted_at.is_(None))
        .distinct()
        .limit(MOST_HOLDERS + 1)
        .correlate(CertificationType)
        .subquery()
    )
    holders = select(func.count()).select_from(some).scalar_subquery()
    statement = select(CertificationType, holders).order_by(CertificationType.position, CertificationType.folded_name)
    return [Listed(type_, count) for type_, count in db.session.execute(statement)]


def is_in_use(type_: CertificationType) -> bool:
    """Whether any certification, a deleted one included, is of this type."""
    return db.session.scalar(select(Certification.id).where(Certification.type_id == type_.id).limit(1)) is not None

"""Credit types as pull-downs and the back office's list show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import Select, func, select

from records.database import chosen_organization_id, db
from records.models import CreditKind, CreditType, ExternalCertificate
from records.reading.ahead import Question, rows_of, scalars_of
from records.reading.unpacking import Row

# Certificates are counted up to here: a list is no place for a count over a million rows.
MOST_CERTIFICATES = 1000
_MOST_KEPT = 100  # organizations
_asked_last: dict[int, tuple[CreditKind, ...]] = {}  # by organization


@dataclass(frozen=True)
class ListedCreditType:
    """A credit type with how many certificates are of it: at most MOST_CERTIFICATES + 1, which means "more"."""

    type: CreditType
    certificates: int

    @property
    def more(self) -> bool:
        return self.certificates > MOST_CERTIFICATES


def credit_types() -> Sequence[CreditType]:
    """All of them, retired ones too, in the organization's order."""
    return scalars_of(_every_type())


def asked_for_credit_types() -> Question:
    """What `credit_types` is going to ask."""
    return Question(_every_type())


@cache
def _every_type() -> Select[CreditType]:
    return select(CreditType).order_by(CreditType.position, CreditType.folded_name)


def listed_kinds() -> Sequence[Row]:
    """Of all of them, in that order, what lists of certificates say: the id, the name, the unit and the checklist."""
    return rows_of(_every_listed())


def asked_for_listed_kinds() -> Question:
    """What `listed_kinds` is going to ask."""
    return Question(_every_listed())


@cache
def _every_listed() -> Any:
    return _every_type().with_only_columns(CreditType.id, CreditType.name, CreditType.unit, CreditType.checklist)


def credit_kinds() -> Sequence[CreditKind]:
    """All of them, retired ones too, in the organization's order; for reading only."""
    found = _made(tuple(rows_of(_every_kind())))
    if _asked_last.get(here := chosen_organization_id()) is not found:
        if len(_asked_last) >= _MOST_KEPT:
            _asked_last.clear()
        _asked_last[here] = found
    return found


def likely_credit_kinds() -> Sequence[CreditKind]:
    """What `credit_kinds` most likely says: what it said to this process the last time. Good for asking ahead what
    depends on it, and for nothing else: where they differ by then, that is asked again."""
    return _asked_last.get(chosen_organization_id(), ())


@lru_cache(_MOST_KEPT)
def _made(rows: tuple[Row, ...]) -> tuple[CreditKind, ...]:
    return tuple(CreditKind(*row) for row in rows)


def asked_for_credit_kinds() -> Question:
    """What `credit_kinds` is going to ask."""
    return Question(_every_kind())


def columns_of_kind() -> tuple[Any, ...]:
    """What a CreditKind is made of."""
    of = CreditType
    return (of.id, of.name, of.folded_name, of.position, of.unit, of.goal, of.period, of.starts_on, of.ends_on,
            of.accepts_uploads, of.retired_at.is_not(None).label("is_retired"))  # fmt: skip


@cache
def _every_kind() -> Any:
    return _every_type().with_only_columns(*columns_of_kind())


def listed_credit_types() -> list[ListedCreditType]:
    """All of them in order, with their certificates. One statement."""
    some = (
        select(ExternalCertificate.id)
        .where(ExternalCertificate.credit_type_id == CreditType.id)
        .limit(MOST_CERTIFICATES + 1)
        .correlate(CreditType)
        .subquery()
    )
    number = select(func.count()).select_from(some).scalar_subquery()
    statement = select(CreditType, number).order_by(CreditType.position, CreditType.folded_name)
    return [ListedCreditType(type_, count) for type_, count in db.session.execute(statement)]

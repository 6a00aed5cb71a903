"""Credit types as pull-downs and the back office's list show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from sqlalchemy import Select, func, select

from records.database import db
from records.models import CreditType, ExternalCertificate
from records.queries.ahead import Question, scalars_of

# Certificates are counted up to here: a list is no place for a count over a million rows.
MOST_CERTIFICATES = 1000


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

"""An organization's first steps: what is there already, and what comes next. Derived, never stored."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, select

from records.database import this_organization
from records.models import Actor, Certification, CertificationType, CreditType, Member, Scan
from records.reading.ahead import Question, rows_of


class StepName(StrEnum):
    """In the order in which they are taken."""

    SETTINGS = "settings"
    TYPES = "types"
    CREDIT_TYPES = "credit_types"
    MEMBERS = "members"
    CERTIFICATION = "certification"


@dataclass(frozen=True)
class Step:
    name: StepName
    is_done: bool


@dataclass(frozen=True)
class FirstSteps:
    """Those of the modules that the organization uses. `newest_id`: the member who was entered last, besides the asker;
    `put_away`: whether an administrator has put them away."""

    steps: tuple[Step, ...]
    put_away: bool
    newest_id: int | None = None

    @property
    def done(self) -> int:
        return sum(step.is_done for step in self.steps)

    @property
    def next_one(self) -> StepName | None:
        return next((step.name for step in self.steps if not step.is_done), None)

    @property
    def are_shown(self) -> bool:
        """Whether the first page leads through them."""
        return self.next_one is not None and not self.put_away


def first_steps(*, by: Actor) -> FirstSteps:
    """One statement. Raises NotAllowed."""
    by.require_administrator()
    organization = this_organization()
    ((types, credit_types, newest_id, scanned),) = rows_of(*asked_for_first_steps(by=by))
    # Whoever has gone on to a later step takes the settings as they are.
    settled = organization.version > 1 or any((types, credit_types, newest_id, scanned))
    tracks, takes = organization.tracks_certifications, organization.takes_external_certificates
    steps = [Step(StepName.SETTINGS, settled)]
    steps += [Step(StepName.TYPES, bool(types))] if tracks else []
    steps += [Step(StepName.CREDIT_TYPES, bool(credit_types))] if takes and not tracks else []
    steps += [Step(StepName.MEMBERS, newest_id is not None)]
    steps += [Step(StepName.CERTIFICATION, bool(scanned))] if tracks else []
    return FirstSteps(tuple(steps), organization.first_steps_put_away_at is not None, newest_id)


_SCANNED = (
    select(Scan.id)
    .join(Certification, Scan.certification_id == Certification.id)
    .where(Scan.deleted_at.is_(None), Certification.deleted_at.is_(None))
)


def asked_for_first_steps(*, by: Actor) -> Question:
    """What `first_steps` is going to ask."""
    return Question(_what_is_there(), {"asker_id": by.member_id or 0})


@cache
def _what_is_there() -> Select[Any]:
    others = select(Member.id).where(Member.id != bindparam("asker_id"), Member.deactivated_at.is_(None))
    newest = others.order_by(Member.id.desc()).limit(1).scalar_subquery()
    return select(
        _any(CertificationType.id).label("types"),
        _any(CreditType.id).label("credit_types"),
        newest.label("newest_id"),
        _any(_SCANNED).label("scanned"),
    )


def _any(what: Any) -> ColumnElement[bool]:
    """Whether there is any."""
    return (what if isinstance(what, Select) else select(what)).limit(1).scalar_subquery().is_not(None)

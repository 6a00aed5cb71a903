"""The staff of an organization, each as the one who asks: with their role and scope."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, select

from records.database import db
from records.models import Actor, Member, Role
from records.scopes import scopes
from records.signin import actor_of


@dataclass(frozen=True)
class Overseer:
    """An active administrator or training coordinator."""

    member: Member
    actor: Actor

    @property
    def oversees_somebody(self) -> bool:
        """Whether there is a scope at all."""
        return self.actor.covers_everyone or bool(self.actor.covered_units)


def overseers(*conditions: ColumnElement[bool]) -> list[Overseer]:
    """Those whose members meet the conditions, by id. Two statements."""
    staff = select(Member).where(
        Member.deactivated_at.is_(None),
        Member.role.in_((Role.ADMINISTRATOR, Role.TRAINING_COORDINATOR)),
        *conditions,
    )
    members = db.session.scalars(staff.order_by(Member.id).execution_options(populate_existing=True)).all()
    covered = scopes(members)
    return [Overseer(each, actor_of(each, units=covered[each.id])) for each in members]

"""Who does a thing: a member, the administrator behind them if any, or a named command or job."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from records.errors import ActingAlready, NotAllowed, PasswordFirst
from records.errors.sign_on import CameThroughSignOn
from records.models.member import Member, Role

if TYPE_CHECKING:
    from records.models.account import Account


class ActorKind(StrEnum):
    MEMBER = "member"
    COMMAND = "command"
    JOB = "job"
    VISITOR = "visitor"


@dataclass(frozen=True)
class Actor:
    """Every verb, audit event and permission reads this.

    `covered_units` are the ids of all units in a coordinator's scope, sub-units included; empty where
    the scope is the whole organization (`covers_organization`) or the actor is no coordinator.
    `administrator_id` and `administrator_name` are of who is logged in as the member: then the actor has the
    rights of a plain member, whatever the role. `came_through`: the id of the organization whose sign-on began the
    session; whoever runs its provider could be any of its members, so what is of the account stays closed.
    `password_is_old`: it is long since they gave their password.
    """

    kind: ActorKind
    name: str
    organization_id: int | None = None
    member_id: int | None = None
    account_id: int | None = None
    role: str = Role.MEMBER
    covers_organization: bool = False
    covered_units: frozenset[int] = frozenset()
    reviews_by_grant: bool = False
    administrator_id: int | None = None
    administrator_name: str | None = None
    came_through: int | None = None
    password_is_old: bool = False
    address: str = ""
    request_id: str = ""

    @classmethod
    def command(cls, name: str, organization_id: int | None = None) -> Actor:
        return cls(ActorKind.COMMAND, name, organization_id, role=Role.ADMINISTRATOR)

    @classmethod
    def job(cls, name: str, organization_id: int | None = None) -> Actor:
        return cls(ActorKind.JOB, name, organization_id, role=Role.ADMINISTRATOR)

    @classmethod
    def visitor(cls, *, address: str = "", request_id: str = "", account: Account | None = None) -> Actor:
        """Somebody who is not, or not yet, signed in as a member."""
        name = account.email if account else ""
        return cls(ActorKind.VISITOR, name, account_id=account.id if account else None,
                   address=address, request_id=request_id)  # fmt: skip

    def is_of(self, organization_id: int) -> bool:
        """Commands and jobs are of whichever organization they were given."""
        return self.organization_id == organization_id

    @property
    def is_acting(self) -> bool:
        """Whether an administrator is logged in as the member."""
        return self.administrator_id is not None

    @property
    def administers(self) -> bool:
        return self.role == Role.ADMINISTRATOR and not self.is_acting

    @property
    def is_staff(self) -> bool:
        return self.administers or (self.role == Role.TRAINING_COORDINATOR and not self.is_acting)

    @property
    def covers_everyone(self) -> bool:
        return self.administers or (self.is_staff and self.covers_organization)

    @property
    def reviews(self) -> bool:
        """Administrators review external certificates; training coordinators if they were granted it."""
        return self.administers or (self.is_staff and self.reviews_by_grant)

    @property
    def may_change_certification_types(self) -> bool:
        return self.covers_everyone

    def covers(self, member: Member) -> bool:
        """Members without a unit are in whole-organization scope only."""
        return self.covers_everyone or (self.is_staff and member.unit_id in self.covered_units)

    def require_administrator(self) -> None:
        if not self.administers:
            raise NotAllowed()

    def require_staff(self) -> None:
        if not self.is_staff:
            raise NotAllowed()

    def require_fresh_password(self) -> None:
        """For what is grave: who may do what, who is let in. Asked before anything is changed. Raises PasswordFirst."""
        if self.password_is_old:
            raise PasswordFirst()

    def require_not_acting(self) -> None:
        """For what is a person's own: their password, their mail, their sessions. Raises ActingAlready."""
        if self.is_acting:
            raise ActingAlready()

    def require_whole_account(self) -> None:
        """For what decides how the account signs in, whatever it opens. Raises ActingAlready, CameThroughSignOn."""
        self.require_not_acting()
        if self.came_through is not None:
            raise CameThroughSignOn()

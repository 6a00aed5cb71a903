"""A person's record in one organization, with or without an account, and the role they hold there."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    PrimaryKeyConstraint,
    String,
    Text,
    UniqueConstraint,
    event,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from records.errors import (
    N_,
    ActingAsAdministrator,
    ActingAsYourself,
    Deactivated,
    Invalid,
    NotAllowed,
    NotFound,
    OwnCertifications,
    Refusal,
)
from records.errors.erasing import MemberErased
from records.errors.merging import MergedAway
from records.models.account import Account, email_address
from records.models.base import (
    Base,
    Id,
    Identity,
    OrganizationOwned,
    folded_string,
    one_of,
    owned,
    where,
    within_organization,
)
from records.models.language import LANGUAGES
from records.models.organization import Organization
from records.models.text import folded, line
from records.models.unit import Unit

if TYPE_CHECKING:
    from records.models.actor import Actor
    from records.models.member_merge import MemberMerge

_ACTIVE = "deactivated_at IS NULL"
_NOT_ACTIVE = "deactivated_at IS NOT NULL"
_ORDERED_BY = ("sort_name", "folded_number", "joined_on", "last_seen_at")  # as lists of members are
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
# Such as "es" or "pt-BR", in words that every database understands.
_IS_A_TAG = (
    f"length(language) >= 2 AND ltrim(substr(language, 1, 2), '{_LETTERS}') = ''"
    f" AND ltrim(substr(language, 3), '-0123456789{_LETTERS}{_LETTERS.upper()}') = ''"
)


def full_name(given_name: str, family_name: str, suffix: str) -> str:
    """A name as people say it: given, family, suffix."""
    return " ".join(part for part in (given_name, family_name, suffix) if part)


def listed_name(family_name: str, given_name: str, suffix: str) -> str:
    """A name as lists show it: family first."""
    first = " ".join(part for part in (family_name, suffix) if part)
    return f"{first}, {given_name}" if first and given_name else first or given_name


class Role(StrEnum):
    MEMBER = "member"
    TRAINING_COORDINATOR = "training_coordinator"
    ADMINISTRATOR = "administrator"


class Member(OrganizationOwned, Base):
    """`number` is the organization's own for the person. `folded_*` and `search_text` follow the fields.

    `covers_organization` is the scope of a training coordinator: the whole organization, or else the
    units in `scope_units` with their sub-units. `reviews`: an administrator granted them to review external
    certificates. `unwanted_mail` are the kinds of messages that they read in the portal only. Without a `language`,
    pages follow the browser. `erased_at`: nothing is left of who they were, and nothing changes any more.
    """

    __tablename__ = "member"
    __table_args__ = owned(
        UniqueConstraint("organization_id", "folded_number"),
        UniqueConstraint("organization_id", "folded_email"),
        UniqueConstraint("organization_id", "account_id"),
        within_organization("unit_id", "unit"),
        one_of("role", Role),
        CheckConstraint("covers_organization = false OR role = 'training_coordinator'", name="only_coordinators_cover"),
        CheckConstraint("reviews = false OR role = 'training_coordinator'", name="only_coordinators_are_granted"),
        CheckConstraint(_IS_A_TAG, name="language_is_a_tag"),
        Index("ix_member_sort_name", "organization_id", "sort_name", "id"),
        Index("ix_member_sort_name_active", "organization_id", "sort_name", "id", **where(_ACTIVE)),
        Index("ix_member_deactivated", "organization_id", "id", **where(_NOT_ACTIVE)),
        *(Index(f"ix_member_unit_id_{each}", "organization_id", "unit_id", each, "id") for each in _ORDERED_BY),
        Index("ix_member_role_sort_name", "organization_id", "role", "sort_name", "id"),
        Index("ix_member_folded_number_sort", "organization_id", "folded_number", "id"),
        Index("ix_member_joined_on", "organization_id", "joined_on", "id"),
        Index("ix_member_last_seen_at", "organization_id", "last_seen_at", "id"),
        Index("ix_member_account_id", "account_id"),
    )

    id: Mapped[Identity]
    account_id: Mapped[int | None] = mapped_column(Id, ForeignKey("account.id"))
    unit_id: Mapped[int | None] = mapped_column(Id)
    number: Mapped[str | None] = mapped_column(String(64))
    given_name: Mapped[str] = mapped_column(String(120))
    family_name: Mapped[str] = mapped_column(String(120))
    suffix: Mapped[str] = mapped_column(String(20), default="")
    email: Mapped[str | None]
    role: Mapped[str] = mapped_column(String(24), default=Role.MEMBER)
    covers_organization: Mapped[bool] = mapped_column(default=False)
    reviews: Mapped[bool] = mapped_column(default=False)
    unwanted_mail: Mapped[list[Any]] = mapped_column(default=list)
    language: Mapped[str | None] = mapped_column(String(12))
    joined_on: Mapped[date | None]
    created_at: Mapped[datetime]
    invited_at: Mapped[datetime | None]
    last_seen_at: Mapped[datetime | None]
    deactivated_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    folded_number: Mapped[str | None] = mapped_column(folded_string(64))
    folded_email: Mapped[str | None]
    sort_name: Mapped[str] = mapped_column(folded_string(300))
    search_text: Mapped[str] = mapped_column(Text)

    __mapper_args__ = {"version_id_col": version}

    organization: Mapped[Organization] = relationship(viewonly=True)
    account: Mapped[Account | None] = relationship()
    unit: Mapped[Unit | None] = relationship(
        viewonly=True, foreign_keys=[unit_id], primaryjoin="Member.unit_id == Unit.id"
    )
    scope_units: Mapped[list[ScopeUnit]] = relationship(
        cascade="all, delete-orphan",
        foreign_keys="ScopeUnit.member_id",
        primaryjoin="Member.id == ScopeUnit.member_id",
    )
    standing_merge: Mapped[MemberMerge | None] = relationship(
        viewonly=True,
        uselist=False,
        foreign_keys="MemberMerge.merged_id",
        primaryjoin="and_(Member.id == MemberMerge.merged_id, MemberMerge.undone_at.is_(None))",
    )

    @validates("given_name", "family_name", "suffix")
    def _name_is_tidy(self, key: str, name: str) -> str:
        return line(name, field=key, most={"given_name": 120, "family_name": 120, "suffix": 20}[key])

    @validates("number")
    def _number_is_tidy(self, key: str, number: str | None) -> str | None:
        return line(number, field=key, most=64) or None

    @validates("email")
    def _email_is_an_address(self, _key: str, email: str | None) -> str | None:
        return email_address(email)

    @validates("language")
    def _language_is_one_of_ours(self, _key: str, language: str | None) -> str | None:
        if language and language not in LANGUAGES:
            raise Invalid(N_("Choose a language from the list."), field="language")
        return language or None

    @property
    def name(self) -> str:
        """The name in full, as people say it: given, family, suffix."""
        return full_name(self.given_name, self.family_name, self.suffix)

    @property
    def listed_name(self) -> str:
        """The name as lists show it: family first."""
        return listed_name(self.family_name, self.given_name, self.suffix)

    @property
    def is_active(self) -> bool:
        return self.deactivated_at is None

    @property
    def is_erased(self) -> bool:
        return self.erased_at is not None

    @property
    def is_merged(self) -> bool:
        """Whether they turned out to be somebody who is another member, too: that one has their records now."""
        return not self.is_active and self.standing_merge is not None

    @property
    def is_staff(self) -> bool:
        return self.role in (Role.ADMINISTRATOR, Role.TRAINING_COORDINATOR)

    def fold(self) -> None:
        """Bring the folded columns in line with the fields. Called before every flush."""
        if not (self.given_name or self.family_name):
            raise Invalid(N_("Enter a name."), field="family_name")
        # Folding can lengthen a text ("㎏" becomes "kg"): what does not fit is cut.
        self.sort_name = folded(f"{self.family_name} {self.given_name} {self.suffix or ''}")[:300]
        self.folded_number = folded(self.number)[:64] if self.number else None
        self.folded_email = folded(self.email) if self.email else None
        shown = (self.name, self.family_name, self.given_name, self.number or "", self.email or "")
        self.search_text = "" if self.erased_at else folded(" ".join(shown))

    # Who may do what: the guards of the verbs, asked by templates too. Source: DOMAIN, "Who may do what".

    def may_be_seen_by(self, actor: Actor) -> bool:
        """Whether `actor` may know in the back office that this member exists."""
        return actor.is_of(self.organization_id) and (actor.administers or actor.covers(self))

    def require_standing(self) -> None:
        """Raises MemberErased, MergedAway: nothing changes on what an erasure or a merge left behind."""
        if self.is_erased:
            raise MemberErased()
        if self.is_merged:
            raise MergedAway(name=self.name)

    def certifications_may_be_changed_by(self, actor: Actor) -> bool:
        """A coordinator's own certifications are an administrator's to change; those of a member who was merged or
        erased are nobody's."""
        may = self.may_be_seen_by(actor) and (actor.administers or actor.member_id != self.id)
        return may and not self.is_merged and not self.is_erased

    def require_seen_by(self, actor: Actor) -> None:
        """Raises NotAllowed to those who are no staff at all, NotFound to staff without this member in scope."""
        if not actor.is_staff:
            raise NotAllowed()
        if not self.may_be_seen_by(actor):
            raise NotFound()

    def require_certifications_changed_by(self, actor: Actor) -> None:
        self.require_seen_by(actor)
        self.require_standing()
        if not self.certifications_may_be_changed_by(actor):
            raise OwnCertifications()

    def may_be_entered_by(self, actor: Actor) -> bool:
        """Whether `actor` may log in as this member."""
        try:
            self.require_entered_by(actor)
        except Refusal:
            return False
        return True

    def require_entered_by(self, actor: Actor) -> None:
        """Raises ActingAlready, NotAllowed, NotFound, ActingAsYourself, ActingAsAdministrator, Deactivated."""
        actor.require_not_acting()
        actor.require_administrator()
        self.require_seen_by(actor)
        require_can_be_entered(self.id, self.role, actor, is_active=self.is_active)


def require_can_be_entered(member_id: int, role: str, actor: Actor, *, is_active: bool) -> None:
    """Of a member whom an administrator sees. Raises ActingAsYourself, ActingAsAdministrator, Deactivated."""
    if actor.member_id == member_id:
        raise ActingAsYourself()
    if role == Role.ADMINISTRATOR:
        raise ActingAsAdministrator()
    if not is_active:
        raise Deactivated()


@event.listens_for(Member, "before_insert")
@event.listens_for(Member, "before_update")
def _folded_columns_follow(_mapper: Any, _connection: Any, member: Member) -> None:
    member.fold()


class ScopeUnit(OrganizationOwned, Base):
    """A unit that a training coordinator's scope names; its sub-units count too."""

    __tablename__ = "scope_unit"
    __table_args__ = (
        PrimaryKeyConstraint("member_id", "unit_id"),
        within_organization("member_id", "member", ondelete="CASCADE"),
        within_organization("unit_id", "unit"),
    )

    member_id: Mapped[int] = mapped_column(Id)
    unit_id: Mapped[int] = mapped_column(Id)

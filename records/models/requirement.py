"""Who must hold what: requirements, whom they bind, and who is exempt.

A requirement binds everyone, or the members who are in one of its units (with their sub-units) and serve in one of
its positions, where it names both; where it names only units, or only positions, those alone count. Members that it
names are bound besides.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, PrimaryKeyConstraint, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from records.models.amounts import Credits, amount
from records.models.base import (
    Base,
    Id,
    Identity,
    OrganizationOwned,
    Words,
    folded_string,
    one_of,
    owned,
    within_organization,
)
from records.models.text import folded, name_line, tidy_lines


class RequirementKind(StrEnum):
    TYPES = "types"
    CREDITS = "credits"


class Rule(StrEnum):
    """How many of the types must be held."""

    ALL = "all"
    ANY = "any"
    AT_LEAST = "at_least"


class Requirement(OrganizationOwned, Base):
    """`at_least` is the n of "at least n of"; `credits` of `credit_type_id` are to be earned in each of its periods.

    It stands from `from_on` on; newcomers have `newcomer_days` after they joined.
    """

    __tablename__ = "requirement"
    __table_args__ = owned(
        UniqueConstraint("organization_id", "folded_name"),
        within_organization("credit_type_id", "credit_type"),
        one_of("kind", RequirementKind),
        one_of("rule", Rule),
        CheckConstraint("(rule = 'at_least') = (at_least IS NOT NULL)", name="at_least_iff_so_ruled"),
        CheckConstraint("at_least IS NULL OR at_least BETWEEN 1 AND 1000", name="at_least_is_positive"),
        CheckConstraint(
            "(kind = 'credits') = (credit_type_id IS NOT NULL) AND (credits IS NULL) = (credit_type_id IS NULL)",
            name="credits_iff_so_asked",
        ),
        CheckConstraint("credits IS NULL OR credits > 0", name="credits_are_positive"),
        CheckConstraint("newcomer_days BETWEEN 0 AND 3650", name="newcomer_days_are_not_negative"),
        Index("ix_requirement_position", "organization_id", "position", "folded_name"),
    )

    id: Mapped[Identity]
    name: Mapped[str]
    folded_name: Mapped[str] = mapped_column(folded_string(255))
    description: Mapped[Words]
    kind: Mapped[str] = mapped_column(String(10), default=RequirementKind.TYPES)
    rule: Mapped[str] = mapped_column(String(10), default=Rule.ALL)
    at_least: Mapped[int | None]
    credit_type_id: Mapped[int | None] = mapped_column(Id)
    credits: Mapped[Decimal | None] = mapped_column(Credits)
    binds_everyone: Mapped[bool] = mapped_column(default=False)
    from_on: Mapped[date]
    newcomer_days: Mapped[int] = mapped_column(default=0)
    position: Mapped[int] = mapped_column(default=0)
    retired_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}

    types: Mapped[list[RequirementType]] = relationship(
        cascade="all, delete-orphan",
        foreign_keys="RequirementType.requirement_id",
        primaryjoin="Requirement.id == RequirementType.requirement_id",
    )
    units: Mapped[list[RequirementUnit]] = relationship(
        cascade="all, delete-orphan",
        foreign_keys="RequirementUnit.requirement_id",
        primaryjoin="Requirement.id == RequirementUnit.requirement_id",
    )
    positions: Mapped[list[RequirementPosition]] = relationship(
        cascade="all, delete-orphan",
        foreign_keys="RequirementPosition.requirement_id",
        primaryjoin="Requirement.id == RequirementPosition.requirement_id",
    )
    members: Mapped[list[RequirementMember]] = relationship(
        cascade="all, delete-orphan",
        foreign_keys="RequirementMember.requirement_id",
        primaryjoin="Requirement.id == RequirementMember.requirement_id",
    )

    @validates("name")
    def _name_folds(self, _key: str, name: str) -> str:
        name = name_line(name)
        self.folded_name = folded(name)[:255]
        return name

    @validates("description")
    def _description_is_tidy(self, _key: str, text: str) -> str:
        return tidy_lines(text)

    @validates("credits")
    def _credits_fit(self, key: str, value: Decimal | None) -> Decimal | None:
        return None if value is None else amount(value, field=key)

    @property
    def is_retired(self) -> bool:
        return self.retired_at is not None


class RequirementType(OrganizationOwned, Base):
    """A certification type that a requirement asks for."""

    __tablename__ = "requirement_type"
    __table_args__ = (
        PrimaryKeyConstraint("requirement_id", "type_id"),
        within_organization("requirement_id", "requirement", ondelete="CASCADE"),
        within_organization("type_id", "certification_type"),
        Index("ix_requirement_type_type_id", "organization_id", "type_id"),
    )

    requirement_id: Mapped[int] = mapped_column(Id)
    type_id: Mapped[int] = mapped_column(Id)


class RequirementUnit(OrganizationOwned, Base):
    """A unit, with its sub-units, whose members a requirement binds."""

    __tablename__ = "requirement_unit"
    __table_args__ = (
        PrimaryKeyConstraint("requirement_id", "unit_id"),
        within_organization("requirement_id", "requirement", ondelete="CASCADE"),
        within_organization("unit_id", "unit"),
        Index("ix_requirement_unit_unit_id", "organization_id", "unit_id"),
    )

    requirement_id: Mapped[int] = mapped_column(Id)
    unit_id: Mapped[int] = mapped_column(Id)


class RequirementPosition(OrganizationOwned, Base):
    """A position whose members a requirement binds."""

    __tablename__ = "requirement_position"
    __table_args__ = (
        PrimaryKeyConstraint("requirement_id", "position_id"),
        within_organization("requirement_id", "requirement", ondelete="CASCADE"),
        within_organization("position_id", "position"),
        Index("ix_requirement_position_position_id", "organization_id", "position_id"),
    )

    requirement_id: Mapped[int] = mapped_column(Id)
    position_id: Mapped[int] = mapped_column(Id)


class RequirementMember(OrganizationOwned, Base):
    """A member whom a requirement names."""

    __tablename__ = "requirement_member"
    __table_args__ = (
        PrimaryKeyConstraint("requirement_id", "member_id"),
        within_organization("requirement_id", "requirement", ondelete="CASCADE"),
        within_organization("member_id", "member"),
        Index("ix_requirement_member_member_id", "organization_id", "member_id"),
    )

    requirement_id: Mapped[int] = mapped_column(Id)
    member_id: Mapped[int] = mapped_column(Id)


class Exemption(OrganizationOwned, Base):
    """A requirement does not bind a member from `starts_on` through `ends_on`, unless the exemption is withdrawn."""

    __tablename__ = "exemption"
    __table_args__ = owned(
        within_organization("requirement_id", "requirement"),
        within_organization("member_id", "member"),
        within_organization("approved_by_id", "member"),
        CheckConstraint("starts_on <= ends_on", name="starts_before_it_ends"),
        CheckConstraint("reason <> ''", name="has_a_reason"),
        Index("ix_exemption_requirement_id", "organization_id", "requirement_id", "member_id"),
        Index("ix_exemption_member_id", "organization_id", "member_id"),
        Index("ix_exemption_approved_by_id", "organization_id", "approved_by_id"),
    )

    id: Mapped[Identity]
    requirement_id: Mapped[int] = mapped_column(Id)
    member_id: Mapped[int] = mapped_column(Id)
    reason: Mapped[str] = mapped_column(Text)
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    approved_by_id: Mapped[int] = mapped_column(Id)
    created_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]


class TypeEquivalence(OrganizationOwned, Base):
    """Who holds the one type counts as holding the other: "Paramedic" counts as "EMT-Basic"."""

    __tablename__ = "type_equivalence"
    __table_args__ = (
        PrimaryKeyConstraint("type_id", "counts_as_id"),
        within_organization("type_id", "certification_type"),
        within_organization("counts_as_id", "certification_type"),
        CheckConstraint("type_id <> counts_as_id", name="does_not_count_as_itself"),
        Index("ix_type_equivalence_counts_as_id", "organization_id", "counts_as_id"),
    )

    type_id: Mapped[int] = mapped_column(Id)
    counts_as_id: Mapped[int] = mapped_column(Id)

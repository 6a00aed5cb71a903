"""What every table shares: the base class, column types, and how a row belongs to one organization."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated, Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column


class Instant(TypeDecorator[datetime]):
    """An aware instant in UTC. SQLite keeps no zone, so it is taken off there and put back on."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Id = BigInteger().with_variant(Integer, "sqlite")


def folded_string(length: int) -> Any:
    """A column of folded text, ordered by code point on every database."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")


Identity = Annotated[int, mapped_column(Id, primary_key=True, autoincrement=True)]
Words = Annotated[str, mapped_column(Text, default="", server_default="")]


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {
        str: String(255),
        datetime: Instant,
        date: Date,
        dict[str, Any]: JSON,
        list[Any]: JSON,
    }


class OrganizationOwned:
    """A row of exactly one organization. The session adds the organization to every statement on it."""

    @declared_attr
    def organization_id(cls) -> Mapped[int]:
        return mapped_column(Id, ForeignKey("organization.id"), nullable=False)


def owned(*others: Any) -> tuple[Any, ...]:
    """`__table_args__` of an organization's table: a key for others to point at, and `others`.

    The id of a deleted row is never given out again: the audit trail still names it.
    """
    return (UniqueConstraint("organization_id", "id"), *others, {"sqlite_autoincrement": True})


def within_organization(column: str, table: str, *, ondelete: str | None = None) -> ForeignKeyConstraint:
    """A foreign key that the database refuses when it crosses from one organization into another."""
    return ForeignKeyConstraint(
        ["organization_id", column], [f"{table}.organization_id", f"{table}.id"], ondelete=ondelete
    )


def where(condition: str) -> dict[str, Any]:
    """For an index of those rows alone, on each kind of database."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


def one_of(column: str, words: type) -> CheckConstraint:
    """A named check that keeps `column` within the words of a StrEnum."""
    listed = ", ".join(f"'{word}'" for word in words)  # type: ignore[attr-defined]  # because: an Enum class is iterable
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_is_known")

"""Who a register's rows speak of: members that exist, and those that earlier rows of the file bring."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Select, select

from records.database import db
from records.models import Actor, Certification, CertificationType, Member, MemberMerge
from records.models.text import folded
from records.queries.merging import kept_instead_of
from records.registers.mapping import Field, IdentifyBy, Mapping
from records.registers.names import Name, person_key
from records.registers.values import Wanted

Item = TypeVar("Item")
Rows = TypeVar("Rows", bound=Select)  # type: ignore[type-arg]  # because: whatever the statement selects


@dataclass(slots=True, eq=False)
class Held:
    """A certification of a person. `line` is the row of this file that added or changed it, 0 for none."""

    id: int | None
    type_key: str
    number_key: str
    issued_on: date | None
    expires_on: date
    is_suspended: bool = False
    is_revoked: bool = False
    is_renewed: bool = False
    line: int = 0


@dataclass(slots=True, eq=False)
class Person:
    """`id` is None until a new member is written; `line` is the row that brings them, 0 for existing ones."""

    id: int | None
    name: Name
    line: int = 0
    held: list[Held] = field(default_factory=list)

    @property
    def reference(self) -> str:
        """How an answer names this person."""
        return f"line:{self.line}" if self.line else f"member:{self.id}"


class People:
    """Knows everybody whom the asker may see, and whom the file has brought so far.

    Rows come in batches: `prepare` reads what the batch needs in a few statements, so that memory holds
    the people of the file and no more. With `held_back`, the rows read are kept from other writers.
    """

    def __init__(self, mapping: Mapping, *, by: Actor, held_back: bool = False) -> None:
        self._by = by
        self._held_back = held_back
        self._by_name = mapping.identify_by is IdentifyBy.NAME
        self._reads_numbers = Field.MEMBER_NUMBER in mapping.fields
        self._reads_emails = Field.EMAIL in mapping.fields
        self._type_keys: dict[int, str] = dict(
            db.session.execute(select(CertificationType.id, CertificationType.folded_name)).all()
        )
        self._members: dict[int, Person] = {}
        self._ids_by_name = self._all_names() if self._by_name else {}
        self._new_by_name: dict[str, list[Person]] = {}
        self._by_number: dict[str, Person | None] = {}
        self._by_email: dict[str, Person | None] = {}

    def prepare(self, batch: Sequence[Wanted]) -> None:
        ids: set[int] = set()
        for wanted in batch if self._by_name else ():
            ids.update(self._ids_by_name.get(person_key(wanted.name), ()))
        numbers = self._found(Member.folded_number, {_number_key(wanted.number) for wanted in batch}, self._by_number)
        emails = self._found(Member.folded_email, {folded(wanted.email or "") for wanted in batch}, self._by_email)
        self._read_members({*ids, *numbers.values(), *emails.values()} - self._members.keys())
        self._by_number.update({key: self._members.get(id_) for key, id_ in numbers.items()})
        self._by_email.update({key: self._members.get(id_) for key, id_ in emails.items()})

    def named(self, name: Name) -> list[Person]:
        key = person_key(name)
        known = [self._members[id_] for id_ in self._ids_by_name.get(key, ()) if id_ in self._members]
        return known + self._new_by_name.get(key, [])

    def with_number(self, number: str) -> Person | None:
        return self._by_number.get(_number_key(number))

    def with_email(self, email: str) -> Person | None:
        return self._by_email.get(folded(email))

    def number_is_taken(self, number: str) -> bool:
        return bool(number) and _number_key(number) in self._by_number

    def email_is_taken(self, email: str | None) -> bool:
        return bool(email) and folded(email or "") in self._by_email

    def bring(self, wanted: Wanted) -> Person:
        """A new member, who counts from the next row on."""
        person = Person(None, wanted.name, line=wanted.line)
        if self._by_name:
            self._new_by_name.setdefault(person_key(wanted.name), []).append(person)
        if wanted.number:
            self._by_number[_number_key(wanted.number)] = person
        if wanted.email:
            self._by_email[folded(wanted.email)] = person
        return person

    def _all_names(self) -> dict[str, tuple[int, ...]]:
        statement = self._visible(select(Member.id, Member.given_name, Member.family_name, Member.suffix))
        merged = select(MemberMerge.merged_id).where(MemberMerge.undone_at.is_(None))
        statement = statement.where(Member.id.not_in(merged), Member.erased_at.is_(None))
        ids: dict[str, tuple[int, ...]] = {}
        for id_, *name in db.session.execute(statement.execution_options(yield_per=2000)):
            key = person_key(Name(*name))
            ids[key] = (*ids.get(key, ()), id_)
        return ids

    def _found(self, column: Any, keys: set[str], known: dict[str, Person | None]) -> dict[str, int]:
        """The members with one of these numbers or addresses, of all units: each is unique in the organization.

        Where it is one that was merged into another, that other is meant.
        """
        wanted = keys - known.keys() - {""}
        found: dict[str, int] = {}
        for some in batches(wanted, 500):
            ids: dict[str, int] = dict(db.session.execute(select(column, Member.id).where(column.in_(some))).all())
            stands_for = kept_instead_of(ids.values())
            found.update({key: stands_for.get(id_, id_) for key, id_ in ids.items()})
        return found

    def _read_members(self, ids: Iterable[int]) -> None:
        for some in batches(ids, 500):
            names = self._visible(select(Member.id, Member.given_name, Member.family_name, Member.suffix))
            for id_, *name in db.session.execute(names.where(Member.id.in_(some))):
                self._members[id_] = Person(id_, Name(*name))
            self._read_held([id_ for id_ in some if id_ in self._members])

    def _read_held(self, ids: Sequence[int]) -> None:
        columns = (Certification.id, Certification.member_id, Certification.type_id, Certification.folded_number,
                   Certification.issued_on, Certification.expires_on, Certification.suspended_on,
                   Certification.revoked_on, Certification.supersedes_id)  # fmt: skip
        live = select(*columns).where(Certification.member_id.in_(ids), Certification.deleted_at.is_(None))
        rows = db.session.execute(live.with_for_update() if self._held_back else live).all()
        renewed = {row.supersedes_id for row in rows}
        for row in rows:
            self._members[row.member_id].held.append(
                Held(row.id, self._type_keys[row.type_id], row.folded_number, row.issued_on, row.expires_on,
                     row.suspended_on is not None, row.revoked_on is not None, row.id in renewed)
            )  # fmt: skip

    def _visible(self, statement: Rows) -> Rows:
        if self._by.covers_everyone:
            return statement
        return statement.where(Member.unit_id.in_(self._by.covered_units))


def batches(items: Iterable[Item], size: int) -> Iterable[list[Item]]:
    """`items` in lists of at most `size`."""
    rest = iter(items)
    while some := list(islice(rest, size)):
        yield some


def _number_key(number: str) -> str:
    """As the member's folded column has it."""
    return folded(number)[:64]


def renewed_by(new: Held, all_held: Iterable[Held]) -> Held | None:
    """What a later-expiring row renews: the latest with the same number; else the only one that it can be, where
    either side has no number. Two numbers that differ may be two licences side by side."""
    earlier = [held for held in all_held if held.type_key == new.type_key and held.expires_on < new.expires_on]
    free = [held for held in earlier if not held.is_renewed]
    alike = [held for held in free if held.number_key == new.number_key]
    if not alike and len(free) == 1 and not (new.number_key and free[0].number_key):
        alike = free
    return max(alike, key=lambda held: held.expires_on, default=None)

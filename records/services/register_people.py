"""Who a register's rows speak of: members that exist, and those that earlier rows of the file bring."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import select

from records.database import db
from records.models import Actor, Certification, CertificationType, Member, MemberMerge
from records.models.text import folded
from records.queries.among import among
from records.queries.holdings import of_members, of_types
from records.queries.merging import kept_instead_of
from records.registers.mapping import IdentifyBy, Mapping
from records.registers.names import Name, person_key
from records.registers.values import Wanted

Item = TypeVar("Item")
_AT_ONCE = 1000


@dataclass(slots=True, eq=False)
class Held:
    """A certification of a person. `line` is the row of this file that added or changed it, 0 for none;
    `is_renewed_here`: a row of this file renews it."""

    id: int | None
    type_key: str
    number_key: str
    issued_on: date | None
    expires_on: date
    is_suspended: bool = False
    is_revoked: bool = False
    is_renewed: bool = False
    line: int = 0
    is_renewed_here: bool = False

    def renew(self) -> None:
        self.is_renewed = self.is_renewed_here = True


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

    Rows come in batches: `prepare` reads whom a batch means, and what they hold of its types, in a few statements. Of
    earlier batches stays what the file does to people, and no more. With `held_back`, the certifications read are kept
    from other writers. Where names tell people apart, `names` are the keys of those in the file; None: all may be.
    """

    def __init__(
        self, mapping: Mapping, *, by: Actor, held_back: bool = False, names: Container[str] | None = None
    ) -> None:
        self._by, self._sees_all = by, by.covers_everyone
        self._held_back = held_back
        self._by_name = mapping.identify_by is IdentifyBy.NAME
        self._by_email_address = mapping.identify_by is IdentifyBy.EMAIL
        self._type_keys: dict[int, str] = dict(
            db.session.execute(select(CertificationType.id, CertificationType.folded_name)).all()
        )
        self._type_ids = {key: id_ for id_, key in self._type_keys.items()}
        self._ids_by_name = self._named_so(names) if self._by_name else {}
        # Of this batch alone.
        self._members: dict[int, Person] = {}
        self._by_number: dict[str, Person | None] = {}
        self._by_email: dict[str, Person | None] = {}
        # What the file brings and touches.
        self._new_by_name: dict[str, list[Person]] = {}
        self._new_by_number: dict[str, Person] = {}
        self._new_by_email: dict[str, Person] = {}
        self._touched: dict[int, list[Held]] = {}

    def prepare(self, batch: Sequence[Wanted]) -> None:
        self._keep_touched()
        if self._by_name:
            self._read_members({id_ for one in batch for id_ in self._ids_by_name.get(person_key(one.name), ())})
        numbers = {_number_key(one.number) for one in batch} - self._new_by_number.keys()
        self._by_number = self._found(Member.folded_number, numbers)
        addresses = {folded(one.email) for one in batch if one.email} - self._new_by_email.keys()
        self._by_email = self._found(Member.folded_email, addresses)
        self._read_held(batch)

    def named(self, name: Name) -> list[Person]:
        key = person_key(name)
        known = [self._members[id_] for id_ in self._ids_by_name.get(key, ()) if id_ in self._members]
        return known + self._new_by_name.get(key, [])

    def with_number(self, number: str) -> Person | None:
        key = _number_key(number)
        return self._new_by_number.get(key) or self._by_number.get(key)

    def with_email(self, email: str) -> Person | None:
        key = folded(email)
        return self._new_by_email.get(key) or self._by_email.get(key)

    def number_is_taken(self, number: str) -> bool:
        key = _number_key(number)
        return bool(number) and (key in self._new_by_number or key in self._by_number)

    def email_is_taken(self, email: str | None) -> bool:
        key = folded(email or "")
        return bool(email) and (key in self._new_by_email or key in self._by_email)

    def bring(self, wanted: Wanted) -> Person:
        """A new member, who counts from the next row on."""
        person = Person(None, wanted.name, line=wanted.line)
        if self._by_name:
            self._new_by_name.setdefault(person_key(wanted.name), []).append(person)
        if wanted.number:
            self._new_by_number[_number_key(wanted.number)] = person
        if wanted.email:
            self._new_by_email[folded(wanted.email)] = person
        return person

    def _named_so(self, names: Container[str] | None) -> dict[str, tuple[int, ...]]:
        """Whom the asker may see, by name, before the file brings anybody."""
        statement = select(Member.id, Member.given_name, Member.family_name, Member.suffix)
        if not self._sees_all:
            statement = statement.where(Member.unit_id.in_(self._by.covered_units))
        merged = select(MemberMerge.merged_id).where(MemberMerge.undone_at.is_(None))
        statement = statement.where(Member.id.not_in(merged), Member.erased_at.is_(None))
        ids: dict[str, tuple[int, ...]] = {}
        for id_, *name in db.session.execute(statement.execution_options(yield_per=2000)):
            key = person_key(Name(*name))
            if names is None or key in names:
                ids[key] = (*ids.get(key, ()), id_)
        return ids

    def _found(self, column: Any, keys: set[str]) -> dict[str, Person | None]:
        """The members with one of these numbers or addresses, of all units: each is unique in the organization.

        Where it is one that was merged into another, that other is meant; None is one whom the asker may not see.
        """
        found: dict[str, Person | None] = {}
        for some in batches(keys - {""}, _AT_ONCE):
            rows = db.session.execute(select(column, *_MEMBER).where(among(column, some))).all()
            stands_for = kept_instead_of(row.id for row in rows)
            self._read_members(stands_for.values())
            for key, *member in rows:
                if member[0] not in stands_for:
                    self._know(*member)
                found[key] = self._members.get(stands_for.get(member[0], member[0]))
        return found

    def _read_members(self, ids: Iterable[int]) -> None:
        for some in batches(set(ids) - self._members.keys(), _AT_ONCE):
            for member in db.session.execute(select(*_MEMBER).where(among(Member.id, some))):
                self._know(*member)

    def _know(self, id_: int, given_name: str, family_name: str, suffix: str, unit_id: int | None) -> None:
        """Whom the asker may see."""
        if id_ not in self._members and (self._sees_all or unit_id in self._by.covered_units):
            self._members[id_] = Person(id_, Name(given_name, family_name, suffix))

    # What they hold

    def _keep_touched(self) -> None:
        """What the file made of the batch before may not be in the database yet; the rest can be read again."""
        for id_, person in self._members.items():
            touched = [held for held in person.held if held.line or held.is_renewed_here]
            if touched:
                self._touched[id_] = touched
        self._members = {}

    def _read_held(self, batch: Sequence[Wanted]) -> None:
        """Of those whom numbers or addresses name, what the rows could mean; of namesakes all, for any of it may show
        who is meant. What the file has touched stands as it left it."""
        if self._by_name:
            statements = [of_members(some) for some in batches(self._members, _AT_ONCE)]
        else:
            statements = [of_types(self._asked(batch))]
        if self._held_back:
            statements = [each.with_for_update(of=Certification) for each in statements]
        rows = [row for each in statements for row in db.session.execute(each)]
        renewed = {row.supersedes_id for row in rows}
        touched = {held.id: held for id_ in self._members for held in self._touched.get(id_, ()) if held.id}
        for row in sorted(rows, key=lambda row: row.id):
            held = touched.pop(row.id, None) or Held(
                row.id, self._type_keys[row.type_id], row.folded_number, row.issued_on, row.expires_on,
                row.suspended_on is not None, row.revoked_on is not None, row.id in renewed)  # fmt: skip
            self._members[row.member_id].held.append(held)
        for id_, person in self._members.items():
            person.held += [held for held in self._touched.get(id_, ()) if not held.id or held.id in touched]

    def _asked(self, batch: Sequence[Wanted]) -> set[tuple[int, int]]:
        """Who is asked about which types, by ids, as far as the database knows them."""
        asked = set()
        for one in batch:
            person = self.with_email(one.email or "") if self._by_email_address else self.with_number(one.number)
            type_id = self._type_ids.get(folded(one.type_name))
            if person is not None and not person.line and person.id is not None and type_id is not None:
                asked.add((person.id, type_id))
        return asked


_MEMBER = (Member.id, Member.given_name, Member.family_name, Member.suffix, Member.unit_id)


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

"""What each row of a register comes to: decided alike for the dry run and for bringing it in, writing nothing."""

from __future__ import annotations

from collections.abc import Container, Sequence
from collections.abc import Mapping as Facts
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import select

from records.database import db
from records.errors import N_, EmailTaken, Invalid, NumberTaken, OwnCertifications, Refusal
from records.models import Actor, CertificationType, RowOutcome, Unit
from records.models.text import folded
from records.registers.mapping import Field, IdentifyBy, Mapping, StatusMeaning
from records.registers.names import are_alike
from records.registers.rows import Row
from records.registers.values import RowReader, Wanted
from records.services.register_people import Held, People, Person, renewed_by

NEW, LEAVE_OUT = "new", "leave"
_MOST_CANDIDATES = 20


@dataclass(slots=True)
class Named:
    """A certification type or a unit by its name; `id` is None for one that the register brings."""

    id: int | None
    name: str
    is_retired: bool = False
    is_one_of_several: bool = False


@dataclass(slots=True)
class Decision:
    """`person` and `held` are what the row speaks of; `brings` says that the row creates the person.

    `changes` are new values of a certification's columns; `supersedes` is what a renewal replaces.
    """

    row: Row
    name: str
    outcome: RowOutcome
    problem: Refusal | None = None
    candidates: list[str] = field(default_factory=list)
    wanted: Wanted | None = None
    person: Person | None = None
    brings: bool = False
    unit: Named | None = None
    type: Named | None = None
    held: Held | None = None
    supersedes: Held | None = None
    changes: dict[str, Any] = field(default_factory=dict)

    @property
    def records(self) -> bool:
        """Whether the row adds a certification."""
        return self.held is not None and self.outcome in _ADDING


_ADDING = frozenset((RowOutcome.NEW_MEMBER, RowOutcome.NEW_CERTIFICATION, RowOutcome.RENEWAL))


class _Ask(Exception):
    """Who is meant must be answered by a person."""

    def __init__(self, problem: Refusal, people: Sequence[Person]) -> None:
        self.problem, self.people = problem, people[:_MOST_CANDIDATES]


class Checker:
    """Judges the rows of one register in their order. `answers` are people's, by line."""

    def __init__(
        self,
        mapping: Mapping,
        header: Sequence[str],
        *,
        by: Actor,
        today: date,
        answers: Facts[int, str],
        held_back: bool = False,
        names: Container[str] | None = None,
    ) -> None:
        self._mapping, self._by, self._today, self._answers = mapping, by, today, answers
        self._reader = RowReader(mapping, header)
        self._people = People(mapping, by=by, held_back=held_back, names=names)
        self._types, self._units = _types(), _units()
        self._administers = by.administers
        self._may_bring_people = self._administers and mapping.new_members
        self._may_bring_types = by.may_change_certification_types and mapping.new_types

    def judge(self, rows: Sequence[Row]) -> list[Decision]:
        """One decision a row, in order. Call it with batch after batch."""
        read = [self._read(row) for row in rows]
        self._people.prepare([decision.wanted for decision in read if decision.wanted])
        for decision in read:
            if decision.wanted is not None:
                self._decide(decision, decision.wanted)
        return read

    def _read(self, row: Row) -> Decision:
        name = self._reader.name_in(row)
        try:
            wanted = self._reader.read(row)
        except Refusal as problem:
            return Decision(row, name, RowOutcome.ERROR, problem)
        return Decision(row, name, RowOutcome.UNCHANGED, wanted=wanted)

    def _decide(self, decision: Decision, wanted: Wanted) -> None:
        answer = self._answers.get(wanted.line, "")
        if wanted.left_out:
            problem = Invalid(N_("“%(value)s” is left out."), value=wanted.left_out[:80])
            decision.outcome, decision.problem = RowOutcome.LEFT_OUT, problem
            return
        try:
            person = self._answered(answer, wanted)
            self._judge_member(decision, wanted, person)
        except _Ask as ask:
            decision.outcome, decision.problem = RowOutcome.ASK, ask.problem
            decision.candidates = [person.reference for person in ask.people]
            if self._may_bring_people and self._mapping.identify_by is IdentifyBy.NAME:
                decision.candidates.append(NEW)
            if answer == LEAVE_OUT:
                decision.outcome = RowOutcome.LEFT_OUT
        except Refusal as problem:
            decision.outcome, decision.problem, decision.brings = RowOutcome.ERROR, problem, False

    # Who is meant

    def _answered(self, answer: str, wanted: Wanted) -> Person | None:
        """The person, None for a new one; a question may have been answered."""
        try:
            return self._identified(wanted)
        except _Ask as ask:
            for person in ask.people:
                if person.reference == answer:
                    return person
            if answer == NEW and self._may_bring_people and self._mapping.identify_by is IdentifyBy.NAME:
                return None
            raise

    def _identified(self, wanted: Wanted) -> Person | None:
        if self._mapping.identify_by is IdentifyBy.NAME:
            return self._by_name(wanted)
        if self._mapping.identify_by is IdentifyBy.EMAIL:
            given, found = wanted.email or "", self._people.with_email(wanted.email or "")
        else:
            given, found = wanted.number, self._people.with_number(wanted.number)
        if not given:
            column = Field.EMAIL if self._mapping.identify_by is IdentifyBy.EMAIL else Field.MEMBER_NUMBER
            raise Invalid(N_("It is missing, so it is not clear who this is."), field=self._mapping.column_of(column))
        if found is not None and wanted.name.full and not are_alike(found.name, wanted.name):
            sentence = N_("“%(value)s” belongs to %(found)s here, but to %(said)s in this row.")
            raise _Ask(Invalid(sentence, value=given, found=found.name.full, said=wanted.name.full), [found])
        return found

    def _by_name(self, wanted: Wanted) -> Person | None:
        """The one person with this name and this certification number. Others of the same name are asked about."""
        if not wanted.name.full:
            raise Invalid(N_("The name is missing."))
        namesakes = self._people.named(wanted.name)
        if not namesakes:
            return None
        matching = [person for person in namesakes if any(_matches(held, wanted) for held in person.held)]
        if len(matching) == 1:
            return matching[0]
        if matching:
            raise _Ask(Invalid(N_("Several people have this name and this certification number.")), matching)
        first = namesakes[0]
        if first.line:
            sentence = N_("%(name)s stands in line %(line)s with another certification number. The same person?")
            raise _Ask(Invalid(sentence, name=first.name.full, line=first.line), namesakes)
        sentence = N_("%(name)s is a member already, without this certification number. The same person?")
        raise _Ask(Invalid(sentence, name=first.name.full), namesakes)

    # What becomes of the member

    def _judge_member(self, decision: Decision, wanted: Wanted, person: Person | None) -> None:
        if person is None:
            self._require_new_member(wanted)
            decision.unit = self._unit(wanted)
        known = person or Person(None, wanted.name, line=wanted.line)
        if wanted.type_name and wanted.expires_on is not None:
            self._judge_certification(decision, wanted, known, wanted.expires_on)
        if person is None:
            known = self._people.bring(wanted)
            known.held += [decision.held] if decision.held else []
            decision.outcome, decision.brings = RowOutcome.NEW_MEMBER, True
        elif decision.held is not None and decision.records:
            known.held.append(decision.held)
        decision.person = known

    def _require_new_member(self, wanted: Wanted) -> None:
        """Raises Invalid where a member is to be created and cannot be."""
        if not self._administers:
            raise Invalid(N_("No member in your scope matches this row. Administrators can create members."))
        if not self._may_bring_people:
            raise Invalid(N_("No member matches this row."))
        if not wanted.name.full:
            raise Invalid(N_("No member matches this row, and without a name none can be created."))
        if self._people.number_is_taken(wanted.number):
            raise NumberTaken(field=self._mapping.column_of(Field.MEMBER_NUMBER), number=wanted.number)
        if self._people.email_is_taken(wanted.email):
            raise EmailTaken(field=self._mapping.column_of(Field.EMAIL), email=wanted.email)

    def _unit(self, wanted: Wanted) -> Named | None:
        if not wanted.unit:
            return None
        unit = self._units.get(folded(wanted.unit))
        if unit is None and self._mapping.new_units:
            unit = self._units[folded(wanted.unit)] = Named(None, wanted.unit)
        if unit is not None and unit.is_one_of_several:
            raise Invalid(N_("There are several units named “%(name)s”."), name=wanted.unit,
                          field=self._mapping.column_of(Field.UNIT))  # fmt: skip
        return unit

    # What becomes of the certification

    def _judge_certification(self, decision: Decision, wanted: Wanted, person: Person, expires_on: date) -> None:
        decision.type = type_ = self._type(wanted)
        key, number = folded(type_.name), folded(wanted.certification_number)[:255]
        alike = [held for held in person.held if held.type_key == key and held.number_key == number]
        same = next((held for held in alike if held.expires_on == expires_on), None)
        if same is not None:
            self._judge_same(decision, wanted, same, person)
        else:
            self._require_may_change(person)
            decision.held = Held(None, key, number, wanted.issued_on, expires_on, line=wanted.line)
            decision.held.is_suspended = wanted.status is StatusMeaning.SUSPENDED
            decision.held.is_revoked = wanted.status is StatusMeaning.REVOKED
            decision.supersedes = renewed_by(decision.held, person.held)
            decision.outcome = RowOutcome.RENEWAL if decision.supersedes else RowOutcome.NEW_CERTIFICATION
        if decision.supersedes is not None:
            decision.supersedes.renew()

    def _judge_same(self, decision: Decision, wanted: Wanted, held: Held, person: Person) -> None:
        decision.held = held
        since, reason = wanted.status_since or self._today, wanted.status_word
        changes: dict[str, Any] = {}
        if wanted.issued_on is not None and wanted.issued_on != held.issued_on:
            changes["issued_on"] = wanted.issued_on
        if wanted.status is StatusMeaning.SUSPENDED and not held.is_suspended:
            changes |= {"suspended_on": since, "suspended_reason": reason}
        if wanted.status is StatusMeaning.REVOKED and not held.is_revoked:
            changes |= {"revoked_on": since, "revoked_reason": reason}
        if not changes:
            return
        self._require_may_change(person)
        if held.line:
            raise Invalid(N_("Line %(line)s says something else about the same certification."), line=held.line)
        decision.outcome, decision.changes = RowOutcome.CHANGED, changes
        held.line, held.issued_on = wanted.line, changes.get("issued_on", held.issued_on)
        held.is_suspended |= "suspended_on" in changes
        held.is_revoked |= "revoked_on" in changes

    def _require_may_change(self, person: Person) -> None:
        """A coordinator's own certifications are an administrator's to change."""
        if not self._administers and person.id is not None and person.id == self._by.member_id:
            raise OwnCertifications()

    def _type(self, wanted: Wanted) -> Named:
        type_ = self._types.get(folded(wanted.type_name))
        if type_ is None:
            if not self._may_bring_types:
                raise Invalid(N_("There is no certification type named “%(name)s”."),
                              field=self._mapping.column_of(Field.TYPE), name=wanted.type_name)  # fmt: skip
            type_ = self._types[folded(wanted.type_name)] = Named(None, wanted.type_name)
        if type_.is_retired:
            raise Invalid(N_("The certification type “%(name)s” is retired."),
                          field=self._mapping.column_of(Field.TYPE), name=type_.name)  # fmt: skip
        return type_


def _matches(held: Held, wanted: Wanted) -> bool:
    """Whether a certification shows who is meant: by its number, or, without one, by being the very same."""
    number = folded(wanted.certification_number)[:255]
    if number:
        return held.number_key == number
    same = (held.number_key, held.type_key, held.expires_on)
    return same == ("", folded(wanted.type_name), wanted.expires_on)


def _types() -> dict[str, Named]:
    statement = select(CertificationType.folded_name, CertificationType.id, CertificationType.name,
                       CertificationType.retired_at)  # fmt: skip
    return {row.folded_name: Named(row.id, row.name, row.retired_at is not None)
            for row in db.session.execute(statement)}  # fmt: skip


def _units() -> dict[str, Named]:
    units: dict[str, Named] = {}
    for row in db.session.execute(select(Unit.folded_name, Unit.id, Unit.name)):
        several = row.folded_name in units
        units[row.folded_name] = Named(row.id, row.name, is_one_of_several=several)
    return units

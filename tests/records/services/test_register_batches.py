"""A register in batches: what rows come to does not depend on where a batch ends, and memory holds one batch."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date
from random import Random
from typing import Any

import pytest
from sqlalchemy import event, select

from records.database import db, found, transaction
from records.errors import RegisterChanged
from records.models import Certification, ImportRow, Member, RegisterImport
from records.registers.mapping import Field, IdentifyBy, Mapping, StatusMeaning
from records.registers.names import person_key, split_name
from records.registers.values import Wanted
from records.services import certification_steps, register_checking, register_imports, register_undoing
from records.services.certification_steps import Entry
from records.services.register_people import People
from tests.holdings import give
from tests.registers import MAPPING

BY_NUMBER = Mapping(
    columns={"Name": Field.FULL_NAME, "ID": Field.MEMBER_NUMBER, "Number": Field.NUMBER, "Type": Field.TYPE,
             "Issued": Field.ISSUED, "Expires": Field.EXPIRES},
    identify_by=IdentifyBy.MEMBER_NUMBER,
)  # fmt: skip
HEADER = "Name,ID,Number,Type,Issued,Expires\n"
PEOPLE = [("Zoe Zimt", "Z-1"), ("Bo Abel", "B-2"), ("Cy Dorn", "C-3")]


def drawn(seed: int) -> str:
    """A few people again and again: renewals, corrections, contradictions, repeated rows."""
    draw, lines = Random(seed), []
    for _ in range(60):
        name, number = draw.choice(PEOPLE)
        issued = draw.choice(["", "2026-01-01", "2026-02-02"])
        kind, year = draw.choice(["EMT-Basic", "Forklift licence"]), draw.randrange(2027, 2031)
        lines.append(f"{name},{number},{draw.choice(['', 'N-1', 'N-2'])},{kind},{issued},{year}-01-31\n")
    return HEADER + "".join(lines)


def bring(content: str, by, mapping: Mapping) -> RegisterImport:
    started = register_imports.start(io.BytesIO(content.encode()), name="register.csv", by=by, mapping=mapping)
    register_imports.check(started, mapping, by=by)
    register_imports.apply(started, version=started.version, by=by)
    return found(RegisterImport, started.id)


def told(done: RegisterImport) -> list[tuple[object, ...]]:
    """What became of each row, without ids."""
    rows = db.session.scalars(select(ImportRow).where(ImportRow.import_id == done.id).order_by(ImportRow.line)).all()
    seen = []
    for row in rows:
        held = db.session.get(Certification, row.certification_id) if row.certification_id else None
        facts = (held.number, held.issued_on, held.expires_on, held.supersedes_id is not None) if held else ()
        made = (row.created, row.before, row.versions)
        seen.append((row.line, row.outcome, row.problem, row.problem_params, *made, facts))
    return seen


@pytest.mark.parametrize("mapping", [MAPPING, BY_NUMBER], ids=["by name", "by number"])
@pytest.mark.parametrize("seed", [1, 2])
def test_where_a_batch_ends_changes_nothing(cast, monkeypatch, mapping, seed):
    ada, outcomes = cast.actor(cast.ada), []
    with transaction() as session:  # one of them is here already
        session.add(Member(given_name="Bo", family_name="Abel", number="B-2", created_at=cast.ada.created_at))
    bo = db.session.scalars(select(Member).where(Member.number == "B-2")).one()
    give(bo, cast.emt, 400, number="N-1")
    for size in (1, 7, 1000):
        monkeypatch.setattr(register_imports, "_ROWS_AT_ONCE", size)
        done = bring(drawn(seed), ada, mapping)
        outcomes.append((told(done), done.counts))
        register_undoing.undo(done, by=ada)
    assert outcomes[0] == outcomes[1] == outcomes[2]
    assert {"new member", "new certification", "renewal", "unchanged"} <= {outcome for _, outcome, *_ in outcomes[0][0]}


def wanted(line: int, name: str, number: str, type_name: str) -> Wanted:
    said, plain = (type_name, None, date(2030, 1, 31), ""), StatusMeaning.AS_IT_IS
    return Wanted(line, split_name(name), number, None, "", None, *said, plain, "", None)


@pytest.fixture
def said() -> Iterator[list[str]]:
    """The statements that are executed."""
    seen: list[str] = []

    def note(*facts: Any) -> None:
        seen.append(facts[2])

    event.listen(db.engine, "before_cursor_execute", note)
    yield seen
    event.remove(db.engine, "before_cursor_execute", note)


@pytest.fixture
def many(cast) -> list[tuple[str, str]]:
    """Members with two certifications each, of which a register speaks of one."""
    with transaction() as session:
        members = [Member(given_name=f"P{each}", family_name="Many", number=f"P-{each}", created_at=cast.ada.created_at)
                   for each in range(30)]  # fmt: skip
        session.add_all(members)
        session.flush()
        ids = [member.id for member in members]
    for id_ in ids:
        for type_ in (cast.emt, cast.forklift):
            give(found(Member, id_), type_, 400)
    return [(f"P{each} Many", f"P-{each}") for each in range(30)]


def test_memory_holds_a_batch_and_what_the_file_makes_of_people(cast, many):
    people = People(BY_NUMBER, by=cast.actor(cast.ada))
    for at in range(0, 30, 5):
        batch = [wanted(at + each, *many[at + each], cast.emt.name) for each in range(5)]
        people.prepare(batch)
        held = [held for person in people._members.values() for held in person.held]
        assert (len(people._members), len(people._by_number), len(held)) == (5, 5, 5)  # not what else they hold
        first = people.with_number(many[at][1])
        assert first is not None
        first.held[0].renew()
    assert [len(held) for held in people._touched.values()] == [1] * 5  # of the last batch it is not kept yet


def test_names_that_the_file_does_not_have_are_not_kept(cast, many):
    key = person_key(split_name(many[3][0]))
    people = People(MAPPING, by=cast.actor(cast.ada), names={key})
    assert people._ids_by_name.keys() == {key}
    assert len(People(MAPPING, by=cast.actor(cast.ada))._ids_by_name) >= 30


def test_statements_of_a_batch_do_not_grow_with_its_rows(cast, many, said):
    numbers, type_name = [], cast.emt.name
    for size in (2, 30):
        people = People(BY_NUMBER, by=cast.actor(cast.ada))
        said.clear()
        people.prepare([wanted(each, *many[each], type_name) for each in range(size)])
        numbers.append(len([statement for statement in said if statement.startswith(("SELECT", "WITH"))]))
    assert numbers == [3, 3]


def test_what_a_register_records_is_what_a_person_would_record(cast):
    ada = cast.actor(cast.ada)
    with transaction() as session:
        session.get_one(Member, cast.mia.id).number = "M-1"
    row = f"{cast.mia.name},M-1, ÅB  7 ,{cast.emt.name},2026-01-01,2030-01-31\n"
    done = bring(HEADER + row, ada, BY_NUMBER)
    one = db.session.scalars(select(Certification).where(Certification.import_id == done.id)).one()
    with transaction():
        entry = Entry(cast.emt.id, date(2031, 1, 31), issued_on=date(2026, 1, 1), number=" ÅB  7 ")
        other = certification_steps.record(found(Member, cast.mia.id), entry, by=ada)
    apart = {"id", "expires_on", "created_at", "import_id"}
    names = [column.key for column in Certification.__mapper__.column_attrs if column.key not in apart]
    assert {name: getattr(one, name) for name in names} == {name: getattr(other, name) for name in names}


def test_the_second_of_two_that_bring_the_same_person_is_told(cast):
    ada, both = cast.actor(cast.ada), []
    for name in ("one.csv", "two.csv"):
        content = io.BytesIO((HEADER + "Zoe Zimt,Z-1,N-1,EMT-Basic,,2030-01-31\n").encode())
        started = register_imports.start(content, name=name, by=ada, mapping=BY_NUMBER)
        register_imports.check(started, BY_NUMBER, by=ada)
        both.append(started)
    register_imports.apply(both[0], version=both[0].version, by=ada)
    with pytest.raises(RegisterChanged):
        register_imports.apply(both[1], version=both[1].version, by=ada)
    assert len(db.session.scalars(select(Member).where(Member.number == "Z-1")).all()) == 1


def test_a_row_that_fails_in_the_middle_leaves_nothing(cast, monkeypatch):
    """Whatever stops the writing of a later batch, the earlier ones go with it."""
    ada, written = cast.actor(cast.ada), register_checking.Checker.judge

    def judge(self, rows):
        if rows[0].line > 10:
            raise OSError("the disk went away")
        return written(self, rows)

    started = register_imports.start(io.BytesIO(drawn(1).encode()), name="a.csv", by=ada, mapping=BY_NUMBER)
    register_imports.check(started, BY_NUMBER, by=ada)
    monkeypatch.setattr(register_imports, "_ROWS_AT_ONCE", 4)
    monkeypatch.setattr(register_checking.Checker, "judge", judge)
    with pytest.raises(OSError, match="went away"):
        register_imports.apply(started, version=started.version, by=ada)
    assert db.session.scalars(select(Certification)).all() == []
    noted = select(ImportRow.certification_id).where(ImportRow.certification_id.is_not(None))
    assert db.session.scalars(noted).all() == []

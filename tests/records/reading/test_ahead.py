"""Reading ahead: the same answers in fewer statements, for as long as the block lasts, in one organization alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import bindparam, literal, select, union_all

from records.database import choose_organization, db, organization_scope, this_organization, transaction
from records.errors import ScopeMissing
from records.models import Certification, CertificationType, CreditType, Member, Scan, StoredFile, Unit
from records.queries import binding, persons
from records.queries.certification_types import asked_for_kinds, kinds
from records.queries.held import held_by
from records.queries.scans import scan_for
from records.reading.ahead import Question, read_ahead, rows_of, scalars_of
from tests.certificates import credit_type
from tests.clearances import exempt, position, require
from tests.holdings import give, picture

TYPES = select(CertificationType).order_by(CertificationType.id)
MEMBERS = select(Member, Unit).outerjoin(Unit, Member.unit_id == Unit.id).order_by(Member.id)
HELD = (
    select(Certification.id, Certification.expires_on, Certification.issued_on, Certification.created_at, Member)
    .join(Member, Certification.member_id == Member.id)
    .where(Certification.member_id.in_(bindparam("ids", expanding=True)))
    .order_by(Certification.id)
)
CREDIT_TYPES = select(CreditType, CreditType.retired_at.is_(None)).order_by(CreditType.id)
PAIRS = union_all(
    select(literal("type").label("kind"), CertificationType.id.label("one")),
    select(literal("unit"), Unit.id),
)
FILES = select(StoredFile).order_by(StoredFile.id)
NOBODY = select(Member.id).where(Member.id == 0)


@pytest.fixture
def count(app: Any) -> Iterator[Callable[[], int]]:
    """How many statements were made since it was asked last."""
    seen: list[str] = []

    def note(*facts: Any) -> None:
        if facts[2].startswith(("SELECT", "WITH")):
            seen.append(facts[2])

    def number() -> int:
        made = len(seen)
        seen.clear()
        return made

    sa.event.listen(db.engine, "before_cursor_execute", note)
    yield number
    sa.event.remove(db.engine, "before_cursor_execute", note)


def _facts(value: Any) -> Any:
    """Of a record all its columns."""
    state = sa.inspect(value, raiseerr=False)
    return {each.key: getattr(value, each.key) for each in state.mapper.column_attrs} if state is not None else value


def _told(rows: Any) -> list[list[Any]]:
    return [[_facts(value) for value in row] for row in rows]


def test_answers_are_those_that_each_statement_gives_by_itself(cast, count):
    give(cast.max, cast.emt, 200, number="A 1", files={"card.png": picture()})
    give(cast.una, cast.emt, -20, issued_in=None)
    credit_type("CEU", goal=Decimal("12.50"), checklist=["Read it", "Ärger"])
    questions = [
        Question(TYPES),
        Question(MEMBERS),
        Question(HELD, {"ids": [cast.max.id, cast.una.id]}),
        Question(CREDIT_TYPES),
        Question(PAIRS),
        Question(FILES),
        Question(NOBODY),
    ]
    db.session.rollback()
    db.session.expunge_all()
    alone = [_told(db.session.execute(*each).all()) for each in questions]
    db.session.expunge_all()
    count()
    with read_ahead(*questions):
        assert count() == 1
        together = [_told(rows_of(*each)) for each in questions]
        assert count() == 0, "and no record has anything left to be read"
    assert together == alone
    assert [bool(rows) for rows in alone] == [True] * 6 + [False]


def test_values_are_of_their_kinds(cast):
    give(cast.max, cast.emt, 200)
    credit_type("CEU", goal=Decimal("12.50"))
    with read_ahead(Question(HELD, {"ids": [cast.max.id]}), Question(CREDIT_TYPES)):
        (held,) = rows_of(HELD, {"ids": [cast.max.id]})
        ((ceu, stands),) = rows_of(CREDIT_TYPES)
    assert (type(held.expires_on), type(held.created_at), held.created_at.tzinfo) == (date, datetime, UTC)
    assert (ceu.goal, stands) == (Decimal("12.50"), True)
    assert held.Member.name == "Max Miller"


def test_nothing_of_another_organization_is_read_or_answered(cast, count):
    with read_ahead(Question(TYPES)):
        ours = {each.id for each in scalars_of(TYPES)}
        with organization_scope(cast.clinic.id):
            count()
            theirs = {each.id for each in scalars_of(TYPES)}
            assert count() == 1, "asked anew, not answered by what was read of ours"
            with read_ahead(Question(TYPES), Question(PAIRS)):
                assert {each.id for each in scalars_of(TYPES)} == theirs
                assert {row.one for row in rows_of(PAIRS) if row.kind == "type"} == theirs
        assert {each.id for each in scalars_of(TYPES)} == ours
    assert ours
    assert theirs
    assert ours.isdisjoint(theirs)


def test_what_changed_is_answered_as_it_is(cast):
    give(cast.max, cast.emt, 200)
    holder, emt = cast.max.id, cast.emt.id
    for name in ("Paramedic", "Medic", "Paramedic"):
        with transaction() as session:
            session.execute(sa.update(CertificationType).where(CertificationType.id == emt).values(name=name))
        db.session.expunge_all()
        with read_ahead(asked_for_kinds()):
            assert [each.name for each in kinds() if each.id == emt] == [name]
        assert [each.title for each in held_by(holder)] == [name]
        assert binding.rules().types[emt].name == name


def test_without_an_organization_it_is_refused(cast):
    choose_organization(None)
    with pytest.raises(ScopeMissing), read_ahead(Question(TYPES)):
        pass


def test_what_was_not_read_ahead_is_asked(cast, count):
    give(cast.una, cast.emt, 200)
    question, other = (Question(HELD, {"ids": [member.id]}) for member in (cast.max, cast.una))
    with read_ahead(question):
        count()
        assert len(rows_of(*other)) == 1
        assert count() == 1
    rows_of(*question)
    assert count() == 1, "after the block nothing is remembered"


def test_a_block_in_a_block_asks_only_for_what_is_not_known(cast, count):
    with read_ahead(Question(TYPES), Question(MEMBERS)):
        count()
        with read_ahead(Question(TYPES)):
            assert count() == 0
        with read_ahead(Question(TYPES), Question(FILES)):
            scalars_of(FILES)
            assert count() == 1
        scalars_of(TYPES)
        assert count() == 0


def test_a_record_that_the_session_has_is_that_one(cast, count):
    known = db.session.get_one(Member, cast.max.id)
    with read_ahead(Question(MEMBERS)):
        assert known in scalars_of(MEMBERS)
    db.session.commit()  # forgets what it knew of all records
    with read_ahead(Question(MEMBERS)):
        count()
        assert known.family_name == "Miller"
        assert count() == 0
    assert known not in db.session.dirty


def test_a_record_read_ahead_can_be_changed(cast):
    with read_ahead(Question(TYPES)):
        type_ = next(each for each in scalars_of(TYPES) if each.id == cast.emt.id)
        type_.name = "Something else"
    assert type_ in db.session.dirty
    db.session.rollback()


def test_who_asks_the_same_twice_is_answered_once(cast, count):
    give(cast.max, cast.emt, 200)
    question = Question(HELD, {"ids": [cast.max.id]})
    count()
    with read_ahead(question, Question(HELD, {"ids": [cast.max.id]}), Question(TYPES)):
        assert count() == 1
        assert len(rows_of(*question)) == 1
    with pytest.raises(ValueError, match="ids"), read_ahead(question, Question(HELD, {"ids": [cast.una.id]})):
        pass


def test_two_values_of_one_parameter_are_refused(cast):
    other = select(Member.id).where(Member.id.in_(bindparam("ids", expanding=True)))
    questions = Question(HELD, {"ids": [1]}), Question(other, {"ids": [2]})
    with pytest.raises(ValueError, match="ids"), read_ahead(*questions):
        pass


def test_what_json_cannot_say_is_refused(cast):
    with pytest.raises(TypeError), read_ahead(Question(select(sa.type_coerce(Member.name, sa.LargeBinary)))):
        pass


def test_the_server_keeps_what_is_planned_once_and_nothing_else(cast, on):
    """Beyond the end of a transaction, until a statement fails."""
    if on != "postgresql":
        return
    db.session.rollback()
    db.engine.dispose()  # from here on there is one connection, which has prepared nothing
    for _ in range(8):
        db.session.rollback()
        assert db.session.scalars(TYPES).all()
        with read_ahead(Question(FILES)), read_ahead(Question(MEMBERS), planned_once=True):
            assert rows_of(MEMBERS)
    (kept,) = _prepared()
    assert "member.family_name" in kept
    with pytest.raises(sa.exc.ProgrammingError):
        db.session.execute(sa.text("SELECT * FROM nothing"))
    db.session.rollback()
    assert not _prepared()


def test_the_server_keeps_how_a_scan_is_found(cast, on):
    if on != "postgresql":
        return
    give(cast.max, cast.emt, 200, files={"card.jpg": picture()})
    scan_id, ada = db.session.scalars(select(Scan.id)).one(), cast.actor(cast.ada)
    db.session.rollback()
    db.engine.dispose()
    assert scan_for(scan_id, by=ada).id == scan_id
    (kept,) = _prepared()
    assert "scan.stored_file_id" in kept


def _prepared() -> list[str]:
    return [*db.session.scalars(sa.text("SELECT statement FROM pg_prepared_statements"))]


def test_the_facts_of_clearance_take_two_statements(cast, count):
    rule = require("Life support", cast.emt, positions=[position("Driver", cast.max)])
    give(cast.max, cast.emt, 20)
    exempt(cast.max, rule, cast.ada)
    member_id, _ = cast.max.id, this_organization().takes_external_certificates
    count()
    ruled = binding.rules()
    assert count() == 1
    (person,) = persons.people([member_id], ruled)
    assert count() == 1
    assert person.holdings
    assert person.excuses
    assert person.positions

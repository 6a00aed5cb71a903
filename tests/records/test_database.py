"""The organization scope, which no statement escapes, and transactions."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Bundle, aliased, joinedload, selectinload, subqueryload

from records import clock
from records.connections import PATIENCE, turn_to_write
from records.database import (
    after_commit,
    choose_organization,
    chosen_organization_id,
    db,
    every_organization,
    found,
    lock,
    locked,
    organization_scope,
    this_organization,
    transaction,
)
from records.errors import NotFound, ScopeMissing
from records.models import (
    Account,
    Base,
    Certification,
    CertificationType,
    Member,
    Organization,
    OrganizationOwned,
    SingleUseLink,
    ThrottleCount,
    Unit,
)
from records.models.base import Instant
from records.versions import database_is_ready
from tests.cast import Cast
from tests.conftest import make_app

MEMBERS_OF_FIRE = 6
MEMBERS_OF_CLINIC = 2


# The organization scope: reading


def test_a_statement_that_lives_on_is_scoped_anew_for_each_organization(cast: Cast) -> None:
    """Also in one that is left and entered again, and not at all where none is chosen."""
    both = sa.union_all(sa.select(Member.id), sa.select(Unit.id))
    for statement, of_fire in ((sa.select(Member.id), MEMBERS_OF_FIRE), (both, None)):
        counts = {}
        for organization in (cast.fire, cast.clinic, cast.fire):
            with organization_scope(organization.id):
                seen = db.session.scalars(statement).all()
                assert counts.setdefault(organization.id, seen) == seen
        assert set(counts[cast.fire.id]) != set(counts[cast.clinic.id])
        assert of_fire is None or len(counts[cast.fire.id]) == of_fire
        choose_organization(None)
        with pytest.raises(ScopeMissing):
            db.session.scalars(statement)
        choose_organization(cast.fire.id)


def statements() -> dict[str, tuple[Any, Callable[[Any], int]]]:
    """Statements that count members in many ways, and how each says its number."""
    only, rows = (lambda result: result.scalar_one()), (lambda result: len(result.all()))
    other, inside = aliased(Member), sa.select(Member.id).subquery()
    together = sa.select(Member.id).cte("together")
    here = sa.select(Member.id).where(Member.organization_id == Organization.id)
    return {
        "entity": (sa.select(Member), rows),
        "columns": (sa.select(Member.id, Member.sort_name), rows),
        "bundle": (sa.select(Bundle("both", Member.id, Member.sort_name)), rows),
        "alias": (sa.select(other), rows),
        "alias of a subquery": (sa.select(aliased(Member, sa.select(Member).subquery())), rows),
        "count": (sa.select(sa.func.count()).select_from(Member), only),
        "count of a subquery": (sa.select(sa.func.count()).select_from(inside), only),
        "columns of a subquery": (sa.select(inside.c.id), rows),
        "common table expression": (sa.select(together.c.id), rows),
        "union": (sa.union(sa.select(Member.id), sa.select(other.id)), rows),
        "union of all, counted": (
            sa.select(sa.func.count()).select_from(sa.union_all(sa.select(Member.id)).subquery()),
            only,
        ),
        "from statement": (sa.select(Member).from_statement(sa.union(sa.select(Member))), rows),
        "literal columns": (sa.select(sa.literal_column("member.id")).select_from(Member), rows),
        "joined": (sa.select(Member.id).join(Organization, Organization.id == Member.organization_id), rows),
        "joined to": (sa.select(Organization.id).join(Member, Organization.id == Member.organization_id), rows),
        "account by subquery": (sa.select(Account.id).where(Account.id.in_(sa.select(Member.account_id))), rows),
        "account by exists": (
            sa.select(Account.id).where(sa.exists().where(Member.account_id == Account.id)),
            rows,
        ),
        "scalar subquery": (
            sa.select(sa.func.sum(sa.select(sa.func.count(Member.id)).scalar_subquery())).select_from(
                sa.select(sa.literal(1)).subquery()
            ),
            only,
        ),
        "organizations by exists": (
            sa.select(sa.func.count() * MEMBERS_OF_FIRE).select_from(Organization).where(here.exists()),
            only,
        ),
    }


@pytest.mark.parametrize("name", statements())
def test_a_statement_sees_the_chosen_organization_only(cast: Cast, name: str) -> None:
    statement, number = statements()[name]
    assert number(db.session.execute(statement)) == MEMBERS_OF_FIRE


@pytest.mark.parametrize("name", statements())
def test_without_an_organization_a_statement_is_refused(cast: Cast, name: str) -> None:
    choose_organization(None)
    with pytest.raises(ScopeMissing):
        db.session.execute(statements()[name][0])


@pytest.mark.parametrize(
    "name", [name for name in statements() if name not in ("organizations by exists", "scalar subquery", "union")]
)
def test_with_every_organization_a_statement_sees_all(cast: Cast, name: str) -> None:
    statement, number = statements()[name]
    with every_organization():
        assert number(db.session.execute(statement)) == MEMBERS_OF_FIRE + MEMBERS_OF_CLINIC
    assert number(db.session.execute(statement)) == MEMBERS_OF_FIRE


def test_the_same_statement_follows_the_organization(cast: Cast) -> None:
    counted = sa.select(sa.func.count()).select_from(Member)
    assert db.session.scalar(counted) == MEMBERS_OF_FIRE
    with organization_scope(cast.clinic.id):
        assert db.session.scalar(counted) == MEMBERS_OF_CLINIC
        assert this_organization().id == cast.clinic.id
    with every_organization(), organization_scope(cast.clinic.id):
        assert db.session.scalar(counted) == MEMBERS_OF_CLINIC
    assert db.session.scalar(counted) == MEMBERS_OF_FIRE


@pytest.mark.parametrize(
    "statement",
    [
        sa.select(Base.metadata.tables["member"].c.id),
        sa.select(Base.metadata.tables["member"].alias().c.id),
        sa.select(sa.func.count()).select_from(Base.metadata.tables["member"]),
        sa.select(sa.func.count()).select_from(sa.select(Base.metadata.tables["member"]).subquery()),
        sa.update(Base.metadata.tables["member"]).values(given_name="X"),
        sa.delete(Base.metadata.tables["member"]),
        sa.insert(Base.metadata.tables["member"]).values(given_name="X"),
    ],
    ids=["columns", "alias", "count", "subquery", "update", "delete", "insert"],
)
def test_a_statement_on_a_bare_table_is_refused(cast: Cast, statement: Any) -> None:
    with pytest.raises(ScopeMissing, match="models"):
        db.session.execute(statement)


def test_raw_sql_is_refused_without_an_organization_and_is_not_scoped_with_one(cast: Cast) -> None:
    """So nobody writes any: this is what the docstring of `records.database` warns of."""
    raw = sa.text("SELECT count(*) FROM member")
    assert db.session.scalar(raw) == MEMBERS_OF_FIRE + MEMBERS_OF_CLINIC
    choose_organization(None)
    with pytest.raises(ScopeMissing):
        db.session.scalar(raw)


def test_tables_of_the_installation_need_no_organization(cast: Cast) -> None:
    choose_organization(None)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Account)) == MEMBERS_OF_FIRE + MEMBERS_OF_CLINIC
    assert db.session.scalars(sa.select(SingleUseLink)).all() == []
    with pytest.raises(ScopeMissing):
        chosen_organization_id()


def test_no_table_of_the_installation_leads_to_one_of_an_organization() -> None:
    """Else loading it without an organization would load what is an organization's."""
    for mapper in Base.registry.mappers:
        if not issubclass(mapper.class_, OrganizationOwned):
            led_to = {relation.mapper.class_ for relation in mapper.relationships}
            assert not any(issubclass(each, OrganizationOwned) for each in led_to), mapper


# The organization scope: single records


def test_another_organizations_record_is_not_found_by_its_id(cast: Cast) -> None:
    for look in (found, locked):
        with pytest.raises(NotFound):
            look(Member, cast.ken.id)
    assert db.session.get(Member, cast.ken.id) is None
    with pytest.raises(sa.exc.NoResultFound):
        db.session.get_one(Member, cast.ken.id)


def test_a_record_that_was_loaded_before_is_not_found_from_another_organization(cast: Cast) -> None:
    with every_organization():
        loaded = db.session.get(Member, cast.ken.id)
    assert loaded in db.session
    assert db.session.get(Member, cast.ken.id) is None
    with pytest.raises(NotFound):
        found(Member, cast.ken.id)
    with pytest.raises(NotFound), transaction():
        lock(cast.ken)
    with organization_scope(cast.clinic.id):
        assert found(Member, cast.ken.id).given_name == "Ken"


@pytest.mark.parametrize("number", [0, -1, 2**63, 10**30])
def test_an_id_that_cannot_be_one_is_not_found(cast: Cast, number: int) -> None:
    for look in (found, locked):
        with pytest.raises(NotFound):
            look(Member, number)


def test_a_record_that_was_never_written_cannot_be_locked(cast: Cast) -> None:
    with pytest.raises(NotFound), transaction():
        lock(Unit(name="New"))


def certify(member: Member, kind: CertificationType) -> int:
    with every_organization(), transaction() as session:
        made = Certification(
            organization_id=member.organization_id, member_id=member.id, type_id=kind.id, created_at=clock.now(),
            expires_on=clock.now().date() + timedelta(days=300), recorded_on=clock.now().date(),
        )  # fmt: skip
        session.add(made)
        session.flush()
        return made.id


@pytest.mark.parametrize("load", [joinedload, selectinload, subqueryload])
def test_related_records_are_loaded_within_the_organization(cast: Cast, load: Any) -> None:
    certify(cast.max, cast.emt)
    certify(cast.other_max, cast.clinic_emt)
    for loaded in db.session.scalars(sa.select(Certification).options(load(Certification.member))):
        assert loaded.member.organization_id == cast.fire.id


def test_a_collection_is_loaded_within_the_organization(cast: Cast) -> None:
    with every_organization():
        nora = db.session.get_one(Member, cast.nora.id)
    assert len(nora.scope_units) == 1
    db.session.expire(nora)
    with organization_scope(cast.clinic.id):
        assert nora.scope_units == []  # a record that is held on to shows nothing from elsewhere


# The organization scope: writing


def test_an_update_in_bulk_changes_the_organizations_rows_only(cast: Cast) -> None:
    with transaction() as session:
        session.execute(sa.update(Member).values(suffix="II"))
        session.execute(sa.delete(CertificationType))
    with every_organization():
        changed = db.session.scalars(sa.select(Member.organization_id).where(Member.suffix == "II")).all()
        kept = db.session.scalars(sa.select(CertificationType.organization_id)).all()
    assert changed == [cast.fire.id] * MEMBERS_OF_FIRE
    assert kept == [cast.clinic.id]


def test_a_new_row_is_of_the_chosen_organization(cast: Cast) -> None:
    with transaction() as session:
        session.add(Unit(name="Station West"))
    assert db.session.scalars(sa.select(Unit.organization_id).where(Unit.name == "Station West")).one() == cast.fire.id


@pytest.mark.parametrize("how", ["object", "in bulk", "one by statement"])
def test_a_new_row_for_another_organization_is_refused(cast: Cast, how: str) -> None:
    values = {"organization_id": cast.clinic.id, "name": "Spy", "folded_name": "spy"}
    ways: dict[str, Callable[[Any], Any]] = {
        "object": lambda session: session.add(Unit(organization_id=cast.clinic.id, name="Spy")),
        "in bulk": lambda session: session.execute(sa.insert(Unit), [values]),
        "one by statement": lambda session: session.execute(sa.insert(Unit), values),
    }
    with pytest.raises(ScopeMissing), transaction() as session:
        ways[how](session)


def test_without_an_organization_no_row_is_written(cast: Cast) -> None:
    choose_organization(None)
    with pytest.raises(ScopeMissing), transaction() as session:
        session.add(Unit(name="Nowhere"))


def test_a_change_to_another_organizations_row_is_refused(cast: Cast) -> None:
    with every_organization():
        ken = db.session.get_one(Member, cast.ken.id)
    with pytest.raises(ScopeMissing), transaction():
        ken.given_name = "Kenneth"
    with every_organization():
        ken = db.session.get_one(Member, cast.ken.id)
        with transaction() as session:
            session.refresh(ken)
    with pytest.raises(ScopeMissing), transaction() as session:
        session.delete(ken)


def test_a_row_never_moves_to_another_organization(cast: Cast) -> None:
    with pytest.raises(ScopeMissing, match="never moves"), every_organization(), transaction():
        locked(Unit, cast.south.id).organization_id = cast.clinic.id


# Transactions


@pytest.fixture
def statements_sent(app: Flask) -> Iterator[list[str]]:
    """What goes to the database while a test runs, "BEGIN" and its like included."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    sa.event.listen(db.engine, "before_cursor_execute", note)
    yield sent
    sa.event.remove(db.engine, "before_cursor_execute", note)


def begun(sent: list[str]) -> list[str]:
    return [statement for statement in sent if statement.startswith("BEGIN")]


def test_writers_queue_at_their_beginning_and_readers_do_not(cast: Cast, on: str, statements_sent: list[str]) -> None:
    for _ in range(3):  # the same pooled connection serves both in turn
        with transaction() as session:
            session.scalar(sa.select(Account.id))
        db.session.scalar(sa.select(Account.id))
        db.session.rollback()
    expected = ["BEGIN IMMEDIATE", "BEGIN"] * 3 if on == "sqlite" else []
    assert begun(statements_sent) == expected


def test_transactions_do_not_nest(cast: Cast) -> None:
    with transaction(), pytest.raises(RuntimeError, match="do not nest"), transaction():
        pass
    with transaction():
        pass


def test_what_fails_changes_nothing(cast: Cast) -> None:
    done: list[str] = []

    def change() -> None:
        with transaction() as session:
            session.execute(sa.update(Member).values(suffix="II"))
            after_commit(lambda: done.append("said"))
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        change()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Member).where(Member.suffix == "II")) == 0
    with transaction():
        pass
    assert done == []


def test_what_follows_a_commit_sees_it_committed(cast: Cast, app: Flask) -> None:
    seen: list[int] = []

    def look() -> None:
        with db.engine.connect() as another:
            seen.append(another.scalar(sa.text("SELECT count(*) FROM member WHERE suffix = 'II'")) or 0)

    with transaction() as session:
        session.execute(sa.update(Member).values(suffix="II"))
        after_commit(look)
        assert seen == []
    assert seen == [MEMBERS_OF_FIRE]
    with transaction():
        pass
    assert seen == [MEMBERS_OF_FIRE]


def test_a_guard_decides_on_what_stands_now(cast: Cast, app: Flask) -> None:
    held = db.session.get_one(Member, cast.max.id)
    assert held.suffix == ""
    with db.engine.begin() as another:
        another.execute(sa.text("UPDATE member SET suffix = 'II'"))
    with transaction():
        assert lock(held).suffix == "II"


def test_an_impatient_writer_gives_up_soon(cast: Cast, app: Flask, on: str) -> None:
    with db.engine.connect().execution_options(writes=True) as another:
        another.execute(sa.text("UPDATE member SET suffix = 'II'"))
        began = clock.now()
        with pytest.raises(sa.exc.OperationalError), transaction(patience=100) as session:
            session.execute(sa.update(Member).values(suffix="III"))
        assert clock.now() - began < timedelta(seconds=5)


def test_on_sqlite_the_threads_of_a_process_write_in_turn(app: Flask, on: str) -> None:
    left: list[int] = []

    def write(patience: int) -> None:
        with turn_to_write(engine, patience) as rest:
            left.append(rest)

    engine = db.engine
    with turn_to_write(engine, PATIENCE) as first:
        other = threading.Thread(target=write, args=(50,))
        other.start()
        other.join(60)
    with pytest.raises(ZeroDivisionError), turn_to_write(engine, PATIENCE):
        _ = 1 // 0
    write(PATIENCE)
    assert 0 < first <= PATIENCE
    assert left[0] == (1 if on == "sqlite" else 50), "who got no turn in time asks the database once, which says so"
    assert left[1] > PATIENCE / 2, "nobody kept the turn"


def _database(app: Flask, on: str) -> dict[str, str]:
    url = db.engine.url.render_as_string(hide_password=False)
    return {} if on == "sqlite" else {"database_url": url}


def _race(data_dir: str, settings: dict[str, str], start: Any, won: Any) -> None:
    """Another process: tries to take the one thing that there is, many times over."""
    application = make_app(Path(data_dir), **settings)
    with application.app_context():
        start.wait(30)
        for window in range(20):
            began_at = clock.now().replace(
                year=2000, month=1, day=1 + window, hour=0, minute=0, second=0, microsecond=0
            )
            with transaction() as session:
                take = sa.update(ThrottleCount).where(ThrottleCount.began_at == began_at, ThrottleCount.count == 0)
                taken: Any = session.execute(take.values(count=1))
                if taken.rowcount == 1:
                    won.put(window)
        db.session.remove()
        db.engine.dispose()


def test_of_two_processes_exactly_one_wins_each_race(app: Flask, on: str) -> None:
    with transaction() as session:
        for window in range(20):
            at = clock.now().replace(year=2000, month=1, day=1 + window, hour=0, minute=0, second=0, microsecond=0)
            session.add(ThrottleCount(key="prize", began_at=at, count=0))
    processes = multiprocessing.get_context("spawn")
    start, won = processes.Event(), processes.Queue()
    given = (str(app.config["DATA_DIR"]), _database(app, on), start, won)
    racers = [processes.Process(target=_race, args=given) for _ in range(2)]
    for racer in racers:
        racer.start()
    start.set()
    prizes = sorted(won.get(timeout=60) for _ in range(20))
    for racer in racers:
        racer.join(60)
    assert [racer.exitcode for racer in racers] == [0, 0]  # nobody met "database is locked"
    assert prizes == list(range(20))
    assert won.empty()


def test_many_threads_writing_at_once_all_get_their_turn(app: Flask) -> None:
    errors: list[BaseException] = []

    def write(number: int) -> None:
        try:
            with app.app_context():
                for _ in range(10):
                    with transaction() as session:
                        session.add(ThrottleCount(key=f"{number}", began_at=clock.now(), count=1))
                db.session.remove()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert db.session.scalar(sa.select(sa.func.count()).select_from(ThrottleCount)) == 60


# Column types and the state of the database


def test_an_instant_comes_back_as_it_went_in_and_needs_a_zone(cast: Cast) -> None:
    with transaction() as session:
        locked(Member, cast.max.id).last_seen_at = instant = clock.now()
        session.flush()
    assert db.session.get_one(Member, cast.max.id).last_seen_at == instant
    with pytest.raises(ValueError, match="time zone"):
        Instant().process_bind_param(instant.replace(tzinfo=None), None)


def test_the_database_is_ready_for_this_version_also_once_a_later_one_has_migrated_it(app: Flask) -> None:
    def stands_at(migration: str) -> bool:
        with db.engine.begin() as connection:
            connection.execute(sa.text("UPDATE alembic_version SET version_num = :it"), {"it": migration})
        return database_is_ready()

    with db.engine.begin() as connection:
        head = connection.scalar(sa.text("SELECT version_num FROM alembic_version")) or ""
    assert [stands_at(each) for each in ("0001", head, f"{int(head) + 1:04}")] == [False, True, True]
    assert stands_at(head)

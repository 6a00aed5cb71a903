"""Migrations: one head, up and down on empty and populated databases, and nothing lost on the way.

They run on the database under the tests; `--on postgresql` runs them on PostgreSQL.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import flask_migrate
import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory
from flask import Flask

from records.database import db
from records.models import Base
from tests.conftest import make_app
from tests.rows import APPROVED, DECLINED, FILLED, REVOKED, Rows

MIGRATIONS = Path(__file__).parent.parent / "migrations"


@pytest.fixture
def unmigrated(on: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Flask]:
    """An application on an empty database of its own."""
    settings = {"database_url": request.getfixturevalue("new_postgresql")()} if on == "postgresql" else {}
    application = make_app(tmp_path / "data", **settings)
    with application.app_context():
        yield application
        db.session.remove()
        db.engine.dispose()


def populate() -> None:
    """Two rows in every table, one for each organization, with every key that may be empty filled."""
    with db.engine.begin() as connection:
        rows = Rows(connection)
        for table in Base.metadata.sorted_tables:
            for organization in ("fire", "clinic"):
                rows.add(table.name, organization, full=True)


def counted() -> dict[str, int]:
    with db.engine.connect() as connection:
        tables = [name for name in sa.inspect(connection).get_table_names() if name in Base.metadata.tables]
        return {
            name: connection.scalar(sa.select(sa.func.count()).select_from(sa.table(name))) or 0
            for name in sorted(tables)
        }


def schema() -> set[tuple[Any, ...]]:
    """Every table, index, constraint, trigger and function, with its text."""
    sqlite = "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'"
    postgresql = """
        SELECT 'index', indexname, tablename, indexdef FROM pg_indexes WHERE schemaname = 'public'
        UNION SELECT 'trigger', tgname, tgrelid::regclass::text, pg_get_triggerdef(oid)
              FROM pg_trigger WHERE NOT tgisinternal
        UNION SELECT 'constraint', conname, conrelid::regclass::text, pg_get_constraintdef(oid)
              FROM pg_constraint WHERE connamespace = 'public'::regnamespace
        UNION SELECT 'function', proname, '', prosrc FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
              WHERE lanname = 'plpgsql'
        UNION SELECT 'column', column_name, table_name, concat(data_type, is_nullable, column_default, collation_name)
              FROM information_schema.columns WHERE table_schema = 'public'"""
    with db.engine.connect() as connection:
        asked = sqlite if connection.dialect.name == "sqlite" else postgresql
        rows = [row for row in connection.exec_driver_sql(asked) if row[2] != "alembic_version"]
        return {(*row[:3], _in_order(row[3]) if row[0] == "table" else row[3]) for row in rows}


def _in_order(sql: str) -> str:
    """A table that SQLite made anew may list its columns and constraints in another order."""
    head, _, rest = sql.partition("\n")
    lines = (line.strip().rstrip(",") for line in rest.removesuffix(")").splitlines())
    return "\n".join([head.replace('"', ""), *sorted(filter(None, lines))])


def newest() -> str:
    head = ScriptDirectory(str(MIGRATIONS)).get_current_head()
    assert head
    return head


def test_there_is_one_head_and_its_numbers_count_up() -> None:
    scripts = ScriptDirectory(str(MIGRATIONS))
    assert len(scripts.get_heads()) == 1
    numbers = [script.revision for script in scripts.walk_revisions()]
    assert numbers == [f"{number:04}" for number in range(len(numbers), 0, -1)]


def test_the_newest_migration_makes_what_the_models_say(unmigrated: Flask) -> None:
    flask_migrate.upgrade()
    flask_migrate.check()  # ends with an error where the models say more, or less


def test_the_way_down_to_nothing_and_up_again_ends_where_it_began(unmigrated: Flask) -> None:
    flask_migrate.upgrade()
    before = schema()
    flask_migrate.downgrade(revision="base")
    assert schema() == set()
    flask_migrate.upgrade()
    assert schema() == before


def test_a_populated_database_goes_down_and_up_again(unmigrated: Flask) -> None:
    flask_migrate.upgrade()
    populate()
    assert min(counted().values()) >= 2
    before = schema()
    flask_migrate.downgrade(revision="base")
    assert counted() == {}
    flask_migrate.upgrade()
    assert schema() == before
    assert set(counted().values()) == {0}
    populate()


def test_the_newest_migration_alone_goes_down_and_up_and_loses_nothing_of_before(unmigrated: Flask) -> None:
    flask_migrate.upgrade()
    populate()
    full, before = counted(), schema()
    flask_migrate.downgrade(revision="-1")
    kept = {name: rows for name, rows in counted().items() if name in full}
    assert kept == {name: full[name] for name in kept}
    flask_migrate.upgrade()
    assert {name: counted()[name] for name in kept} == kept
    assert schema() == before


def test_after_a_migration_the_planner_has_numbers_of_the_new_indexes_too(tmp_path: Path) -> None:
    """Of SQLite, which takes an index without numbers for far better than it is; PostgreSQL counts by itself."""
    with make_app(tmp_path / "data").app_context():
        flask_migrate.upgrade()
        populate()
        flask_migrate.downgrade(revision="0015")
        flask_migrate.upgrade()
        with db.engine.connect() as connection:
            indexes = {each["name"] for each in sa.inspect(connection).get_indexes("member")}
            counted = connection.execute(sa.text("SELECT idx FROM sqlite_stat1 WHERE tbl = 'member'")).scalars()
            assert indexes - {*counted} == {"ix_member_sort_name_active"}  # of no row: nobody is active
        db.session.remove()
        db.engine.dispose()


class RowsOfBefore(Rows):
    """Rows as the version before writes them: it gives values to the columns that it knows."""

    def __init__(self, connection: sa.Connection, known: dict[str, set[str]]) -> None:
        super().__init__(connection)
        self._known = known

    def values(self, table_name: str, *args: Any, **given: Any) -> dict[str, Any]:
        row = super().values(table_name, *args, **given)
        return {name: row[name] for name in row if name in self._known.get(table_name, row)}


def columns() -> dict[str, set[str]]:
    with db.engine.connect() as connection:
        found = sa.inspect(connection).get_multi_columns()
    return {name: {column["name"] for column in of} for (_schema, name), of in found.items() if name}


def test_the_version_before_works_on_after_the_newest_migration(unmigrated: Flask) -> None:
    """So that an upgrade stops nobody (docs/operations.md): what it reads is still there, what it writes is taken."""
    flask_migrate.upgrade()
    now = columns()
    flask_migrate.downgrade(revision="-1")
    before = columns()
    flask_migrate.upgrade()
    assert {name: known - now.get(name, set()) for name, known in before.items() if known - now.get(name, set())} == {}
    with db.engine.begin() as connection:
        rows = RowsOfBefore(connection, before)
        for table in Base.metadata.sorted_tables:
            if table.name in before:
                rows.add(table.name)


def test_codes_of_transcripts_that_were_printed_before_have_their_proofs(unmigrated: Flask) -> None:
    flask_migrate.upgrade()
    with db.engine.begin() as connection:
        made = Rows(connection).add("transcript", made_on=date(2024, 2, 29))
    flask_migrate.downgrade(revision="0002")
    flask_migrate.upgrade()
    with db.engine.connect() as connection:
        (proof,) = connection.execute(sa.select(Base.metadata.tables["proof"])).mappings()
    kept = ("organization_id", "member_id", "code_digest", "created_at")
    assert {name: proof[name] for name in kept} == {name: made[name] for name in kept}
    assert (proof["transcript_id"], proof["salt"], proof["seen"], proof["withdrawn_at"]) == (made["id"], "", 0, None)
    assert proof["ends_on"] == date(2029, 2, 28)


def decide() -> None:
    """What only the second migration knows: decided certificates with files and entries, messages of the portal,
    files that wait for a submission, an administrator logged in as a member."""
    with db.engine.begin() as connection:
        rows = Rows(connection, first=10_000)
        certificates = Base.metadata.tables["external_certificate"]
        for outcome in (DECLINED, APPROVED, REVOKED):
            certificate = rows.add("external_certificate")
            rows.add("scan", external_certificate_id=certificate["id"])
            rows.add("revision", external_certificate_id=certificate["id"])
            people = {name: certificate["member_id"] for name, value in outcome.items() if value is FILLED}
            decided = certificates.update().where(certificates.c.id == certificate["id"])
            connection.execute(decided.values(**outcome | people))
        award = rows.add("credit_entry", external_certificate_id=certificate["id"])
        rows.add("credit_entry", external_certificate_id=certificate["id"], reverses_id=award["id"])
        rows.add("message", kind="certificate_approved", member_id=FILLED)
        rows.add("message", to_address=None, member_id=FILLED)
        rows.add("sign_in", administrator_id=FILLED)
        rows.add("uploaded_file", upload_id=rows.add("upload", submission_key="key")["id"])


def test_a_database_with_decided_certificates_goes_down_too_and_keeps_all_that_was_before(unmigrated: Flask) -> None:
    flask_migrate.upgrade()
    populate()
    full, before = counted(), schema()
    decide()
    flask_migrate.downgrade(revision="0001")
    kept = counted()
    assert "external_certificate" not in kept
    assert "scan" in kept
    for name in ("message", "scan", "sign_in", "upload", "uploaded_file"):
        assert kept[name] == full[name]  # what only the second migration knows went, and nothing else
    assert all(kept[name] >= full[name] for name in kept)
    flask_migrate.upgrade()
    assert schema() == before


@pytest.fixture
def migrations_with(tmp_path: Path) -> Callable[[str], str]:
    """A copy of the migrations with one more, whose `upgrade` has this body."""

    def make(body: str) -> str:
        folder = tmp_path / "migrations"
        shutil.copytree(MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
        script = f"""
import sqlalchemy as sa
from alembic import op
revision, down_revision = "9999", "{newest()}"

def upgrade():
    {body}
"""
        (folder / "versions" / "9999_tried.py").write_text(script)
        return str(folder)

    return make


def test_rebuilding_a_table_keeps_the_rows_that_hang_on_its_rows(
    unmigrated: Flask, migrations_with: Callable[[str], str]
) -> None:
    flask_migrate.upgrade()
    populate()
    before = counted()
    folder = migrations_with(
        'for table in ("upload", "member", "organization"):\n'
        '        with op.batch_alter_table(table, recreate="auto") as batch:\n'
        '            batch.add_column(sa.Column("tried", sa.Integer))\n'
        '        if op.get_bind().dialect.name == "sqlite":\n'
        '            with op.batch_alter_table(table, recreate="always") as batch:\n'
        '                batch.drop_column("tried")'
    )
    flask_migrate.upgrade(directory=folder)
    assert counted() == before
    with db.engine.connect() as connection:  # and connections go on to keep foreign keys
        if connection.dialect.name == "sqlite":
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_a_migration_that_fails_half_way_changes_nothing(
    unmigrated: Flask, migrations_with: Callable[[str], str]
) -> None:
    flask_migrate.upgrade()
    populate()
    rows, before = counted(), schema()
    folder = migrations_with('op.drop_table("uploaded_file"); op.execute("SELECT broken")')
    with pytest.raises(sa.exc.DBAPIError):
        flask_migrate.upgrade(directory=folder)
    assert counted() == rows
    assert schema() == before


def test_a_migration_that_breaks_a_foreign_key_is_undone(
    on: str, unmigrated: Flask, migrations_with: Callable[[str], str]
) -> None:
    flask_migrate.upgrade()
    populate()
    rows = counted()
    folder = migrations_with('op.execute("DELETE FROM certification_type")')
    expected = SystemExit if on == "sqlite" else sa.exc.IntegrityError
    with pytest.raises(expected):
        flask_migrate.upgrade(directory=folder)
    assert counted() == rows


def test_the_search_index_follows_the_members(unmigrated: Flask, on: str) -> None:
    flask_migrate.upgrade()
    by_trigram = "SELECT rowid FROM member_search WHERE search_text MATCH :words"
    in_place = "SELECT id FROM member WHERE search_text LIKE '%' || trim(:words, '\"') || '%'"
    with db.engine.begin() as connection:
        member = Rows(connection).add("member", search_text="ada lindgren")

        def found(words: str) -> list[int]:
            statement = sa.text(by_trigram if on == "sqlite" else in_place)
            return list(connection.execute(statement, {"words": f'"{words}"'}).scalars())

        assert found("lindg") == [member["id"]]
        members = Base.metadata.tables["member"]
        connection.execute(members.update().values(search_text="ada hopper"))
        assert found("lindg") == []
        assert found("hopp") == [member["id"]]
        connection.execute(members.delete())
        assert found("hopp") == []

"""Every table, there and back: value for value, on every pair of databases, with all that guards them afterwards."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from records.carrying import rows, schema
from records.carrying.backup_folder import BackupFolder
from records.carrying.loading import loading
from records.database import db
from records.errors.backups import BackupInconsistent
from records.models import Base
from records.services import backups, restoring
from tests.conftest import make_app, upgrade
from tests.elsewhere import MakeElsewhere, at, rows_in, rows_of
from tests.rows import Rows
from tests.test_migrations import decide, populate
from tests.test_migrations import schema as schema_of

LEFT_BEHIND = {"sign_in", "throttle_count", "job_state", "kept_figures"}
# Values at the edges of what travels, by column.
EDGES: dict[str, dict[str, Any]] = {
    "certification": {
        "number": "'; DROP TABLE member; -- %s :x \\ \"\t\n ÅÅ 消防 \U0001f692",
        "expires_on": date(9999, 12, 31), "recorded_on": date(2024, 2, 29),
        "created_at": datetime(1999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    },
    "organization": {"largest_file": 2**62},
    "register_import": {"counts": {"b": 1.5, "a": ["é", None, True, 10**20, "\u2028\x00", {}]}},
    "member": {"unwanted_mail": [], "language": None},
}  # fmt: skip


def fill() -> None:
    """Rows in every table, with decided certificates, values at the edges, and numbers of rows that are gone."""
    populate()
    decide()
    with db.engine.begin() as connection:
        for name, values in EDGES.items():
            connection.execute(Base.metadata.tables[name].update().values(**values))
        connection.execute(sa.text("INSERT INTO unit (organization_id, name, folded_name) VALUES (1, 'last', 'last')"))
        connection.execute(sa.text("DELETE FROM unit WHERE name = 'last'"))


def take(app: Flask, folder: Path) -> BackupFolder:
    """Rows only: none of the files has bytes here."""
    with at(app):
        backup, taken = backups.take(folder)
    assert taken.files == 0
    assert taken.missing
    return backup


def restore(app: Flask, backup: BackupFolder) -> None:
    with at(app):
        restoring.restore(backup)


def guards_of(app: Flask) -> set[Any]:
    with at(app):
        found = set(schema_of())
        if db.engine.dialect.name == "postgresql":
            with db.engine.connect() as connection:
                enabled = "SELECT 'enabled', tgname, tgenabled, tgrelid::regclass::text FROM pg_trigger"
                found |= {tuple(row) for row in connection.exec_driver_sql(enabled) if "RI_" not in row[1]}
        return found


@pytest.fixture(scope="module")
def source(on: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Flask:
    """Whatever tests add to it, or take from it: they look at what is there before."""
    settings = {"database_url": request.getfixturevalue("lasting_postgresql")} if on == "postgresql" else {}
    app = make_app(tmp_path_factory.mktemp("source"), **settings)
    upgrade(app)
    with at(app):
        fill()
    return app


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_there_and_back_every_row_is_the_same(
    source: Flask, kind: str, elsewhere: MakeElsewhere, tmp_path: Path
) -> None:
    before, target, fresh = rows_of(source), elsewhere(kind, bare=True), elsewhere(kind)
    with at(source), db.engine.connect() as connection:
        given_out = rows.numbers_given_out(connection)
    assert all(found for found in before.values())
    expected = {name: [] if name in LEFT_BEHIND else found for name, found in before.items()}
    there = take(source, tmp_path / "there")
    assert rows_in(there) == expected
    restore(target, there)
    assert rows_of(target) == expected
    back = take(target, tmp_path / "back")
    assert rows_in(back) == expected
    upgrade(fresh)
    assert guards_of(target) == guards_of(fresh)
    with at(target):
        _ids_go_on(given_out)
        _members_are_found()
        _the_frozen_stays_frozen()


def _ids_go_on(given_out: dict[str, int]) -> None:
    """Nothing gets the number of what was there, not even of what was deleted since."""
    with db.engine.begin() as connection:
        gone = connection.scalar(sa.text("SELECT max(id) FROM unit")) + 1
        assert given_out["unit"] == gone
        assert Rows(connection, first=70_000).add("unit")["id"] == gone + 1
        here = rows.numbers_given_out(connection)
        for name, table in rows.tables(connection).items():
            if "id" in table.c and name not in LEFT_BEHIND:
                largest = connection.scalar(sa.select(sa.func.max(table.c.id)))
                assert here.get(name, largest) >= max(largest, given_out.get(name, 0) if name in here else 0)


def _members_are_found() -> None:
    with db.engine.begin() as connection:
        member = connection.execute(sa.text("SELECT id, search_text FROM member ORDER BY id")).first()
        if connection.dialect.name == "sqlite":
            asked = sa.text("SELECT rowid FROM member_search WHERE rowid = :id")
            assert connection.execute(asked, {"id": member.id}).scalar() == member.id
            connection.exec_driver_sql("INSERT INTO member_search(member_search, rank) VALUES ('integrity-check', 1)")


def _the_frozen_stays_frozen() -> None:
    for statement in ("DELETE FROM audit_event", "UPDATE credit_entry SET amount = 1", "DELETE FROM revision"):
        with pytest.raises(sa.exc.DBAPIError), db.engine.begin() as connection:
            connection.exec_driver_sql(statement)
    with pytest.raises(sa.exc.IntegrityError), db.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE certification SET member_id = 999999")


def test_a_backup_of_an_older_version_is_restored_and_brought_up(
    source: Flask, on: str, elsewhere: MakeElsewhere, tmp_path: Path
) -> None:
    with at(source):
        schema.bring_to(db.engine, "0004")
    before = take(source, tmp_path)
    assert before.manifest().migration == "0004"
    target = elsewhere(on)
    upgrade(target)  # an empty installation that is newer than the backup
    restore(target, before)
    upgrade(source)
    assert rows_of(target) == {name: [] if name in LEFT_BEHIND else found for name, found in rows_of(source).items()}
    assert guards_of(target) == guards_of(source)


def test_what_is_written_after_the_snapshot_is_not_in_it(source: Flask) -> None:
    with at(source), rows.snapshot(db.engine) as snapshot:
        before = snapshot.scalar(sa.text("SELECT count(*) FROM unit"))
        with db.engine.begin() as connection:
            for name in ("unit", "member", "audit_event"):
                Rows(connection, first=70_000).add(name)
        assert snapshot.scalar(sa.text("SELECT count(*) FROM unit")) == before
        with pytest.raises(sa.exc.DBAPIError) if on_postgresql() else pytest.raises(sa.exc.OperationalError):
            snapshot.execute(sa.text("UPDATE unit SET name = 'x'"))


def on_postgresql() -> bool:
    return bool(db.engine.dialect.name == "postgresql")


def test_rows_that_name_what_is_not_there_are_not_loaded(
    on: str, source: Flask, elsewhere: MakeElsewhere, tmp_path: Path
) -> None:
    there, target = take(source, tmp_path), elsewhere(on)
    with contextlib.closing(sqlite3.connect(there.path / "database.sqlite")) as connection, connection:
        connection.execute("DELETE FROM certification_type")
    upgrade(target)
    before = guards_of(target)
    with at(target):
        with pytest.raises(BackupInconsistent), there.database() as rows_there, loading(db.engine) as connection:
            rows.copy_rows(rows_there, connection)
        with db.engine.connect() as connection:
            assert rows.filled(connection) is None
    assert guards_of(target) == before


def test_json_travels_to_the_letter(on: str, elsewhere: MakeElsewhere, tmp_path: Path) -> None:
    """Spaces, the order of names and the writing of numbers, too."""
    app, written = elsewhere(on), '{"b":1.50,  "a": [1e3, "\\u00e9", "é"]}'
    upgrade(app)
    with at(app):
        with db.engine.begin() as connection:
            Rows(connection).add("register_import")
            connection.execute(sa.text("UPDATE register_import SET counts = :written"), {"written": written})
        backup, _taken = backups.take(tmp_path)
    with backup.database() as connection:
        assert connection.scalar(sa.text("SELECT counts FROM register_import")) == written
    assert json.loads(written) == {"b": 1.5, "a": [1000.0, "é", "é"]}

"""flask move: all arrives, whatever the two sides are, what stands in the way is said, and this side stays as it is."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import unquote, urlparse

import pytest
import sqlalchemy as sa
from flask import Flask

from records import clock
from records.database import db, organization_scope, transaction
from records.models import CertificationType, Member, Message, MessageKind, Scan, StoredFile
from records.services import moving, sealing
from records.services.moving import Elsewhere, Moved
from records.storage import storage
from tests import stored
from tests.cast import PASSWORD, Cast
from tests.clients import SignedClient
from tests.durability.disks import Disk
from tests.elsewhere import MakeElsewhere, at, certificates_and_a_preview, files_here, keys_of, killed, rows_of, run
from tests.holdings import give, pdf, picture
from tests.object_store import ObjectStore


@pytest.fixture
def scene(app: Flask, cast: Cast) -> Cast:
    """A certification with two files."""
    give(cast.max, cast.emt, 300, number="E-1", files={"front.png": picture(), "card.pdf": pdf()})
    return cast


@pytest.fixture
def world(app: Flask, cast: Cast, scene: Cast) -> Cast:
    """Files, certificates in every state, a preview, a session, sealed events, a message that waits."""
    certificates_and_a_preview(cast)
    with transaction() as session:
        session.add(
            Message(kind=MessageKind.INVITATION, to_address="new@example.org", created_at=clock.now(),
                    due_at=clock.now(), facts={"name": "New", "path": "/invitation/secret"})
        )  # fmt: skip
    SignedClient(app).enter(cast.ada)
    sealing.seal()
    return cast


def _give_more(ids: dict[str, int], files: dict[str, bytes]) -> None:
    """Another certification, in whichever installation we are inside of."""
    with organization_scope(ids["fire"]):
        member, type_ = db.session.get_one(Member, ids["max"]), db.session.get_one(CertificationType, ids["emt"])
        give(member, type_, 300, number="late", files=files)


def _urls(app: Flask) -> dict[str, str]:
    return {"database_url": str(app.config["SQLALCHEMY_DATABASE_URI"]), "scans_url": app.config["SCANS_URL"]}


def _said(app: Flask, to: Flask, *, code: int = 0, **others: str) -> str:
    """What the command said, which ended with this exit code."""
    where = _urls(to) | others
    said = run(app, "move", "--database", where["database_url"], "--scans", where["scans_url"])
    assert said.exit_code == code, said.output + repr(said.exception)
    assert not said.exception or isinstance(said.exception, SystemExit), repr(said.exception)
    return said.output


def _moved(app: Flask, to: Flask, **others: str) -> Moved:
    """The verb alone, which found both sides to be the same."""
    there = app.extensions["elsewhere"](**_urls(to) | others, jobs_url="memory://")
    with there.app_context():
        place = Elsewhere(db.engine, storage())
    with at(app):
        done = moving.move(place)
    place.engine.dispose()
    assert done.here == done.there
    return done


def _move(app: Flask, to: Flask) -> None:
    _moved(app, to)


def _folder(app: Flask) -> Path:
    return Path(unquote(urlparse(app.config["SCANS_URL"]).path))


def _files(app: Flask) -> dict[str, bytes]:
    with at(app):
        return files_here()


def _is_empty(app: Flask) -> bool:
    return not any(rows_of(app).values())


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_all_arrives_is_proven_goes_back_and_goes_on_there(
    app: Flask, world: Cast, elsewhere: MakeElsewhere, kind: str
) -> None:
    to, rows, files = elsewhere(kind), rows_of(app), _files(app)
    said = _said(app, to)
    assert rows_of(to) == rows
    assert rows["sign_in"]
    assert _files(to) == files
    assert (rows_of(app), _files(app)) == (rows, files), "something was written on this side"
    assert "flask check here:" in said
    assert "flask check there:" in said
    assert "Both hold the same, and nothing was written here meanwhile." in said
    assert f"SCANS_URL={to.config['SCANS_URL']}" in said
    assert re.search(r"\b[1-9]\d* messages wait to be mailed: jobs of either side would", said)
    assert ":plain@" not in said
    _moved(to, back := elsewhere("sqlite"))
    assert (rows_of(back), _files(back)) == (rows, files)
    assert ("DATABASE_URL=postgresql+psycopg://plain_owner:***@" in said) is (kind == "postgresql")
    _works(app.extensions["elsewhere"](**_urls(to), jobs_url="memory://"), world.max.email)


def _works(moved: Flask, email: str) -> None:
    """Somebody signs in and downloads their scan; what is new gets a number of its own."""
    client = SignedClient(moved)
    with at(moved):
        assert client.post("/login", data={"email": email, "password": PASSWORD}).status_code == 302
        with db.engine.connect() as connection:
            scan = connection.execute(sa.select(Scan.id, Scan.name, StoredFile.key, StoredFile.sha256)
                .join(StoredFile, StoredFile.id == Scan.stored_file_id).order_by(Scan.id)).first()  # fmt: skip
            largest = connection.scalar(sa.text("SELECT max(id) - count(*) FROM audit_event"))
        with client.get(f"/scan/{scan.id}/download") as answer, storage().open(scan.key) as stream:
            assert answer.status_code == 200
            assert answer.get_data() == stream.read()
        assert largest == 0
        with db.engine.connect() as connection:
            assert connection.scalar(sa.text("SELECT max(id) - count(*) FROM audit_event")) == 0
        assert run(moved, "check").exit_code == 0


def test_from_a_folder_into_a_bucket_and_back(app: Flask, store: ObjectStore, tmp_path: Path, cast: Cast) -> None:
    """The settings of the bucket are those of this side, whose scans lie in a folder yet."""
    in_bucket, ids = store.settings("moved"), cast.ids()
    here = app.extensions["elsewhere"](scans_url=(tmp_path / "folder").as_uri(), jobs_url="memory://")
    with at(here):
        _give_more(ids, files={"front.png": picture(), "large": b"x" * 3_000_000})
    rows, files, to = rows_of(here), _files(here), tmp_path / "moved.db"
    _said(here, here, database_url=f"sqlite:///{to}", scans_url=in_bucket["scans_url"])
    there = app.extensions["elsewhere"](
        database_url=f"sqlite:///{to}", scans_url=in_bucket["scans_url"], jobs_url="memory://"
    )
    assert (rows_of(there), _files(there)) == (rows, files)
    back = {"database_url": f"sqlite:///{tmp_path}/back.db", "scans_url": (tmp_path / "back").as_uri()}
    _said(there, there, **back)
    assert _files(app.extensions["elsewhere"](**back, jobs_url="memory://")) == files


def test_only_the_database_may_move(app: Flask, scene: Cast, elsewhere: MakeElsewhere) -> None:
    to, files = elsewhere("sqlite"), _files(app)
    assert "0 files were carried" in _said(app, to, scans_url=app.config["SCANS_URL"])
    assert _files(app) == files
    assert rows_of(to) == rows_of(app)


def test_what_is_written_meanwhile_is_counted(
    app: Flask, scene: Cast, elsewhere: MakeElsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And a second move, into an emptied database, takes it along without carrying again what is there."""
    first, again, carry_bytes = elsewhere("sqlite"), elsewhere("sqlite"), moving._carry_bytes

    ids = scene.ids()

    def while_people_work(*args: Any) -> None:
        _give_more(ids, files={"late": b"late"})
        carry_bytes(*args)

    with monkeypatch.context() as patched:
        patched.setattr(moving, "_carry_bytes", while_people_work)
        said = _said(app, first, code=3)
    assert "something was written here, in audit_detail, audit_event, certification, scan, stored_file." in said
    before = {path: path.stat().st_ino for path in _folder(first).glob("*/*")}
    assert before
    _moved(app, again, scans_url=first.config["SCANS_URL"])
    assert rows_of(again) == rows_of(app)
    assert _files(first) == _files(app)
    assert {path: path.stat().st_ino for path in before} == before


@pytest.mark.once
def test_a_move_that_was_done_is_proven_again(app: Flask, scene: Cast, elsewhere: MakeElsewhere) -> None:
    to = elsewhere("sqlite")
    _moved(app, to)
    assert "An earlier move carried everything already." in _said(app, to)


# What is wrong is named


def test_files_that_are_missing_here_are_named(app: Flask, scene: Cast, elsewhere: MakeElsewhere) -> None:
    to, (lost, bent, *others) = elsewhere("sqlite"), keys_of(app)
    storage().delete(lost)
    stored.tamper(bent, b"others")
    said = _said(app, to, code=1)
    assert f"stored_file 1: its bytes are missing ({lost})" in said
    assert f"stored_file 2: its bytes are not those that arrived ({bent})" in said
    assert "stored_file 1: bytes_missing" in said
    assert rows_of(to) == rows_of(app)
    assert set(_files(to)) >= set(others)


@pytest.mark.once
def test_what_arrived_as_something_else_is_named(
    app: Flask, scene: Cast, elsewhere: MakeElsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    to, carry_bytes = elsewhere("sqlite"), moving._carry_bytes

    def wrongly(target: sa.Connection, *args: Any) -> None:
        for change in ("organization SET name = 'Another'", "unit SET name = 'Nine'", "scan SET rotation = 90"):
            target.execute(sa.text(f"UPDATE {change}"))
        carry_bytes(target, *args)

    monkeypatch.setattr(moving, "_carry_bytes", wrongly)
    said = _said(app, to, code=1)
    assert "These are not the same:" in said
    named = re.findall(r"^  (tables|organizations), (\w+): ", said, flags=re.MULTILINE)
    assert sorted(named) == [
        ("organizations", "1"), ("organizations", "2"), ("tables", "organization"), ("tables", "scan"),
        ("tables", "unit"),
    ]  # fmt: skip
    assert "To go on there" not in said


def test_what_the_sweep_took_meanwhile_is_no_loss(
    app: Flask, scene: Cast, elsewhere: MakeElsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It begins again with a newer snapshot; what had been carried by then goes with a sweep over there."""
    to, key, carry_bytes = elsewhere("sqlite"), keys_of(app)[0], moving._carry_bytes

    def swept(*args: Any) -> None:
        if key in stored.names():
            with db.engine.begin() as connection:
                connection.execute(sa.text("DELETE FROM scan WHERE stored_file_id = 1"))
                connection.execute(sa.text("DELETE FROM stored_file WHERE id = 1"))
            storage().delete(key)
        carry_bytes(*args)

    monkeypatch.setattr(moving, "_carry_bytes", swept)
    _moved(app, to)
    assert rows_of(to) == rows_of(app)
    assert _files(to).keys() == _files(app).keys()


# Refusals: nothing is overwritten, and nothing happens here


@pytest.fixture
def as_it_was(app: Flask, scene: Cast) -> Iterator[None]:
    rows, files = rows_of(app), _files(app)
    yield
    assert (rows_of(app), _files(app)) == (rows, files)


def test_what_is_not_empty_is_refused(app: Flask, as_it_was: None, elsewhere: MakeElsewhere, on: str) -> None:
    to, other = elsewhere("sqlite"), elsewhere(on, bare=True)
    with at(to), db.engine.begin() as connection:
        connection.execute(sa.text("INSERT INTO throttle_count (key, began_at, count) VALUES ('a', '2027-03-21', 1)"))
    rows = rows_of(to)
    assert "its database has rows, such as in the table throttle_count" in _said(app, to, code=1)
    assert rows_of(to) == rows
    with at(other), db.engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE precious (id INTEGER)"))
    assert "tables that are not Certfolio's" in _said(app, other, code=1)
    assert list(rows_of(other)) == ["precious"]
    assert "already has" in _said(app, app, code=1)


@pytest.mark.once
def test_bytes_of_others_are_refused_and_those_of_an_earlier_try_are_not(
    app: Flask, as_it_was: None, elsewhere: MakeElsewhere
) -> None:
    to = elsewhere("sqlite")
    other = _folder(to) / "1" / ("0" * 64)
    other.parent.mkdir(parents=True)
    other.write_bytes(b"precious")
    assert f"its storage has other bytes, such as 1/{'0' * 64}" in _said(app, to, code=1)
    assert other.read_bytes() == b"precious"
    assert _is_empty(to)
    mark = other.parent.parent / moving._UNDER_WAY
    mark.parent.mkdir()
    mark.write_bytes(b"A move is under way.")
    _moved(app, to)
    assert not mark.exists()


@pytest.mark.once
def test_a_database_of_a_newer_version_is_refused(app: Flask, as_it_was: None, elsewhere: MakeElsewhere) -> None:
    to = elsewhere("sqlite")
    with at(to), db.engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '0999'"))
    assert "by a newer version (migration 0999)" in _said(app, to, code=1)


def test_an_installation_that_was_not_brought_up_is_refused(elsewhere: MakeElsewhere) -> None:
    assert "Run “flask db upgrade” first." in _said(elsewhere("sqlite", bare=True), elsewhere("sqlite"), code=1)


@pytest.mark.once
def test_what_cannot_be_reached_is_said_without_its_password(
    app: Flask, as_it_was: None, elsewhere: MakeElsewhere, tmp_path: Path
) -> None:
    to, nowhere = (
        elsewhere("sqlite"),
        "postgresql://certfolio:TopSecret@127.0.0.1:1/certfolio?application_name=TopSecret",
    )
    for url in (nowhere, f"sqlite:///{tmp_path}/none/at/all.db"):
        assert "The other side cannot be used (" in (said := _said(app, to, code=1, database_url=url))
        assert "TopSecret" not in said
    (tmp_path / "file").touch()
    assert "The move was cut short (" in _said(app, to, code=1, scans_url=(tmp_path / "file").as_uri())
    assert _is_empty(to)
    said = _said(app, to, code=1, database_url="mysql://certfolio:TopSecret@host/name")
    assert "DATABASE_URL: use " in said
    assert "TopSecret" not in said


@pytest.mark.once
@pytest.mark.parametrize("full", ["database_url", "scans_url"])
def test_a_full_disk_is_said_and_the_move_started_again(
    app: Flask, as_it_was: None, elsewhere: MakeElsewhere, tmp_path: Path, full: str
) -> None:
    to, disk = elsewhere("sqlite"), Disk(tmp_path / "disk", size=800 if full == "database_url" else 12)
    there = f"sqlite:///{disk.path}/moved.db" if full == "database_url" else (disk.path / "scans").as_uri()
    try:
        assert "There is no room left on the other side." in _said(app, to, code=1, **{full: there})
        disk.resize(50_000)
        _moved(app, to, **{full: there})
    finally:
        disk.take_away()


@pytest.mark.parametrize("kills", [2, pytest.param(200, marks=pytest.mark.long)])
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_killed_move_leaves_all_or_nothing_and_is_started_again(
    app: Flask, cast: Cast, elsewhere: MakeElsewhere, kind: str, kills: int
) -> None:
    give(cast.max, cast.emt, 300, files={f"{number}": bytes([number]) * 9000 for number in range(20)})
    rows, files, draw, to = rows_of(app), _files(app), Random(kills), elsewhere(kind)
    began = time.monotonic()
    _move(app, to)
    took, to = time.monotonic() - began, elsewhere(kind)
    for _ in range(kills):
        killed(_move, app, to, within=took, draw=draw)
        assert (rows_of(app), _files(app)) == (rows, files)
        if not _is_empty(to):
            assert rows_of(to) == rows
            assert _files(to) == files
            to = elsewhere(kind)
    _moved(app, to)
    assert rows_of(to) == rows
    assert _files(to) == files

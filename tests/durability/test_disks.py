"""Disks that are full, read-only, gone, empty, slow or lossy: each is said in words, and nothing is half done."""

from __future__ import annotations

import io
import json
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
import requests
from flask import Flask
from sqlalchemy import select, update
from werkzeug.wrappers import Response

from records.database import choose_organization, db, transaction
from records.models import Member, Scan
from records.storage import storage
from records.storage.folder import FolderStorage
from tests import certificates
from tests.cast import Cast
from tests.clients import SignedClient
from tests.conftest import make_app
from tests.durability.actions import BY_PEOPLE, Scene, rows, stored_by_rows, stored_files, sweep_everything
from tests.durability.disks import Disk
from tests.durability.processes import Door, Visitor, traced
from tests.holdings import give
from tests.portal.conftest import GIVEN
from tests.registers import HEADER

pytestmark = pytest.mark.usefixtures("in_a_folder")

KEY = "k" * 22
SMALL, LARGE = 600, 4000  # KiB
CONTENT = b"x" * 500_000
REGISTER = (HEADER + "Max Miller,A-1,EMT-Basic,,2030-01-31\n" * 10_000).encode()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    mounted = Disk(tmp_path / "disk", size=SMALL)
    yield mounted
    mounted.take_away()


@pytest.fixture
def on_a_disk(app: Flask, cast: Cast, disk: Disk, monkeypatch: pytest.MonkeyPatch) -> FolderStorage:
    """The storage lies on the small disk, with nothing in it but its first file."""
    door = FolderStorage(disk.path / "scans")
    monkeypatch.setitem(app.extensions, "storage", door)
    give(cast.max, cast.emt, 400, files={"card.txt": b"as it was"})
    return door


Send = Callable[[], Response]


@pytest.fixture
def doors(app: Flask, cast: Cast, on_a_disk: FolderStorage) -> dict[str, Send]:
    return doors_of(app, cast)


def doors_of(app: Flask, cast: Cast) -> dict[str, Send]:
    """All ways by which a file comes in, by name; there is one already."""
    ceu = certificates.credit_type()
    scan = db.session.scalars(select(Scan)).one()
    certification, member = scan.its_certification.id, cast.max.id
    ada, learner = SignedClient(app), SignedClient(app)
    ada.enter(cast.ada)
    learner.enter(cast.max)

    def sends(client: SignedClient, path: str, content: bytes = CONTENT, field: str = "files", **data: Any) -> Send:
        def send() -> Response:
            choose_organization(cast.fire.id)
            return client.post(path, data={"key": KEY, **data, field: (io.BytesIO(content), "new.csv")})

        return send

    return {
        "files of a certification": sends(ada, f"/admin/certifications/{certification}/files"),
        "one file of a certification": sends(ada, f"/admin/certifications/{certification}/files/one"),
        "wizard": sends(ada, f"/admin/members/{member}/upload"),
        "one file of the wizard": sends(ada, f"/admin/members/{member}/upload/files"),
        "submission": sends(learner, "/portfolio/certificates/new", **GIVEN, credit_type_id=str(ceu.id)),
        "one file of a submission": sends(learner, "/portfolio/certificates/files"),
        "import": sends(ada, "/admin/imports/", REGISTER, "file"),
    }


@pytest.fixture
def refused_as_it_was(app: Flask, doors: dict[str, Send]) -> Callable[[int], None]:
    """Every door refuses with this status, soon and in words, and rows and files stay as they were."""

    def refuse(status: int) -> None:
        before = rows(), stored_files()
        for name, send in doors.items():
            began = time.monotonic()
            answer = send()
            assert answer.status_code == status, name
            assert time.monotonic() - began < 20, name
            assert "The file storage" in answer.text, name
            assert "Nothing was changed" in answer.text, name
            if status == 503:
                assert int(answer.headers["Retry-After"]) > 0, name
            after = rows(), stored_files()
            assert after == before, name
        assert check(app)["ok"]

    return refuse


def check(app: Flask) -> dict[str, Any]:
    said = app.test_cli_runner().invoke(args=["check", "--json"])
    facts: dict[str, Any] = json.loads(said.stdout)
    assert said.exit_code == (0 if facts["ok"] else 1)
    return facts


def all_let_in(app: Flask, cast: Cast, doors: dict[str, Send]) -> None:
    for name, send in doors.items():
        assert send().status_code in (200, 201, 302), name
    choose_organization(cast.fire.id)
    facts = check(app)
    assert (facts["ok"], facts["stray"]) == (True, {"young": 0, "overdue": 0})
    assert stored_files() == stored_by_rows()


def test_a_full_storage_is_said_and_takes_files_again_once_there_is_room(
    app: Flask, cast: Cast, disk: Disk, doors: dict[str, Send], refused_as_it_was: Callable[[int], None]
) -> None:
    ballast = disk.path / "ballast"
    ballast.write_bytes(b"x" * 300_000)
    refused_as_it_was(507)
    disk.resize(LARGE)
    all_let_in(app, cast, doors)


def test_a_storage_that_cannot_be_written_is_said_and_still_read(
    app: Flask, cast: Cast, disk: Disk, doors: dict[str, Send], refused_as_it_was: Callable[[int], None]
) -> None:
    disk.resize(LARGE)
    disk.turn("ro")
    refused_as_it_was(503)
    assert download(app, cast).text == "as it was"
    disk.turn("rw")
    all_let_in(app, cast, doors)


def download(app: Flask, cast: Cast) -> Response:
    client = SignedClient(app)
    client.enter(cast.max)
    scan_id = db.session.scalars(select(Scan.id).order_by(Scan.id)).first()
    return client.get(f"/scan/{scan_id}/download", buffered=True)


@pytest.mark.parametrize("leaves", ["nothing", "an empty folder"])
def test_a_storage_that_is_gone_takes_nothing_in_and_is_used_again_once_it_is_back(
    app: Flask, cast: Cast, disk: Disk, doors: dict[str, Send], on_a_disk: FolderStorage, leaves: str
) -> None:
    """An empty folder is what a disk that is not mounted leaves: files in there would be out of reach afterwards."""
    disk.resize(LARGE)
    before, elsewhere = rows(), on_a_disk.root.with_name("elsewhere")
    on_a_disk.root.rename(elsewhere)
    if leaves == "an empty folder":
        on_a_disk.root.mkdir()
    for name, send in doors.items():
        assert send().status_code == 503, name
    page = download(app, cast)
    assert (page.status_code, "cannot be reached right now" in page.text) == (503, True)
    assert rows() == before
    kinds = {problem["kind"] for each in check(app)["organizations"] for problem in each["problems"]}
    assert kinds == {"bytes_missing"}
    if leaves == "an empty folder":
        on_a_disk.root.rmdir()  # nothing was put in there
    elsewhere.rename(on_a_disk.root)
    assert download(app, cast).text == "as it was"
    all_let_in(app, cast, doors)


def test_a_storage_that_lost_a_part_of_a_file_gives_none_of_it(
    app: Flask, cast: Cast, on_a_disk: FolderStorage
) -> None:
    (name,) = stored_files()
    path = on_a_disk.root / name
    path.write_bytes(b"as it")
    assert download(app, cast).status_code == 503
    kinds = {problem["kind"] for each in check(app)["organizations"] for problem in each["problems"]}
    assert kinds == {"bytes_differ"}
    path.write_bytes(b"as it was")
    assert download(app, cast).text == "as it was"
    assert check(app)["ok"]


class _Slow(FolderStorage):
    """Says when it has begun to take a file in, and waits until it may go on."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.begun, self.go_on = Event(), Event()

    def keep(self, received: Any, key: str) -> None:
        self.begun.set()
        assert self.go_on.wait(30)
        super().keep(received, key)


def test_a_slow_storage_holds_up_its_own_file_and_nobody_else(
    app: Flask,
    cast: Cast,
    on_a_disk: FolderStorage,
    doors: dict[str, Send],
    monkeypatch: pytest.MonkeyPatch,
    disk: Disk,
) -> None:
    disk.resize(LARGE)
    slow, statuses = _Slow(on_a_disk.root), []
    monkeypatch.setitem(app.extensions, "storage", slow)

    def send() -> None:
        with app.app_context():
            choose_organization(1)
            statuses.append(doors["files of a certification"]().status_code)

    sending = Thread(target=send)
    db.session.rollback()
    sending.start()
    assert slow.begun.wait(30)
    with transaction(patience=100) as session:  # would fail if anything of the database were held meanwhile
        session.execute(update(Member).where(Member.id == cast.mia.id).values(suffix="II"))
    slow.go_on.set()
    sending.join()
    assert statuses == [302]
    assert storage() is slow
    assert stored_files() == stored_by_rows()


def test_no_room_for_what_is_on_its_way_is_said(
    app: Flask, cast: Cast, door: Door, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system keeps a large request on a disk of its own choosing while it arrives."""
    visitor, path, files = (
        Visitor.of(app, cast.ada),
        f"/admin/members/{cast.max.id}/upload",
        {"files": b"x" * 1_000_000},
    )
    before = rows(), stored_files()
    monkeypatch.setattr(tempfile, "tempdir", str(disk.path))
    with door.served():
        assert door.post(path, visitor, {}, files) == 507
        assert (rows(), stored_files()) == before
        disk.resize(LARGE)
        assert door.post(path, visitor, {}, files) == 302
    assert stored_files() == stored_by_rows()


# The database's own disk, where it is SQLite


@pytest.fixture
def on_its_own_disk(app: Flask, cast: Cast, on: str, disk: Disk) -> Iterator[tuple[Flask, SignedClient]]:
    """Another application, whose database lies on the small disk, and Ada in it."""
    disk.resize(LARGE)
    source = Path(app.config["DATA_DIR"]) / "certfolio.db"
    db.session.rollback()
    with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(disk.path / "certfolio.db")) as other:
        one.backup(other)
    another = make_app(disk.path, scans_url=(disk.path.parent / "scans").as_uri())
    with another.app_context():
        choose_organization(cast.fire.id)
        client = SignedClient(another)
        client.enter(cast.ada)
        yield another, client
        db.session.remove()
        db.engine.dispose()


def _name_a_unit(client: SignedClient) -> int:
    return client.post("/admin/units/", data={"name": "Engine 9"}).status_code


@pytest.mark.once  # a database of SQLite
def test_a_database_without_room_is_said_and_recovers(on_its_own_disk: tuple[Flask, SignedClient], disk: Disk) -> None:
    another, client = on_its_own_disk
    before, ballast = rows(), disk.path / "ballast"
    with suppress(OSError), ballast.open("wb", buffering=0) as file:
        while file.write(b"x" * 4096):
            pass
    assert _name_a_unit(client) == 507
    assert client.get("/admin/units/").status_code == 200
    ballast.unlink()
    assert rows() == before
    assert _name_a_unit(client) == 302
    assert check(another)["ok"]


@pytest.mark.parametrize(("error", "status"), [("EIO", 503), ("ENOSPC", 507)])
@pytest.mark.parametrize("calls", ["pwrite64,fdatasync", "fsync", "rename", "write"])
def test_a_disk_that_fails_is_said_and_the_same_process_goes_on_once_it_works(
    scene: Scene, app: Flask, cast: Cast, door: Door, on: str, calls: str, error: str, status: int
) -> None:
    """The kernel answers so to the database's calls, to the storage's, or to all that write, such as the log's."""
    before, send = rows(), BY_PEOPLE["upload"].send
    assert send is not None
    with door.served() as process:
        assert requests.get(f"{door.url}/readyz", timeout=60).status_code == 200  # the database is open
        with traced(process, calls, Path("/dev/null"), "-e", f"inject={calls}:error={error}"):
            # A database server writes for itself, out of our reach.
            assert send(door, scene) == (302 if on == "postgresql" and calls.startswith("pwrite64") else status)
        assert check(app)["ok"]
        assert rows() == before or on == "postgresql"
        assert send(door, scene) == 302
    sweep_everything(cast)
    assert check(app)["ok"]
    assert stored_files() == stored_by_rows()

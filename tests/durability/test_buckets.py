"""A bucket that is gone, silent, slow, cut off or killed: it is said in words, and nothing is half done.

kill -9 of the program at each step, with a bucket under it: test_kills.py.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import pytest
import requests
from flask import Flask
from sqlalchemy import select

from records.database import db, every_organization
from records.models import Scan, StoredFile
from records.storage import bucket as buckets
from records.storage import ranges, storage
from records.storage.bucket import BucketStorage
from tests.beginnings import Beginnings
from tests.cast import Cast
from tests.durability.actions import DAY, Scene, rows, stored_by_rows, stored_files
from tests.durability.conftest import scene_name
from tests.durability.processes import Door, Point, Visitor, killed_at, points_in, traced
from tests.durability.proxy import Proxy
from tests.durability.test_disks import all_let_in, check, doors_of, download
from tests.durability.test_order import CALLS, Trace, sweep, unwanted
from tests.holdings import give
from tests.object_store import ObjectStore

AT_MOST = 20.0


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in use, but with a second for what has six."""
    monkeypatch.setitem(buckets._WAITS, "read_timeout", 1)


@pytest.fixture
def way(
    app: Flask, cast: Cast, store: ObjectStore, impatient: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Proxy]:
    """The way to the bucket, in which one file lies."""
    proxy = Proxy(urlsplit(store.endpoint).port or 0)
    door = BucketStorage.of({**app.config, "S3_ENDPOINT": f"http://127.0.0.1:{proxy.port}"})
    give(cast.max, cast.emt, 400, files={"card.txt": b"as it was"})
    with monkeypatch.context() as instead:
        instead.setitem(app.extensions, "storage", door)
        yield proxy
    proxy.close()


@pytest.mark.parametrize("how", ["gone", "silent"])
def test_a_bucket_out_of_reach_is_said_at_every_door_and_used_again_once_it_is_back(
    app: Flask, cast: Cast, way: Proxy, store: ObjectStore, how: str
) -> None:
    doors = doors_of(app, cast)
    before = rows(), stored_files()
    if how == "gone":
        way.server = 1
    else:
        way.on_words(b" /", "silent")
    way.end_all()
    asked = doors if how == "gone" else {"wizard": doors["wizard"]}
    for name, send in asked.items():
        began = time.monotonic()
        answer = send()
        assert answer.status_code == 503, name
        assert time.monotonic() - began < AT_MOST, name
        assert "The file storage" in answer.text, name
        assert int(answer.headers["Retry-After"]) > 0, name
    assert download(app, cast).status_code == 503
    said = app.test_cli_runner().invoke(args=["check"])
    assert (said.exit_code, "The file storage cannot be reached" in said.stderr) == (1, True)
    way.server = urlsplit(store.endpoint).port or 0
    way.mend()
    assert (rows(), stored_files()) == before
    assert download(app, cast).text == "as it was"
    all_let_in(app, cast, doors)


@pytest.mark.parametrize("then", ["cut", "deaf"])
def test_a_connection_that_is_cut_in_mid_upload_is_nobodys_business(
    app: Flask, cast: Cast, way: Proxy, then: str
) -> None:
    """Before the bucket hears of it, or after it took all in; what is sent again is the same, under the same key."""
    doors = doors_of(app, cast)
    way.on_words(b"PUT /", then)
    sending = Thread(target=lambda: (way.happened.wait(20), way.mend()))
    sending.start()
    assert doors["wizard"]().status_code == 302
    sending.join()
    assert stored_files() == stored_by_rows()
    assert check(app)["ok"]


def test_a_server_killed_in_mid_upload_leaves_nothing_and_is_used_again_once_it_is_back(
    app: Flask, cast: Cast, way: Proxy, store: ObjectStore
) -> None:
    doors = doors_of(app, cast)
    before = rows(), stored_files()
    with store.another_door() as (address, server):
        way.server = urlsplit(address).port or 0
        way.mend()
        way.on_words(b"x" * 1000, "silent")  # the headers of the file and a part of it are there
        killing = Thread(target=lambda: (way.happened.wait(20), server.kill(), way.end_all()))
        killing.start()
        assert doors["wizard"]().status_code == 503
        killing.join()
    assert way.happened.is_set()
    way.server = urlsplit(store.endpoint).port or 0
    way.mend()
    assert (rows(), stored_files()) == before
    all_let_in(app, cast, doors)


def test_a_way_that_breaks_again_and_again_brings_the_whole_file(app: Flask, cast: Cast, way: Proxy) -> None:
    content = os.urandom(900_000)
    give(cast.mia, cast.emt, 300, files={"large.bin": content})
    way.most = 200_000
    way.end_all()
    (key,) = stored_files() - {db.session.scalars(select(StoredFile.key).order_by(StoredFile.id)).first()}
    with storage().open(key) as stream:
        assert stream.read() == content


def test_who_downloads_a_file_that_breaks_off_for_good_is_never_told_that_it_is_whole(
    app: Flask, cast: Cast, way: Proxy, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranges, "_PIECE", 100_000)
    content = os.urandom(2_000_000)
    give(cast.mia, cast.emt, 300, files={"large.bin": content})
    scan_id = db.session.scalars(select(Scan.id).order_by(Scan.id.desc())).first()
    visitor = Visitor.of(app, cast.ada)
    cookies = {app.config["SESSION_COOKIE_NAME"]: visitor.cookie}
    with door.served():
        answer = requests.get(f"{door.url}/scan/{scan_id}/download", cookies=cookies, stream=True, timeout=60)
        assert answer.headers["Content-Length"] == str(len(content))
        pieces = answer.iter_content(50_000)
        assert next(pieces) == content[:50_000]
        way.server = 1
        way.end_all()
        with pytest.raises(requests.exceptions.RequestException):
            list(pieces)
        way.server = urlsplit(app.config["S3_ENDPOINT"]).port or 0
        answer = requests.get(f"{door.url}/scan/{scan_id}/download", cookies=cookies, timeout=60)
        assert answer.content == content


def test_a_slow_way_only_takes_longer(app: Flask, cast: Cast, way: Proxy) -> None:
    way.delay = 0.02
    assert doors_of(app, cast)["wizard"]().status_code == 302
    assert download(app, cast).text == "as it was"


def test_an_empty_bucket_beside_a_database_that_knows_of_files_takes_nothing_in(
    app: Flask, cast: Cast, store: ObjectStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As where SCANS_URL names another prefix by mistake."""
    give(cast.max, cast.emt, 400, files={"card.txt": b"as it was"})
    add = doors_of(app, cast)["files of a certification"]
    mistaken = BucketStorage.of({**app.config, "SCANS_URL": app.config["SCANS_URL"] + "-by-mistake"})
    with monkeypatch.context() as instead:
        instead.setitem(app.extensions, "storage", mistaken)
        assert add().status_code == 503
        assert mistaken.is_empty()
    assert add().status_code == 302


# The order


@pytest.mark.usefixtures("store")
def test_bytes_are_in_the_bucket_before_their_row_is_written(
    app: Flask, cast: Cast, door: Door, tmp_path: Path
) -> None:
    certification_id, visitor, log = give(cast.max, cast.emt, 400), Visitor.of(app, cast.ada), tmp_path / "trace"
    path = f"/admin/certifications/{certification_id}/files"
    with door.served() as process, traced(process, f"{CALLS},recvfrom", log):
        assert door.post(path, visitor, {}, {"files": ("new.txt", b"new")}) == 302
    trace = Trace(log)
    sent = trace.first("sendto", '"PUT /')
    answered = trace.first("recvfrom", '"HTTP/1.1 200 OK', after=sent)
    written = trace.first("sendto", "INSERT INTO stored_file")
    assert sent < answered < written < trace.commits()[-1]


@pytest.mark.usefixtures("store")
def test_a_row_goes_before_its_bytes(app: Flask, scene: Scene, beginnings: Beginnings, tmp_path: Path) -> None:
    """Killed in the very moment in which the first bytes would go: their row is gone for good, the bytes are there."""
    key, log = unwanted(), tmp_path / "trace"
    assert sweep(app, later=2 * DAY, around=lambda process: traced(process, "sendto", log)) == 0
    assert key not in stored_files()
    first = next(point for point in points_in(log, '"DELETE /'))
    beginnings.bring_back(scene_name())
    key = unwanted()
    assert sweep(app, later=2 * DAY, around=lambda process: killed_at(process, Point("sendto", first.number))) == -9
    db.session.rollback()
    with every_organization():
        assert db.session.scalar(select(StoredFile.id).where(StoredFile.key == key)) is None
    assert key in stored_files()

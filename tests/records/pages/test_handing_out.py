"""Who hands out scans: nobody gets more by a link or from nginx than the program itself would give, nor less."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
import requests
import sqlalchemy as sa
from flask import Flask

from records.database import db, found, transaction
from records.models import AuditEvent, AuditKind, Scan, StoredFile, VirusScan
from records.services import members, previews
from records.storage import storage
from tests import samples, stored
from tests.cast import Cast
from tests.durability.processes import Door, Visitor
from tests.holdings import give
from tests.object_store import ObjectStore

DOCS = Path(__file__).parents[3] / "docs" / "storage.md"
SCRIPT = b"<script>alert(1)</script>"
PICTURE = samples.picture(size=(600, 400), colour="olive")


def scans_of(cast: Cast, **files: bytes) -> list[int]:
    give(cast.max, cast.emt, 200, files=dict(files.items()))
    return list(db.session.scalars(sa.select(Scan.id).order_by(Scan.id)))


# Links


@pytest.fixture
def links(app: Flask, store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> str:
    """The origin of the store."""
    monkeypatch.setitem(app.config, "SCANS_SENT_BY", "links")
    return store.endpoint


def viewed() -> int:
    db.session.rollback()
    kinds = sa.select(sa.func.count()).where(AuditEvent.kind == AuditKind.SCAN_VIEWED)
    return db.session.scalar(kinds) or 0


def test_a_download_leads_to_the_store_after_it_is_on_record(cast: Cast, browse: Any, links: str) -> None:
    (scan_id,) = scans_of(cast, card=SCRIPT)
    answer = browse(cast.ada).get(f"/scan/{scan_id}/download")
    assert answer.status_code == 303
    address = answer.headers["Location"]
    assert address.startswith(f"{links}/")
    assert viewed() == 1
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    got = requests.get(address, timeout=10)
    assert (got.status_code, got.content) == (200, SCRIPT)
    assert got.headers["Content-Type"] == "application/octet-stream"
    assert got.headers["Content-Disposition"].startswith("attachment")
    assert "Set-Cookie" not in got.headers


@pytest.mark.parametrize("name", samples.NAMES)
def test_every_name_is_the_same_by_a_link(
    app: Flask, cast: Cast, browse: Any, links: str, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (scan_id,) = scans_of(cast, card=b"a")
    with transaction():
        db.session.get_one(Scan, scan_id).name = name[:255]
    client = browse(cast.max)
    got = requests.get(client.get(f"/scan/{scan_id}/download").headers["Location"], timeout=10)
    monkeypatch.setitem(app.config, "SCANS_SENT_BY", "program")
    with client.get(f"/scan/{scan_id}/download") as answer:
        assert got.headers["Content-Disposition"] == answer.headers["Content-Disposition"]


def test_who_may_not_gets_no_address(cast: Cast, browse: Any, links: str) -> None:
    (scan_id,) = scans_of(cast, card=b"a")
    for name, status in (("mia", 404), ("other_max", 404), ("", 302)):
        answer = browse(getattr(cast, name) if name else None).get(f"/scan/{scan_id}/download")
        assert answer.status_code == status
        assert links not in answer.headers.get("Location", "")
    with transaction():
        db.session.execute(sa.update(StoredFile).values(virus_scan=VirusScan.INFECTED, virus="Eicar"))
    answer = browse(cast.ada).get(f"/scan/{scan_id}/download")
    assert (answer.status_code, "Location" in answer.headers) == (409, False)


def test_who_was_deactivated_gets_no_further_address(cast: Cast, browse: Any, links: str) -> None:
    (scan_id,) = scans_of(cast, card=b"a")
    client = browse(cast.max)
    assert client.get(f"/scan/{scan_id}/download").headers["Location"].startswith(links)
    members.deactivate(cast.max, by=cast.actor(cast.ada))
    answer = client.get(f"/scan/{scan_id}/download")
    assert (answer.status_code, links in answer.headers.get("Location", "")) == (302, False)


def test_what_is_shown_comes_from_the_program_with_its_policy(cast: Cast, browse: Any, links: str) -> None:
    """Also what the store would be asked for with another method, and archives."""
    (scan_id,) = scans_of(cast, card=PICTURE)
    previews.draw_previews()
    client = browse(cast.max)
    for door in ("file", "preview", "thumbnail"):
        with client.get(f"/scan/{scan_id}/{door}") as answer:
            assert answer.status_code == 200
            assert answer.headers["Content-Security-Policy"].endswith("sandbox")
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert client.head(f"/scan/{scan_id}/download").status_code == 200
    with client.get(f"/member/{cast.max.id}/scans/download") as answer:
        assert PICTURE in answer.data
    assert links not in client.get(f"/scan/{scan_id}").headers["Content-Security-Policy"]


def test_a_file_that_is_lost_or_cut_is_said_and_leads_nowhere(cast: Cast, browse: Any, links: str) -> None:
    (scan_id,) = scans_of(cast, card=b"a scan")
    key = found(Scan, scan_id).stored_file.key
    stored.tamper(key, b"a sc")
    assert browse(cast.max).get(f"/scan/{scan_id}/download").status_code == 503
    storage().delete(key)
    assert browse(cast.max).get(f"/scan/{scan_id}/download").status_code == 503


# nginx


class Nginx:
    """A real one, with what docs/storage.md says, in front of a server."""

    def __init__(self, folder: Path, server: str, scans: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        (said,) = re.findall(r"```nginx\n(.*?)```", DOCS.read_text(), re.DOTALL)
        said = said.replace("http://127.0.0.1:8000", server).replace("/var/lib/certfolio/scans", str(scans))
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        temporary = "".join(f"{kind}_temp_path {folder}/{kind}; " for kind in kinds)
        user = "user root;" if os.geteuid() == 0 else ""
        (folder / "nginx.conf").write_text(
            f"{user} daemon off; master_process off; pid {folder}/pid; error_log {folder}/log; events {{}}\n"
            f"http {{ access_log off; {temporary}\nserver {{ listen 127.0.0.1:{port};\n{said} }} }}\n"
        )
        self._command = ["/usr/sbin/nginx", "-e", f"{folder}/log", "-c", f"{folder}/nginx.conf"]
        self._log = folder / "log"

    @contextlib.contextmanager
    def running(self) -> Iterator[Nginx]:
        process = subprocess.Popen(self._command)
        try:
            self._wait(process)
            yield self
        finally:
            process.terminate()
            process.wait(10)

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        until = time.monotonic() + 20
        while time.monotonic() < until and process.poll() is None:
            with contextlib.suppress(requests.ConnectionError):
                requests.get(f"{self.url}/_scans/", timeout=5)
                return
            time.sleep(0.05)
        raise RuntimeError(f"nginx did not start: {self._log.read_text()}")


@pytest.fixture
def door(app: Flask) -> Iterator[Door]:
    opened = Door(app)
    yield opened
    opened.close()


@pytest.fixture
def nginx(app: Flask, in_a_folder: Any, door: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Nginx:
    monkeypatch.setitem(app.config, "SCANS_SENT_BY", "nginx")
    return Nginx(tmp_path, door.url, in_a_folder.root)


@pytest.mark.once
def test_nginx_sends_what_the_program_would_with_all_that_it_says(
    app: Flask, cast: Cast, nginx: Nginx, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan_ids = scans_of(cast, **{"page.html": SCRIPT, "card.jpg": PICTURE, "card.pdf": samples.pdf()})
    previews.draw_previews()
    visitor = Visitor.of(app, cast.max)
    cookies = {app.config["SESSION_COOKIE_NAME"]: visitor.cookie}
    paths = [f"/scan/{scan_id}/{way}" for scan_id in scan_ids for way in ("file", "download")]
    paths += [f"/scan/{scan_ids[1]}/{way}" for way in ("preview", "thumbnail")]

    def ask(url: str, path: str, **headers: str) -> requests.Response:
        return requests.get(url + path, cookies=cookies, headers={"Accept-Encoding": "identity"} | headers, timeout=30)

    with door.served(), nginx.running():
        by_nginx = {path: ask(nginx.url, path) for path in paths}
        piece, beyond = (ask(nginx.url, paths[2], Range=f"bytes={asked}") for asked in ("10-19", "99999999-"))
        tag = by_nginx[paths[2]].headers["ETag"]
        assert ask(nginx.url, paths[2], **{"If-None-Match": tag}).status_code == 304
        straight = ask(door.url, paths[0])
        assert (straight.content, straight.headers["X-Accel-Redirect"][:8]) == (b"", "/_scans/")
        outside = [ask(nginx.url, f"/_scans/{name}").status_code for name in sorted(stored.names())[:1]]
        strangers = requests.get(nginx.url + paths[0], allow_redirects=False, timeout=30)
    monkeypatch.setitem(app.config, "SCANS_SENT_BY", "program")
    with door.served():
        by_program = {path: ask(door.url, path) for path in paths}
    own = {"Server", "Date", "Connection", "Last-Modified", "ETag", "X-Request-Id"}
    for path in paths:
        assert by_nginx[path].headers["X-Request-Id"]
        assert by_nginx[path].content == by_program[path].content, path
        said, expected = (
            {name: value for name, value in answer.headers.items() if name not in own}
            for answer in (by_nginx[path], by_program[path])
        )
        assert said == expected, path
    assert (piece.status_code, piece.content) == (206, PICTURE[10:20])
    assert piece.headers["Content-Security-Policy"].endswith("sandbox")
    assert beyond.status_code == 416
    assert outside == [404]
    assert (strangers.status_code, urlsplit(strangers.headers["Location"]).path) == (302, "/login")


def test_nginx_is_asked_for_nothing_where_the_program_says_no(
    app: Flask, cast: Cast, browse: Any, in_a_folder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "SCANS_SENT_BY", "nginx")
    (scan_id,) = scans_of(cast, card=b"a")
    for whose, status in ((cast.mia, 404), (None, 302)):
        answer = browse(whose).get(f"/scan/{scan_id}/download", headers={"X-Accel-Redirect": "/_scans/1/x"})
        assert (answer.status_code, "X-Accel-Redirect" in answer.headers) == (status, False)
    answer = browse(cast.max).get(f"/scan/{scan_id}/download")
    assert unquote(answer.headers["X-Accel-Redirect"]) == f"/_scans/{found(Scan, scan_id).stored_file.key}"
    storage().delete(found(Scan, scan_id).stored_file.key)
    assert browse(cast.max).get(f"/scan/{scan_id}/download").status_code == 503

"""The room where passwords are hashed: a storm of sign-ins harms nobody else."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import pytest
import requests
import sqlalchemy as sa
from argon2.exceptions import VerifyMismatchError
from flask import Flask

from records import hashing, passwords
from records.database import db, let_go, transaction
from records.errors.signing_in import ManyAtOnce
from records.hashing import PLACES, WEB_THREADS
from records.models import AuditEvent, MessageKind, ThrottleCount
from records.services import invitations
from tests.browser.server import Server
from tests.cast import PASSWORD, Cast
from tests.clients import SignedClient
from tests.conftest import make_app, upgrade
from tests.forms import read
from tests.outbox import link

Browse = Callable[..., SignedClient]
NEW = "a wholly different long phrase"
PATIENCE = 60
ADDRESS = "stormy@example.org"


class Storming(Server):
    application = "tests.storming:app"


@pytest.fixture
def storming(tmp_path: Path) -> Iterator[Server]:
    app = make_app(tmp_path)
    upgrade(app)
    with app.app_context():
        db.engine.dispose()
    server = Storming(tmp_path, SECRET_KEY=app.config["SECRET_KEY"])
    with server.running():
        yield server


@pytest.mark.once
def test_a_storm_of_sign_ins_leaves_other_pages_their_threads(storming: Server) -> None:
    """More sign-ins than threads, none of which gets done: who finds no place is told when to come again, and pages
    are answered meanwhile."""
    page = requests.get(f"{storming.url}/login", timeout=PATIENCE)
    token = read(page.text).all("input", name="csrf_token")[0].attrs["value"]
    sent = {"csrf_token": token, "email": ADDRESS, "password": PASSWORD}
    cookies = page.cookies.get_dict()

    def sign_in() -> requests.Response:
        return requests.post(f"{storming.url}/login", data=sent, cookies=cookies, timeout=PATIENCE)

    number = 2 * WEB_THREADS
    with ThreadPoolExecutor(number) as crowd:
        ahead = [crowd.submit(sign_in) for _ in range(number)]
        try:
            refused, waiting = _first_done(ahead, number - PLACES)
            _wait_for(storming.data_dir / "begun")
            other = requests.get(f"{storming.url}/verify", timeout=PATIENCE)
        finally:
            (storming.data_dir / "go").touch()
        assert other.status_code == 200
        for answer in refused:
            assert answer.status_code == 503
            assert 0 < int(answer.headers["Retry-After"]) < 30
            assert ADDRESS in answer.text
            assert PASSWORD not in answer.text
        assert [each.result().status_code for each in waiting] == [422] * PLACES


def _wait_for(file: Path) -> None:
    until = time.monotonic() + PATIENCE
    while not file.exists():
        assert time.monotonic() < until, f"no {file.name}"
        time.sleep(0.02)


def _first_done(
    ahead: list[Future[requests.Response]], number: int
) -> tuple[list[requests.Response], list[Future[requests.Response]]]:
    done: list[requests.Response] = []
    while len(done) < number:
        ended, rest = wait(ahead, timeout=PATIENCE, return_when=FIRST_COMPLETED)
        assert ended, "nobody got an answer"
        done += [each.result() for each in ended]
        ahead = list(rest)
    return done, ahead


@pytest.mark.once
def test_hashes_step_back_and_nothing_else_does() -> None:
    before = os.getpriority(os.PRIO_PROCESS, 0)
    inside = hashing.made(lambda: os.getpriority(os.PRIO_PROCESS, 0))
    assert os.getpriority(os.PRIO_PROCESS, 0) == before
    assert inside > before or sys.platform != "linux" or before == 19


@pytest.mark.once
def test_what_goes_wrong_in_the_room_is_told_outside() -> None:
    with pytest.raises(ZeroDivisionError):
        hashing.made(lambda: 1 // 0)
    assert hashing.made(lambda: threading.current_thread().name).startswith("hashing")


@pytest.mark.once
def test_who_has_a_place_needs_no_other_and_leaves_it_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashing, "_places", threading.BoundedSemaphore(1))
    for _ in range(3):
        with hashing.place(), hashing.place():
            assert not _finds_a_place()
    with pytest.raises(ZeroDivisionError), hashing.place():
        _ = 1 // 0
    assert _finds_a_place()


def _finds_a_place() -> bool:
    def look() -> bool:
        try:
            with hashing.place():
                return True
        except ManyAtOnce:
            return False

    with ThreadPoolExecutor(1) as other:
        return other.submit(look).result()


def test_inside_a_transaction_nobody_hashes(cast: Cast) -> None:
    with transaction(), pytest.raises(RuntimeError):
        let_go()


# Every form that comes to a hash


def _signing_in(cast: Cast, _browse: Browse) -> tuple[SignedClient, str, dict[str, Any]]:
    return _browse(), "/login", {"email": cast.max.email, "password": "a wrong password"}


def _of_nobody(_cast: Cast, browse: Browse) -> tuple[SignedClient, str, dict[str, Any]]:
    return browse(), "/login", {"email": "nobody@example.org", "password": "a wrong password"}


def _changing(cast: Cast, browse: Browse) -> tuple[SignedClient, str, dict[str, Any]]:
    return browse(cast.max), "/account/password", {"current": PASSWORD, "password": NEW}


def _changing_email(cast: Cast, browse: Browse) -> tuple[SignedClient, str, dict[str, Any]]:
    return browse(cast.max), "/account/email", {"current": PASSWORD, "email": "typed@example.org"}


def _resetting(cast: Cast, browse: Browse) -> tuple[SignedClient, str, dict[str, Any]]:
    browse().post("/reset", data={"email": cast.max.email})
    return browse(), link(MessageKind.PASSWORD_RESET), {"password": NEW}


def _joining(cast: Cast, browse: Browse) -> tuple[SignedClient, str, dict[str, Any]]:
    path = invitations.invite(cast.mia, by=cast.actor(cast.ada))
    return browse(), path, {"password": PASSWORD}


def _second_factor(cast: Cast, browse: Browse) -> tuple[SignedClient, str, dict[str, Any]]:
    return browse(cast.max), "/account/second-factor/begin", {"current": PASSWORD}


def _acting(cast: Cast, browse: Browse) -> tuple[SignedClient, str, dict[str, Any]]:
    return browse(cast.ada), f"/admin/members/{cast.max.id}/log-in-as", {"password": PASSWORD, "reason": "They asked."}


def _confirming(cast: Cast, browse: Browse) -> tuple[SignedClient, str, dict[str, Any]]:
    held = {"confirm-password": PASSWORD, "comment": "typed before"}
    return browse(cast.ada), f"/admin/members/{cast.max.id}/deactivate", held


Sending = Callable[[Cast, Browse], tuple[SignedClient, str, dict[str, Any]]]
EVERY = [_signing_in, _of_nobody, _changing, _changing_email, _resetting, _joining, _second_factor, _acting,
         _confirming]  # fmt: skip
every = pytest.mark.parametrize("sending", EVERY, ids=lambda each: each.__name__.strip("_"))


@every
def test_no_connection_is_held_while_a_password_is_hashed(
    cast: Cast, browse: Browse, sending: Sending, monkeypatch: pytest.MonkeyPatch, app: Flask
) -> None:
    client, path, sent = sending(cast, browse)
    pool, hasher, held = db.engine.pool, passwords._hasher, list[int]()
    assert isinstance(pool, sa.QueuePool)
    db.session.rollback()

    class Looking:
        def verify(self, password_hash: str, password: str) -> bool:
            held.append(pool.checkedout())
            return hasher.verify(password_hash, password)

        def hash(self, password: str) -> str:
            held.append(pool.checkedout())
            return hasher.hash(password)

        def check_needs_rehash(self, _password_hash: str) -> bool:
            return False

    monkeypatch.setattr(passwords, "_hasher", Looking())
    before = pool.checkedout()
    assert client.post(path, data=sent).status_code < 500
    assert held
    assert set(held) == {before}


@every
def test_where_all_places_are_taken_the_form_says_so_and_nothing_is_counted(
    cast: Cast, browse: Browse, sending: Sending, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, path, sent = sending(cast, browse)
    monkeypatch.setattr(hashing, "_places", threading.BoundedSemaphore(1))
    hashing._places.acquire()
    before = _counted()
    answer = client.post(path, data=dict(sent))
    assert answer.status_code == 503
    assert 3 <= int(answer.headers["Retry-After"]) <= 8
    assert "Very many people are signing in at this moment." in answer.text
    assert _counted() == before
    for name, text in sent.items():
        shown = "password" not in name and name != "current" and text != PASSWORD
        assert (str(text) in answer.text) == shown, name


def _counted() -> tuple[Any, ...]:
    db.session.rollback()
    counts = [(row.key, row.count) for row in db.session.scalars(sa.select(ThrottleCount))]
    return sorted(counts), db.session.scalar(sa.select(sa.func.count(AuditEvent.id)))


@pytest.mark.once
def test_a_wrong_password_is_wrong_in_the_room_too() -> None:
    with pytest.raises(VerifyMismatchError):
        hashing.made(lambda: passwords._hasher.verify(passwords._NOBODYS, "not of nobody"))

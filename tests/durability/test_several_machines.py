"""Two machines, each with a web process, a job worker and a data folder of its own, on one database and one storage: to
people they are one. Nothing is kept in a process that another needs.

That throttles, decisions and keys hold for many processes at once stands in `tests/records/test_throttle.py` and
`tests/records/services/test_certificates_at_once.py`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import sqlalchemy as sa
from flask import Flask

from records import clock, jobs
from records.database import db, every_organization
from records.models import AuditEvent, ExternalCertificate, JobFailure, JobState, Message, State
from tests import certificates
from tests.browser.server import Server
from tests.cast import PASSWORD, Cast
from tests.conftest import same_place
from tests.forms import Element, filled, read

NEW = "/portfolio/certificates/new"
GIVEN = {"title": "Ladder rescue", "credits": "2.5", "earned_on": "2025-03-01"}

# A worker with one job only, which notes that it began and then takes its time.
NAPPING = """
import os, sys, time
from records import jobs
from wsgi import create_app

app = create_app()
jobs._jobs.clear()

@jobs.job(every_minutes=60)
def nap():
    with open(sys.argv[1], "a") as file:
        file.write(f"{os.getpid()}\\n")
    while not jobs.is_over():
        time.sleep(0.1)

jobs.work(app)
"""


def machine(app: Flask, data_dir: Path) -> Server:
    data_dir.mkdir()
    database = str(app.config["SQLALCHEMY_DATABASE_URI"])
    settings = {name.upper(): value for name, value in same_place(app).items()}
    settings |= {"SECRET_KEY": app.config["SECRET_KEY"], "DATABASE_URL": database}
    if database.startswith("sqlite"):
        settings["JOBS_URL"] = f"sqlite:///{data_dir.parent / 'jobs.db'}"
    return Server(data_dir, **settings)


@pytest.fixture
def machines(app: Flask, cast: Cast, tmp_path: Path) -> list[Server]:
    return [machine(app, tmp_path / name) for name in ("here", "there")]


@dataclass
class Browser:
    """It keeps its cookies, whichever machine it is led to."""

    session: requests.Session = field(default_factory=requests.Session)
    page: Element = field(default_factory=lambda: read(""))

    def get(self, machine: Server, path: str) -> int:
        answer = self.session.get(machine.url + path, timeout=60)
        self.page = read(answer.text)
        return answer.status_code

    def post(self, machine: Server, path: str, data: dict[str, Any], files: Any = None) -> int:
        answer = self.session.post(machine.url + path, data, files=files, allow_redirects=False, timeout=60)
        return answer.status_code

    def signed_in(self, at: Server, then: Server, email: str | None) -> Browser:
        assert self.get(at, "/login") == 200
        fields = {"email": email, "password": PASSWORD} | {
            "csrf_token": self.page.all(name_="csrf_token")[0].attrs["value"]
        }
        assert self.post(then, "/login", fields) == 302
        return self


def test_a_session_a_form_its_files_and_an_open_review_are_at_home_on_both(cast: Cast, machines: list[Server]) -> None:
    type_ = certificates.credit_type()
    here, there = machines
    with ExitStack() as running:
        for each in machines:
            running.enter_context(each.running())
        max_ = Browser().signed_in(here, there, cast.max.email)
        assert max_.get(here, NEW) == 200
        fields = filled(max_.page, data_certificate="") | GIVEN | {"credit_type_id": str(type_.id)}
        alone = {"csrf_token": fields["csrf_token"], "key": fields["key"]}
        assert max_.post(there, "/portfolio/certificates/files", alone, {"files": ("a.txt", b"a")}) in (200, 201)
        nothing_more = {"files": ("", b"")}
        sent = [max_.post(each, NEW, fields, nothing_more) for each in (here, there, here)]
        assert sent == [302, 302, 302]
        certificate = one(ExternalCertificate)
        assert [scan.name for scan in certificate.scans] == ["a.txt"]

        ada = Browser().signed_in(there, here, cast.ada.email)
        review = f"/admin/approvals/{certificate.id}"
        assert ada.get(here, review) == 200
        assert max_.get(there, f"/portfolio/certificates/{certificate.id}/edit") == 200
        edited = filled(max_.page, data_certificate="") | {"title": "Another title"}
        assert max_.post(there, f"/portfolio/certificates/{certificate.id}/edit", edited, nothing_more) == 302
        stale = filled(ada.page, action=f"{review}/approve")
        assert ada.post(here, f"{review}/approve", stale) == 409
        assert ada.get(there, review) == 200
        assert ada.post(here, f"{review}/approve", filled(ada.page, action=f"{review}/approve")) == 302
        assert one(ExternalCertificate).state == State.APPROVED

        assert ada.post(there, "/logout", {"csrf_token": stale["csrf_token"]}) == 302
        ada.session.max_redirects = 0
        with pytest.raises(requests.TooManyRedirects):
            ada.get(here, "/admin/")


def test_of_two_workers_one_does_what_is_due(cast: Cast, machines: list[Server]) -> None:
    certificates.submitted(cast, certificates.credit_type())
    here, there = machines
    with ExitStack() as running:
        run = ("-m", "flask", "--app", "wsgi", "jobs", "run")
        workers = [running.enter_context(each.process(*run)) for each in machines]
        regular = {name for name, each in jobs.registered().items() if not each.every_seconds}
        wait(lambda: {each.name for each in states() if each.succeeded_at} >= regular)
        wait(lambda: all(letter.sent_at for letter in rows(Message) if letter.to_address))
        wait(lambda: not waiting_seals())
        assert all(worker.poll() is None for worker in workers)
    assert all(not each.failure and not each.run for each in states())
    told = [letter.member_id for letter in rows(Message)]
    assert cast.ada.id in told
    assert len(told) == len(set(told))
    mailed = [file for each in (here, there) for file in (each.data_dir / "outbox").glob("*")]
    assert sum(file.read_text().count("\nSubject:") for file in mailed) == len(told)
    assert "Traceback" not in here.log.read_text() + there.log.read_text()


def test_the_job_of_a_worker_that_is_killed_is_taken_up_by_another_and_meanwhile_by_none(
    machines: list[Server], tmp_path: Path
) -> None:
    began = tmp_path / "began"

    def who_began() -> list[int]:
        return [int(line) for line in began.read_text().split()] if began.exists() else []

    with ExitStack() as running:
        workers = [running.enter_context(each.process("-c", NAPPING, str(began))) for each in machines]
        by_id = {worker.pid: worker for worker in workers}
        wait(lambda: bool(who_began()))
        (first,) = who_began()
        [other] = by_id.keys() - {first}
        time.sleep(1.5)  # the other looks every half second
        assert who_began() == [first]
        os.kill(first, 9)
        by_id[first].wait()
        end_lease()
        wait(lambda: who_began()[-1] == other)
        [state] = [each for each in states() if each.run]
        assert (state.failure, state.failures >= 1) == (JobFailure.CUT_SHORT, True)


def end_lease() -> None:
    """As if half a minute had gone by without a sign of life."""
    with db.engine.connect().execution_options(writes=True) as connection, connection.begin():
        held = sa.update(JobState).where(JobState.held_until.is_not(None))
        connection.execute(held.values(held_until=clock.now() - timedelta(seconds=1)))


def states() -> list[JobState]:
    return rows(JobState)


def waiting_seals() -> int:
    db.session.rollback()
    with every_organization():
        return db.session.scalar(sa.select(sa.func.count()).where(AuditEvent.sequence.is_(None))) or 0


def rows(model: Any) -> list[Any]:
    db.session.rollback()
    with every_organization():
        return list(db.session.scalars(sa.select(model)))


def one(model: Any) -> Any:
    (row,) = rows(model)
    return row


def wait(until: Callable[[], bool]) -> None:
    ends = time.monotonic() + 90
    while not until():
        assert time.monotonic() < ends
        time.sleep(0.2)

"""Measuring downloads, which nginx sends when it is told to, beside the limit's and files that anybody may have."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path

from bench.asking import Browser, Cost, cost_of, typical
from bench.few_rows import LEARNER, MEBIBYTE, ORGANIZATION_ID
from bench.installation import Installation
from bench.learners import apart, certfolio_of
from bench.limit.app import cookie_of
from bench.measure import CERTFOLIO, LIMIT
from bench.pages import Page, facts_of
from bench.processes import processor_time
from bench.results import Work
from bench.server import certfolio, free_port, limit, sign_in

SMALL, LARGE = MEBIBYTE, 50 * MEBIBYTE
ALONE = "nginx, a file for anybody"
_ROUNDS, _SECONDS = 3, 1.0
_WHERE = "/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin"
_NGINX = """
worker_processes 1; pid {folder}/pid; error_log stderr; daemon off; user {user};
events {{ worker_connections 64; }}
http {{
  access_log off; sendfile on; tcp_nopush on; default_type application/octet-stream; keepalive_requests 1000000;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi; proxy_http_version 1.1;
  upstream ours {{ server 127.0.0.1:{ours}; keepalive 8; }}
  upstream theirs {{ server 127.0.0.1:{theirs}; keepalive 8; }}
  server {{
    listen 127.0.0.1:{port};
    location /anybody/ {{ alias {scans}/; }}
    location /_scans/ {{ internal; alias {scans}/; }}
    location /limit/ {{ proxy_pass http://theirs/; proxy_set_header Connection ""; }}
    location / {{ proxy_pass http://ours; proxy_set_header Connection ""; proxy_set_header Host $http_host; }}
  }}
}}
"""


@dataclass(frozen=True)
class Held:
    """A scan that is measured: its id, and the key of its bytes."""

    scan_id: int
    key: str


def downloads(installation: Installation, *, rounds: int = _ROUNDS, seconds: float = _SECONDS) -> Iterator[Work]:
    """By X-Accel-Redirect, in turns; what the web workers do meanwhile is their processor's time."""
    scans = apart(hold, installation, (SMALL, LARGE))
    facts = facts_of(installation)
    environment = {"SCANS_SENT_BY": "nginx"}
    with certfolio(installation, **environment) as ours, limit(installation) as theirs:
        cookies = sign_in(ours.port, LEARNER)
        with _nginx(installation.folder, ours.port, theirs.port) as port:
            for size, scan in scans.items():
                own = Page(CERTFOLIO, f"/scan/{scan.scan_id}/download", "")
                beside = Page(LIMIT, f"/limit/scan?id={scan.scan_id}", "")
                anybody = Page(ALONE, f"/anybody/{scan.key}", "")
                asked = [(own, Browser(port, cookies), ours.workers)]
                if size == SMALL:
                    asked.append((beside, Browser(port, cookie_of(facts.administrator)), theirs.workers))
                else:
                    asked.append((anybody, Browser(port, ""), []))
                yield from _in_turns(f"download, {size // MEBIBYTE} MiB, X-Accel", size, asked, rounds, seconds)


def _in_turns(
    name: str, size: int, asked: list[tuple[Page, Browser, list[int]]], rounds: int, seconds: float
) -> Iterator[Work]:
    costs: dict[str, list[Cost]] = {page.name: [] for page, _, _ in asked}
    for _ in range(rounds):
        for page, browser, workers in asked:
            cost = cost_of(browser, page, seconds=seconds, spent=partial(processor_time, workers))
            if cost.size != size:
                raise RuntimeError(f"{name}, {page.name}: {cost.size} bytes came")
            costs[page.name].append(cost)
    for by, each in costs.items():
        middle = typical(each)
        yield Work(name, by, middle.p50 / 1000, 1, processor=middle.processor / 1000)


def hold(installation: Installation, sizes: tuple[int, ...]) -> dict[int, Held]:
    """A scan of each size, of the learner who signs in, with bytes."""
    app = certfolio_of(installation)
    from sqlalchemy import select

    from records import clock
    from records.database import organization_scope, transaction
    from records.models import Account, Certification, Member, Preview, Scan, StoredFile, VirusScan
    from records.storage import new_key, storage

    made: dict[int, Held] = {}
    with app.app_context(), organization_scope(ORGANIZATION_ID), transaction() as session:
        theirs = select(Certification).join(Member, Member.id == Certification.member_id)
        theirs = theirs.join(Account, Account.id == Member.account_id).where(Account.email == LEARNER)
        certification, door = session.scalars(theirs.limit(1)).one(), storage()
        for size in sizes:
            with BytesIO(secrets.token_bytes(size)) as stream:
                received = door.receive(stream, name="scan.pdf", limit=size)
            key = new_key(ORGANIZATION_ID, received.sha256)
            door.keep(received, key)
            stored = StoredFile(
                sha256=received.sha256, key=key, size=size, kind="application/pdf", preview=Preview.NONE,
                virus_scan=VirusScan.NOT_SCANNED, created_at=clock.now(), wanted_at=clock.now(),
            )  # fmt: skip
            session.add(stored)
            session.flush()
            scan = Scan(
                certification_id=certification.id, stored_file_id=stored.id, name="scan.pdf", created_at=clock.now()
            )
            session.add(scan)
            session.flush()
            made[size] = Held(scan.id, key)
    return made


@contextmanager
def _nginx(folder: Path, ours: int, theirs: int) -> Iterator[int]:
    """The port of an nginx before both. Raises RuntimeError where there is none, or it does not start."""
    program = shutil.which("nginx", path=_WHERE)
    if program is None:
        raise RuntimeError("downloads are measured with nginx (Debian: nginx-light)")
    user, port, own = ("root" if os.getuid() == 0 else "nobody"), free_port(), folder / "nginx"
    own.mkdir(exist_ok=True)
    written = _NGINX.format(folder=own, user=user, ours=ours, theirs=theirs, port=port, scans=folder / "scans")
    (own / "nginx.conf").write_text(written)
    command = [program, "-p", str(own), "-c", str(own / "nginx.conf"), "-e", "stderr"]
    with (own / "said").open("wb") as said:
        running = subprocess.Popen(command, stdout=said, stderr=said)
    try:
        for _ in range(600):
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            time.sleep(0.05)
        else:
            raise RuntimeError(f"nginx does not answer: see {own / 'said'}")
        yield port
    finally:
        running.terminate()
        running.wait(20)

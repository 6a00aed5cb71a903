"""Measuring uploads: by a form, beside Werkzeug's own, and by themselves, as our own script sends them, beside a copy
on the same disk."""

from __future__ import annotations

import os
import secrets
import shutil
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from bench.asking import Browser
from bench.few_rows import LEARNER, MEBIBYTE
from bench.forms import TYPE, value_of, with_file
from bench.installation import Installation
from bench.measure import CERTFOLIO
from bench.processes import Growth, processor_time, spent_since
from bench.results import Work
from bench.server import Server, certfolio, cookies_of, limit_environment, sign_in

COPY, WERKZEUG = "cp and fsync", "Werkzeug's own"
FORM, SAFE = "upload, 50 MiB, form", "upload, 50 MiB, safe on disk"
_SIZE, _TURNS = 50 * MEBIBYTE, 15
_PATH = "/portfolio/certificates/files"

Bring = Callable[[bytes], tuple[float, float]]


@dataclass
class _Way:
    """`bring` takes the bytes of a file: seconds by the clock and of the processor. They lie in `folder` then."""

    name: str
    by: str
    bring: Bring
    folder: Path
    took: list[tuple[float, float]] = field(default_factory=list)

    def work(self, growth: Growth | None) -> Work:
        """The first time is left out."""
        seconds, busy = (statistics.median(each) for each in zip(*self.took[1:], strict=True))
        if growth is None:
            return Work(self.name, self.by, seconds, 1)
        return Work(self.name, self.by, seconds, 1, growth=growth.bytes, processor=busy)


def uploads(installation: Installation) -> Iterator[Work]:
    """One file at a time, each of other bytes, every way in turn. What came is put away before the next one comes: a
    disk that fills grows slower, and so does a machine's memory."""
    received, apart = installation.folder / "received", installation.folder / "apart"
    for folder in (received, apart):
        folder.mkdir(exist_ok=True)
    environment = limit_environment(installation) | {"BENCH_FOLDER": str(received)}
    receiving = Server("bench.limit.receiving:application", environment, log=installation.folder / "limit.log")
    with (
        receiving as theirs,
        certfolio(installation) as ours,
        Growth(theirs.workers) as their_growth,
        Growth(ours.workers) as our_growth,
    ):
        browser, token = _opened(ours.port)
        send, stored = partial(_sent, ours, browser, _PATH), installation.folder / "scans"
        own = _Way(FORM, CERTFOLIO, lambda file: send(*_form(file, csrf_token=token, key=_key())), stored)
        beside = _Way(FORM, WERKZEUG, lambda file: _sent(theirs, Browser(theirs.port, ""), "/", *_form(file)), received)
        alone = _Way(SAFE, CERTFOLIO, lambda file: send(file, _heads(token)), stored)
        copy = _Way(SAFE, COPY, partial(_copied, apart), apart)
        for _ in range(_TURNS + 1):
            for way in (own, beside, alone, copy):
                way.took.append(way.bring(secrets.token_bytes(_SIZE)))
                _put_away(way.folder)
    yield own.work(our_growth)
    yield beside.work(their_growth)
    yield alone.work(our_growth)
    yield copy.work(None)


def _form(file: bytes, **fields: str) -> tuple[bytes, dict[str, str]]:
    return with_file(fields, file), {"Content-Type": TYPE}


def _heads(token: str) -> dict[str, str]:
    """Those of a file that travels by itself."""
    kind, named = "application/octet-stream", 'attachment; filename="scan.pdf"'
    return {"Content-Type": kind, "Content-Disposition": named, "X-CSRFToken": token, "X-Form-Key": _key()}


def _key() -> str:
    return secrets.token_urlsafe(16)


def _sent(server: Server, browser: Browser, path: str, body: bytes, heads: dict[str, str]) -> tuple[float, float]:
    heads |= {"Cookie": browser.cookies, "Accept": "application/json"}
    with closing(browser.open()) as connection:
        spent, began = processor_time(server.workers), time.perf_counter()
        connection.request("POST", path, body, heads)
        answer = connection.getresponse()
        answer.read()
        took = time.perf_counter() - began
        busy = spent_since(spent, processor_time(server.workers))
    if answer.status not in (200, 201):
        raise RuntimeError(f"{path}: it takes no file: {answer.status}")
    return took, busy


def _copied(folder: Path, file: bytes) -> tuple[float, float]:
    """Copied from a file beside it, and safe."""
    source, copy = folder / "source", folder / "copy"
    source.write_bytes(file)
    began = time.perf_counter()
    shutil.copyfile(source, copy)
    with copy.open("rb") as written:
        os.fsync(written.fileno())
    return time.perf_counter() - began, 0.0


def _put_away(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file() and path.stat().st_size == _SIZE:
            path.unlink()


def _opened(port: int) -> tuple[Browser, str]:
    """The browser of the learner, and the token of its session, which every form of it carries."""
    browser = Browser(port, sign_in(port, LEARNER))
    with closing(browser.open()) as connection:
        connection.request("GET", "/account", headers={"Cookie": browser.cookies})
        answer = connection.getresponse()
        token = value_of(answer.read().decode(), "csrf_token")
    return Browser(port, cookies_of(answer)), token

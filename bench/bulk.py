"""Measuring bulk work and what every process costs: export, import, due reminders, signing in, starting."""

from __future__ import annotations

import csv
import http.client
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from random import Random

from bench.downloads import downloads
from bench.drawing import TYPES
from bench.facts import Person
from bench.few_rows import ADMINISTRATOR, ORGANIZATION
from bench.installation import ROOT, Installation
from bench.limit.app import cookie_of
from bench.measure import CERTFOLIO, LIMIT
from bench.pages import facts_of
from bench.processes import Growth, processor_time, spent_since
from bench.results import Results, Work
from bench.server import certfolio, limit, limit_environment, sign_in
from bench.starting import starts
from bench.uploads import uploads

EXPORT = "/admin/reports/expiring/export?period=own_dates&first=2000-01-01&last=2150-01-01&renewed=all"
MOST_IMPORTED = 100_000
_SIGN_INS = 8
_HEADER = ("Member number", "First name", "Last name", "Certification", "Number", "Issued", "Expires")
_MAPPING = {
    "columns": dict(
        zip(
            _HEADER,
            (
                "member_number",
                "given_name",
                "family_name",
                "certification",
                "certification_number",
                "issued",
                "expires",
            ),
            strict=True,
        )
    ),
    "identify_by": "member_number",
}


def measure(installation: Installation, results: Results, people: Sequence[Person]) -> Iterator[str]:
    """Measure all bulk work into `results`; says what it did. `people`: some members who are in the data."""
    for works in (
        _exports(installation),
        _due(installation),
        _imports(installation, people),
        _sign_ins(installation),
        starts(installation),
        _files(installation),
    ):
        for work in works:
            results.works.append(work)
            yield told(work)


def told(work: Work) -> str:
    facts = [f"{work.seconds:.2f} s", f"{work.rows:,} rows, {work.rows / work.seconds:,.0f} a second"]
    facts += [f"CPU {work.processor:.2f} s"] if work.processor is not None else []
    facts += [f"first byte after {work.first_byte:.2f} s"] if work.first_byte is not None else []
    facts += [f"memory +{work.growth / 1e6:.0f} MB"] if work.growth is not None else []
    return f"{work.name}, {work.by}: {', '.join(facts)}"


def _files(installation: Installation) -> Iterator[Work]:
    """Downloads and uploads, on a copy of the data."""
    copy = installation.copied()
    yield from downloads(copy)
    yield from uploads(copy)


# Export


def _exports(installation: Installation) -> Iterator[Work]:
    """All certifications as CSV, over HTTP."""
    with limit(installation) as theirs:
        cookie = cookie_of(facts_of(installation).administrator)
        yield _exported(LIMIT, theirs.port, "/export", cookie, theirs.workers)
    with certfolio(installation) as ours:
        yield _exported(CERTFOLIO, ours.port, EXPORT, sign_in(ours.port, ADMINISTRATOR), ours.workers)


def _exported(by: str, port: int, path: str, cookies: str, workers: list[int]) -> Work:
    connection, lines, first = http.client.HTTPConnection("127.0.0.1", port, timeout=1800), 0, None
    spent, began = processor_time(workers), time.perf_counter()
    with Growth(workers) as growth:
        connection.request("GET", path, headers={"Cookie": cookies})
        answer = connection.getresponse()
        while piece := answer.read1(65_536):
            first = first or time.perf_counter() - began
            lines += piece.count(b"\n")
    took, busy = time.perf_counter() - began, spent_since(spent, processor_time(workers))
    connection.close()
    if answer.status != 200:
        raise RuntimeError(f"{by} exports nothing: {answer.status}")
    return Work("export, CSV", by, took, lines - 1, first, growth.bytes, busy)


# Import


def _imports(installation: Installation, people: Sequence[Person]) -> Iterator[Work]:
    """New certifications of members who are here, checked and brought in; each on a copy of the data."""
    register, number = installation.folder / "register.csv", min(MOST_IMPORTED, 10 * len(people))
    _write_register(register, people, number)
    mapping = installation.folder / "mapping.json"
    mapping.write_text(json.dumps(_MAPPING))
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "member", "import", str(register)]
    command += ["--organization", ORGANIZATION, "--map", str(mapping)]
    copy = installation.copied()
    yield _timed("import", LIMIT, ["-m", "bench.limit.bulk", "import", str(register)], limit_environment(copy), number)
    copy = installation.copied()
    yield _timed("import", CERTFOLIO, command[1:], copy.environment(), number)


def _write_register(file: Path, people: Sequence[Person], number: int) -> None:
    draw, today = Random(11), datetime.now(UTC).date()
    with file.open("w", newline="") as lines:
        writer = csv.writer(lines)
        writer.writerow(_HEADER)
        for row in range(number):
            person = draw.choice(people)
            kind, issued = f"Certification {draw.randrange(TYPES) + 1:02d}", today - timedelta(days=draw.randrange(300))
            until = issued + timedelta(days=730)
            writer.writerow((person.number, person.given, person.family, kind, f"IMP-{row:09d}", issued, until))


def _timed(name: str, by: str, arguments: list[str], environment: dict[str, str], rows: int) -> Work:
    """A command of its own: what it took from its start to its end, and the most memory of its own that it had."""
    began = time.perf_counter()
    running = subprocess.Popen(
        [sys.executable, *arguments], cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    with Growth([running.pid]) as growth, running.stdout or BytesIO() as output:
        said = output.read()
    _, status, used = os.wait4(running.pid, 0)
    took = time.perf_counter() - began
    running.returncode = os.waitstatus_to_exitcode(status)
    if running.returncode:
        raise RuntimeError(f"{name}, {by}: {said.decode()[-2000:]}")
    return Work(name, by, took, rows, growth=growth.bytes, processor=used.ru_utime + used.ru_stime)


# Due reminders


def _due(installation: Installation) -> Iterator[Work]:
    """Which notices are due today: found, not sent."""
    for by, module, environment in (
        (LIMIT, "bench.limit.bulk", limit_environment(installation)),
        (CERTFOLIO, "bench.due", installation.environment()),
    ):
        command = [sys.executable, "-m", module, "due"]
        said = [
            json.loads(subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True).stdout)
            for _ in range(3)
        ]
        yield Work("due reminders", by, statistics.median(each["seconds"] for each in said), said[0]["rows"])


# Signing in


def _sign_ins(installation: Installation) -> Iterator[Work]:
    """One after the other, each with the page before it; and the hash alone."""
    from records import passwords  # because: only this asks what the hash costs

    digest, times = passwords.hashed("of nobody"), []
    for _ in range(_SIGN_INS):
        began = time.perf_counter()
        passwords.matches("of nobody", digest)
        times.append(time.perf_counter() - began)
    yield Work("sign-in", "the hash alone", statistics.median(times), 1)
    with certfolio(installation) as ours:
        sign_in(ours.port, ADMINISTRATOR)
        spent, times = processor_time(ours.workers), []
        for _ in range(_SIGN_INS):
            began = time.perf_counter()
            sign_in(ours.port, ADMINISTRATOR)
            times.append(time.perf_counter() - began)
        busy = spent_since(spent, processor_time(ours.workers)) / _SIGN_INS
        yield Work("sign-in", "certfolio, with the page before it", statistics.median(times), 1, processor=busy)

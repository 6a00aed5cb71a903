"""Data of another benchmark as a source: a folder of CSV files, so that Certfolio can be measured beside its targets.

The columns, without a heading: `member.csv` id, number, given name, family name, e-mail, unit, state, joined on;
`certification.csv` id, member, type, number, issued on, expires on, state; `external_certificate.csv` id, member,
title, issuer, issued on, expires on, state, submitted at, reviewed at; `certification_type.csv` id, code, name, months;
`scan.csv` id, certification, name, kind, size, SHA-256; `credit.csv` id, member, type, amount; `reminder.csv` id,
certification, days before.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path

from bench.facts import Course, Holding, Notice, Paper, Person, Type

_STATES = {"pending": "pending", "approved": "approved", "rejected": "declined"}
# So far back an expiry is still news: its last notice must stand, or it would be sent.
_NEWS = timedelta(days=100)


class SharedFiles:
    """Members and certifications are numbered from 1, without gaps."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.members = sum(1 for _ in self._rows("member"))
        self.units = [row[1] for row in self._rows("org_unit")]
        self.types = [Type(int(row[0]), row[2], int(row[3])) for row in self._rows("certification_type")]
        self.credit_types = [row[2] for row in self._rows("credit_type")]

    def people(self) -> Iterator[Person]:
        for row in self._rows("member"):
            yield Person(int(row[0]), row[1], row[2], row[3], row[4], int(row[5]), row[7], row[6] == "active")

    def holdings(self) -> Iterator[Holding]:
        for row in self._rows("certification"):
            yield Holding(int(row[0]), int(row[1]), int(row[2]), row[3], row[4], row[5], row[6] == "revoked")

    def papers(self) -> Iterator[Paper]:
        for row in self._rows("scan"):
            yield Paper(int(row[1]), row[5])

    def courses(self) -> Iterator[Course]:
        """What each is worth is what the credits say, one after the other."""
        worth = self._rows("credit")
        for row in self._rows("external_certificate"):
            _, _, kind, amount, *_ = next(worth)
            yield Course(
                int(row[0]), int(row[1]), int(kind), row[2], row[3], row[4], row[5] or None, _STATES[row[6]],
                row[7], row[8] or None, round(float(amount) * 100),
            )  # fmt: skip

    def notices(self) -> Iterator[Notice]:
        """Those of the file, and the last one of everything that expired lately."""
        today = datetime.now(UTC).date()
        holdings, at = self.holdings(), 0
        last: Holding | None = None
        for row in self._rows("reminder"):
            wanted, stage = int(row[1]), int(row[2])
            while at < wanted:
                last = next(islice(holdings, 1))
                at += 1
                yield from _expired(last, today)
            if last is not None:
                yield _notice(last, stage)
        for last in holdings:
            yield from _expired(last, today)

    def _rows(self, name: str) -> Iterator[list[str]]:
        with (self._folder / f"{name}.csv").open(newline="") as file:
            yield from csv.reader(file)


def _expired(holding: Holding, today: date) -> Iterator[Notice]:
    expires_on = date.fromisoformat(holding.expires_on)
    if today - _NEWS <= expires_on < today and not holding.is_revoked:
        yield _notice(holding, 1)


def _notice(holding: Holding, stage: int) -> Notice:
    due_on = date.fromisoformat(holding.expires_on) - timedelta(days=stage)
    return Notice(holding.id, holding.member_id, holding.expires_on, stage, due_on.isoformat())

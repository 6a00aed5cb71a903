"""The pages that are measured, with a text that must stand in each, and where the limit shows the same."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any, NamedTuple

import psycopg

from bench.few_rows import ADMINISTRATOR, LEARNER
from bench.installation import Installation
from records.queries.keyset import Cursor

_NOWHERE = "zzqxzzqx"
_REPORTS = (
    "expiring", "missing", "standing", "standing-by-member", "turnaround", "credits", "notices", "activity",
)  # fmt: skip


class Page(NamedTuple):
    """`limit` is empty where the limit has no such page. `most`: what it may cost at most, in times of the limit."""

    name: str
    path: str
    expect: str
    limit: str = ""
    most: float | None = None


class Facts(NamedTuple):
    """What the addresses of pages name: members, words that are found, a row deep in the list, a certificate."""

    administrator: int
    member: int
    family: str
    number: str
    deep_name: str
    deep_id: int
    pending: int


def facts_of(installation: Installation) -> Facts:
    """Asked of the data, so that it does not matter where those came from."""
    last = int(_one(installation, "SELECT max(id) FROM member")[0])
    member = (last - 1) // 2
    family, number = _one(installation, f"SELECT family_name, number FROM member WHERE id = {member}")
    deep = "SELECT sort_name, id FROM member ORDER BY sort_name, id LIMIT 1 OFFSET {}"
    name, deep_id = _one(installation, deep.format(9 * last // 10))
    oldest = "SELECT id FROM external_certificate WHERE state = 'pending' ORDER BY submitted_at, id LIMIT 1"
    return Facts(last, member, family, number, name, deep_id, int(_one(installation, oldest)[0]))


def pages_by_account(facts: Facts) -> dict[str, list[Page]]:
    """Who signs in to see which pages."""
    return {ADMINISTRATOR: [*_members(facts), *_back_office(facts)], LEARNER: _portal(facts)}


def _members(facts: Facts) -> list[Page]:
    members, person = "/admin/members/", "@example.org"
    deep = Cursor(facts.deep_name, facts.deep_id).word()
    infix = facts.family[2:6]
    return [
        Page("member list", members, person, "/members", 3.0),
        Page("member list, sorted", f"{members}?sort=-joined", person, "/members?sort=joined", 3.0),
        Page("member list, of a unit", f"{members}?unit=7&sort=-joined", person, "/members?unit=7", 3.0),
        Page("member list, deep", f"{members}?after={deep}", person,
             f"/members?after={facts.deep_name.replace(' ', '+')}%7C{facts.deep_id}", 3.0),
        Page("search, name", f"{members}?search={facts.family}", facts.family, f"/members?search={facts.family}", 2.5),
        Page("search, number", f"{members}?search={facts.number}", person, f"/members?search={facts.number}", 2.5),
        Page("search, infix", f"{members}?search={infix}", person, f"/members?search={infix}", 2.5),
        Page("search, none", f"{members}?search={_NOWHERE}", "<h1", f"/members?search={_NOWHERE}", 5.0),
        Page("profile", f"{members}{facts.member}", "C-", f"/member?id={facts.member}", 4.0),
    ]  # fmt: skip


def _back_office(facts: Facts) -> list[Page]:
    reports = "/admin/reports/"
    return [
        Page("approval queue", "/admin/approvals/", "External course", "/queue", 3.5),
        Page("review page", f"/admin/approvals/{facts.pending}", "External course", f"/course?id={facts.pending}", 3.5),
        Page("expiring in 30 days", f"{reports}expiring?period=next_30", "C-", "/expiring?days=30", 3.2),
        Page("dashboard", "/admin/", "<h1", "/dashboard", 5.0),
        Page("dashboard, its gaps", "/admin/gaps", "<h"),
        Page("matrix", "/admin/requirements/", "Breathing protection", "/matrix", 5.0),
        Page("report expired", f"{reports}expired", "<h1", "/expired", 5.0),
        *(Page(f"report {name}", f"{reports}{name}", "<h1") for name in _REPORTS),
    ]


def _portal(facts: Facts) -> list[Page]:
    return [
        Page("portfolio", "/portfolio/", "<h1", f"/portfolio?id={facts.member}", 3.2),
        Page("portfolio, list", "/portfolio/certificates", "External course", f"/portfolio?id={facts.member}", 3.2),
        Page("credits", "/portfolio/credits", "Credit type", f"/credits?id={facts.member}", 3.2),
    ]


def _one(installation: Installation, statement: str) -> Any:
    if installation.database:
        with psycopg.connect(installation.database) as connection:
            return connection.execute(statement).fetchone()
    with closing(sqlite3.connect(installation.file)) as there:
        return there.execute(statement).fetchone()

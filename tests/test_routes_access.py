"""Every address of the application, tried for every kind of person; and none that is read changes a record."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.routing import Rule

from records.database import db
from records.models import AuditEvent
from tests.access_table import TABLE, open_to, words
from tests.asking import NOT_ITS_OWN, Asking, outcome
from tests.examples import some
from tests.world import SOUGHT, STRANGE

METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"}


def rules(app: Flask) -> list[tuple[Rule, str]]:
    return [
        (rule, method)
        for rule in sorted(app.url_map.iter_rules(), key=str)
        for method in sorted(METHODS & (rule.methods or set()))
    ]


def test_every_address_has_its_row(app: Flask) -> None:
    missing = {(rule.rule, method) for rule, method in rules(app)} - set(TABLE)
    assert not missing, "say in tests/access_table.py who may open:\n" + "\n".join(
        f'    ("{rule}", "{method}"): "…",' for rule, method in sorted(missing)
    )


def test_every_row_has_its_address(app: Flask) -> None:
    assert set(TABLE) == {(rule.rule, method) for rule, method in rules(app)}


ROWS = [pytest.param(row, marks=[pytest.mark.once] if row[1] == "GET" else []) for row in TABLE]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[1]} {row[0]}")
def test_each_person_gets_what_the_table_says(asking: Asking, on: str, row: tuple[str, str]) -> None:
    """With a request that is valid. Where it is refused, nothing is written and no file stored; and what is sent
    besides (owner, organization, role, state, credits and the like) is taken from no form that is not about it.

    Of those who may, the short run asks for some. On PostgreSQL one is asked for, and only where it changes records.
    """
    rule, method = row
    asks_all, one = on == "sqlite", open_to(rule, method)
    expected = {name: word for name, word in words(rule, method).items() if asks_all or name == one}
    refused = [name for name in expected if expected[name] != "open"]
    asked = asking.about(rule, method)
    before = asking.state()
    got = {name: outcome(asked.in_brief(name)) for name in refused}
    assert asking.state() == before
    may = [name for name in expected if expected[name] == "open"]
    sends_more = "ada" if "ada" in may else (may or [""])[-1]
    for name in {*some(may), *may[-1:], *{sends_more} & {*may}}:
        got[name] = asking.succeeds(rule, method, name, **NOT_ITS_OWN if name == sends_more else {})
    assert got == {name: expected[name] for name in got}


# What a page may be asked for: words of which another organization has many, and ids of its records.
QUESTIONS = {
    **dict.fromkeys(("q", "search", "find", "who", "text"), SOUGHT),
    **dict.fromkeys(("unit", "type", "credit_type", "requirement", "position", "member", "copy_of", "id", "before",
                     "after", "file", "record_id", "ids", "chosen"), str(STRANGE)),
}  # fmt: skip
READERS = ("max", "rita", "ada", "ken")
LIKE_OTHERS = {("/portfolio", "rita"), ("/portfolio", "ada")}  # in the portal they are members


@pytest.mark.once
@pytest.mark.parametrize("rule", sorted(rule for rule, method in TABLE if method == "GET"))
def test_reading_changes_no_record_and_shows_nothing_of_others(asking: Asking, rule: str) -> None:
    """By searches and filters, too. HEAD is answered as GET."""
    asked = asking.about(rule, "GET")
    before = asking.looked()
    expected, face = words(rule, "GET"), f"/{rule.split('/')[1]}"
    readers = [name for name in READERS if expected[name] == "open" and (face, name) not in LIKE_OTHERS]
    for name in readers or ["ken"]:
        page = asked.by(name, query_string=QUESTIONS)
        assert page.status_code < 500
    head = asked.by(name, method="HEAD", query_string=QUESTIONS)
    assert (head.status_code, head.data) == (page.status_code, b"")
    assert asking.looked() == before


def test_reading_notes_nothing_but_who_looked_at_what_and_who_was_refused(asking: Asking) -> None:
    before = set(db.session.scalars(sa.select(AuditEvent.id)))
    for rule, method in TABLE:
        if method == "GET" and "<secret>" not in rule:
            asking.plainly(rule).by("ada")
    db.session.rollback()
    events = db.session.scalars(sa.select(AuditEvent).where(AuditEvent.id.not_in(before)))
    assert {event.kind for event in events} <= {"scan.viewed", "external_certificate.opened", "request.refused"}

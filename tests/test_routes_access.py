"""Every address of the application, tried for every kind of person; and none that is read changes a record."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.routing import Rule

from records.database import db
from records.models import AuditEvent
from tests.access_table import PERSONAS, TABLE
from tests.asking import Asking, outcome
from tests.cast import Cast
from tests.world import World

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


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row[1]} {row[0]}")
def test_each_person_gets_what_the_table_says(asking: Asking, row: tuple[str, str]) -> None:
    """With a request that is valid; and where it is refused, nothing is written and no file stored."""
    rule, method = row
    expected = dict(zip(PERSONAS, TABLE[row].split(), strict=True))
    refused = [name for name in PERSONAS if expected[name] != "open"]
    asked = asking.about(rule, method)
    before = asking.state()
    got = {name: outcome(asked.by(name)) for name in refused}
    assert asking.state() == before
    for name in [name for name in PERSONAS if expected[name] == "open"]:
        got[name] = asking.succeeds(rule, method, name)
    assert got == {name: expected[name] for name in got}

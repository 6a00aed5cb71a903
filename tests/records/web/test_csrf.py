"""One protection against forged requests, for every address that changes something."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.routing import Rule

from records.database import db, every_organization
from records.models import AuditEvent, AuditKind, Base, SignIn
from tests.cast import PASSWORD, Cast
from tests.clients import SignedClient

pytestmark = pytest.mark.once

Browse = Callable[..., SignedClient]
UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}


def unsafe_rules(app: Flask) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if UNSAFE & (rule.methods or set())]


def address(rule: Rule) -> str:
    path = rule.rule
    for name in rule.arguments:
        converter = rule._converters[name]
        words = sorted(getattr(converter, "items", ()))  # of one that takes only some
        value = words[0] if words else "1" if "RecordId" in type(converter).__name__ else "x"
        path = path.replace(next(part for part in path.split("/") if part.endswith(f"{name}>")), value)
    return path


def state() -> dict[str, list[object]]:
    """All rows of all tables, but for who was last seen when, and the trail of refusals."""
    tables = [table for name, table in Base.metadata.tables.items() if not name.startswith("audit_")]
    db.session.rollback()
    with db.engine.connect() as connection:
        return {
            table.name: sorted(
                repr([value for name, value in row._mapping.items() if name != "last_seen_at"])
                for row in connection.execute(sa.select(table))
            )
            for table in tables
        }


@pytest.mark.parametrize("kind", ["none", "of another session", "in the address", "empty", "made up"])
def test_no_address_changes_anything_without_the_sessions_own_token(
    cast: Cast, browse: Browse, app: Flask, kind: str
) -> None:
    client, other = browse(cast.ada), browse(cast.carl)
    data, query = {"member": str(cast.ada.id)}, {}
    if kind == "of another session":
        data["csrf_token"] = other.csrf_token()
    elif kind == "in the address":
        query["csrf_token"] = client.csrf_token()
    elif kind == "empty":
        data["csrf_token"] = ""
    elif kind == "made up":
        data["csrf_token"] = "IjAwIg.x.y"
    before = state()
    rules = unsafe_rules(app)
    assert len(rules) > 10
    for rule in rules:
        for method in UNSAFE & (rule.methods or set()):
            page = client.open(address(rule), method=method, data=data, query_string=query)
            assert page.status_code == 400, (rule, method)
            assert "reload the page" in page.text
    assert state() == before
    with every_organization():
        assert db.session.scalar(sa.select(sa.func.count(SignIn.id)).where(SignIn.ended_at.is_(None))) == 2


def test_nobody_is_signed_in_from_elsewhere(cast: Cast, browse: Browse) -> None:
    client = browse()
    page = client.post("/login", csrf=False, data={"email": cast.max.email, "password": PASSWORD})
    assert page.status_code == 400
    assert client.get("/account").status_code == 302


def test_a_method_cannot_be_smuggled_in(cast: Cast, browse: Browse) -> None:
    client = browse(cast.ada)
    for headers in ({"X-HTTP-Method-Override": "POST"}, {"X-Method-Override": "POST"}):
        assert client.get("/logout", headers=headers, query_string={"_method": "POST"}).status_code == 405
    assert client.get("/account").status_code == 200


def test_a_token_in_a_header_serves_scripts(cast: Cast, browse: Browse) -> None:
    client = browse(cast.ada)
    page = client.post("/logout", csrf=False, headers={"X-CSRFToken": client.csrf_token()})
    assert page.status_code == 302


# From another site, with a token that is valid


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, 400),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"}, 400),
        ({"Sec-Fetch-Site": "same-site", "Origin": "http://sub.localhost"}, 400),
        ({"Origin": "https://evil.example"}, 400),
        ({"Origin": "http://localhost.evil.example"}, 400),
        ({"Origin": "http://localhost@evil.example"}, 400),
        ({"Origin": "http://localhost:81"}, 400),
        ({"Origin": "http://["}, 400),
        ({"Origin": ""}, 400),
        ({}, 302),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 302),  # of a page without a referrer
        ({"Sec-Fetch-Site": "none"}, 302),
        ({"Origin": "null"}, 302),
        ({"Origin": "http://localhost"}, 302),
        ({"Origin": "https://localhost"}, 302),  # behind a proxy that speaks TLS
        ({"Origin": "http://127.0.0.1:8000"}, 302),  # behind one that hands on another host: PUBLIC_URL
    ],
    ids=str,
)
def test_another_site_changes_nothing_with_a_valid_token(
    cast: Cast, browse: Browse, headers: dict[str, str], status: int
) -> None:
    client = browse(cast.ada)
    before = state()
    page = client.post("/account/language", data={"language": "es"}, headers=headers)
    assert page.status_code == status
    assert (state() == before) is (status == 400)
    refusals = db.session.scalars(sa.select(AuditEvent).where(AuditEvent.kind == AuditKind.REFUSED)).all()
    assert len(refusals) == (status == 400)
    if status == 400:
        assert "reload the page" in page.text


def test_another_site_may_lead_here(cast: Cast, browse: Browse) -> None:
    elsewhere = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    assert browse(cast.ada).get("/account", headers=elsewhere).status_code == 200

"""Asking for an address with a request that is valid, and what stands in the database and the files by then."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask

from records.database import choose_organization, db
from records.models import AuditKind, Base
from tests.access_table import PERSONAS, TABLE
from tests.beginnings import Beginnings
from tests.cast import Cast
from tests.forms import Element, read, values_of
from tests.valid_requests import Valid, valid
from tests.world import Visitor, World, address, world_of

# What asking alone notes: when somebody was seen last, what a throttle counts, and that something was refused.
_NOTED = {"last_seen_at", "seen", "last_read_at"}
_UNCOUNTED = {"throttle_count"}
_REFUSALS = f"SELECT id FROM audit_event WHERE kind = '{AuditKind.REFUSED.value}'"  # noqa: S608  # because: our own word
_BESIDES = {
    "audit_event": f"WHERE id NOT IN ({_REFUSALS})",
    "audit_detail": f"WHERE event_id NOT IN ({_REFUSALS})",
}


def outcome(page: Any) -> str:
    """What the answer means, in the words of the table."""
    leads_to = page.headers.get("Location", "") if page.status_code in (302, 303) else ""
    if leads_to.startswith("/login"):
        return "login"
    return "open" if page.status_code < 400 else str(page.status_code)


@dataclass
class Asked:
    """One request, ready to be sent by anybody."""

    world: World
    app: Flask
    method: str
    path: str
    data: Mapping[str, Any]

    def by(self, name: str, **changed: Any) -> Any:
        """`changed`: another path, data or method; or what the client takes."""
        asked = {"method": self.method, "path": self.path, "data": self.data} | changed
        return self.world.client(self.app, name).ask(**asked)


class Asking:
    """In one test: the world as it began, brought back whenever that matters."""

    def __init__(self, app: Flask, cast: Cast, beginnings: Beginnings) -> None:
        self.app, self.cast, self.beginnings = app, cast, beginnings
        self.data_dir = Path(app.config["DATA_DIR"])
        self.world = self.anew()

    def anew(self) -> World:
        self.world = world_of(self.app, self.cast, self.beginnings)
        choose_organization(self.cast.fire.id)
        return self.world

    def about(self, rule: str, method: str, name: str = "") -> Asked:
        """The request as it would be sent by this one; by whoever may, where nobody is named or they may not."""
        rule, _, _ = rule.partition(" ")
        asker = self._who_may(rule, method, name)
        asked, data = valid(rule, method), {}
        self._prepare(asked, asker)
        path = address(self.app, rule, self.world, self.cast)
        if asked.of:
            data = self._form(asked.of, asker, path)
        given = asked.given(self.world, name or asker) if callable(asked.given) else asked.given
        choose_organization(self.cast.fire.id)
        return Asked(self.world, self.app, method, path, data | dict(given))

    def succeeds(self, rule: str, method: str, name: str) -> str:
        """The outcome of asking; where it changes records, each begins with all as it was, and must change some."""
        if method != "GET":
            self.anew()
        asked = self.about(rule, method, name)
        before = self.state() if method != "GET" else None
        got = outcome(asked.by(name))
        if got == "open" and before is not None and valid(rule, method).changes:
            assert self.state() != before, f"{name} changed nothing by {method} {rule}"
        return got

    def state(self) -> dict[str, Any]:
        """Every row of every table, and every stored file."""
        db.session.rollback()
        rows: dict[str, Any] = {}
        with db.engine.connect() as connection:
            for name, statement in _STATEMENTS.items():
                rows[name] = sorted(map(repr, connection.exec_driver_sql(statement)))
        for folder in ("scans", "outbox"):
            for path in (self.data_dir / folder).rglob("*"):
                if path.is_file():
                    rows[str(path)] = hashlib.sha256(path.read_bytes()).hexdigest()
        return rows

    def _who_may(self, rule: str, method: str, name: str) -> str:
        words = dict(zip(PERSONAS, TABLE[rule, method].split(), strict=True))
        if words.get(name) == "open":
            return name
        return next((each for each in ("ada", "max", *PERSONAS) if words[each] == "open"), "ada")

    def _prepare(self, asked: Valid, asker: str) -> None:
        if asked.made is not None:
            self.world.arguments |= asked.made(self.cast, self.world)
            choose_organization(self.cast.fire.id)
        if asked.after:
            rule, _, _ = asked.after.partition(" ")
            first = self._before(asked.after, self._who_may(rule, "POST", asker))
            assert outcome(first) == "open", f"{asked.after} was {first.status_code}"

    def _before(self, after: str, name: str) -> Any:
        rule, _, variant = after.partition(" ")
        asked = self.about(rule, "POST", name)
        if variant:
            given = valid(after, "POST").given
            asked.data = self._form(rule, name, asked.path) | dict(given(self.world, name))  # type: ignore[operator]  # because: it is one
        return asked.by(name)

    def _form(self, of: str, name: str, action: str) -> dict[str, Any]:
        """What the form that leads to `action` sends, as this one finds it on that page."""
        path = address(self.app, of, self.world, self.cast)
        page = read(self.world.client(self.app, name).ask("GET", path).text)
        form = next((each for each in page.all("form") if _leads_to(each, action)), None)
        sent = {} if form is None else values_of(form)
        return {field: value for field, value in sent.items() if field != "csrf_token"}


def _leads_to(form: Element, action: str) -> bool:
    ways = [form.attrs.get("action", ""), *(each.attrs["formaction"] for each in form.all(formaction=None))]
    return form.attrs.get("method", "").lower() == "post" and action in [way.partition("?")[0] for way in ways]


def _statement(table: Any) -> str:
    columns = ", ".join(f'"{each.name}"' for each in table.columns if each.name not in _NOTED)
    return f'SELECT {columns} FROM "{table.name}" {_BESIDES.get(table.name, "")}'  # noqa: S608  # because: our own words


_STATEMENTS = {
    table.name: _statement(table) for table in Base.metadata.sorted_tables if table.name not in _UNCOUNTED
}

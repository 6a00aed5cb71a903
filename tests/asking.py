"""Asking for an address with a request that is valid, and what stands in the database and the files by then."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask

from records.database import choose_organization, db
from records.models import AuditKind, Base
from tests import stored
from tests.access_table import open_to, words
from tests.beginnings import Beginnings
from tests.forms import Element, read, values_of
from tests.valid_requests import Valid, request_to
from tests.world import STRANGE, World, address, world_of

# What asking alone notes: when somebody was seen last, what a throttle counts, and that something was refused.
_NOTED = {"last_seen_at", "seen", "last_read_at"}
_UNCOUNTED = {"throttle_count"}
_REFUSALS = f"SELECT id FROM audit_event WHERE kind IN ('{AuditKind.REFUSED}', '{AuditKind.SIGN_IN_REFUSED}')"
_BESIDES = {
    "audit_event": f"WHERE id NOT IN ({_REFUSALS})",
    "audit_detail": f"WHERE event_id NOT IN ({_REFUSALS})",
}


def outcome(page: Any) -> str:
    """What the answer means, in the words of the table."""
    leads_to = page.headers.get("Location", "") if page.status_code in (302, 303) else ""
    has_acted = "Clear-Site-Data" in page.headers or "known_browser" in page.headers.get("Set-Cookie", "")
    if page.status_code == 401 or (leads_to.startswith("/login") and not has_acted):
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
    offered: frozenset[str] = frozenset()  # the names of all fields of its form

    def in_brief(self, name: str, **changed: Any) -> Any:
        """As `by`, as a script asks: whatever is refused reads short. Visitors are asked as readers of pages."""
        brief = {} if name in ("visitor", "dan") else {"Accept": "application/json"}
        return self.by(name, **changed | {"headers": brief | changed.get("headers", {})})

    def by(self, name: str, **changed: Any) -> Any:
        """`changed`: another path, data or method; or what the client takes."""
        asked = {"method": self.method, "path": self.path, "data": self.data} | changed
        return self.world.client(self.app, name).ask(**asked)


class Asking:
    """In one test: the world as it began, brought back whenever that matters."""

    def __init__(self, app: Flask, beginnings: Beginnings) -> None:
        self.app, self.beginnings = app, beginnings
        self.data_dir = Path(app.config["DATA_DIR"])
        self.world = self.anew()

    def anew(self) -> World:
        self.world = world_of(self.app, self.beginnings)
        self.cast = self.world.cast
        choose_organization(self.cast.fire.id)
        return self.world

    def about(self, rule: str, method: str, name: str = "", valid: Valid | None = None) -> Asked:
        """The request as it would be sent by this one; by whoever may, where nobody is named or they may not."""
        asker = self._who_may(rule, method, name)
        asked, data, offered = valid or request_to(rule, method), {}, frozenset[str]()
        self._prepare(asked, asker)
        path = address(self.app, rule, self.world, self.cast)
        if asked.of:
            data, offered = self._form(asked.of, asker, path)
        given = asked.given(self.world, name or asker) if callable(asked.given) else asked.given
        choose_organization(self.cast.fire.id)
        return Asked(self.world, self.app, method, path, data | dict(given), offered)

    def succeeds(self, rule: str, method: str, name: str, **besides: str) -> str:
        """The outcome of asking; where it changes records, each begins with all as it was, and must change some.

        What is sent `besides` must change nothing.
        """
        if method != "GET" or "<secret>" in rule or request_to(rule, method) != Valid():
            self.anew()
        asked = self.about(rule, method, name)
        before = self.state() if method != "GET" else None
        besides = {field: value for field, value in besides.items() if field not in asked.offered}
        asked.data = besides | dict(asked.data)
        got = outcome(asked.by(name))
        if besides and before is not None:
            assert not assigned(before, self.state(), rule), f"{method} {rule} took what is not its own"
        if got == "open" and before is not None and name in request_to(rule, method).changes:
            assert self.state() != before, f"{name} changed nothing by {method} {rule}"
        return got

    def state(self) -> dict[str, Any]:
        """Every row of every table, and every stored file."""
        db.session.rollback()
        rows: dict[str, Any] = {}
        with db.engine.connect() as connection:
            cursor = connection.connection.cursor()
            for name, statement in _STATEMENTS.items():
                cursor.execute(statement)
                rows[name] = cursor.fetchall()
        for path in (self.data_dir / "outbox").rglob("*"):
            if path.is_file():
                rows[str(path)] = hashlib.sha256(path.read_bytes()).hexdigest()
        return rows | stored.prints()

    def looked(self) -> dict[str, Any]:
        """The same without what is noted about looking: who has opened what."""
        return {name: rows for name, rows in self.state().items() if not name.startswith("audit_")}

    def plainly(self, rule: str, **named: Any) -> Asked:
        """Opening the address with what the world has for its names, but for what is `named`."""
        return Asked(self.world, self.app, "GET", address(self.app, rule, self.world, self.cast, **named), {})

    def _who_may(self, rule: str, method: str, name: str) -> str:
        return name if words(rule, method).get(name) == "open" else open_to(rule, method)

    def _prepare(self, asked: Valid, asker: str) -> None:
        if asked.made is not None:
            self.world.arguments |= asked.made(self.cast, self.world)
            choose_organization(self.cast.fire.id)
        if asked.after:
            rule, _, _ = asked.after.partition("#")
            first = self._before(asked.after, self._who_may(rule, "POST", asker))
            assert outcome(first) == "open", f"{asked.after} was {first.status_code}"

    def _before(self, after: str, name: str) -> Any:
        rule, _, variant = after.partition("#")
        asked = self.about(rule, "POST", name)
        if variant:
            given = request_to(after, "POST").given
            asked.data = self._form(rule, name, asked.path)[0] | dict(given(self.world, name))  # type: ignore[operator]  # because: it is one
        return asked.by(name)

    def _form(self, of: str, name: str, action: str) -> tuple[dict[str, Any], frozenset[str]]:
        """What the form that leads to `action` sends, as this one finds it on that page; and all that it could."""
        path = address(self.app, of, self.world, self.cast)
        page = read(self.world.client(self.app, name).ask("GET", path).text)
        form = next((each for each in page.all("form") if _leads_to(each, action)), None)
        sent = {} if form is None else values_of(form)
        offered = [] if form is None else [each.attrs["name"] for each in form.all(name=None)]
        return {field: value for field, value in sent.items() if field != "csrf_token"}, frozenset(offered)


# What no form is about, with values that cannot be mistaken; and what stands in the rows where one of them was taken.
NOT_ITS_OWN = {
    "id": "424242", "member_id": str(STRANGE), "account_id": str(STRANGE), "organization_id": str(STRANGE),
    "owner_id": str(STRANGE), "decided_by_id": str(STRANGE), "reviewed_by": str(STRANGE), "version": "424242",
    "role": "administrator", "is_admin": "1", "covers_organization": "1", "reviews": "1", "state": "approved",
    "status": "approved", "awarded_credits": "98.76", "claimed_credits": "98.76", "decided_at": "2031-04-24T04:24",
    "deleted_at": "2031-04-24T04:24", "deactivated_at": "2031-04-24T04:24", "recorded_on": "2031-04-24",
    "password_hash": "424242", "sha256": "424242",
}  # fmt: skip
# As a value of its own: digits of a secret or of an instant's microseconds are none.
_TRACES = {
    trace: re.compile(rf"(?<![\w.]){trace}(?![0-9a-f])")
    for trace in ("424242", str(STRANGE), "9876", "2031-04-24", "administrator", "approved")
}


def assigned(before: Mapping[str, Any], after: Mapping[str, Any], rule: str) -> list[str]:
    """The traces of NOT_ITS_OWN that are more than before. Of approving, the state is its own."""
    first, last = _traces(before), _traces(after)
    own = {"approved"} if rule.endswith("/approve") else set()
    return [trace for trace in _TRACES if trace not in own and last[trace] > first[trace]]


def _traces(state: Mapping[str, Any]) -> dict[str, int]:
    values = "\n".join(str(value) for name in state if name in _OWNED for row in state[name] for value in row)
    return {trace: len(pattern.findall(values)) for trace, pattern in _TRACES.items()}


def _leads_to(form: Element, action: str) -> bool:
    ways = [form.attrs.get("action", ""), *(each.attrs["formaction"] for each in form.all(formaction=None))]
    return form.attrs.get("method", "").lower() == "post" and action in [way.partition("?")[0] for way in ways]


def _statement(table: Any) -> str:
    columns = ", ".join(f'"{each.name}"' for each in table.columns if each.name not in _NOTED)
    order = ", ".join(f'"{each.name}"' for each in table.primary_key)
    where = _BESIDES.get(table.name, "")
    return f'SELECT {columns} FROM "{table.name}" {where} ORDER BY {order}'


_OWNED = {table.name for table in Base.metadata.sorted_tables} - {"audit_event", "audit_detail"}
_STATEMENTS = {table.name: _statement(table) for table in Base.metadata.sorted_tables if table.name not in _UNCOUNTED}

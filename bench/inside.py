"""Look into single pages: the statements that each makes, their time and plans, and which functions cost what.

python -m bench.inside --data DATA_DIR [--database …] [--pages a,b] [--statements] [--plans] [--profile]
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.few_rows import PASSWORD
from bench.forms import value_of
from bench.installation import Installation
from bench.pages import Page, facts_of, pages_by_account
from bench.sampling import sampled

_AT_LEAST, _AT_MOST, _SECONDS = 2, 40, 4.0
_COUNTED = 3  # times
_NO_QUESTIONS = ("PRAGMA", "BEGIN", "EXPLAIN")


class Watch:
    """Listens to the statements of an engine: seconds, words and values of each in `said`."""

    def __init__(self, engine: Any) -> None:
        from sqlalchemy import event

        self.said: list[tuple[float, str, Any]] = []
        event.listen(engine, "before_cursor_execute", self._before)
        event.listen(engine, "after_cursor_execute", self._after)

    def _before(self, _conn: Any, _cursor: Any, _statement: str, _given: Any, context: Any, _many: bool) -> None:
        context.began = time.perf_counter()

    def _after(self, _conn: Any, _cursor: Any, statement: str, given: Any, context: Any, _many: bool) -> None:
        if not statement.startswith(_NO_QUESTIONS):
            self.said.append((time.perf_counter() - context.began, statement, given))


class Inside:
    """Certfolio in this process, on an installation. One a process: settings are read once."""

    def __init__(self, installation: Installation) -> None:
        os.environ |= installation.environment()
        from records.database import db
        from wsgi import app

        self.app, self._db = app, db
        with app.app_context():
            self.watch = Watch(db.engine)

    def signed_in(self, account: str) -> Any:
        """A test client that signed in."""
        client = self.app.test_client()
        token = value_of(client.get("/login").get_data(as_text=True), "csrf_token")
        given = {"email": account, "password": PASSWORD, "csrf_token": token}
        answer = client.post("/login", data=given, headers={"Referer": "http://localhost/login"})
        if answer.status_code not in (302, 303):
            raise RuntimeError(f"nobody could sign in as {account}: {answer.status}")
        return client

    def statements(self, client: Any, page: Page) -> int:
        """How many statements the page makes once it is warm: the least of a few times, for once a minute one notes
        that the session is in use, and what was known is read again."""
        self.opened(client, page)
        return min(self._asked(client, page) for _ in range(_COUNTED))

    def _asked(self, client: Any, page: Page) -> int:
        self.watch.said.clear()
        client.get(page.path)
        return len(self.watch.said)

    def opened(self, client: Any, page: Page) -> Any:
        """The page, and where its figures are only being counted, what it says once a job has done so."""
        answer = client.get(page.path)
        if "Refresh" not in answer.headers:
            return answer
        from records.services.figures import count_figures

        with self.app.app_context():
            self._db.engine.dispose()  # on a connection that requests have used, nobody waits long for an answer
            count_figures()
        return client.get(page.path)

    def plan(self, statement: str, given: Any) -> Iterator[str]:
        with self.app.app_context(), self._db.engine.connect() as connection:
            lite = self._db.engine.dialect.name == "sqlite"
            how = "EXPLAIN QUERY PLAN " if lite else "EXPLAIN (ANALYZE, BUFFERS) "
            for row in connection.exec_driver_sql(how + statement, given):
                yield str(row[3] if lite else row[0])


def look(inside: Inside, client: Any, page: Page, asked: argparse.Namespace) -> Iterator[str]:
    """Lines that tell of one page what was asked."""
    inside.opened(client, page)
    began = time.perf_counter()
    answer = client.get(page.path)
    took, body = time.perf_counter() - began, answer.get_data(as_text=True)
    if answer.status_code != 200 or page.expect not in body:
        yield f"## {page.name}: {answer.status} {page.path}"
        return
    rounds = max(_AT_LEAST, min(_AT_MOST, int(_SECONDS / took)))
    times, busy = [], []
    for _ in range(rounds):
        inside.watch.said.clear()
        began, spent = time.perf_counter(), time.process_time()
        client.get(page.path)
        times.append(1000 * (time.perf_counter() - began))
        busy.append(1000 * (time.process_time() - spent))
    said = list(inside.watch.said)
    in_sql = 1000 * sum(each[0] for each in said)
    yield (
        f"## {page.name}: p50 {statistics.median(times):.1f} ms, CPU {statistics.median(busy):.1f} ms, "
        f"{len(said)} statements {in_sql:.1f} ms, {len(body) // 1024} KB"
    )
    yield from _statements(inside, said, asked)
    if asked.profile:
        with sampled() as samples:
            for _ in range(rounds):
                client.get(page.path)
        yield from samples.told(asked.lines)


def _statements(inside: Inside, said: list[tuple[float, str, Any]], asked: argparse.Namespace) -> Iterator[str]:
    for took, statement, given in said if asked.statements or asked.plans else []:
        if 1000 * took >= asked.least:
            yield f"   {1000 * took:8.2f} ms  {' '.join(statement.split())[: asked.width]}"
            if asked.plans:
                yield from (f"        {line}" for line in inside.plan(statement, given))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--database", default="")
    parser.add_argument("--pages", default="", help="names, separated by commas; a beginning will do")
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--statements", action="store_true")
    parser.add_argument("--plans", action="store_true")
    parser.add_argument("--least", type=float, default=0.0, help="leave out statements that took fewer ms")
    parser.add_argument("--width", type=int, default=300)
    parser.add_argument("--lines", type=int, default=40)
    asked = parser.parse_args()
    installation = Installation(asked.data.resolve(), asked.database)
    pages, inside = pages_by_account(facts_of(installation)), Inside(installation)
    wanted = tuple(asked.pages.split(",")) if asked.pages else ("",)
    for account, theirs in pages.items():
        chosen = [page for page in theirs if page.name.startswith(wanted)]
        client = inside.signed_in(account) if chosen else None
        for page in chosen:
            print(*look(inside, client, page, asked), sep="\n", flush=True)


if __name__ == "__main__":
    main()

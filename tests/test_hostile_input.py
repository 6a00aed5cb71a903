"""Whatever is typed into a field or an address: it is answered, it stays text, and it leads nowhere else."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

import pytest
import sqlalchemy as sa

from records.database import db, transaction
from records.models import Base, JobState, KeptFigures, ListExport, Member
from tests.access_table import PERSONAS, TABLE
from tests.asking import Asked, Asking, outcome
from tests.cast import Cast
from tests.examples import some
from tests.forms import read
from tests.hostile import COMPUTED, MARK, InTurn, texts, ways_elsewhere
from tests.world import contents_of

pytestmark = pytest.mark.once
ACTIONS = sorted(rule for rule, method in TABLE if method == "POST")
READING = sorted(rule for rule, method in TABLE if method == "GET" and "<secret>" not in rule)
# What lists and Flask-Admin's own pages are asked by, besides the fields of each page.
ASKED_BY = ("page", "id", "rowid", "url", "next", "sort", "desc", "q", "search", "page_size", "flt0_0", "after",
            "before", "as_of", "key", "do")  # fmt: skip


ENDLESS = "q" * 4000
CUT = ("/admin/imports/<int:import_id>/answers",)  # what the row does not offer counts as no answer
WAYS_BACK = ("url", "next", "back", "return_to", "redirect", "continue", "to")


def words(rule: str, method: str) -> dict[str, str]:
    return dict(zip(PERSONAS, TABLE[rule, method].split(), strict=True))


def reader_of(rule: str, method: str = "GET") -> str:
    found = words(rule, method)
    return next((each for each in ("ada", "max", *PERSONAS) if found[each] == "open"), "ada")


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))


def tags(html: str) -> list[tuple[str, dict[str, str]]]:
    """Every tag with its attributes."""
    reader = _Tags()
    reader.feed(html)
    return reader.found


def what_runs(page: Any) -> list[str]:
    """What of the mark is more than text in this answer."""
    said = contents_of(page).decode(errors="replace")
    found = ["a failure"] if page.status_code >= 500 and page.status_code != 503 else []
    found += ["was computed"] if COMPUTED in said else []
    if page.mimetype in ("text/html", "image/svg+xml"):
        found += [what for what in ("<x-canary", "&amp;lt;x-canary", "{0.__class__}</x") if what in said]
        found += [name for _, attrs in tags(said) for name in attrs if re.fullmatch(r"on[a-z]+|canary", name)]
    elif page.mimetype == "application/json":
        json.loads(said)
    elif "<x-canary" in said and page.mimetype not in FILES:
        found.append(f"in {page.mimetype}")
    return found


FORM = "application/x-www-form-urlencoded"
FILES = ("text/csv", "text/calendar", "application/pdf", "text/plain", "application/octet-stream",
         "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "application/zip")  # fmt: skip


# What is typed


def sent(asking: Asking, asked: Asked, who: str, fields: dict[str, Any], ways: InTurn) -> Any:
    """As a browser sends a form, with bytes that no browser would send, and ways back to elsewhere in the address."""
    client = asking.world.client(asking.app, who)
    if any(isinstance(value, bytes) for value in fields.values()):
        in_parts = {name: str(value).replace("\ud800", "\ufffd") for name, value in fields.items()}
        return client.ask("POST", asked.path, in_parts | {k: v for k, v in fields.items() if isinstance(v, bytes)})
    body = urlencode(fields, errors="surrogatepass", doseq=True)
    headers = {"X-CSRFToken": client.token} | coming_from(ways)
    back = {name: ways.next() for name in WAYS_BACK}
    return client.open(asked.path, method="POST", data=body, content_type=FORM, headers=headers, query_string=back)


def coming_from(ways: InTurn) -> dict[str, str]:
    return {"Referer": ways.next().strip().translate(dict.fromkeys(range(33)))}


def variants(names: list[str], turn: InTurn, *, every: bool) -> Iterator[dict[str, Any]]:
    """All fields at once; in the long run more often, and each by itself, all others as they should be."""
    yield dict.fromkeys(names, MARK)
    yield dict.fromkeys(names, ENDLESS)
    for _ in range(40 if every else 0):
        yield {name: turn.next() for name in names}
    yield {name: [turn.next(), turn.next()] for name in names}
    for name in names if every else ():
        yield from ({name: turn.next()} for _ in range(20))


@pytest.mark.parametrize("every", [False, pytest.param(True, marks=pytest.mark.long)], ids=["some", "many"])
@pytest.mark.parametrize("rule", some(ACTIONS))
def test_whatever_is_typed_is_answered_and_shown_as_text(
    asking: Asking, caplog: pytest.LogCaptureFixture, rule: str, every: bool
) -> None:
    """By the form, in words beside its fields: nothing gets as far as to be refused by the database, nothing is kept
    but in full, and it leads nowhere else."""
    who = reader_of(rule, "POST")
    asked = asking.about(rule, "POST", who)
    begun = dict(asked.data)
    names = sorted(name for name in {*begun, *asked.offered} if not isinstance(begun.get(name), bytes))
    turn, ways = (InTurn(each, first=7 * ACTIONS.index(rule)) for each in (texts(), ways_elsewhere()))
    for changed in variants(names, turn, every=every):
        page = sent(asking, asked, who, begun | changed, ways)
        assert not what_runs(page), changed
        assert not leads_elsewhere(page), changed
        assert "unstorable" not in caplog.text, changed
        if page.status_code in (302, 303):
            follow(asking, who, page.headers["Location"])
            kept = everything_kept()
            assert ENDLESS[:20] not in kept or ENDLESS in kept or rule in CUT
            asking.anew()
            asked = asking.about(rule, "POST", who)


def everything_kept() -> str:
    with db.engine.connect() as connection:
        return str(
            [tuple(row) for table in Base.metadata.sorted_tables for row in connection.execute(sa.select(table))]
        )


def follow(asking: Asking, who: str, location: str) -> None:
    """The page that comes next, with the message about what was done."""
    page = asking.world.client(asking.app, who).open(location)
    assert page.status_code < 500
    assert not what_runs(page)


# What is kept

# Texts that the program itself sets, or that are looked up by.
_NOT_TYPED = re.compile(
    r"(digest|hash|key|kind|salt|state|role|rule|purpose|period|language|zone|report|audience|outcome|address|sha256"
    r"|preview|id|email|page|problem|answer|secret|password_hash|search_text|last_error|kept)$|^folded_|^sort_"
)
_WRITTEN_JSON = {"audit_detail": ("before", "after"), "message": ("facts",), "import_row": ("cells",),
                 "credit_type": ("checklist",)}  # fmt: skip


def marked(name: str) -> str:
    """The mark, with where it stands."""
    return MARK.replace(" ", f" {name} ", 1)


def mark_everything(organization_id: int) -> set[str]:
    """Put the mark into every text that people may have written; the columns that took it."""
    took = set()
    with db.engine.connect().execution_options(writes=True) as connection, connection.begin():
        _let_triggers_sleep(connection)
        for table in Base.metadata.sorted_tables:
            if table in (
                JobState.__table__,
                KeptFigures.__table__,
                ListExport.__table__,
            ):  # they have the program's own words
                continue
            own = table.c.get("organization_id", table.c.id if table.name == "organization" else None)
            where = sa.true() if own is None else own == organization_id
            columns = {column.name: column for column in table.columns if _is_typed(column)}
            for row in connection.execute(sa.select(table).where(where)).mappings().all():
                here = sa.and_(*(key == row[key.name] for key in table.primary_key))
                for name, column in columns.items():
                    mark = marked(f"{table.name}.{name}")
                    length = getattr(column.type, "length", None) or 1000
                    text = (
                        in_json(row[name], mark)
                        if isinstance(column.type, sa.JSON)
                        else within(row[name], mark, length)
                    )
                    try:
                        with connection.begin_nested():
                            connection.execute(table.update().where(here).values({name: text}))
                    except sa.exc.IntegrityError:  # a reason for what did not happen
                        continue
                    took.add(f"{table.name}.{name}")
    db.session.rollback()
    return took


def _is_typed(column: sa.Column[Any]) -> bool:
    if isinstance(column.type, sa.JSON):
        return column.name in _WRITTEN_JSON.get(column.table.name, ())
    return isinstance(column.type, sa.String) and not _NOT_TYPED.search(column.name)


def within(value: str | None, mark: str, length: int) -> str:
    """Behind what stands there, as much as there is room for."""
    return f"{(value or '')[: max(0, length - len(mark))]}{mark}"[:length]


def in_json(value: Any, mark: str) -> Any:
    """Codes, dates and addresses stay."""
    if isinstance(value, dict):
        return {name: each if name in ("page", "path", "kind") else in_json(each, mark) for name, each in value.items()}
    if isinstance(value, list):
        return [in_json(each, mark) for each in value]
    if not isinstance(value, str) or not value or re.fullmatch(r"[\da-z_.:/T+-]+|\S+@\S+", value):
        return value
    return value + mark


def _let_triggers_sleep(connection: sa.Connection) -> None:
    """What is decided and what is on record took its words before."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        return
    for (name,) in connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").all():
        connection.exec_driver_sql(f'DROP TRIGGER "{name}"')


def test_what_was_typed_stands_as_text_wherever_it_is_shown(asking: Asking) -> None:
    took = mark_everything(asking.cast.fire.id)
    shown: dict[str, set[str]] = {}
    wrong = {}
    for who in ("visitor", "max", "ada"):
        for rule in READING:
            if words(rule, "GET")[who] != "open":
                continue
            page = asking.plainly(rule).by(who)
            if found := what_runs(page):
                wrong[who, rule] = found
            for name in re.findall(r"x-canary (\w+\.\w+) ", contents_of(page).decode(errors="replace")):
                shown.setdefault(name, set()).add(rule)
    assert not wrong
    missed = {name for name in took if not any(name.startswith(each) for each in shown)}
    assert missed <= {"audit_detail.before", "credit_type.checklist"}  # of what no page of this world shows
    assert len(shown) > 30


# What an address is asked for


def fields_of(page: Any, path: str) -> set[str]:
    """What the page itself may be asked for: by its forms, and by its links to itself."""
    if page.mimetype != "text/html":
        return set()
    found = tags(page.text)
    names = {attrs["name"] for tag, attrs in found if tag in ("input", "select", "button") and "name" in attrs}
    links = [urlsplit(urljoin(path, attrs["href"])) for tag, attrs in found if tag == "a" and "href" in attrs]
    return names | {name for link in links if link.path == path for name, _ in parse_qsl(link.query)}


def leads_elsewhere(page: Any) -> list[str]:
    """The addresses in it that a browser would read as another site's, or run."""
    ways = [page.headers.get("Location", "")]
    if page.mimetype == "text/html":
        for _, attrs in tags(page.text):
            ways += [attrs[name] for name in ("href", "src", "action", "formaction") if name in attrs]
    return [way for way in ways if is_elsewhere(way)]


def is_elsewhere(address: str) -> bool:
    """As the URL standard reads it: blanks and controls around it, tabs and ends of lines in it count for nothing."""
    plain = re.sub(r"[\t\r\n]", "", address.strip("".join(map(chr, range(33))))).replace("\\", "/")
    scheme = re.match(r"([a-z][a-z0-9+.-]*):", plain, re.IGNORECASE)
    ours = plain.startswith(("http://localhost/", "http://127.0.0.1"))
    return plain.startswith("//") or (scheme is not None and not ours and scheme[1] not in ("mailto", "webcal"))


@pytest.mark.parametrize("address", ways_elsewhere())
def test_the_eye_of_these_tests_sees_what_leads_elsewhere(address: str) -> None:
    on_this_host = not address.strip("".join(map(chr, range(33)))).replace("\\", "/").startswith("//")
    assert is_elsewhere(address) or on_this_host


@pytest.mark.parametrize("every", [False, pytest.param(True, marks=pytest.mark.long)], ids=["some", "many"])
def test_whatever_an_address_is_asked_for_is_answered(asking: Asking, every: bool) -> None:
    """Each page by all that it can be asked for, and by what other programs stumble over; and it leads nowhere else."""
    turn, ways, tried = InTurn(texts()), InTurn(ways_elsewhere()), 0
    for rule in READING:
        who, asked = reader_of(rule), asking.plainly(rule)
        names = {*ASKED_BY, *fields_of(asked.by(who), asked.path)} - set(WAYS_BACK)
        for _ in range(40 if every else 1):
            query = {name: turn.next() for name in sorted(names)} | {name: ways.next() for name in WAYS_BACK}
            begun = time.process_time()
            page = asked.by(who, query_string=urlencode(query, errors="surrogatepass"), headers=coming_from(ways))
            assert time.process_time() - begun < 2, query
            assert not what_runs(page), (rule, query)
            assert not leads_elsewhere(page), (rule, query)
            tried += len(query)
    assert tried > 1500


@pytest.mark.parametrize("typed", ["%", "_", "M_ller", "M%r", ".*", "(((a+)+)+$", "[A-Z]", "\\", "%00", '"', "*", "M*"])
def test_wildcards_and_patterns_are_searched_for_as_they_stand(cast: Cast, browse: Any, typed: str) -> None:
    client = browse(cast.ada)
    for path, name in (("/admin/members/", "Miller"), ("/admin/certification-types/", "Forklift licence"),
                       ("/admin/units/", "Station North"), ("/admin/find", "Miller")):  # fmt: skip
        begun = time.process_time()
        page = client.get(path, query_string={"q": typed, "search": typed})
        assert page.status_code == 200
        assert time.process_time() - begun < 1
        found = [each for each in read(page.text).one("main").all("a") if name in each.text]
        assert not found, path


def test_what_looks_like_a_wildcard_is_found(cast: Cast, browse: Any) -> None:
    with transaction() as session:
        session.get_one(Member, cast.mia.id).family_name = "100%_[a]*"
    for typed in ("0%_[", "[a]*"):
        page = read(browse(cast.ada).get("/admin/members/", query_string={"q": typed, "search": typed}).text)
        assert [each.text for each in page.one("main").all("a") if "100%_[a]*" in each.text], typed
        assert not [each for each in page.one("main").all("a") if "Miller" in each.text]


# What is sent twice, and what probes try

FEW = ("/admin/members/new", "/account/password", "/admin/approvals/<int:certificate_id>/approve", "/admin/settings/",
       "/admin/requirements/rules/new", "/portfolio/certificates/new")  # fmt: skip


@pytest.mark.parametrize("rule", FEW)
def test_what_is_sent_twice_or_in_the_address_means_one_thing(asking: Asking, rule: str) -> None:
    """What stands in the address is no part of a form; of a field that stands twice the first one counts."""
    who = reader_of(rule, "POST")
    asked = asking.about(rule, "POST", who)
    fields = {name: value for name, value in asked.data.items() if isinstance(value, str)}
    page = asked.by(who, query_string=dict.fromkeys([*fields, "id", "member_id"], "424242"))
    assert outcome(page) == "open"
    assert "424242" not in str(asking.state())
    asking.anew()
    asked = asking.about(rule, "POST", who)
    page = asked.by(who, data=dict(asked.data) | {name: [value, "424242"] for name, value in fields.items()})
    assert outcome(page) == "open"
    assert "424242" not in str(asking.state())


@pytest.mark.parametrize("path", [
    "/.git/HEAD", "/.git/config", "/.svn/entries", "/.env", "/.htaccess", "/config.py", "/wsgi.py", "/instance/",
    "/var/", "/migrations/", "/migrations/env.py", "/backup.sql", "/certfolio.db", "/data/certfolio.db", "/secret_key",
    "/scans/", "/uploads/", "/outbox/", "/static/", "/static/records/", "/static/../config.py",
    "/static/%2e%2e/config.py",
    "/records/", "/console", "/?__debugger__=yes&cmd=resource&f=debugger.js", "/debug", "/metrics", "/openapi.json",
    "/docs", "/swagger", "/actuator/health", "/server-status", "/phpinfo.php", "/admin/static/", "/admin/fileadmin/",
    "/admin/rediscli/", "/robots.txt/", "/requirements.txt", "/Makefile", "/README.md",
])  # fmt: skip
def test_nothing_lies_under_the_names_that_probes_try(cast: Cast, browse: Any, path: str) -> None:
    for client in (browse(), browse(cast.ada)):
        page = client.get(path)
        if path.startswith("/?"):
            assert page.status_code in (200, 302, 303)
            assert "Werkzeug" not in page.text
        else:
            assert page.status_code == 404
            assert "[core]" not in page.text

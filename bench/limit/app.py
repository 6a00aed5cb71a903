"""The pages of the limit, as a WSGI application. Each verifies the cookie, looks up whether its owner may still come
in, escapes what it shows, and shows the rows that Certfolio's page shows. BENCH_FILE or BENCH_DATABASE say what it
reads.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from jinja2 import Environment, FileSystemLoader

from bench.limit.bulk import exported
from bench.limit.connection import part, rows_of, rows_of_many

_KEY = b"of the limit"
_OK = "200 OK"
_render = (
    Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    .get_template("page.html")
    .render
)
_PEOPLE = ("Number", "Family name", "Given name", "E-mail", "Unit", "Role", "Joined on")
_HELD = ("Number", "Family name", "Given name", "Member", "Type", "Issued on", "Expires on")
_OWN = ("Type", "Number", "Issued on", "Expires on", "Revoked on")
_COURSES = ("Title", "Issuer", "Family name", "Given name", "Number", "Earned on", "Expires on", "Submitted at")
_OWN_COURSES = ("Title", "Issuer", "Earned on", "State")
_CREDITS = ("Credit type", "Entry", "Credits", "Counts on")

Asked = dict[str, list[str]]
Table = tuple[str, str, tuple[str, ...], Iterable[Any]]


def cookie_of(member_id: int) -> str:
    """What a browser would bring that signed in as this member."""
    return f"limit={member_id}.{_sign(member_id)}"


def application(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    page = _PAGES.get(environ["PATH_INFO"])
    if environ["PATH_INFO"] == "/export" and _may_come_in(environ.get("HTTP_COOKIE", "")):
        start(_OK, [("Content-Type", "text/csv; charset=utf-8")])
        return exported()
    if environ["PATH_INFO"] == "/scan" and _may_come_in(environ.get("HTTP_COOKIE", "")):
        ((key,),) = rows_of("file", int(parse_qs(environ["QUERY_STRING"])["id"][0]))
        start(_OK, [("Content-Type", "application/pdf"), ("X-Accel-Redirect", f"/_scans/{key}")])
        return [b""]
    if page is None or not _may_come_in(environ.get("HTTP_COOKIE", "")):
        start("404 Not Found" if page is None else "403 Forbidden", [("Content-Length", "0")])
        return [b""]
    body = page(parse_qs(environ["QUERY_STRING"])).encode()
    start(_OK, [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(body)))])
    return [body]


def _sign(member_id: int) -> str:
    return hmac.new(_KEY, b"%d" % member_id, hashlib.sha256).hexdigest()


def _may_come_in(cookies: str) -> bool:
    for cookie in cookies.split("; "):
        name, _, value = cookie.partition("=")
        member_id, _, signature = value.partition(".")
        if name == "limit" and member_id.isdigit() and hmac.compare_digest(signature, _sign(int(member_id))):
            return bool(rows_of("user", int(member_id)))
    return False


def _page(title: str, *tables: Table, following: str = "") -> str:
    return _render(title=title, tables=tables, following=following)


def _listed(title: str, path: str, columns: tuple[str, ...], rows: list[Any]) -> str:
    """A page of 50 rows, and where the next one begins."""
    following = f"?after={rows[50][0]}" if len(rows) > 50 else ""
    return _page(title, (title, path, columns, rows[:50]), following=following)


def _members(asked: Asked) -> str:
    if "search" in asked:
        rows = rows_of("members_found", part(asked["search"][0].casefold()))
    elif "after" in asked:
        name, _, member_id = asked["after"][0].rpartition("|")
        rows = rows_of("members_after", name, int(member_id))
    elif "unit" in asked:
        rows = rows_of("members_of_unit", int(asked["unit"][0]))
    else:
        rows = rows_of("members_by_joining" if "sort" in asked else "members")
    return _listed("Members", "/member?id=", _PEOPLE, rows)


def _member(asked: Asked) -> str:
    member_id = int(asked["id"][0])
    return _page(
        "Member",
        ("Member", "/member?id=", _PEOPLE, rows_of("member", member_id)),
        ("Certifications", "/certification?id=", _OWN, rows_of("held", member_id)),
        ("External certificates", "/course?id=", _OWN_COURSES, rows_of("courses", member_id)),
    )


def _queue(_asked: Asked) -> str:
    return _listed("Approvals", "/course?id=", _COURSES, rows_of("queue"))


def _course(asked: Asked) -> str:
    course = rows_of("course", int(asked["id"][0]))
    member_id = course[0][-1]
    return _page(
        "Review",
        ("Certificate", "/course?id=", _COURSES, course),
        ("Files", "/scan?id=", ("Name", "Hash", "Size"), rows_of("files", int(asked["id"][0]))),
        ("Others", "/course?id=", _OWN_COURSES, rows_of("courses", member_id)),
        ("Certifications", "/certification?id=", _OWN, rows_of("held", member_id)),
    )


def _expiring(asked: Asked) -> str:
    return _listed("Expiring", "/certification?id=", _HELD, rows_of("expiring", *_span(0, int(asked["days"][0]))))


def _expired(_asked: Asked) -> str:
    return _listed("Expired", "/certification?id=", _HELD, rows_of("expired", *_span(-3650, -1)))


def _portfolio(asked: Asked) -> str:
    member_id = int(asked["id"][0])
    return _page(
        "Portfolio",
        ("Certifications", "/certification?id=", _OWN, rows_of("held", member_id)),
        ("Credits", "/credits?id=", _CREDITS, rows_of("entries", member_id)),
        ("External certificates", "/course?id=", _OWN_COURSES, rows_of("courses", member_id)),
    )


def _credits(asked: Asked) -> str:
    member_id = int(asked["id"][0])
    sums = [(kind, kind, total) for kind, total in rows_of("sums", member_id)]
    return _page(
        "Credits",
        ("Totals", "/credits?type=", ("Credit type", "Credits"), sums),
        ("Entries", "/credits?id=", _CREDITS, rows_of("entries", member_id)),
    )


def _dashboard(_asked: Asked) -> str:
    counts = [("Expired", *_span(-3650, -1)), ("In 30 days", *_span(0, 30)), ("In 90 days", *_span(0, 90))]
    months = [(f"In {number} months", *_span(30 * number, 30 * number + 29)) for number in range(12)]
    told = [(name, name, rows_of("how_many", first, last)[0][0]) for name, first, last in (*counts, *months)]
    return _page(
        "Home",
        ("What expires", "/expiring?", ("When", "How many"), told),
        ("Next", "/certification?id=", _HELD, rows_of("expiring", *_span(0, 30))[:10]),
        ("Waiting", "/queue?", ("How many", "Since"), [("", *rows_of("waiting")[0])]),
    )


def _matrix(_asked: Asked) -> str:
    people, today = rows_of("members")[:50], _today().isoformat()
    demands: dict[str, list[int]] = {}
    for _, name, type_id in rows_of("demands"):
        demands.setdefault(name, []).append(type_id)
    held = {(row[0], row[1]): str(row[2]) for row in rows_of_many("held_by_many", [row[0] for row in people])}
    rows = [
        (row[0], row[2], *(_until(held, row[0], types, today) for types in demands.values())) for row in people
    ]  # fmt: skip
    return _page("Requirements", ("Requirements", "/member?id=", ("Name", *demands), rows))


def _until(held: dict[tuple[int, int], str], member_id: int, types: list[int], today: str) -> str:
    latest = max((held.get((member_id, type_id), "") for type_id in types), default="")
    return latest if latest >= today else "missing"


def _today() -> date:
    return datetime.now(UTC).date()


def _span(first: int, last: int) -> tuple[str, str]:
    """Two days, as many days from today."""
    today = _today()
    return (today + timedelta(days=first)).isoformat(), (today + timedelta(days=last)).isoformat()


_PAGES: dict[str, Callable[[Asked], str]] = {
    "/members": _members,
    "/member": _member,
    "/queue": _queue,
    "/course": _course,
    "/expiring": _expiring,
    "/expired": _expired,
    "/portfolio": _portfolio,
    "/credits": _credits,
    "/dashboard": _dashboard,
    "/matrix": _matrix,
}

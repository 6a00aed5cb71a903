"""Requests that nobody's page sends: other methods and spellings, ids of others, forged forms, Flask-Admin's own ways.

In the database and the files nothing changes by them, and what is not one's own reads like what does not exist.
"""

from __future__ import annotations

import json
import re
from itertools import zip_longest
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import MapAdapter, RequestRedirect

from tests.access_table import PERSONAS, TABLE, open_to, words
from tests.asking import Asked, Asking, outcome
from tests.world import FREE, STRANGE, UNSEEN, address

pytestmark = pytest.mark.once
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
RULES = sorted({rule for rule, _ in TABLE})
ACTIONS = sorted(rule for rule, method in TABLE if method == "POST")
NAMING = sorted((rule, method) for rule, method in TABLE if "<int:" in rule)
OVERRIDDEN: dict[str, Any] = {
    "headers": {"X-HTTP-Method-Override": "POST", "X-HTTP-Method": "DELETE", "Accept": "application/json"},
    "query_string": {"_method": "POST"},
}
BRIEF = {"headers": {"Accept": "application/json"}}  # so that what is refused is short
# Names of fields that hold ids of records.
AN_ID = re.compile(
    r"(_id|_ids|^ids|^into|^chosen|^certificate|^reviewer|^shown|^units?|^types?|^positions?|^members?|^copy_of"
    r"|^session|^counts_as|^scope_units|^staged|^leave_out|^up_to|-certification)$"
)
# Fields of such a name that hold a text.
TEXTS = {(f"/admin/credit-types/{each}", "unit") for each in ("new", "<int:credit_type_id>")}
TEXTS |= {("/admin/settings/sign-on", "client_id")}


def plain(page: Any) -> tuple[int, str]:
    """An answer without what is another one each time: nonces, tokens, ids of requests, the hour; and the id named."""
    headers = {name: value for name, value in page.headers.items() if name not in ("Set-Cookie", "Content-Length")}
    text = json.dumps(headers) + "\n" + page.get_data(as_text=True)
    for pattern in (r"nonce-[\w-]+", r'nonce="[^"]+"', r'name="csrf_token"[^>]*', r'name="csrf-token"[^>]*',
                    r"\b[0-9a-f]{16}\b", r'value="[\w-]{22}"', r"\b\d\d:\d\d\b",
                    rf"\b({STRANGE}|{UNSEEN}|{FREE})\b"):  # fmt: skip
        text = re.sub(pattern, "…", text)
    return page.status_code, text


def differences(one: list[Any], other: list[Any]) -> list[Any]:
    """The lines in which two answers differ."""
    lines = [[line for status, text in pages for line in (str(status), *text.split("\n"))] for pages in (one, other)]
    return [pair for pair in zip_longest(*lines) if pair[0] != pair[1]]


# Other methods, other spellings


def test_no_address_takes_another_method(asking: Asking, app: Flask) -> None:
    """Also not OPTIONS, and not by naming another one in a header or a field."""
    before = asking.state()
    tried = 0
    for at, rule in enumerate(RULES):
        path = asking.plainly(rule).path if "<secret>" not in rule else f"/{rule.split('/')[1]}/old/x"
        asked = Asked(asking.world, app, "GET", path, {})
        if rule.startswith(("/reset", "/invitation")):
            asked.path = asked.path.replace("/old", "")
        for method in METHODS:
            if (rule, method) not in TABLE:
                page = asked.by(("visitor", "ada")[at % 8 == 0], method=method, **OVERRIDDEN)
                assert page.status_code == 405, f"{method} {path}"
                tried += 1
    assert tried > 1000
    assert asking.state() == before


def spelled(path: str) -> list[str]:
    """The address with a slash more or less or twice, in capitals, and with what some servers cut off."""
    return [path.rstrip("/") + ("" if path.endswith("/") else "/"), path.replace("/", "//"), path.upper(),
            f"{path};x", f"{path}\0", f"/.{path}", f"{path}/.."]  # fmt: skip


def leads_to(adapter: MapAdapter, path: str, method: str) -> str:
    """The address that answers. A text in an address may hold anything: then it is another text."""
    try:
        endpoint, named = adapter.match(path, method=method)
    except RequestRedirect as elsewhere:
        return leads_to(adapter, urlsplit(elsewhere.new_url).path, method)
    except (NotFound, MethodNotAllowed):
        return "nowhere"
    return (
        "another text"
        if set(named) & {"report", "page", "code", "token", "address", "secret", "job"}
        else adapter.build(endpoint, named)
    )


def test_another_spelling_is_another_address_or_leads_to_the_right_one(asking: Asking, app: Flask) -> None:
    adapter = app.url_map.bind("localhost")
    tried = 0
    for rule, method in TABLE:
        path = asking.plainly(rule).path if "<secret>" not in rule else f"/reset/{rule.count('/')}"
        for other in spelled(path):
            assert leads_to(adapter, other, method) in ("nowhere", path, "another text"), other
            tried += 1
    assert tried > 1500


@pytest.mark.long
@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row[1]} {row[0]}")
def test_no_other_spelling_opens_what_is_closed(asking: Asking, row: tuple[str, str]) -> None:
    rule, method = row
    expected = words(rule, method)
    asked = asking.about(rule, method)
    before = asking.looked()
    for name in [name for name in PERSONAS if expected[name] in ("login", "403", "404")]:
        for other in spelled(asked.path):
            page = asked.by(name, environ_overrides={"PATH_INFO": other})
            leads_on = page.status_code == 308  # where to: the test above
            assert leads_on or outcome(page) in ("404", "405", expected[name]), f"{method} {other}"
        for there in {"GET", "POST"} & {each for one, each in TABLE if one == rule}:
            page = asked.by(name, method=there, **OVERRIDDEN)
            assert outcome(page) == words(rule, there)[name] or outcome(page) in ("404", "409", "422")
    assert asking.looked() == before


# Ids of others


@pytest.mark.parametrize("row", NAMING, ids=lambda row: f"{row[1]} {row[0]}")
def test_what_is_not_ones_own_reads_like_what_does_not_exist(asking: Asking, row: tuple[str, str]) -> None:
    """Each id in the address, one by one: of another organization, and of a member out of scope."""
    rule, method = row
    expected, asker = words(rule, method), open_to(rule, method)
    asked = asking.about(rule, method)
    askers = [(asker, STRANGE)]
    if expected["sven"] == "404" and expected["nora"] == "open":
        askers += [("nora", UNSEEN), ("rita", STRANGE)]
    elif expected["mia"] == "404":
        askers += [("mia", UNSEEN)]
    before = asking.looked()
    for name in re.findall(r"<int:(\w+)>", rule):
        for who, others in askers:
            pages = []
            for record_id in (others, FREE):
                path = asking.plainly(rule, **{name: record_id}).path
                heads = [plain(asked.by(who, path=path, method="HEAD"))] if method == "GET" and who == asker else []
                pages.append([plain(asked.by(who, path=path)), *heads])
            assert pages[0][0][0] == 404
            assert differences(*pages) == []
    assert asking.looked() == before


# A form of each kind that names records: chosen ones, ticked ones, one to go into, types, units, a reviewer.
OF_EACH_KIND = {
    "/admin/approvals/approve", "/admin/certification-types/several", "/admin/members/<int:member_id>",
    "/admin/members/several", "/admin/positions/<int:position_id>/merge", "/admin/renewals/new",
    "/admin/requirements/exemptions/new", "/admin/requirements/rules/new", "/admin/settings/reviewers", "/choose",
    "/portfolio/certificates/new", "/portfolio/messages/read",
}  # fmt: skip
SENT = [(rule, every) for rule in ACTIONS for every in (False, True)]


@pytest.mark.parametrize(
    ("rule", "every"),
    [pytest.param(*each, marks=[] if each in {(rule, False) for rule in OF_EACH_KIND} else [pytest.mark.long])
     for each in SENT],
    ids=lambda value: {True: "what could be sent", False: "what is sent"}.get(value, value),
)  # fmt: skip
def test_an_id_of_others_in_a_form_reads_like_one_that_does_not_exist(asking: Asking, rule: str, every: bool) -> None:
    asker = open_to(rule, "POST")
    asked = asking.about(rule, "POST", asker)
    sent = {name: value for name, value in asked.data.items() if not isinstance(value, bytes)}
    before = str(asking.state()).count(str(STRANGE))
    begun, fields = asking.state(), {*sent, *asked.offered} if every else set(sent)
    for name in [each for each in fields if AN_ID.search(each) and (rule, each) not in TEXTS]:
        pages = []
        for value in (STRANGE, FREE):
            was = sent.get(name)
            text = re.sub(r"\d+", str(value), was) if isinstance(was, str) and re.search(r"\d", was) else str(value)
            pages.append(plain(asked.by(asker, data=dict(asked.data) | {name: text})))
            now = asking.state()
            assert str(now).count(str(STRANGE)) <= before or value == FREE, f"{name} of {rule} took it"
            if now != begun:
                asking.anew()
                asked = asking.about(rule, "POST", asker)
        assert pages[0][0] < 500
        assert differences([pages[0]], [pages[1]]) == [], name


# Forged forms


ELSEWHERE = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site", "Referer": "https://evil.example/"}
FORGED = {
    "no token": {"headers": {"X-CSRFToken": ""}},
    "a token of somebody else": {"headers": {"X-CSRFToken": "{others}"}},
    "a token that was changed": {"headers": {"X-CSRFToken": "{own}xx"}},
    "a valid token, from another site": {"headers": {"X-CSRFToken": "{own}"} | ELSEWHERE},
    "JSON": {"headers": {"X-CSRFToken": "", "Content-Type": "application/json"} | ELSEWHERE, "data": b"{}"},
    "plain text": {"headers": {"X-CSRFToken": "", "Content-Type": "text/plain"} | ELSEWHERE, "data": b"a=b"},
}


@pytest.mark.parametrize(
    "every", [False, pytest.param(True, marks=pytest.mark.long)], ids=["one kind each", "every kind"]
)
def test_a_forged_form_is_refused(asking: Asking, every: bool) -> None:
    """At every address that takes one."""
    paths = {rule: address(asking.app, rule, asking.world, asking.cast) for rule in ACTIONS}
    before = asking.state()
    for at, rule in enumerate(ACTIONS):
        asker = open_to(rule, "POST")
        own, others = (asking.world.sessions[each][1] for each in (asker, "mia" if asker != "mia" else "max"))
        for kind in FORGED if every else [list(FORGED)[at % len(FORGED)]]:
            asked: dict[str, Any] = {"data": {}} | FORGED[kind]
            headers = {name: value.format(own=own, others=others) for name, value in asked["headers"].items()}
            asked["headers"] = headers | (BRIEF["headers"] if asker != "visitor" else {})
            page = asking.world.client(asking.app, asker).open(paths[rule], method="POST", **asked)
            assert page.status_code == 400, f"{kind} at {rule}"
    assert asking.state() == before


# Flask-Admin's own ways

SCAFFOLDED = ("ajax/lookup/", "ajax/update/", "action/", "export/csv/", "export/xlsx/", "details/", "edit/", "delete/",
              "new/", "list/")  # fmt: skip


def test_no_view_has_an_entry_that_it_does_not_use(asking: Asking, app: Flask) -> None:
    """By every view that is registered, with everything that Flask-Admin's own pages would take."""
    [admin] = app.extensions["admin"]
    urls = sorted({view.url for view in admin._views})
    assert len(urls) > 15
    before = asking.state()
    sent = {"id": "1", "rowid": "1", "action": "delete", "list_form_pk": "1", "name": "x", "url": "/admin/"}
    for url in urls:
        for entry in SCAFFOLDED:
            for path in (f"{url}/{entry}", f"{url}/{entry[:-1]}"):
                if app.url_map.bind("").test(path):
                    continue  # our own: it has its row
                asked = Asked(asking.world, app, "GET", path, {})
                who = "ada" if path.endswith("/") else "visitor"
                question = sent | {"query": "a", "offset": "0", "limit": "1000000"}
                pages = [asked.by("visitor", query_string=question, **BRIEF),
                         asked.by(who, method="POST", data=sent, **BRIEF)]  # fmt: skip
                assert [page.status_code in (308, 404, 405) for page in pages] == [True, True], path
    assert asking.state() == before

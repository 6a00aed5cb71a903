"""Double clicks, retries, two tabs: every form that changes a record has one outcome, by version, by key or by state.

TABLE has a row for every address that takes a POST; it says what makes a second one harmless:

- `version`: the form carries what stood when it was opened (a version, or what was shown), and saves over nothing else
- `key`: the form carries a key of its own, and makes one record
- `state`: the first one changes the state, or takes the name; the second finds it so, and is told or does nothing
- `same`: the second does it again and comes to the same; `more` names what it leaves besides, such as one more event
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from records import clock
from records.database import db, found, transaction
from records.models import (
    Actor,
    Approval,
    AuditEvent,
    Base,
    Certification,
    CreditEntry,
    ExternalCertificate,
    Member,
    Role,
    SignIn,
    SignOnIdentity,
    State,
)
from records.services import audit, certification_steps, reviews
from tests.access_table import TABLE as ACCESS
from tests.beginnings import Beginnings
from tests.cast import PASSWORD, Cast
from tests.clients import SignedClient
from tests.forms import read, values_of
from tests.holdings import picture, today
from tests.world import World, address, world_of

Browse = Callable[..., SignedClient]
VERSION, KEY, STATE, SAME = "version", "key", "state", "same"
ROOT = Path(__file__).parents[1]
EVENTS = "audit_event"
# What says who looked at what, who was refused, and how often something was tried.
LEFT_OUT = {"throttle_count", "audit_detail", EVENTS}
LOOKED = {"request.refused", "scan.viewed", "external_certificate.opened"}
NEW_PASSWORD = "seventeen green boats"  # because: nobody has it outside this test
CERTIFICATE = "/admin/approvals/<int:certificate_id>"


@dataclass(frozen=True)
class File:
    name: str
    content: bytes


@dataclass(frozen=True)
class Row:
    """`page`: whose form is sent, as it opens, with `typed` in it ({…} stands for what the world has by that name).
    `after`: what is sent before; `first`: what is done before. `newest`: names in the address that mean the newest
    row of a table. `closer`: the tests that try it with more than this one does."""

    how: str
    who: str = "ada"
    page: str = ""
    typed: dict[str, Any] = field(default_factory=dict)
    after: tuple[str, ...] = ()
    first: Callable[[Cast, World], object] | None = None
    newest: dict[str, str] = field(default_factory=dict)
    more: frozenset[str] = frozenset()
    closer: str = ""


@pytest.fixture
def world(app: Flask, cast: Cast, beginnings: Beginnings) -> World:
    """In place of the cast alone."""
    return world_of(app, beginnings)


def own(how: str, rule: str, **others: Any) -> tuple[str, Row]:
    """A form that is sent to the page on which it stands."""
    return rule, Row(how, page=rule, **others)


def ada(cast: Cast) -> Any:
    return cast.actor(cast.ada)


class Days:
    """`{day[-9]}` is nine days ago, as a form sends it."""

    def __getitem__(self, days: int | str) -> str:
        return (today() + timedelta(days=int(days))).isoformat()


SERVICES = "tests/records/services/"
FACTOR = SERVICES + "test_second_factors.py"
OFFICE = "tests/admin_panel/"
LINKS = frozenset({"message", "single_use_link", EVENTS})
EVENT = frozenset({EVENTS})
TYPE, CREDIT_TYPE = "/admin/certification-types/<int:type_id>", "/admin/credit-types/<int:credit_type_id>"
RULE, MEMBER = "/admin/requirements/rules/<int:requirement_id>", "/admin/members/<int:member_id>"
EXPORT, NEW_EXPORT = "/admin/exports/<int:export_id>", {"export_id": "list_export"}
IMPORT, HELD = "/admin/imports/<int:import_id>", "/admin/certifications/<int:certification_id>"
PROPOSED, UNIT = "/admin/renewals/proposed/<int:proposal_id>", "/admin/units/<int:unit_id>"
POSITION, MINE = "/admin/positions/<int:position_id>", "/portfolio/certificates/<int:certificate_id>"
RENEW = "/portfolio/certifications/<int:certification_id>/renew"
NEW_TYPE, NEW_CREDIT_TYPE = {"type_id": "certification_type"}, {"credit_type_id": "credit_type"}
NEW_RULE, NEW_UNIT, NEW_POSITION = {"requirement_id": "requirement"}, {"unit_id": "unit"}, {"position_id": "position"}
IMPORTED = frozenset({"register_import"})
NEW_IMPORT = {"import_id": "register_import"}
REGISTER = File("new.csv", b"Name,Number,Type,Expires\nNell New,N-1,EMT-Basic,2031-01-31\n")
MAPPED = {"do": "check", "column-0": "full_name", "column-1": "certification_number", "column-2": "certification",
          "column-3": "expires", "identify_by": "name_and_certification_number", "new_members": "create",
          "new_certification_types": "create"}  # fmt: skip
SCAN = File("scan.png", picture("blue"))
ALONE = {"key": "A" * 22, "files": SCAN}  # a file that travels by itself

TABLE: dict[str, Row] = dict([
    ("/account/email", Row(SAME, page="/account", typed={"email": "ada@new.example", "current": PASSWORD}, more=LINKS,
                           closer="tests/records/services/test_email_changes.py")),
    ("/account/language", Row(STATE, page="/account", typed={"language": "es"})),
    ("/account/password", Row(STATE, page="/account", typed={"current": PASSWORD, "password": NEW_PASSWORD})),
    ("/account/sessions", Row(SAME, more=EVENT)),
    (f"{CERTIFICATE}/approve", Row(STATE, page=CERTIFICATE, closer=SERVICES + "test_certificates_at_once.py")),
    (f"{CERTIFICATE}/decline", Row(STATE, page=CERTIFICATE, typed={"reason": "Not ours."},
                                   closer=SERVICES + "test_certificates_at_once.py")),
    (f"{CERTIFICATE}/request-changes", Row(STATE, page=CERTIFICATE, typed={"reason": "Mend it."},
                                           closer=SERVICES + "test_certificates_at_once.py")),
    (f"{CERTIFICATE}/revoke", Row(STATE, page=CERTIFICATE, after=(f"{CERTIFICATE}/approve",),
                                  typed={"reason": "Forged."})),
    ("/admin/approvals/approve", Row(
        STATE, page=CERTIFICATE, typed={"certificate": "{certificate_id}"},
        first=lambda cast, world: audit.opened(certificate(world), by=ada(cast)))),
    ("/account/data", Row(SAME, closer="tests/records/pages/test_personal_data.py")),
    ("/account/second-factor/begin", Row(SAME, closer=FACTOR)),
    ("/account/second-factor/codes", Row(SAME, closer=FACTOR)),
    ("/account/second-factor/off", Row(STATE, closer=FACTOR)),
    ("/account/second-factor/on", Row(STATE, closer=FACTOR)),
    ("/login/code", Row(STATE, closer=FACTOR)),
    (f"{MEMBER}/reset-second-factor", Row(STATE, closer=FACTOR)),
    ("/admin/approvals/texts/<int:text_id>/forget", Row(STATE)),
    ("/admin/certification-types/several", Row(STATE, typed={"do": "retire", "chosen": "{type_id}"})),
    own(VERSION, TYPE, typed={"name": "EMT, basic"}, closer=SERVICES + "test_certification_types.py"),
    (f"{TYPE}/delete", Row(STATE, after=("/admin/certification-types/new",), newest=NEW_TYPE)),
    (f"{TYPE}/reinstate", Row(STATE, after=(f"{TYPE}/retire",))),
    (f"{TYPE}/retire", Row(STATE)),
    own(STATE, "/admin/certification-types/new", typed={"name": "Diver"},
        closer=SERVICES + "test_certification_types.py"),
    own(STATE, "/admin/certification-types/start", typed={"type": "paramedic"}),
    own(VERSION, HELD, typed={"number": "N-77"}),
    (f"{HELD}/files", Row(KEY, page=HELD, typed={"files": SCAN}, closer=SERVICES + "test_scans.py")),
    (f"{HELD}/files/one", Row(KEY, typed=ALONE, closer="tests/records/pages/test_arriving.py")),
    (f"{HELD}/snooze", Row(STATE, page=HELD, typed={"until_on": "{day[10]}", "snooze_reason": "On leave."},
                           closer=SERVICES + "test_notices.py")),
    (f"{HELD}/snooze/end", Row(STATE, after=(f"{HELD}/snooze",))),
    own(VERSION, CREDIT_TYPE, typed={"name": "CEU, new"}),
    (f"{CREDIT_TYPE}/delete", Row(STATE, after=("/admin/credit-types/new",), newest=NEW_CREDIT_TYPE)),
    (f"{CREDIT_TYPE}/reinstate", Row(STATE, after=(f"{CREDIT_TYPE}/retire",))),
    (f"{CREDIT_TYPE}/retire", Row(STATE)),
    own(STATE, "/admin/credit-types/new", typed={"name": "CPD", "unit": "hours"}),
    ("/admin/first-steps/bring-back", Row(STATE, after=("/admin/first-steps/put-away",))),
    ("/admin/first-steps/put-away", Row(STATE)),
    ("/admin/gaps/again", Row(SAME)),
    ("/admin/months/again", Row(SAME)),
    ("/admin/reports/<report>/again", Row(SAME)),
    own(SAME, "/admin/imports/", typed={"file": REGISTER}, more=IMPORTED),
    (f"{IMPORT}/answers", Row(SAME, after=(f"{IMPORT}/map",), typed={"others": "new"}, newest=NEW_IMPORT,
                               more=IMPORTED)),
    (f"{IMPORT}/apply", Row(STATE, after=(f"{IMPORT}/map",), page=f"{IMPORT}/check", newest=NEW_IMPORT)),
    (f"{IMPORT}/discard", Row(STATE)),
    own(SAME, f"{IMPORT}/map", after=("/admin/imports/",), typed=MAPPED, newest=NEW_IMPORT, more=IMPORTED),
    (f"{IMPORT}/reading", Row(SAME, page=f"{IMPORT}/map")),
    (f"{IMPORT}/undo", Row(STATE, after=(f"{IMPORT}/apply",), newest=NEW_IMPORT)),
    own(VERSION, MEMBER, typed={"number": "77", "new-0-type_id": "{type_id}", "new-0-expires_on": "{day[900]}"},
        closer=SERVICES + "test_profiles.py"),
    (f"{MEMBER}/certifications/restore", Row(
        STATE, typed={"ids": "{certification_id}"},
        first=lambda cast, world: deleted(world.arguments["certification_id"], by=ada(cast)))),
    (f"{MEMBER}/data", Row(SAME, closer="tests/records/pages/test_personal_data.py")),
    (f"{MEMBER}/erase", Row(STATE, closer=SERVICES + "test_erasing.py")),
    (f"{MEMBER}/deactivate", Row(STATE, closer=SERVICES + "test_members.py")),
    (f"{MEMBER}/end-sessions", Row(SAME, more=EVENT)),
    (f"{MEMBER}/forget-sign-on", Row(STATE, first=lambda cast, world: bound(cast))),
    (f"{MEMBER}/invite", Row(SAME, more=LINKS, closer=SERVICES + "test_invitations.py")),
    (f"{MEMBER}/log-in-as", Row(STATE, typed={"password": PASSWORD}, closer=SERVICES + "test_login_as.py")),
    (f"{MEMBER}/reactivate", Row(STATE, after=(f"{MEMBER}/deactivate",))),
    (f"{MEMBER}/reset", Row(SAME, more=LINKS)),
    own(KEY, f"{MEMBER}/upload", typed={"files": SCAN}),
    (f"{MEMBER}/upload/files", Row(KEY, typed=ALONE)),
    own(STATE, f"{MEMBER}/merge/<int:other_id>", closer=SERVICES + "test_member_merges.py"),
    ("/admin/merges/<int:merge_id>/undo", Row(STATE)),
    own(KEY, "/admin/members/new", typed={"given_name": "Nell", "family_name": "New"}),
    ("/admin/exports/of/<page>", Row(STATE)),
    (f"{EXPORT}/cancel", Row(STATE, after=("/admin/exports/of/<page>",), newest=NEW_EXPORT)),
    (f"{EXPORT}/again", Row(STATE, after=("/admin/exports/of/<page>", f"{EXPORT}/cancel"), newest=NEW_EXPORT)),
    ("/admin/views/of/<page>", Row(STATE, page="/admin/reports/<report>", typed={"name": "Next month"})),
    ("/admin/views/<int:view_id>", Row(VERSION, page="/admin/views/", typed={"name": "Ours"})),
    ("/admin/views/<int:view_id>/delete", Row(STATE)),
    ("/admin/members/several", Row(STATE, typed={"do": "deactivate", "chosen": "{member_id}"})),
    own(STATE, "/admin/positions/", typed={"name": "Medic"}),
    own(VERSION, POSITION, typed={"name": "Pump operator"}),
    (f"{POSITION}/delete", Row(STATE, after=("/admin/positions/",), newest=NEW_POSITION)),
    (f"{POSITION}/merge", Row(STATE, after=("/admin/positions/",), newest=NEW_POSITION,
                              typed={"into": "{position_id}"})),
    ("/admin/requirements/exemptions/<int:exemption_id>/withdraw", Row(STATE)),
    own(STATE, "/admin/requirements/exemptions/new",
        typed={"requirement_id": "{requirement_id}", "member_id": "{other_id}", "reason": "On leave.",
               "ends_on": "{day[20]}", "save": "1"},
        closer=SERVICES + "test_exemptions.py"),
    own(VERSION, RULE, typed={"name": "Crews", "save": "1"}, closer=SERVICES + "test_requirements.py"),
    (f"{RULE}/delete", Row(STATE, after=("/admin/requirements/rules/new",), newest=NEW_RULE)),
    (f"{RULE}/reinstate", Row(STATE, after=(f"{RULE}/retire",))),
    (f"{RULE}/retire", Row(STATE)),
    own(STATE, "/admin/requirements/rules/new",
        typed={"name": "All of us", "who": "everyone", "from_on": "{day[0]}", "types": "{type_id}", "save": "1"}),
    ("/admin/renewals/<int:batch_id>/undo", Row(STATE)),
    ("/admin/renewals/new", Row(
        KEY, closer=SERVICES + "test_renewal_batches.py::test_of_two_presses_at_once_one_makes_it")),
    ("/admin/renewals/new/files", Row(KEY, closer="tests/records/pages/test_arriving.py")),
    (f"{PROPOSED}/accept", Row(VERSION, page=PROPOSED, closer=SERVICES + "test_renewal_proposals.py")),
    (f"{PROPOSED}/decline", Row(VERSION, page=PROPOSED, typed={"reason": "Too early."},
                                closer=SERVICES + "test_renewal_proposals.py")),
    ("/admin/scans/<int:scan_id>/delete", Row(STATE)),
    ("/admin/scans/<int:scan_id>/restore", Row(STATE, after=("/admin/scans/<int:scan_id>/delete",))),
    own(VERSION, "/admin/settings/", typed={"name": "Lakeside Rescue"}),
    ("/admin/settings/background/<job>/run", Row(SAME, more=EVENT)),
    ("/admin/settings/logo", Row(SAME, typed={"logo": File("logo.png", picture("red"))})),
    ("/admin/settings/logo/remove", Row(STATE, after=("/admin/settings/logo",))),
    ("/admin/settings/reviewers", Row(VERSION, page="/admin/settings/", typed={"reviewer": "{carl_id}"})),
    own(VERSION, "/admin/settings/sign-on", typed={"button": "Lakeside's own"}),
    ("/admin/settings/sign-on/try", Row(SAME)),
    own(STATE, "/admin/units/", typed={"name": "Boats"}),
    own(VERSION, UNIT, typed={"name": "Engine 7"}),
    (f"{UNIT}/delete", Row(STATE, after=("/admin/units/",), newest=NEW_UNIT)),
    (f"{UNIT}/merge", Row(STATE, after=("/admin/units/",), newest=NEW_UNIT, typed={"into": "{unit_id}"})),
    own(STATE, "/admin/uploads/<int:upload_id>",
        closer=SERVICES + "test_uploads.py::test_submitting_again_does_nothing_twice",
        typed={"file-1-0-certification": "type-{type_id}", "file-1-0-expires_on": "{day[800]}"}),
    ("/admin/uploads/<int:upload_id>/discard", Row(STATE)),
    ("/choose", Row(STATE, page="/choose", typed={"member": "{ada_id}"})),
    ("/email/<any(old, new):which>/<secret>", Row(STATE, who="visitor", closer=SERVICES + "test_email_changes.py")),
    ("/invitation/<secret>", Row(STATE, who="visitor", typed={"password": PASSWORD},
                                 closer=SERVICES + "test_invitations.py::test_of_two_who_accept_at_once_one_gets_in")),
    ("/login", Row(SAME, who="visitor", typed={"email": "ada.lindgren@lakeside.example", "password": PASSWORD},
                   more=frozenset({"sign_in", "known_browser", EVENTS}))),
    ("/logout", Row(STATE)),
    own(VERSION, f"{MINE}/edit", who="max", typed={"title": "Another title"}),
    (f"{MINE}/withdraw", Row(STATE, who="max")),
    ("/portfolio/certificates/files", Row(KEY, who="max", typed=ALONE)),
    own(KEY, "/portfolio/certificates/new", who="max", closer=SERVICES + "test_certificates_at_once.py",
        typed={"title": "Rope rescue", "credit_type_id": "{credit_type_id}", "credits": "3", "earned_on": "{day[-9]}",
               "files": SCAN}),
    ("/portfolio/certifications/<int:certification_id>/acknowledge", Row(STATE, who="max", closer=
        SERVICES + "test_notices.py::test_a_member_acknowledges_all_notices_of_a_certification")),
    own(KEY, RENEW, who="max", typed={"issued_on": "{day[-1]}", "expires_on": "{day[900]}", "files": SCAN},
        closer=SERVICES + "test_renewal_proposals.py::test_of_two_proposals_at_once_one_stands"),
    (f"{RENEW}/files", Row(KEY, who="max", typed=ALONE)),
    ("/portfolio/messages/<int:message_id>/acknowledge", Row(STATE, who="max", closer=
        SERVICES + "test_notices.py::test_a_member_acknowledges_a_message_once_and_it_counts_as_read")),
    ("/portfolio/messages/mail", Row(STATE, who="max")),
    ("/portfolio/messages/read", Row(SAME, who="max", page="/portfolio/messages")),
    ("/portfolio/credits/transcript", Row(SAME, who="max", more=frozenset({"transcript", "proof", EVENTS}))),
    ("/portfolio/renewals/<int:proposal_id>/withdraw", Row(STATE, who="max")),
    ("/reset", Row(SAME, who="visitor", typed={"email": "ada.lindgren@lakeside.example"}, more=LINKS)),
    ("/reset/<secret>", Row(STATE, who="visitor", typed={"password": NEW_PASSWORD})),
    ("/return", Row(STATE, after=(f"{MEMBER}/log-in-as",))),
    ("/scan/<int:scan_id>/turn", Row(STATE, typed={"to": "90"})),
    ("/sign-on", Row(SAME, who="visitor", typed={"address": "lakeside-fire"})),
    ("/theme", Row(SAME, typed={"theme": "dark"})),
    ("/portfolio/calendar/<any(own, scope):kind>/end", Row(STATE, who="max")),
    ("/portfolio/calendar/<any(own, scope):kind>/make", Row(
        SAME, who="max", more=EVENT,
        closer=SERVICES + "test_calendar_feeds.py::test_of_two_made_at_once_one_address_is_left")),
    own(KEY, f"{MINE}/proof", who="max", typed={"ends_on": "{day[30]}"},
        first=lambda cast, world: approve(cast, world)),
    own(KEY, "/portfolio/certifications/<int:certification_id>/proof", who="max", typed={"ends_on": "{day[30]}"}),
    own(KEY, "/portfolio/credits/proof", who="max", typed={"ends_on": "{day[30]}"}),
    ("/portfolio/proofs/<int:proof_id>/withdraw", Row(STATE, who="max", closer=SERVICES + "test_proofs.py")),
])  # fmt: skip


def test_every_form_has_its_row() -> None:
    assert set(TABLE) == {rule for rule, method in ACCESS if method == "POST"}


@pytest.mark.parametrize("closer", sorted({row.closer for row in TABLE.values() if row.closer}))
def test_what_is_tried_more_closely_elsewhere_is_there(closer: str) -> None:
    path, _, name = closer.partition("::")
    assert f"def {name}" in (ROOT / path).read_text()


# The very same form, twice


@pytest.mark.parametrize("rule", [rule for rule, row in TABLE.items() if row.page or row.typed or not row.closer])
def test_sent_twice_it_has_one_outcome(
    app: Flask, cast: Cast, world: World, beginnings: Beginnings, browse: Browse, rule: str
) -> None:
    row = TABLE[rule]
    form = Form.opened(app, cast, world, browse, rule)
    nothing = footprint()
    first, text = form.answer()
    assert first in (200, 201, 204, 302, 303), f"the form must be right, or this proves nothing: {_errors(text)}"
    once = footprint()
    assert row.how == SAME or once != nothing
    second = form.send()
    _is_told_in_words(second)
    _same(footprint(), once, row.more)  # a retry: one after the other

    world_of(app, beginnings)
    form = Form.opened(app, cast, world, browse, rule, body=form.body)
    for status in form.send_at_once(2):
        _is_told_in_words(status)
    _same(footprint(), once, row.more)  # a double click


def _errors(text: str) -> list[str]:
    return [each.text for each in read(text).all() if "error" in each.attrs.get("class", "")]


def _is_told_in_words(status: int) -> None:
    assert status in (200, 201, 204, 302, 303, 401, 404, 409, 422), status


def _same(now: Counter[str], once: Counter[str], more: frozenset[str]) -> None:
    differing = {name for name in now.keys() | once.keys() if now[name] != once[name]}
    left = {name for name in differing if name.partition(":")[0] not in more}
    assert not left, {name: (once[name], now[name]) for name in left}


def footprint() -> Counter[str]:
    """How many rows each table has and how many versions they saw, how many are ended, and how many events there are
    of each kind."""
    db.session.rollback()
    found: Counter[str] = Counter()
    with db.engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            if table.name in LEFT_OUT:
                continue
            counted = [sa.func.count()]
            if "version" in table.c:
                counted.append(sa.func.coalesce(sa.func.sum(table.c.version), 0))
            rows, *versions = connection.execute(sa.select(*counted).select_from(table)).one()
            found[table.name] = rows
            found[f"{table.name}:versions"] = int(versions[0]) if versions else 0
        kinds = sa.select(AuditEvent.kind, sa.func.count()).where(AuditEvent.kind.not_in(LOOKED))
        for kind, number in connection.execute(kinds.group_by(AuditEvent.kind)):
            found[f"{EVENTS}:{kind}"] = number
    return found


@dataclass
class Form:
    """A form as a browser holds it: where it goes, and what it would send."""

    client: SignedClient
    path: str
    body: dict[str, Any]

    @classmethod
    def opened(
        cls, app: Flask, cast: Cast, world: World, browse: Browse, rule: str, *, body: dict[str, Any] | None = None,
        client: SignedClient | None = None,
    ) -> Form:  # fmt: skip
        row = TABLE[rule]
        client = client or browse(world.people[row.who])
        if row.first is not None:
            row.first(cast, world)
        for earlier in row.after:
            status = cls.opened(app, cast, world, browse, earlier, client=client).answer(client)[0]
            assert status in (200, 302, 303), earlier
        given, world = world, _with_newest(world, row.newest)
        path = address(app, rule, world, cast)
        if body is None:
            page = address(app, row.page, world, cast) if row.page else ""
            body = (_shown(client, page, path) if page else {}) | _typed(row, cast, given)
        return cls(client, path, body)

    def send(self, client: SignedClient | None = None, **others: Any) -> int:
        return self.answer(client, **others)[0]

    def answer(self, client: SignedClient | None = None, **others: Any) -> tuple[int, str]:
        """The status and the text of the answer; the session in the cookie stays what it was."""
        client = client or copied(self.client)
        body = {name: _sent(value) for name, value in (self.body | others).items() if name != "csrf_token"}
        with client.post(self.path, data=body) as answer:
            return answer.status_code, answer.text if answer.mimetype.startswith("text/") else ""

    def send_at_once(self, times: int) -> list[int]:
        return [status for status, _ in at_once([self.answer] * times, [copied(self.client) for _ in range(times)])]


def at_once(calls: list[Callable[[SignedClient], Any]], clients: list[SignedClient]) -> list[Any]:
    """Each call in a thread of its own, all let go together."""
    ready = Barrier(len(calls))

    def run(call: Callable[[SignedClient], Any], client: SignedClient) -> Any:
        client.csrf_token()
        ready.wait(30)
        return call(client)

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls, clients))


def copied(client: SignedClient) -> SignedClient:
    """The same browser at the same moment: its cookies, and nothing that an answer changes in them afterwards."""
    copy = SignedClient(client.application)
    copy._cookies = dict(client._cookies)
    return copy


def _with_newest(world: World, newest: dict[str, str]) -> World:
    """Of the organization: the others of this world have numbers of their own."""
    here = world.own("ada").organization_id
    db.session.rollback()
    tables = {name: Base.metadata.tables[table].c for name, table in newest.items()}
    with db.engine.connect() as connection:
        ids = {
            name: connection.scalar(sa.select(sa.func.max(of.id)).where(of.organization_id == here))
            for name, of in tables.items()
        }
    return replace(world, arguments=world.arguments | ids)


def _shown(client: SignedClient, page: str, path: str) -> dict[str, Any]:
    """What the form on the page that goes to this path would send."""
    with client.get(page, follow_redirects=True) as answer:
        assert answer.status_code == 200, page
        html = read(answer.text)
    for form in html.all("form"):
        goes = [
            form.attrs.get("action", page).partition("?")[0],
            *(each.attrs["formaction"] for each in form.all(formaction=None)),
        ]
        if path in goes:
            return dict(values_of(form))
    return {}


def _typed(row: Row, cast: Cast, world: World) -> dict[str, Any]:
    names = {"carl_id": cast.carl.id, "ada_id": cast.ada.id, "day": Days(), **world.arguments}
    return {name: text.format(**names) if isinstance(text, str) else text for name, text in row.typed.items()}


def _sent(value: Any) -> Any:
    return (BytesIO(value.content), value.name) if isinstance(value, File) else value


def deleted(certification_id: object, *, by: Actor) -> None:
    with transaction():
        certification_steps.delete(found(Certification, int(str(certification_id))), by=by)


def bound(cast: Cast) -> None:
    """Max has signed on at the provider."""
    with transaction() as session:
        session.add(SignOnIdentity(organization_id=cast.fire.id, account_id=cast.max.account_id, issuer="https://login.example",
                                   subject="max", created_at=clock.now()))  # fmt: skip


def certificate(world: World) -> ExternalCertificate:
    return found(ExternalCertificate, int(str(world.arguments["certificate_id"])))


def approve(cast: Cast, world: World) -> None:
    seen = certificate(world)
    reviews.approve(seen, Approval(seen.claimed_credits), seen=seen.digest(), by=ada(cast))


# Two tabs


@dataclass(frozen=True)
class Tabs:
    """A form that is open in two tabs: what the one and the other type into its `field`."""

    field: str
    mine: str
    theirs: str
    stands: str = ""  # what the second reads of the first, where it is not what was typed


TABS = {
    TYPE: Tabs("name", "Mine of the types", "Theirs of the types"),
    HELD: Tabs("number", "MINE-1", "THEIRS-2"),
    CREDIT_TYPE: Tabs("name", "Mine of the credits", "Theirs of the credits"),
    MEMBER: Tabs("family_name", "Mine-Miller", "Theirs-Miller"),
    "/admin/views/<int:view_id>": Tabs("name", "Mine of the views", "Theirs of the views"),
    POSITION: Tabs("name", "Mine of the posts", "Theirs of the posts"),
    RULE: Tabs("name", "Mine of the rules", "Theirs of the rules"),
    f"{PROPOSED}/accept": Tabs("number", "MINE-1", "THEIRS-2", stands="Open the renewal"),
    "/admin/settings/": Tabs("name", "Mine Rescue", "Theirs Rescue"),
    "/admin/settings/sign-on": Tabs("button", "Mine at the button", "Theirs at the button"),
    UNIT: Tabs("name", "Mine of the units", "Theirs of the units"),
    f"{MINE}/edit": Tabs("title", "Mine of the titles", "Theirs of the titles"),
}


def test_every_form_with_a_version_is_tried_in_two_tabs() -> None:
    tried_below = {f"{PROPOSED}/decline", "/admin/settings/reviewers"}
    assert {rule for rule, row in TABLE.items() if row.how == VERSION} == TABS.keys() | tried_below


@pytest.mark.parametrize("rule", TABS)
def test_the_second_of_two_tabs_overwrites_nothing_and_loses_nothing(
    app: Flask, cast: Cast, world: World, browse: Browse, rule: str
) -> None:
    tabs, form = TABS[rule], Form.opened(app, cast, world, browse, rule)
    assert form.send(**{tabs.field: tabs.theirs}) == 302
    stands = footprint()
    status, page = form.answer(**{tabs.field: tabs.mine})
    assert status == 409
    assert "omebody else" in page or "already" in page or "has changed" in page
    assert tabs.mine in page, "what was typed"
    assert (tabs.stands or tabs.theirs) in page, "what stands now"
    assert footprint() == stands


@pytest.mark.parametrize("rule", TABS)
def test_of_two_tabs_at_once_one_is_saved(app: Flask, cast: Cast, world: World, browse: Browse, rule: str) -> None:
    tabs, form = TABS[rule], Form.opened(app, cast, world, browse, rule)
    said = at_once(
        [lambda client, text=text: form.answer(client, **{tabs.field: text}) for text in (tabs.mine, tabs.theirs)],
        [copied(form.client) for _ in range(2)],
    )
    assert sorted(status for status, _ in said) == [302, 409]


def test_two_tabs_each_grant_another_reviewer_and_both_stay(cast: Cast, world: World, browse: Browse) -> None:
    client = browse(cast.ada)
    sent = _shown(client, "/admin/settings/", "/admin/settings/reviewers")
    for member_id in (cast.carl.id, cast.nora.id):
        assert client.post("/admin/settings/reviewers", data=sent | {"reviewer": [member_id]}).status_code == 302
    assert [db.session.get_one(Member, each).reviews for each in (cast.carl.id, cast.nora.id)] == [True, True]


# Deleted in one tab, changed in the other

GONE: dict[str, tuple[str, dict[str, str]]] = {
    POSITION: ("/admin/positions/", NEW_POSITION),
    UNIT: ("/admin/units/", NEW_UNIT),
    TYPE: ("/admin/certification-types/new", NEW_TYPE),
    CREDIT_TYPE: ("/admin/credit-types/new", NEW_CREDIT_TYPE),
    RULE: ("/admin/requirements/rules/new", NEW_RULE),
    "/admin/views/<int:view_id>": ("", {}),
}


def _form_of_one_to_go(app: Flask, cast: Cast, world: World, browse: Browse, rule: str) -> tuple[Form, str]:
    """The form of a record that may be deleted, as it opens, and the page that it stands on."""
    (made_by, newest), client = GONE[rule], browse(cast.ada)
    if made_by:
        assert Form.opened(app, cast, world, browse, made_by, client=client).send() == 302
    path = address(app, rule, _with_newest(world, newest), cast)
    page = "/admin/views/" if rule.startswith("/admin/views") else path
    return Form(client, path, _shown(client, page, path) | {"save": "1"}), page


@pytest.mark.parametrize("rule", GONE)
def test_what_was_deleted_in_one_tab_is_not_saved_in_the_other_and_the_words_are_kept(
    app: Flask, cast: Cast, world: World, browse: Browse, rule: str
) -> None:
    form, _page = _form_of_one_to_go(app, cast, world, browse, rule)
    client, path = form.client, form.path
    assert client.post(f"{path}/delete").status_code == 302
    gone = footprint()
    status, text = form.answer(name="Typed in vain")
    assert status == 404
    assert "Typed in vain" in text
    assert footprint() == gone


@pytest.mark.parametrize("rule", GONE)
def test_deleting_and_saving_at_once_end_in_one_of_both(
    app: Flask, cast: Cast, world: World, browse: Browse, rule: str
) -> None:
    save, page = _form_of_one_to_go(app, cast, world, browse, rule)
    client, path = save.client, save.path
    delete = Form(client, f"{path}/delete", {})
    (saved, _), (deleted_, _) = at_once(
        [lambda tab: save.answer(tab, name="In time"), delete.answer], [copied(client) for _ in range(2)]
    )
    assert (saved, deleted_) in {(302, 302), (404, 302), (409, 302), (302, 409), (302, 404)}
    with client.get(path if page == path else page) as after:
        assert after.status_code in (200, 404)
        assert after.status_code == 404 or deleted_ != 302 or page != path


# The session ended meanwhile


@pytest.mark.parametrize(
    ("rule", "field"),
    [("/admin/members/new", "family_name"), (f"{CERTIFICATE}/decline", "reason"),
     ("/portfolio/certificates/new", "title"), ("/portfolio/credits/proof", "")],
)  # fmt: skip
@pytest.mark.parametrize("why", ["ended", "expired", "other"])
def test_what_was_typed_outlives_the_session(
    app: Flask, cast: Cast, world: World, browse: Browse, rule: str, field: str, why: str
) -> None:
    form = Form.opened(app, cast, world, browse, rule)
    before = footprint()
    if why == "other":  # somebody signed in anew in another tab: the form's token is of the session before
        tab = form.client
        tab.post("/logout")
        before = footprint()
        status, page = _with_stale_token(tab, form, {field: "Words of an hour"} if field else {})
        assert status == 400
    else:
        with transaction() as session:
            ended = {"ended_at": clock.now()} if why == "ended" else {"expires_at": clock.now() - timedelta(days=1)}
            session.execute(sa.update(SignIn).values(**ended))
        status, page = form.answer(**({field: "Words of an hour"} if field else {}))
        assert status == (401 if field else 302)
        assert not field or 'href="/login"' in page
    assert not field or "Words of an hour" in page
    assert PASSWORD not in page
    assert footprint() == before


def _with_stale_token(tab: SignedClient, form: Form, typed: dict[str, str]) -> tuple[int, str]:
    body = {name: _sent(value) for name, value in (form.body | typed).items()}
    with tab.post(form.path, data=body | {"csrf_token": "of another session"}, csrf=False) as answer:
        return answer.status_code, answer.text


# Two people, two deeds


@dataclass(frozen=True)
class Deeds:
    """Two forms on one record, sent at once by two people. `both`: they do not exclude each other."""

    one: str
    other: str
    both: bool = False


DEEDS = [
    Deeds(f"{MINE}/withdraw", f"{CERTIFICATE}/approve"),
    Deeds(f"{MINE}/edit", f"{CERTIFICATE}/approve"),
    Deeds(f"{MINE}/edit", f"{CERTIFICATE}/decline"),
    Deeds(f"{CERTIFICATE}/request-changes", f"{CERTIFICATE}/approve"),
    Deeds("/portfolio/renewals/<int:proposal_id>/withdraw", f"{PROPOSED}/accept"),
    Deeds(f"{PROPOSED}/decline", f"{PROPOSED}/accept"),
    Deeds(f"{HELD}/files", "/admin/scans/<int:scan_id>/delete", both=True),
    Deeds(MEMBER, f"{MEMBER}/deactivate", both=True),
    Deeds(f"{MEMBER}/deactivate", f"{MEMBER}/invite", both=True),
    Deeds(f"{MEMBER}/merge/<int:other_id>", MEMBER),
    Deeds("/admin/uploads/<int:upload_id>", "/admin/uploads/<int:upload_id>/discard", both=True),
]


@pytest.mark.parametrize("deeds", DEEDS, ids=lambda deeds: f"{deeds.one} and {deeds.other}")
@pytest.mark.parametrize("turned", [False, pytest.param(True, marks=pytest.mark.long)], ids=["", "turned"])
def test_of_two_deeds_at_once_one_is_first_and_the_other_is_told(
    app: Flask, cast: Cast, world: World, browse: Browse, deeds: Deeds, turned: bool
) -> None:
    forms = [Form.opened(app, cast, world, browse, rule) for rule in (deeds.one, deeds.other)]
    if turned:
        forms.reverse()
    said = at_once([form.answer for form in forms], [form.client for form in forms])
    statuses = [status for status, _ in said]
    assert set(statuses) <= {302, 404, 409, 422} | ({200} if deeds.both else set())
    assert (302 in statuses) if deeds.both else statuses.count(302) == 1
    db.session.rollback()
    seen = certificate(world)
    awards = sa.select(sa.func.count()).where(CreditEntry.external_certificate_id == seen.id)
    assert db.session.scalar(awards) == (seen.state == State.APPROVED)


def test_two_administrators_who_demote_each_other_leave_one(
    app: Flask, cast: Cast, world: World, browse: Browse
) -> None:
    with transaction() as session:
        session.get_one(Member, cast.mia.id).role = Role.ADMINISTRATOR
    pages = {one.id: browse(other) for one, other in ((cast.ada, cast.mia), (cast.mia, cast.ada))}
    forms = [
        Form(
            client,
            f"/admin/members/{member_id}",
            _shown(client, *[f"/admin/members/{member_id}"] * 2) | {"role": "member"},
        )
        for member_id, client in pages.items()
    ]
    at_once([form.answer for form in forms], [form.client for form in forms])
    db.session.rollback()
    roles = [db.session.get_one(Member, each).role for each in (cast.ada.id, cast.mia.id)]
    assert sorted(roles) == [Role.ADMINISTRATOR, Role.MEMBER]


@pytest.mark.parametrize("turned", [False, pytest.param(True, marks=pytest.mark.long)], ids=["", "turned"])
def test_who_is_deactivated_while_signing_in_is_not_in(
    app: Flask, cast: Cast, world: World, browse: Browse, turned: bool
) -> None:
    deactivate = Form.opened(app, cast, world, browse, f"{MEMBER}/deactivate")
    sign_in = Form(browse(None), "/login", {"email": cast.max.email, "password": PASSWORD})
    forms = [deactivate, sign_in][:: -1 if turned else 1]
    at_once([form.answer for form in forms], [form.client for form in forms])
    page = sign_in.client.get("/portfolio/")
    assert page.status_code == 302
    assert page.headers["Location"].startswith(("/login", "/choose"))


# What has no form

ELSEWHERE = {
    "two runs of the reminders": SERVICES + "test_reminders.py::test_of_several_runs_at_once_one_sends",
    "two runs of the weekly digest": SERVICES + "test_digests.py::test_of_two_runs_at_once_one_writes_it",
    "two who tell reviewers": SERVICES + "test_submission_digests.py::test_of_two_workers_at_once_one_tells",
    "two workers on one outbox": "tests/records/test_mail.py::test_two_workers_send_every_message_once",
    "two who bring the same bytes": SERVICES
    + "test_files.py::test_two_who_bring_the_same_new_bytes_at_once_share_one_row",
    "the sweep, and the same bytes again": SERVICES + "test_sweeps.py",
    "a link in a mail, twice": SERVICES + "test_email_changes.py::test_two_confirmations_at_once_are_enough",
    "one invitation, two passwords": SERVICES + "test_invitations.py::test_of_two_who_accept_at_once_one_gets_in",
    "two who merge, either way round": SERVICES
    + "test_member_merges.py::test_of_two_merges_at_once_one_is_carried_out",
    "four reviewers": SERVICES + "test_certificates_at_once.py",
    "the last two administrators": SERVICES + "test_members.py::test_two_administrators_cannot_deactivate_each_other",
    "a button pressed twice": "tests/browser/test_uploading_external_certificates.py::test_pressing_save_twice_makes",
}


@pytest.mark.parametrize("what", ELSEWHERE)
def test_what_has_no_form_is_tried_elsewhere(what: str) -> None:
    test_what_is_tried_more_closely_elsewhere_is_there(ELSEWHERE[what])

"""How many statements a page makes: few, and as many however much it shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from records import clock
from records.database import choose_organization, db, found, transaction
from records.models import CertificationType, CreditType, ExternalCertificate, Member, Position, Unit
from records.queries import kept_figures
from records.services import audit
from records.services.figures import count_figures
from tests.cast import LONG_AGO, Cast
from tests.certificates import approved, credit_type, submitted
from tests.clearances import exempt, position, require
from tests.holdings import give, picture
from tests.notices import remind
from tests.portal.conftest import GIVEN, Form
from tests.samples import picture as coloured

MOST, MOST_OF_HOME = 6, 8
# A learner's form, its redirect included; a form that is sent with one file; each further file.
MOST_OF_A_FORM, MOST_OF_SENDING, MOST_OF_A_FILE = 5, 22, 5
_MEMBERS, _REPORTS = "/admin/members/", "/admin/reports/"
# Of the back office; {unit} and so on are ids. Coordinators pay one more for the units of their scope, within the same.
STAFF = {
    "lists": (_MEMBERS, f"{_MEMBERS}?sort=-joined", f"{_MEMBERS}?unit={{unit}}", f"{_MEMBERS}?clearance=cleared"),
    "search": (f"{_MEMBERS}?search=Mill", f"{_MEMBERS}?search=1004", f"{_MEMBERS}?search=zzqx"),
    "profile": (f"{_MEMBERS}{{member}}",),
    "queue": ("/admin/approvals/", "/admin/approvals/?state=all"),
    "review": ("/admin/approvals/{certificate}", "/admin/approvals/{decided}"),
    "dashboard": ("/admin/", "/admin/gaps", "/admin/months"),
    "matrix": ("/admin/requirements/", "/admin/requirements/?unit={unit}&only=missing"),
    "reports": tuple(
        f"{_REPORTS}{name}"
        for name in (
            "expiring?period=next_30",
            "expired",
            "missing",
            "standing",
            "standing?unit={unit}&group=unit",
            "standing-by-member",
            "credits",
            "notices",
            "turnaround",
        )
    ),
    "of administrators": ("/admin/reports/activity",),
}
KEPT = (
    "/admin/gaps",
    "/admin/months",
    *(f"{_REPORTS}{name}" for name in ("standing", "credits?unit={unit}", "turnaround")),
)
LEARNER = {
    "portfolio": ("/portfolio/", "/portfolio/certificates"),
    "credits": ("/portfolio/credits",),
}


@pytest.fixture
def said(app: Any) -> Iterator[list[str]]:
    """The statements that ask or change anything."""
    seen: list[str] = []

    def note(*facts: Any) -> None:
        if not facts[2].startswith(("SET", "PRAGMA", "BEGIN")):
            seen.append(facts[2])

    sa.event.listen(db.engine, "before_cursor_execute", note)
    yield seen
    sa.event.remove(db.engine, "before_cursor_execute", note)


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    """All in one minute: who looks again writes nothing."""
    at = clock.now()
    monkeypatch.setattr(clock, "now", lambda: at)


def _a_little(cast: Cast) -> dict[str, int]:
    """One of everything that the pages show."""
    with transaction() as session:  # more than the matrix looks through at first
        session.add_all(Unit(name=f"Station {number}", organization_id=cast.fire.id) for number in range(8))
    ceu = credit_type("CEU", goal=Decimal(10))
    rule = require("Life support", cast.emt, positions=[position("Driver", cast.max)])
    require("Hours", credit_type=ceu, credits=Decimal(10), members=[cast.max])
    exempt(cast.una, rule, cast.ada)
    for days in (-40, 20):
        give(cast.max, cast.emt, days, number=f"A {days}", files={"card.png": picture()})
    decided = approved(cast, ceu, number="A 20").id
    certificate = submitted(cast, ceu, number="A 20").id
    remind(clock.now().date())
    _look(cast, certificate)
    return {"unit": cast.north.id, "member": cast.max.id, "certificate": certificate, "decided": decided}


def _look(cast: Cast, certificate_id: int) -> None:
    for reviewer in (cast.ada, cast.carl):
        audit.opened(found(ExternalCertificate, certificate_id), by=cast.actor(reviewer))


def _several_times_more(cast: Cast) -> None:
    """Of everything that grows, and of what organizations have many of."""
    here: dict[str, Any] = {"organization_id": cast.fire.id}
    with transaction() as session:
        session.add_all(CertificationType(name=f"Type {number}", created_at=LONG_AGO, **here) for number in range(8))
        session.add_all(Position(name=f"Position {number}", **here) for number in range(8))
        here |= {"created_at": LONG_AGO, "unit_id": cast.engine.id}
        people = [Member(given_name="Max", family_name=f"Mill {number}", **here) for number in range(12)]
        session.add_all(people)
    ceu = db.session.scalars(sa.select(CreditType)).first()
    assert ceu
    for number, member in enumerate(people):
        give(member, cast.emt, 10 * number - 40, issued_in=None)
        give(
            cast.max, cast.forklift, 10 * number - 40, number=f"B {number}", issued_in=None, files={"b.png": picture()}
        )
        require(f"Rule {number}", cast.forklift, positions=[position(f"Of {number}", member)])
    for number in range(5):
        approved(cast, ceu, title=f"Done {number}", number="A 20")
        _look(cast, submitted(cast, ceu, title=f"Waits {number}", number="A 20").id)
        submitted(cast, ceu, title=f"Of another {number}", by=cast.actor(people[number]))
    remind(clock.now().date() + timedelta(days=1))


def _counted(cast: Cast, browse: Callable[..., Any], said: list[str], ids: dict[str, int]) -> dict[str, int]:
    """By who asks for which address, on a page that was open before."""
    counts = {}
    for member, pages in ((cast.ada, STAFF), (cast.nora, STAFF), (cast.max, LEARNER)):
        client = browse(member)
        theirs = [addresses for who, addresses in pages.items() if who != "of administrators" or member is cast.ada]
        for address in (each.format(**ids) for addresses in theirs for each in addresses):
            client.get(address)
            said.clear()
            answer = client.get(address)
            assert answer.status_code == 200, address
            counts[f"{member.given_name} {address}"] = len(said)
    return counts


def test_pages_of_kept_figures_make_few_statements_on_every_look(cast, browse, said, now, monkeypatch):
    with transaction() as session:
        session.get_one(Member, cast.nora.id).reviews = True
    ids = _a_little(cast)
    monkeypatch.setattr(kept_figures, "MOST_AT_ONCE", 0)
    for member in (cast.ada, cast.nora):
        client = browse(member)
        for address in KEPT:
            for looks in ("first", "while it is counted", "kept"):
                said.clear()
                assert client.get(address.format(**ids)).status_code == 200
                assert len(said) <= MOST, f"{member.given_name} {address}, {looks}: {said}"
                if looks != "first":
                    count_figures()
                    choose_organization(cast.fire.id)


def test_statements_of_pages_are_few_and_do_not_grow_with_rows(cast, browse, said, now):
    with transaction() as session:
        session.get_one(Member, cast.nora.id).reviews = True
    ids = _a_little(cast)
    few = _counted(cast, browse, said, ids)
    choose_organization(cast.fire.id)
    _several_times_more(cast)
    many = _counted(cast, browse, said, ids)
    assert many == few
    too_many = {page: number for page, number in few.items()
                if number > (MOST_OF_HOME if page.endswith("/admin/") else MOST)}  # fmt: skip
    assert not too_many


def test_a_form_and_what_it_submits_make_few_statements(cast, browse, said, now):
    credit_type()
    client, counts = browse(cast.max), []
    Form(client).send(("first.png", coloured(colour="red")), **GIVEN)
    for number, colours in enumerate((["teal"], ["navy"], ["lime", "pink", "gold"])):
        said.clear()
        form = Form(client)
        assert len(said) <= MOST_OF_A_FORM, said
        said.clear()
        files = [(f"{colour}.png", coloured(colour=colour)) for colour in colours]
        assert form.send(*files, **GIVEN | {"title": f"Ladders {number}"}).status_code == 302
        counts.append(len(said))
    assert counts[0] == counts[1] <= MOST_OF_SENDING, said
    assert counts[2] <= MOST_OF_SENDING + 2 * MOST_OF_A_FILE, said

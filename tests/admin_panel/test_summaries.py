"""Summaries: pages of their own, and what a list shows beside its rows."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from records import clock
from records.database import db, transaction
from records.models import AuditEvent, AuditKind
from tests.certificates import credit_type, in_state, submitted
from tests.holdings import give, picture
from tests.renewals import allow_proposals, proposed
from tests.requirements import exempt, position, require

BESIDE = {"X-Beside": "yes"}


@pytest.fixture
def addresses(cast):
    """One summary of each noun."""
    certification_id = give(cast.max, cast.emt, 20, number="E-77", files={"front.png": picture()})
    position(cast, "Driver", cast.max)
    requirement = require(cast)
    exempt(cast, cast.mia, requirement)
    allow_proposals(cast.emt)
    event = db.session.scalars(sa.select(AuditEvent.id).where(AuditEvent.kind == AuditKind.REQUIREMENT_CREATED)).one()
    return {
        "member": f"/admin/members/{cast.max.id}/summary",
        "type": f"/admin/certification-types/{cast.emt.id}/summary",
        "requirement": f"/admin/requirements/rules/{requirement.id}/summary",
        "approval": f"/admin/approvals/{submitted(cast, credit_type(), title='Ladder rescue').id}/summary",
        "proposal": f"/admin/renewals/proposed/{proposed(cast, certification_id).id}/summary",
        "event": f"/admin/audit-trail/{event}/summary",
    }


SAID = {
    "member": ["Engine 1", "Driver", "1004", "Cleared", "EMT-Basic", "Expiring soon", "1 file", "Open profile",
               "Upload", "Renew", "Log in as"],
    "type": ["Members by standing", "Expiring soon", "Required by", "Life support", "Edit"],
    "requirement": ["Everyone must hold EMT-Basic", "Bound by it", "Meet it", "1 member is exempt today", "Edit"],
    "approval": ["Max Miller", "Engine 1", "CEU", "2.5 hours", "1 Mar 2025", "certificate 1.png", "Open to decide"],
    "proposal": ["Max Miller", "E-77", "Proposed", "Open to decide", "Open profile"],
    "event": ["Ada Lindgren", "Requirement", "Before and after", "Life support"],
}  # fmt: skip


@pytest.mark.parametrize("noun", SAID)
def test_it_is_a_page_of_its_own_and_a_part_of_one_beside_a_list(cast, browse, addresses, noun):
    client = browse(cast.ada)
    page, part = client.get(addresses[noun]), client.get(addresses[noun], headers=BESIDE)
    assert page.status_code == part.status_code == 200
    for said in SAID[noun]:
        assert said in page.text
        assert said in part.text
    assert page.text.count("<h1") == page.text.count("<main") == 1
    assert not any(each in part.text for each in ("<html", "<main", "<h1", "<nav", "<script"))


def test_nothing_is_offered_that_the_asker_may_not_do(cast, browse, addresses):
    of_carl = browse(cast.carl).get(addresses["member"], headers=BESIDE).text
    assert "Upload" in of_carl
    assert "Log in as" not in of_carl
    own = browse(cast.carl).get(f"/admin/members/{cast.carl.id}/summary", headers=BESIDE).text
    assert "Upload" not in own
    of_nora = browse(cast.nora)
    assert ">Edit<" not in of_nora.get(addresses["type"]).text
    assert "Open requirement" in of_nora.get(addresses["requirement"]).text


def test_looking_at_a_certificate_in_a_summary_is_not_opening_it_for_review(cast, browse, addresses):
    opened = sa.select(sa.func.count(AuditEvent.id)).where(AuditEvent.kind == AuditKind.CERTIFICATE_OPENED)
    browse(cast.ada).get(addresses["approval"])
    assert db.session.scalar(opened) == 0
    browse(cast.ada).get(addresses["approval"].removesuffix("/summary"))
    assert db.session.scalar(opened) == 1


@pytest.mark.parametrize("state", ["approved", "declined", "revoked"])
def test_a_decided_certificate_says_how(cast, browse, state):
    certificate = in_state(cast, credit_type(), state)
    part = browse(cast.ada).get(f"/admin/approvals/{certificate.id}/summary", headers=BESIDE).text
    assert state.capitalize() in part
    assert "Decided" in part
    assert "Open to decide" not in part


def test_an_event_says_each_fact_before_and_after(cast, browse):
    with transaction() as session:
        event = AuditEvent.of(
            AuditKind.MEMBER_CHANGED,
            cast.max,
            by=cast.actor(cast.ada),
            at=clock.now(),
            before={"family_name": "Miller", "number": None, "suffix": "Jr."},
            after={"family_name": "<b>Möller</b>", "number": "9", "suffix": "Jr."},
        )
        session.add(event)
    part = browse(cast.ada).get(f"/admin/audit-trail/{event.id}/summary", headers=BESIDE).text
    said = re.sub(r"\s*<[^>]+>\s*", "|", part)
    assert re.search(r"\|Miller\|+&lt;b&gt;Möller&lt;/b&gt;\|", said), said
    assert "<b>" not in part


LISTS = {
    "member": "/admin/members/",
    "type": "/admin/certification-types/",
    "requirement": "/admin/requirements/rules/",
    "approval": "/admin/approvals/",
    "proposal": "/admin/renewals/proposed/",
    "event": "/admin/audit-trail/?kind=requirement.created",
}


@pytest.mark.parametrize("noun", LISTS)
def test_each_row_of_a_list_leads_to_its_summary(cast, browse, addresses, noun):
    page = browse(cast.ada).get(LISTS[noun]).text
    assert f'href="{addresses[noun]}"' in page
    assert page.count('id="beside-parts"') == 1


@pytest.mark.parametrize("address", ["/admin/requirements/exemptions/", "/admin/reports/missing"])
def test_where_a_row_is_a_members_it_leads_to_the_member(cast, browse, addresses, address):
    give(cast.mia, cast.emt, -20)
    require(cast, "Driving", type_ids=frozenset({cast.forklift.id}))
    page = browse(cast.ada).get(address).text
    assert f'href="/admin/members/{cast.mia.id}/summary"' in page
    assert page.count('id="beside-parts"') == 1


def test_a_printed_report_has_no_such_controls(cast, browse, addresses):
    page = browse(cast.ada).get("/admin/reports/expiring/print").text
    assert "Miller, Max" in page
    assert "data-beside" not in page
    assert 'id="beside-parts"' not in page

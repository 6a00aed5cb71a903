"""First steps on Home and in Settings, the common types to tick, and what empty lists offer."""

from __future__ import annotations

import pytest

from records.database import db, every_organization, transaction
from records.models import CertificationType
from tests.forms import filled, read
from tests.holdings import give, picture

TYPES = "/admin/certification-types/"
START = TYPES + "start"


def _home(browse, who):
    return read(browse(who).get("/admin/").text)


def test_only_administrators_are_led_and_only_until_all_is_done(cast, browse):
    steps = _home(browse, cast.ada).one("section", aria_labelledby="first-steps-head")
    assert "3 of 4 done" in steps.text
    (link,) = [each for each in steps.all("a") if each.text == "Record a certification"]
    assert browse(cast.ada).get(link.attrs["href"]).status_code == 200
    for coordinator in (cast.carl, cast.nora):
        assert not _home(browse, coordinator).all("section", aria_labelledby="first-steps-head")
    give(cast.max, cast.emt, 300, files={"card.png": picture()})
    assert not _home(browse, cast.ada).all("section", aria_labelledby="first-steps-head")


def test_put_away_they_wait_in_settings(cast, browse):
    client = browse(cast.ada)
    assert not read(client.get("/admin/settings/").text).all("section", id="first-steps")
    said = client.post("/admin/first-steps/put-away", follow_redirects=True).text
    assert "You find them in Settings." in said
    assert not read(said).all("section", aria_labelledby="first-steps-head")
    card = read(client.get("/admin/settings/").text).one("section", id="first-steps")
    assert "3 of 4 done" in card.text
    client.post(card.one("form").attrs["action"])
    assert _home(browse, cast.ada).one("section", aria_labelledby="first-steps-head")


def test_ticked_types_are_added_with_their_term_and_what_is_there_stays(cast, browse):
    client = browse(cast.ada)
    page = read(client.get(START).text)
    emt = page.one("input", value="emt")
    assert "disabled" in emt.attrs
    assert "is there already" in page.text
    said = client.post(START, data={"type": ["emt", "nursing", "unknown"]}, follow_redirects=True).text
    assert "1 type was added." in said
    (made,) = db.session.query(CertificationType).filter_by(name="Nursing licence")
    assert made.usual_term == 60
    assert db.session.query(CertificationType).filter_by(name="EMT-Basic").count() == 1


def test_nothing_ticked_is_said_and_changes_nothing(cast, browse):
    answer = browse(cast.ada).post(START)
    assert answer.status_code == 422
    assert "Tick at least one type first." in answer.text


@pytest.mark.parametrize("address", [
    "/admin/certification-types/", "/admin/credit-types/", "/admin/units/", "/admin/positions/",
    "/admin/requirements/", "/admin/requirements/rules/", "/admin/renewals/", "/admin/renewals/proposed/",
    "/admin/approvals/", "/admin/approvals/?state=declined", "/admin/merges/", "/admin/members/?search=nobody",
])  # fmt: skip
def test_an_empty_list_says_what_it_is_for_and_offers_a_step(cast, browse, address):
    """Of another organization that has nothing but its people."""
    with every_organization(), transaction() as session:
        session.delete(session.get_one(CertificationType, cast.clinic_emt.id))
    client = browse(cast.ken)
    page = read(client.get(address).text)
    (card,) = [each for each in page.all("div") if each.attrs.get("class") == "card empty"]
    assert card.one("h2").text
    assert card.one("p").text
    steps = [*card.all("a")] or page.one("main").all("form", method="post")
    assert steps
    for link in card.all("a"):
        assert client.get(link.attrs["href"]).status_code == 200


def test_a_filter_that_fits_nothing_can_be_cleared(cast, browse):
    for address in ("/admin/audit-trail/?kind=member.merged", "/admin/reports/expiring?period=next_30",
                    "/admin/requirements/coverage/?unit=none"):  # fmt: skip
        client = browse(cast.ken)
        page = read(client.get(address).text)
        cards = [each for each in page.all("div") if each.attrs.get("class") == "card empty"]
        for card in cards:
            (link,) = card.all("a")
            assert client.get(link.attrs["href"]).status_code == 200


def test_the_form_of_common_types_sends_what_was_ticked(cast, browse):
    sent = filled(read(browse(cast.ada).get(START).text), action=START)
    assert set(sent) == {"csrf_token"}

"""The learner's first page: what expires in the months to come, and how far credits are."""

from __future__ import annotations

from decimal import Decimal

import pytest

from records.database import transaction
from records.models import CertificationType
from tests.cast import LONG_AGO
from tests.certificates import credit_type
from tests.forms import read
from tests.holdings import give

URL = "/portfolio/"


@pytest.fixture
def course(cast):
    """Makes certification types, so that none follows another."""

    def make(name):
        with transaction() as session:
            type_ = CertificationType(name=name, created_at=LONG_AGO)
            session.add(type_)
        return type_

    return make


def _page(browse, who):
    answer = browse(who).get(URL)
    assert answer.status_code == 200
    return read(answer.text)


def test_the_next_months_are_a_chart_a_table_and_a_list(cast, browse, course):
    soon = give(cast.max, course("Soon"), 5)
    later = give(cast.max, course("Later"), 100)
    give(cast.max, course("Gone"), -5)
    give(cast.max, course("Far"), 800)
    renewed = give(cast.max, cast.emt, 20)
    give(cast.max, cast.emt, 720, renews=renewed)
    give(cast.mia, cast.emt, 5)
    section = _page(browse, cast.max).one("section", aria_labelledby="upcoming-head")
    assert [each.attrs["id"] for each in section.all("li") if "id" in each.attrs] == [
        f"expires-{soon}", f"expires-{later}"
    ]  # fmt: skip
    counts = [int(row.one("td").text) for row in section.one("tbody").all("tr")]
    assert len(counts) == 12
    assert sum(counts) == 2
    assert "Far" not in section.text
    links = section.one("ol", class_="plain chart-links").all("a")
    assert [link.attrs["href"] for link in links] == [f"#expires-{soon}", f"#expires-{later}"]
    assert section.one("svg", role="img").attrs["aria-label"].startswith("Your certifications")


def test_bars_of_one_month_lead_to_the_first_of_it(cast, browse, course):
    first, _second = (give(cast.max, course(name), 150) for name in ("One", "Two"))
    section = _page(browse, cast.max).one("section", aria_labelledby="upcoming-head")
    (link,) = section.one("ol", class_="plain chart-links").all("a")
    assert link.attrs["href"] == f"#expires-{first}"
    assert link.text.endswith(": 2")


def test_where_nothing_expires_it_says_so(cast, browse):
    give(cast.max, cast.emt, 800)
    section = _page(browse, cast.max).one("section", aria_labelledby="upcoming-head")
    assert "Nothing of yours expires in the next 12 months." in section.text
    assert not section.all("svg", role="img")


def test_credits_stand_against_their_goal_where_there_is_one(cast, browse):
    assert not _page(browse, cast.max).all("section", aria_labelledby="goals-head")
    credit_type(goal=Decimal(20))
    section = _page(browse, cast.max).one("section", aria_labelledby="goals-head")
    assert "0 of 20" in section.text
    assert section.one("progress").attrs["value"] == "0"
    with transaction():
        cast.fire.takes_external_certificates = False
    assert not _page(browse, cast.max).all("section", aria_labelledby="goals-head")


def test_with_nothing_yet_it_offers_what_a_learner_can_do(cast, browse):
    page = _page(browse, cast.max)
    assert "No certifications yet" in page.text
    (link,) = [each for each in page.all("a") if each.text == "Add a certificate earned elsewhere"]
    assert browse(cast.max).get(link.attrs["href"], follow_redirects=True).status_code == 200

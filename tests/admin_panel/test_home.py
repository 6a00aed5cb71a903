"""The back office's first page: every figure is that of the list it leads to; what takes longer comes after it."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest

from records.database import transaction
from records.models import CertificationType
from records.queries.attention import attention
from tests.cast import LONG_AGO
from tests.forms import read
from tests.holdings import give, today
from tests.records.queries.reports.asking import ask, statements
from tests.requirements import require

FIGURES = ("Expired", "Within 30 days", "Within 60 days", "Within 90 days")
EXPIRIES = (-400, -118, -31, -10, -1, 0, 1, 30, 31, 60, 61, 90, 91, 200, 364)


@pytest.fixture
def holdings(cast):
    """Unrenewed ones around every bound, and others that count nowhere."""
    people = (cast.max, cast.mia, cast.una, cast.nora)
    with transaction() as session:
        types = [CertificationType(name=f"Course {number}", created_at=LONG_AGO) for number in range(len(EXPIRIES))]
        session.add_all(types)
    for number, days in enumerate(EXPIRIES):
        give(people[number % 4], types[number], days, issued_in=None)
    earlier = give(cast.ada, cast.forklift, 20)
    give(cast.ada, cast.forklift, 700, renews=earlier)
    give(cast.carl, cast.forklift, -5, change=lambda each: each.revoke(on=today(), reason="Recalled."))


def _suspend(certification):
    certification.suspend(on=today() - timedelta(days=1), reason="Under review.")


def _home(browse, who):
    answer = browse(who).get("/admin/")
    assert answer.status_code == 200
    return read(answer.text)


def _figures(page):
    """By label: the number, and the address behind it."""
    tiles = page.one("ul", class_="plain stats").all("a")
    return {tile.one("span", class_="stat-label").text: (tile.one("strong").text, tile.attrs["href"]) for tile in tiles}


def _behind(cast, address, by=None):
    """The rows of the report that an address asks for."""
    parts = urlsplit(address)
    return ask(cast, parts.path.rstrip("/").rpartition("/")[2], by, **dict(parse_qsl(parts.query)))


@pytest.mark.parametrize("who", ["ada", "carl", "nora"])
def test_each_figure_is_that_of_the_list_behind_it(cast, browse, holdings, who):
    asker = getattr(cast, who)
    found = _figures(_home(browse, asker))
    shown = {}
    for label in FIGURES:
        number, address = found[label]
        rows = _behind(cast, address, asker)
        assert int(number) == rows.count() == len({row.row_id for row in rows}), label
        shown[label] = int(number)
        page = browse(asker).get(address).text
        assert (f"{number} line" if number != "0" else "Nothing to show") in page, label
    if asker.covers_organization or who == "ada":
        assert tuple(shown.values()) == (5, 3, 5, 7)
    else:
        assert 0 < shown["Expired"] < 5


def test_each_month_of_the_chart_is_the_list_behind_it(cast, browse, holdings):
    page = _home(browse, cast.ada)
    picture = page.one("svg", role="img")
    assert picture.attrs["aria-label"] == "Certifications that expire in the next 12 months"
    rows = page.one("details", class_="more chart-table").one("tbody").all("tr")
    assert len(rows) == 12
    counts = []
    for row in rows:
        (count,) = row.all("td")
        counts.append(int(count.text))
        for link in count.all("a"):
            assert _behind(cast, link.attrs["href"]).count() == counts[-1]
        assert bool(count.all("a")) == (counts[-1] > 0)
    assert sum(counts) >= len([days for days in EXPIRIES if 0 <= days <= 330])
    over_the_bars = page.one("ol", class_="plain chart-links").all("a")
    assert [link.text.rpartition(": ")[2] for link in over_the_bars] == [str(count) for count in counts if count]


def test_lists_are_short_and_lead_to_all(cast, browse, holdings):
    page = _home(browse, cast.ada)
    for heading, count, first in (("expiring-soon", 7, 0), ("expired", 5, -1)):
        section = page.one("section", aria_labelledby=heading)
        lines = section.all("li")
        assert len(lines) == min(count, 6)
        assert ("today" if first == 0 else "yesterday") in lines[0].text
        links = [each for each in section.all("a") if each.text.startswith("All ")]
        assert len(links) == (count > 6)
        for link in links:
            assert _behind(cast, link.attrs["href"]).count() == count


def test_what_expired_in_grace_or_suspended_counts_until_it_is_followed(cast):
    with transaction() as session:
        session.get_one(CertificationType, cast.emt.id).grace_days = 20
    give(cast.max, cast.emt, -10)
    give(cast.max, cast.forklift, -30, change=_suspend)
    give(cast.mia, cast.forklift, -1)
    give(cast.mia, cast.forklift, 400, change=_suspend)
    give(cast.una, cast.forklift, -31)
    give(cast.una, cast.forklift, 300)
    assert attention(by=cast.actor(cast.ada)).expired == ask(cast, "expiring", period="past").count() == 3


def test_a_deactivated_member_counts_nowhere(cast, browse, holdings):
    before = attention(by=cast.actor(cast.ada))
    with transaction() as session:
        session.get_one(type(cast.max), cast.max.id).deactivated_at = cast.max.created_at
    after = attention(by=cast.actor(cast.ada))
    assert after.expired < before.expired
    assert "Miller, Max" not in _home(browse, cast.ada).text


def test_another_organization_sees_none_of_it(cast, browse, holdings):
    found = _figures(_home(browse, cast.ken))
    assert [found[label][0] for label in FIGURES] == ["0", "0", "0", "0"]
    assert "Nothing expires in the next 12 months." in _home(browse, cast.ken).text


def test_it_takes_a_handful_of_statements_however_much_there_is(cast, browse, holdings):
    client = browse(cast.ada)
    client.get("/admin/")
    with statements() as few:
        client.get("/admin/")
    for number in range(40):
        give(cast.max, cast.emt, number, number=f"more {number}", issued_in=None)
    with statements() as many:
        client.get("/admin/")
    assert len(many) == len(few)
    assert sum("certification" in each and "SELECT" in each for each in many) <= 5
    assert not any("gathered" in each for each in many)


def test_with_tracking_off_it_says_why_it_is_empty(cast, browse):
    with transaction():
        cast.fire.tracks_certifications = False
    page = browse(cast.ada).get("/admin/").text
    assert "Your organization does not track certifications in Certfolio right now." in page
    assert "Within 30 days" not in page
    assert browse(cast.ada).get("/admin/gaps").status_code == 404


def test_the_gaps_come_after_the_page_and_have_one_of_their_own(cast, browse):
    require(cast)
    place = _home(browse, cast.ada).one("div", data_part="gaps")
    (link,) = place.all("a")
    assert link.attrs["href"] == place.attrs["data-loads"] == "/admin/gaps"
    page = read(browse(cast.ada).get(link.attrs["href"]).text)
    assert page.one("h1").text == "Gaps"
    part = page.one("div", id="gaps")
    for link in part.all("a"):
        assert browse(cast.ada).get(link.attrs["href"]).status_code == 200
    assert "EMT-Basic" in part.text
    assert "Station North / Engine 1" in part.text


def test_where_nothing_is_required_the_gaps_tell_what_expired(cast, browse, holdings):
    part = read(browse(cast.ada).get("/admin/gaps").text).one("div", id="gaps")
    assert "Nothing is required of anybody yet" in part.text
    for link in part.all("a"):
        if link.text.isdigit():
            assert _behind(cast, link.attrs["href"]).count() == int(link.text)

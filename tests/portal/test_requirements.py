"""What a learner sees of the requirements: their own, on a page and in short on the overview."""

from __future__ import annotations

from datetime import timedelta

from tests.clearances import require
from tests.forms import read
from tests.holdings import give, today

PAGE = "/portfolio/requirements"


def test_the_page_says_what_is_missing_and_leads_to_what_holds(cast, browse):
    require("Ambulance", cast.emt, cast.forklift)
    held = give(cast.max, cast.emt, 100)
    page = read(browse(cast.max).get(PAGE).text)
    assert page.one("h2", id="verdict-head").text == "Not cleared"
    assert "Missing: Forklift licence." in page.text
    assert page.all("a", href=f"/portfolio/certifications/{held}")


def test_it_answers_for_another_day(cast, browse):
    require("Ambulance", cast.emt)
    give(cast.max, cast.emt, 10)
    client, later = browse(cast.max), (today() + timedelta(days=11)).isoformat()
    assert read(client.get(PAGE).text).one("h2", id="verdict-head").text == "Cleared"
    assert read(client.get(PAGE, query_string={"on": later}).text).one("h2", id="verdict-head").text == "Not cleared"


def test_it_is_of_the_asker_alone(cast, browse):
    require("Ambulance", cast.emt)
    give(cast.mia, cast.emt, 100)
    assert "Not cleared" in browse(cast.max).get(PAGE, query_string={"member_id": cast.mia.id}).text
    assert "Not cleared" not in browse(cast.mia).get(PAGE).text


def test_the_overview_says_it_in_short_where_anything_is_required(cast, browse):
    client = browse(cast.max)
    assert PAGE not in client.get("/portfolio/").text
    require("Ambulance", cast.emt)
    overview = client.get("/portfolio/").text
    assert "Not cleared" in overview
    assert PAGE in overview


def test_where_nothing_is_required_the_page_says_so(cast, browse):
    assert "Nothing is required of you" in browse(cast.max).get(PAGE).text


def test_with_tracking_off_there_is_no_page(cast, switch_off, browse):
    switch_off("tracks_certifications")
    assert browse(cast.max).get(PAGE).status_code == 404

"""Search or jump to, for a learner: their own certifications and certificates, pages, actions."""

from __future__ import annotations

from tests.admin_panel.test_finding import found
from tests.certificates import credit_type, submitted
from tests.holdings import give


def test_a_learner_finds_their_own_and_nobody_else_s(cast, browse):
    give(cast.max, cast.emt, 200, number="E-2026-7")
    certificate = submitted(cast, credit_type())
    max_, mia = browse(cast.max), browse(cast.mia)
    assert found(max_, "emt", "/portfolio/find")["Your certificates"] == ["EMT-Basic"]
    assert found(max_, "e-2026", "/portfolio/find")["Your certificates"] == ["EMT-Basic"]
    assert certificate.title in found(max_, certificate.title, "/portfolio/find")["Your certificates"]
    assert "Your certificates" not in found(mia, "emt", "/portfolio/find")
    assert "Your certificates" not in found(mia, certificate.title, "/portfolio/find")


def test_pages_and_actions_open(cast, browse):
    credit_type()
    client = browse(cast.max)
    answer = client.get("/portfolio/find", headers={"Accept": "application/json"}).json
    assert [kind["name"] for kind in answer["kinds"]] == ["Actions", "Pages"]
    for kind in answer["kinds"]:
        for place in kind["places"]:
            assert client.get(place["address"], follow_redirects=True).status_code == 200, place
    assert "Add certificate" in found(client, "add", "/portfolio/find")["Actions"]


def test_without_a_script_it_is_a_page(cast, browse):
    give(cast.max, cast.emt, 200)
    page = browse(cast.max).get("/portfolio/find?q=emt")
    assert page.mimetype == "text/html"
    assert "EMT-Basic" in page.text

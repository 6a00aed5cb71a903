"""The learner's Credits page, its exports, and the transcript."""

from __future__ import annotations

import csv
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO, StringIO

import pypdfium2
import pytest
import sqlalchemy as sa
from python_calamine import CalamineWorkbook

from records import clock
from records.database import db, locked, transaction
from records.models import Member, Organization, Transcript
from records.services import revocations
from tests import certificates
from tests.certificates import approved
from tests.forms import read

URL = "/portfolio/credits"
NOON = datetime(2025, 8, 20, 17, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _today():
    with clock.standing_at(NOON):
        yield


@pytest.fixture
def client(cast, browse):
    return browse(cast.max)


@pytest.fixture
def ceu(cast):
    return certificates.credit_type("CEU", goal=Decimal(20))


def _earned(cast, type_, earned_on, credits, **fields):
    return approved(cast, type_, earned_on=date.fromisoformat(earned_on), credits=Decimal(credits), **fields)


@pytest.fixture
def ledger(cast, ceu):
    """Two types; an award of an earlier year, one that was reversed, and three of this year."""
    cpd = certificates.credit_type("CPD", unit="points", position=1)
    _earned(cast, ceu, "2024-02-01", "4", title="Old one")
    _earned(cast, ceu, "2025-03-01", "2.5", title="Ladder rescue")
    gone = _earned(cast, ceu, "2025-04-01", "8", title="Not genuine")
    _earned(cast, ceu, "2025-08-01", "10.25", title="Pump operator")
    _earned(cast, cpd, "2025-05-01", "3", title="Leadership")
    revocations.revoke(gone, reason="Not genuine.", by=cast.actor(cast.ada))
    return {"CEU": ceu.id, "CPD": cpd.id}


def _figures(page, name):
    section = next(each for each in page.all("section") if each.all("h2") and each.one("h2").text.startswith(name))
    return section, [link.one("strong").text for link in section.all("a", class_="figure")]


def _rows(page):
    table = page.one("table", aria_label="Entries")
    return [[cell.text for cell in row.children] for row in table.one("tbody").children]


def test_each_type_has_its_figures_and_its_goal_in_words_and_as_a_bar(client, ledger):
    page = read(client.get(URL).text)
    section, figures = _figures(page, "CEU")
    assert figures == ["12.75", "12.75", "16.75"]
    assert "12.75 of 20 hours, 7.25 to go" in section.text
    assert "1 Jan 2025 to 31 Dec 2025" in section.text
    bar = section.one("progress")
    assert (bar.attrs["value"], bar.attrs["max"]) == ("63", "100")
    assert page.one(id=bar.attrs["aria-labelledby"]).text.startswith("12.75 of 20")
    section, figures = _figures(page, "CPD")
    assert figures == ["3", "3", "3"]
    assert not section.all("progress")


def test_a_goal_that_is_reached_says_so(cast, client, ceu):
    _earned(cast, ceu, "2025-03-01", "20")
    section, _all = _figures(read(client.get(URL).text), "CEU")
    assert "Goal reached 20 of 20 hours" in section.text
    assert section.one("progress").attrs["value"] == "100"


def test_the_chart_is_a_table_to_a_screen_reader(client, ledger):
    section, _all = _figures(read(client.get(URL).text), "CEU")
    assert section.one("svg", role="img").attrs["aria-label"] == "CEU by month, in hours"
    table = section.one("table")
    assert table.one("caption").text == "CEU by month, in hours"
    rows = {row.one("th").text: row.one("td").text for row in table.one("tbody").all("tr")}
    assert len(rows) == 12
    assert (rows["Sep 2024"], rows["Mar 2025"], rows["Apr 2025"], rows["Aug 2025"]) == ("0", "2.5", "0", "10.25")
    assert len(section.one("svg").all("rect")) == 2


def test_each_figure_leads_to_the_entries_behind_it(client, ledger):
    page = read(client.get(URL).text)
    _section, figures = _figures(page, "CEU")
    links = _section.all("a", class_="figure")
    assert [row[0] for row in _rows(page)] == [
        "Pump operator", "Leadership", "Not genuine", "Not genuine", "Ladder rescue", "Old one",
    ]  # fmt: skip
    for link, figure, number in zip(links, figures, (4, 4, 5), strict=True):
        behind = read(client.get(link.attrs["href"].partition("#")[0]).text)
        assert len(_rows(behind)) == number
        said = behind.one("p", class_="count soft").text
        assert said == f"{number} entries, together {figure} hours"


def test_reversals_are_shown_as_such_and_every_entry_leads_to_its_certificate(client, ledger):
    rows = _rows(read(client.get(URL).text))
    assert rows[2][3:] == ["Reversal the approval was revoked on 20 Aug 2025, 12:00", "-8 hours"]
    assert rows[3][3:] == ["Award taken back by a reversal", "8 hours"]
    links = read(client.get(URL).text).one("table", aria_label="Entries").all("a")
    assert all(re.fullmatch(r"/portfolio/certificates/\d+", link.attrs["href"]) for link in links)
    assert len(links) == 6


def test_the_filter_stands_in_the_address(client, ledger):
    page = read(client.get(f"{URL}?type={ledger['CPD']}&span=this-year").text)
    assert [row[0] for row in _rows(page)] == ["Leadership"]
    chosen = [option.text for option in page.all("option") if "selected" in option.attrs]
    assert chosen == ["CPD", "This year"]
    for link in page.all("a"):
        if "export" in link.attrs["href"]:
            assert f"type={ledger['CPD']}&span=this-year" in link.attrs["href"].replace("&amp;", "&")


@pytest.mark.parametrize(
    "query", ["type=x", "type=999", "span=x", "after=x", "type=" + "9" * 40, "span=%00&type=-1", "after=W251bGwsMV0"]
)
def test_an_address_that_means_nothing_shows_everything(client, ledger, query):
    page = client.get(f"{URL}?{query}")
    assert page.status_code == 200
    assert len(_rows(read(page.text))) == 6


def test_a_time_without_entries_says_so(cast, client, ceu):
    _earned(cast, ceu, "2024-02-01", "4")
    page = client.get(f"{URL}?span=this-year").text
    assert "Nothing counts in this time" in page
    assert "0 entries" in page


def test_many_entries_come_in_pages(cast, client, ceu):
    for number in range(1, 53):
        _earned(cast, ceu, f"2025-0{number % 7 + 1}-{number % 28 + 1:02}", "0.5", title=f"Number {number}")
    page = read(client.get(URL).text)
    assert len(_rows(page)) == 50
    assert page.one("p", class_="count soft").text == "52 entries, together 26 hours"
    further = read(client.get(page.one("a", rel="next").attrs["href"].partition("#")[0]).text)
    assert len(_rows(further)) == 2
    assert "Newest entries" in further.text


def test_without_credits_the_page_says_how_to_come_by_them(cast, client):
    certificates.credit_type()
    page = client.get(URL).text
    assert "No credits yet" in page
    assert read(page).one("a", href="/portfolio/certificates/new").text == "Add your first certificate"
    assert "Make a transcript" not in page


def test_where_no_certificate_is_taken_the_page_says_whom_to_ask(client):
    page = client.get(URL).text
    assert "No credits yet" in page
    assert "No credit type accepts certificates right now." in page
    assert "Ada Lindgren" in page
    assert "Add certificate" not in page


def test_with_the_module_off_credits_stay_to_be_read(cast, client, ledger):
    with transaction():
        locked(Organization, cast.fire.id).takes_external_certificates = False
    page = client.get(URL)
    assert _figures(read(page.text), "CEU")[1] == ["12.75", "12.75", "16.75"]
    assert "Make a transcript" not in page.text
    assert client.post(URL + "/transcript").status_code == 403
    assert client.get(URL + "/export?format=csv").status_code == 200


def test_nobody_sees_anothers(cast, browse, ledger):
    for other in (cast.mia, cast.ada, cast.ken):
        page = browse(other).get(f"{URL}?type={ledger['CPD']}").text
        assert "Pump operator" not in page
        export = browse(other).get(URL + "/export?format=csv")
        assert "Pump operator" not in export.text


# Exports


def _csv(answer):
    return list(csv.reader(StringIO(answer.data.decode("utf-8-sig"), newline="")))


def test_entries_as_csv(client, ledger):
    answer = client.get(URL + "/export?format=csv")
    assert answer.mimetype == "text/csv"
    assert 'filename="Credits Max Miller 2025-08-20.csv"' in answer.headers["Content-Disposition"]
    rows = _csv(answer)
    assert rows[0] == [
        "Counts on", "Credit type", "Unit", "Certificate", "Issuer", "Certificate number", "Entry", "Credits",
        "Recorded",
    ]  # fmt: skip
    assert rows[1] == [
        "2025-08-01", "CEU", "hours", "Pump operator", "", "", "Award", "10.25", "20 Aug 2025, 12:00",
    ]  # fmt: skip
    assert [row[7] for row in rows[1:]] == ["10.25", "3.00", "-8.00", "8.00", "2.50", "4.00"]


def test_an_export_holds_what_the_filter_shows_and_all_of_it(cast, client, ledger):
    rows = _csv(client.get(f"{URL}/export?format=csv&type={ledger['CPD']}&span=this-year"))
    assert [row[3] for row in rows[1:]] == ["Leadership"]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_no_cell_of_an_export_is_a_formula(cast, client, ceu, kind):
    hostile = '=HYPERLINK("http://x.example","y")'
    _earned(cast, ceu, "2025-03-01", "1", title=hostile, issuer="+1+1", number="@SUM(A1:A9)")
    answer = client.get(f"{URL}/export?format={kind}")
    if kind == "csv":
        assert _csv(answer)[1][3:6] == [f"'{hostile}", "'+1+1", "'@SUM(A1:A9)"]
    else:
        rows = CalamineWorkbook.from_filelike(BytesIO(answer.data)).get_sheet_by_index(0).to_python()
        assert rows[1][3:6] == [hostile, "+1+1", "@SUM(A1:A9)"]
        assert rows[1][0] == date(2025, 3, 1)
        assert rows[1][7] == 1.0


# The transcript


def _pdf(answer):
    assert answer.mimetype == "application/pdf"
    document = pypdfium2.PdfDocument(answer.data)
    texts = [" ".join(page.get_textpage().get_text_range().split()) for page in document]
    return document, texts


def test_a_transcript_says_whose_it_is_and_what_for(client, ledger):
    answer = client.post(URL + "/transcript")
    assert 'filename="Transcript Max Miller 2025-08-20.pdf"' in answer.headers["Content-Disposition"]
    document, texts = _pdf(answer)
    for words in (
        "Lakeside Fire & Rescue", "Transcript of credits", "Max Miller", "1004", "20 Aug 2025", "16.75 hours CEU",
        "3 points CPD", "1 Mar 2025 Ladder rescue CEU 2.5", "1 Apr 2025 Reversal: Not genuine CEU -8",
        "Verification code", "/verify", "page 1 of 1",
    ):  # fmt: skip
        assert words in texts[0]
    assert document.get_metadata_value("Title") == "Transcript of credits – Max Miller"


def test_the_printed_code_verifies(browse, client, ledger):
    _document, texts = _pdf(client.post(URL + "/transcript"))
    code = re.search(r"\b[0-9A-Z]{4}(-[0-9A-Z]{4}){4}\b", texts[0])[0]
    page = browse().get(f"/verify/{code}")
    assert page.status_code == 200
    assert "Max Miller" in page.text
    assert db.session.scalar(sa.select(sa.func.count(Transcript.id))) == 1


def test_many_entries_go_over_pages_that_are_numbered(cast, client, ceu):
    for number in range(1, 61):
        _earned(cast, ceu, f"2025-0{number % 7 + 1}-{number % 28 + 1:02}", "0.25", title=f"Course {number:03}")
    _document, texts = _pdf(client.post(URL + "/transcript"))
    assert len(texts) > 1
    for number, text in enumerate(texts, 1):
        assert f"page {number} of {len(texts)}" in text
        assert "Max Miller" in text
    everything = " ".join(texts)
    assert all(f"Course {number:03}" in everything for number in range(1, 61))
    assert "15 hours CEU" in everything


NAMES = (
    "Núñez Łukasz",
    "Søren Þór Ångström",
    "Nguyễn Thị Ánh",
    "Δημήτρης",
    "Дмитрий",
    "山田太郎",
    "김철수",
    "สมชาย",
    "Amélie %s",
)


@pytest.mark.parametrize("name", NAMES)
def test_every_name_is_printed(cast, client, ceu, name):
    _earned(cast, ceu, "2025-03-01", "1", title=f"Course of {name}")
    with transaction():
        member = locked(Member, cast.max.id)
        member.given_name, member.family_name = name, "Miller"
    _document, texts = _pdf(client.post(URL + "/transcript"))
    assert texts[0].count(f"{name} Miller") == 2, texts[0]
    assert f"Course of {name}" in texts[0]


def test_letters_of_every_script_have_a_shape(cast, client):
    """A name whose letters the fonts lack would be printed as the same empty box."""
    shapes = set()
    for name in ("山", "太", "김", "ส", "م", "ד", "अ", "Ł"):
        with transaction():
            member = locked(Member, cast.max.id)
            member.given_name, member.family_name, member.number = name, "", None
        document, _texts = _pdf(client.post(URL + "/transcript"))
        # The line of the name, beside its label.
        picture = document[0].render(scale=2).to_pil().convert("L")
        shapes.add(picture.crop((340, 215, 500, 250)).tobytes())
    assert len(shapes) == 8


def test_a_transcript_without_credits_says_so(client, cast):
    _document, texts = _pdf(client.post(URL + "/transcript"))
    assert "No credits have been awarded yet." in texts[0]


def test_making_one_needs_a_press_and_a_token(client, ledger):
    assert client.get(URL + "/transcript").status_code == 405
    assert client.post(URL + "/transcript", csrf=False).status_code == 400

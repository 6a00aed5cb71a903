"""Reports in the back office: pages, filters, files, print, saved views."""

from __future__ import annotations

import csv
from datetime import timedelta
from decimal import Decimal
from io import BytesIO, StringIO

import pytest
from python_calamine import CalamineWorkbook

from records.database import db, transaction
from records.models import Member, Organization, SavedView, Unit
from records.queries.reports import REPORTS
from records.services import saved_views
from tests import certificates
from tests.certificates import approved
from tests.forms import filled, read
from tests.holdings import give, today

URL = "/admin/reports/"
VIEWS = "/admin/views/"


@pytest.fixture
def client(cast, browse):
    return browse(cast.ada)


def _page(client, path, status=200):
    answer = client.get(URL + path)
    assert answer.status_code == status
    return read(answer.text)


def _cells(page):
    return [[cell.text for cell in row.children] for row in page.one("tbody").all("tr")]


def _csv(client, path):
    with client.get(URL + path) as answer:
        assert answer.status_code == 200
        return list(csv.reader(StringIO(answer.data.decode("utf-8-sig"), newline="")))


def _name_refused(page):
    return page.one(id="name-error").text


def test_every_report_has_its_card_and_its_page(client):
    page = _page(client, "")
    assert [link.attrs["href"] for link in page.one(class_="plain tiles report-cards").all("a")] == [
        f"{URL}{name}" for name in REPORTS
    ]
    for name in REPORTS:
        assert len(_page(client, name).all("h1")) == 1


def test_the_menu_leads_to_them(cast, browse):
    assert f'href="{URL}"' in browse(cast.nora).get("/admin/").text
    assert f'href="{URL}"' not in browse(cast.max).get("/portfolio/").text


def test_without_rows_a_report_says_what_to_do(client):
    text = client.get(URL + "expiring").text
    assert "Nothing to show" in text
    assert "Choose a longer one" in text
    assert "CSV" not in text
    assert "Clear all filters" in client.get(URL + "expiring?period=next_30").text


def test_a_row_leads_to_its_member_and_certification(cast, client):
    certification_id = give(cast.max, cast.emt, 20, number="E-1")
    page = _page(client, "expiring")
    expires = today() + timedelta(days=20)
    assert _cells(page) == [
        ["Miller, Max", "1004", "Engine 1", "EMT-Basic", "E-1", f"{expires.day} {expires:%b %Y}", "20", "Expiring soon"]
    ]
    member = f"/admin/members/{cast.max.id}"
    links = [link.attrs["href"] for link in page.one("tbody").all("a")]
    assert links == [member, f"{member}/summary", f"/admin/certifications/{certification_id}"]


def test_what_people_type_stands_in_a_cell_as_it_is(cast, client):
    odd = """9% '%(text)s" <b>&"""
    with transaction() as session:
        session.get_one(Member, cast.max.id).suffix = odd
    give(cast.max, cast.emt, 20, number=odd)
    give(cast.mia, cast.emt, 20, number="")
    (first, second) = _page(client, "expiring").one("tbody").all("tr")
    assert [cell.text for cell in first.children][::4] == [f"Miller {odd}, Max", odd]
    assert first.one(class_="beside-open").attrs["data-name"] == f"Miller {odd}, Max"
    assert second.children[4].text == ""


def test_filters_are_in_the_language_of_whoever_reads_them_and_of_the_names_of_today(cast, client):
    spanish = {"Accept-Language": "es"}
    for headers, words in ((None, "Next 30 days"), (spanish, "Próximos 30 días"), (None, "Next 30 days")):
        assert words in read(client.get(URL + "expiring", headers=headers).text).one("select", id="period").text
    with transaction() as session:
        session.get_one(Unit, cast.north.id).name = "Harbour"
    assert "Harbour" in _page(client, "expiring").one("select", id="unit").text


def test_figures_lead_to_their_lists(cast, client):
    give(cast.max, cast.emt, 400)
    give(cast.mia, cast.emt, 400)
    give(cast.mia, cast.forklift, -100)
    page = _page(client, "standing?group=unit_and_type")
    for link in page.one("table").all("a"):
        number = int(link.text)
        assert len(_cells(read(client.get(link.attrs["href"]).text))) == number


def test_filters_keep_what_was_chosen_and_say_so_in_the_head_of_the_paper(cast, client):
    give(cast.max, cast.emt, 20)
    page = _page(client, f"expiring?period=next_30&type={cast.emt.id}&unit={cast.north.id}&renewed=all")
    sent = filled(page, aria_label="Filters")
    assert sent == {"period": ["next_30"], "first": [""], "last": [""], "unit": [str(cast.north.id)],
                    "type": [str(cast.emt.id)], "renewed": ["all"]}  # fmt: skip
    head = page.one("dl").text
    for words in ("Lakeside Fire & Rescue", "Next 30 days", "Station North", "EMT-Basic", "Shown, too", "Ada Lindgren",
                  "America/Chicago"):  # fmt: skip
        assert words in head


def test_a_filter_that_is_not_the_readers_says_so(cast, browse):
    head = _page(browse(cast.nora), f"expiring?unit={cast.south.id}").one("dl").text
    assert "Not among yours" in head
    assert "for the units that they look after" in head


def test_an_unreadable_date_is_as_if_it_had_not_been_asked(client):
    assert client.get(URL + "expiring?period=own_dates&first=soon&last=2027-02-30").status_code == 200


def test_pages_lead_on_and_back(cast, client, monkeypatch):
    monkeypatch.setattr("records.queries.reports.frame.PAGE", 2)
    for number, member in enumerate((cast.max, cast.mia, cast.una)):
        give(member, cast.emt, 20 + number)
    first = _page(client, "expiring")
    assert "3 lines" in first.text
    second = read(client.get(first.one("a", rel="next").attrs["href"]).text)
    assert (len(_cells(first)), len(_cells(second))) == (2, 1)
    assert "First page" in second.text
    assert "Nothing more here" in client.get(URL + "expiring?type=999999&after=WyIyMDk5LTAxLTAxIiw5XQ").text


def test_files_hold_the_whole_filter(cast, client, monkeypatch):
    monkeypatch.setattr("records.queries.reports.frame.PAGE", 1)
    for member in (cast.max, cast.mia):
        give(member, cast.emt, 20, number="=1+1")
    give(cast.una, cast.forklift, 20)
    rows = _csv(client, f"expiring/export?type={cast.emt.id}")
    expires = (today() + timedelta(days=20)).isoformat()
    assert rows == [
        ["Member", "Number", "Unit", "Certification", "Certification Num", "Expires", "Days left", "Standing"],
        ["Miller, Max", "1004", "Engine 1", "EMT-Basic", "'=1+1", expires, "20", "Expiring soon"],
        ["Söderström, Mia", "1005", "Station South", "EMT-Basic", "'=1+1", expires, "20", "Expiring soon"],
    ]
    with client.get(URL + f"expiring/export?format=xlsx&type={cast.emt.id}") as answer:
        assert answer.headers["Content-Disposition"].endswith(f'"Expiring {today().isoformat()}.xlsx"')
        sheet = CalamineWorkbook.from_filelike(BytesIO(answer.data)).get_sheet_by_index(0).to_python()
    assert sheet[1][4:7] == ["=1+1", today() + timedelta(days=20), 20]


def test_sums_come_with_their_totals_in_files(cast, client):
    approved(cast, certificates.credit_type(), earned_on=today(), credits=Decimal("2.5"))
    assert _csv(client, "credits/export") == [
        ["Unit", "Credit type", "Awards", "Reversals", "Credits", "Counted in"],
        ["Station North", "CEU", "1", "0", "2.50", "hours"],
        ["Station North / Engine 1", "CEU", "1", "0", "2.50", "hours"],
        ["All", "CEU", "1", "0", "2.50", "hours"],
    ]


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_every_report_is_a_file_and_a_paper(cast, client, name, kind):
    give(cast.max, cast.emt, -20)
    approved(cast, certificates.credit_type(), earned_on=today())
    with client.get(f"{URL}{name}/export?format={kind}") as answer:
        assert answer.status_code == 200
    assert client.get(f"{URL}{name}/print").status_code == 200


def test_paper_holds_all_rows_as_far_as_paper_goes(cast, client, monkeypatch):
    monkeypatch.setattr("records.queries.reports.frame.PAGE", 1)
    for number in range(3):
        give(cast.max, cast.emt, 20, number=str(number))
    page = _page(client, "expiring/print?period=next_30")
    assert len(_cells(page)) == 3
    assert page.all("form", aria_label="Filters") == []
    monkeypatch.setattr("admin_panel.views.reports.MOST_PRINTED", 2)
    assert "Only the first 2 lines are here." in _page(client, "expiring/print?period=next_30").text


# Views


def test_the_filters_are_saved_and_the_view_leads_back_to_them(cast, client):
    page = _page(client, "expiring?period=next_30&renewed=all")
    form = filled(page, action=VIEWS + "of/expiring")
    assert form["period"] == ["next_30"]
    answer = client.post(VIEWS + "of/expiring", data=form | {"name": "Soon"}, follow_redirects=True)
    page = read(answer.text)
    assert "“Soon” was saved." in page.text
    assert page.one("summary", id="views-button").text == "Soon"
    listed = _page(client, "").one("a", href=f"{URL}expiring?period=next_30&renewed=all")
    assert listed.text == "Soon"


def test_a_mistake_stands_beside_the_name_and_the_filters_stay(client):
    answer = client.post(VIEWS + "of/expiring", data={"period": "next_30", "name": ""})
    page = read(answer.text)
    assert answer.status_code == 422
    assert _name_refused(page) == "Enter a name."
    assert filled(page, action=VIEWS + "of/expiring")["period"] == ["next_30"]


def _saved(cast, name="Mine", *, share=False, **asked):
    return saved_views.save("expiring", name, asked, share=share, by=cast.actor(cast.ada)).id


def test_a_view_is_renamed_and_shared_where_it_stands(cast, client):
    view_id = _saved(cast)
    _saved(cast, "Other")
    path = f"{VIEWS}{view_id}"
    sent = filled(_page(client, ""), action=path)
    assert sent["name"] == ["Mine"]
    answer = client.post(path, data=sent | {"name": "other"})
    assert answer.status_code == 422
    assert "exists already." in read(answer.text).one(id=f"name-{view_id}-error").text
    client.post(path, data=sent | {"name": "Ours", "share": "y"})
    assert (db.session.get(SavedView, view_id).name, db.session.get(SavedView, view_id).is_shared) == ("Ours", True)


@pytest.mark.parametrize("share", [False, True])
def test_a_deleted_view_comes_back_with_undo(cast, client, share):
    view_id = _saved(cast, "A & B / ü", period="next_30", share=share)
    page = read(client.post(f"{VIEWS}{view_id}/delete", follow_redirects=True).text)
    assert "was deleted." in page.text
    assert db.session.query(SavedView).count() == 0
    undo = next(form for form in page.all("form") if form.text == "Undo")
    assert "was saved." in client.post(undo.attrs["action"], follow_redirects=True).text
    again = db.session.query(SavedView).one()
    assert (again.name, again.asked, again.is_shared) == ("A & B / ü", {"period": "next_30"}, share)


def test_a_shared_view_is_read_by_all_staff_and_changed_by_its_owner(cast, browse):
    view_id = _saved(cast, "For all", share=True)
    _saved(cast, "For me")
    page = _page(browse(cast.nora), "")
    assert "For all" in page.text
    assert "Ada Lindgren" in page.text
    assert "For me" not in page.text
    assert page.all("form", action=f"{VIEWS}{view_id}") == []
    assert browse(cast.nora).post(f"{VIEWS}{view_id}", data={"name": "x"}).status_code == 403
    assert browse(cast.nora).post(f"{VIEWS}{view_id}/delete").status_code == 404
    assert browse(cast.ken).post(f"{VIEWS}{view_id}/delete").status_code == 404


def test_coordinators_are_not_offered_to_share(cast, browse):
    give(cast.max, cast.emt, 20)
    page = _page(browse(cast.nora), "expiring")
    assert page.all(name="share") == []
    answer = browse(cast.nora).post(VIEWS + "of/expiring", data={"name": "x", "share": "y"})
    assert answer.status_code == 403


# Who may not


@pytest.mark.parametrize("name", ["activity", "turnaround"])
def test_some_reports_are_not_for_coordinators(cast, browse, name):
    for path in (name, f"{name}/export", f"{name}/print"):
        assert browse(cast.carl).get(URL + path).status_code == 403
    assert f"{URL}{name}" not in browse(cast.carl).get(URL).text
    assert browse(cast.carl).post(f"{VIEWS}of/{name}", data={"name": "x"}).status_code == 403


def test_a_reviewer_reads_their_own_turnaround(cast, browse):
    with transaction() as session:
        session.get_one(Member, cast.nora.id).reviews = True
    assert [row[0] for row in _cells(_page(browse(cast.nora), "turnaround"))] == ["Núñez, Nora"]


def test_with_its_module_off_a_report_is_gone(cast, client):
    view_id = _saved(cast)
    with transaction() as session:
        session.get_one(Organization, cast.fire.id).tracks_certifications = False
    for path in ("expiring", "expiring/export", "expiring/print"):
        assert client.get(URL + path).status_code == 404
    assert client.post(VIEWS + "of/expiring", data={"name": "x"}).status_code == 404
    text = client.get(URL).text
    assert "expiring" not in text
    assert f"{URL}credits" in text
    assert db.session.get(SavedView, view_id) is not None
    with transaction() as session:
        session.get_one(Organization, cast.fire.id).takes_external_certificates = False
    assert client.get(URL + "credits").status_code == 404
    assert client.get(URL + "activity").status_code == 200


def test_there_is_no_report_of_another_name(client):
    for path in ("unknown", "views", "unknown/export", "unknown/print"):
        assert client.get(URL + path).status_code == 404


def test_who_is_logged_in_as_somebody_opens_none(cast, browse):
    client = browse(cast.ada)
    client.log_in_as(cast.nora)
    assert client.get(URL).status_code == 403

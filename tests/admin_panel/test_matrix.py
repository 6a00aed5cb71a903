"""Requirements: the matrix of people by requirements, on any date, with its exports."""

from __future__ import annotations

import csv
from datetime import timedelta
from io import BytesIO, StringIO

import pytest
import sqlalchemy as sa
from python_calamine import CalamineWorkbook

from records.database import db, locked, transaction
from records.models import Member, Organization
from records.queries import matrix as matrices
from tests.clearances import exempt, position, require
from tests.forms import read
from tests.holdings import give, today

HOME = "/admin/requirements/"


@pytest.fixture
def rules(cast):
    """Everyone needs EMT-Basic, South a forklift licence; Max holds the one for ten days more, Mia both for long."""
    require("Life support", cast.emt, position=1)
    require("Yard work", cast.forklift, units=[cast.south], position=2)
    give(cast.max, cast.emt, 10)
    give(cast.mia, cast.emt, 400)
    give(cast.mia, cast.forklift, 400)


def _table(page):
    return page.one("table", class_="matrix")


def _row(page, name):
    """The cells of a member's row, as they are read out."""
    for row in _table(page).all("tr"):
        if any(name in head.text for head in row.all("th", scope="row")):
            return [cell.text for cell in row.all("td")]
    return None


def _names(page):
    return [each.text for each in _table(page).all("th", scope="row")][1:]


def _shown(client, **asked):
    answer = client.get(HOME, query_string=asked)
    assert answer.status_code == 200
    return read(answer.text)


def test_each_cell_says_the_whole_and_leads_to_its_record(cast, rules, browse):
    page = _shown(browse(cast.ada))
    cleared, life, yard = _row(page, "Miller, Max")
    assert cleared.startswith("Cleared")
    assert life.startswith("Miller, Max, Life support: Met: EMT-Basic. Lapses on")
    assert "Yard work: Not required." in yard
    links = [link.attrs["href"] for row in _table(page).all("tr") for link in row.all("a", data_cell=None)]
    assert any(link.startswith("/admin/certifications/") for link in links)
    assert f"/admin/members/{cast.una.id}/requirements#requirement-1" in links
    assert _row(page, "Unassigned, Una")[1].startswith("Unassigned, Una, Life support: Missing: EMT-Basic.")


def test_members_are_grouped_by_unit_in_the_order_of_the_tree(cast, rules, browse):
    page = _shown(browse(cast.ada))
    groups = [each.text for each in _table(page).all("th", scope="rowgroup")]
    assert groups == ["Station North", "Station North / Engine 1", "Station South", "Without a unit"]
    assert _names(page)[:3] == ["Núñez, Nora", "Miller, Max", "Söderström, Mia"]


def test_the_summary_counts_everybody_whom_the_filter_finds(cast, rules, browse):
    page = _shown(browse(cast.ada))
    summary = [cell.text for cell in _table(page).one("tr", class_="summary").all("td")]
    assert summary[0] == "2 of 6 cleared"
    assert summary[1].startswith("2 of 6")
    assert summary[2].startswith("1 of 1")
    assert "1 of 1 cleared" in _table(_shown(browse(cast.ada), unit=cast.south.id)).text


def test_any_date_is_answered_with_what_is_recorded_now(cast, rules, browse):
    client, later = browse(cast.ada), today() + timedelta(days=11)
    page = _shown(client, on=later.isoformat())
    assert _row(page, "Miller, Max")[0].startswith("Not cleared")
    assert "with what is recorded now" in page.text
    earlier = _shown(client, on=(today() - timedelta(days=301)).isoformat())
    assert "Missing" in _row(earlier, "Söderström, Mia")[1]
    assert "As of today" in _shown(client).text
    assert "As of today" in _shown(client, on="yesterday").text


def test_filters_narrow_the_rows(cast, rules, browse):
    client, driver = browse(cast.ada), position("Driver", cast.mia, cast.una)
    assert _names(_shown(client, only="cleared")) == ["Miller, Max", "Söderström, Mia"]
    assert "Miller, Max" not in _names(_shown(client, only="not_cleared"))
    assert _names(_shown(client, position=driver.id)) == ["Söderström, Mia", "Unassigned, Una"]
    assert _names(_shown(client, search="sodersTROM")) == ["Söderström, Mia"]
    assert _names(_shown(client, unit=cast.north.id)) == ["Núñez, Nora", "Miller, Max"]
    assert _names(_shown(client, unit="none"))[-1] == "Unassigned, Una"
    assert "Nobody found" in _shown(client, search="zzz").text


def test_one_requirement_shows_its_column_and_those_whom_it_concerns(cast, rules, browse):
    page = _shown(browse(cast.ada), requirement=2)
    assert _names(page) == ["Söderström, Mia"]
    assert "Life support" not in _table(page).text
    assert "Everybody is cleared" in _shown(browse(cast.ada), requirement=2, only="not_cleared").text


def test_an_exemption_stands_in_the_cell_with_its_reason(cast, browse):
    exempt(cast.max, require("Life support", cast.emt), cast.ada)
    cleared, life = _row(_shown(browse(cast.ada)), "Miller, Max")
    assert cleared.startswith("Cleared")
    assert "Exempt through" in life
    assert "Broken leg" in life


def test_pages_follow_one_another_in_order(cast, rules, browse, monkeypatch):
    monkeypatch.setattr(matrices, "PAGE", 2)
    client, seen, address = browse(cast.ada), [], HOME
    pages = []
    while address:
        page = read(client.get(address).text)
        pages.append(_names(page))
        seen += pages[-1]
        following = page.all("a", rel="next")
        address = following[0].attrs["href"] if following else ""
        before = page.all("a", rel="prev")
    assert seen == ["Núñez, Nora", "Miller, Max", "Söderström, Mia", "Lindgren, Ada", "Okafor, Carl", "Unassigned, Una"]
    assert _names(read(client.get(before[0].attrs["href"]).text)) == pages[-2]


def test_a_coordinator_sees_their_scope_only(cast, rules, browse):
    page = _shown(browse(cast.nora))
    assert _names(page) == ["Núñez, Nora", "Miller, Max"]
    assert "1 of 2 cleared" in _table(page).text
    with browse(cast.nora).get(f"{HOME}export") as answer:
        assert "Söderström" not in answer.text
    assert "Nobody found" in _shown(browse(cast.nora), unit=cast.south.id).text
    assert "Nobody found" in _shown(browse(cast.nora), after=cast.mia.id).text


def test_deactivated_members_and_those_of_other_organizations_are_left_out(cast, rules, browse):
    with transaction() as session:
        session.get_one(Member, cast.mia.id).deactivated_at = cast.mia.created_at
    assert "Söderström" not in _shown(browse(cast.ada)).text
    assert "No requirements yet" in _shown(browse(cast.ken)).text


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_exports_hold_everybody_with_the_date_and_who_asked(cast, rules, browse, monkeypatch, kind):
    monkeypatch.setattr(matrices, "PAGE", 2)
    with browse(cast.ada).get(f"{HOME}export", query_string={"format": kind, "on": today().isoformat()}) as answer:
        assert f"Requirements {today().isoformat()}.{kind}" in answer.headers["Content-Disposition"]
        content = answer.data
    if kind == "csv":
        header, *rows = csv.reader(StringIO(content.decode("utf-8-sig")))
    else:
        header, *rows = CalamineWorkbook.from_filelike(BytesIO(content)).get_sheet_by_index(0).to_python()
    assert header[:6] == ["Unit", "Name", "Number", "Cleared", "Life support", "Yard work"]
    assert len(rows) == 6
    max_ = next(row for row in rows if row[1] == "Miller, Max")
    assert max_[0] == "Station North / Engine 1"
    assert max_[3] == "Cleared"
    assert max_[4].startswith("Met: EMT-Basic.")
    assert str(max_[6]) == today().isoformat()
    assert max_[7].startswith("Ada Lindgren, ")


def test_with_tracking_off_there_is_no_matrix(cast, rules, browse):
    with transaction():
        locked(Organization, cast.fire.id).tracks_certifications = False
    client = browse(cast.ada)
    for address in (HOME, f"{HOME}export", f"{HOME}coverage/", f"/admin/members/{cast.max.id}/requirements"):
        assert client.get(address).status_code == 404
    assert HOME not in client.get("/admin/").text


def test_without_requirements_it_says_what_to_do_next(cast, browse):
    assert _shown(browse(cast.ada)).all("a", href="/admin/requirements/rules/new")
    assert not _shown(browse(cast.nora)).all("a", href="/admin/requirements/rules/new")


def test_odd_addresses_are_answered(cast, rules, browse):
    client = browse(cast.ada)
    odd = [("after", "9" * 30), ("after", "-1"), ("requirement", "9999"), ("position", "x"), ("on", "0001-01-01"),
           ("before", "999999"), ("only", "maybe"), ("unit", "99999999"), ("on", "2199-12-31")]  # fmt: skip
    for asked in ({name: value} for name, value in odd):
        assert client.get(HOME, query_string=asked).status_code == 200


def test_a_page_costs_the_same_number_of_statements_however_many_it_shows(cast, browse):
    client, seen, counts = browse(cast.ada), [], []

    def note(*statement):
        seen.append(statement[2])

    for round_ in range(2):
        for number in range(3):
            require(f"Rule {round_} {number}", cast.emt, cast.forklift, rule="any")
            give(cast.max, cast.emt, 100 + number, number=f"{round_} {number}")
        seen.clear()
        sa.event.listen(db.engine, "before_cursor_execute", note)
        _shown(client)
        sa.event.remove(db.engine, "before_cursor_execute", note)
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 25, counts

"""Figures over many members: counted by a job and kept, with their time; of few members they are of this moment."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.exc import OperationalError

from records import clock, jobs
from records.database import choose_organization, db, every_organization, transaction
from records.models import KeptFigures, Member
from records.queries import kept_figures
from records.services import figures, sweeps
from records.services.figures import count_figures
from tests.certificates import approved, credit_type
from tests.forms import read
from tests.holdings import give
from tests.requirements import require

REPORTS_WITH_SUMS = ("standing", "turnaround", "credits", "activity")
PAGES = ("/admin/gaps", "/admin/months", *(f"/admin/reports/{name}" for name in REPORTS_WITH_SUMS))
STANDING = "/admin/reports/standing"
GROUPED = (f"{STANDING}?group=unit", f"{STANDING}?group=unit_and_type", "/admin/reports/credits?group=month",
           "/admin/reports/credits?group=type", "/admin/reports/activity?group=kind")  # fmt: skip
COUNTING = "Figures are being counted"


@pytest.fixture
def many(monkeypatch):
    """The organizations of the cast are large ones."""
    monkeypatch.setattr(kept_figures, "MOST_AT_ONCE", 1)


@pytest.fixture
def filled(cast):
    require(cast)
    give(cast.max, cast.emt, 20)
    give(cast.una, cast.forklift, -40)
    approved(cast, credit_type("CEU"))


def _kept():
    return db.session.query(KeptFigures).populate_existing().all()


def _figures(page):
    """What stands in the tables and figures of a page."""
    main = read(page.text).one("main")
    return [" ".join(each.text.split()) for each in (*main.all("td"), *main.all("th"), *main.all("strong"))]


@pytest.mark.parametrize("address", [*PAGES, *GROUPED])
def test_what_a_job_counted_is_what_would_be_counted_now(cast, browse, filled, monkeypatch, address):
    askers = [browse(who) for who in (cast.ada, cast.nora)]
    askers = [asker for asker in askers if asker.get(address).status_code == 200]
    assert askers
    now = [_figures(asker.get(address)) for asker in askers]
    assert all(now)
    assert not _kept()
    monkeypatch.setattr(kept_figures, "MOST_AT_ONCE", 0)
    for asker in askers:
        asker.get(address)
    count_figures()
    for asker, before in zip(askers, now, strict=True):
        after = asker.get(address)
        assert _figures(after) == before
        assert "As of " in after.text
        assert "Refresh" not in after.headers


def test_all_sums_are_kept():
    assert {*kept_figures.SUMMED} == {"gaps", "months", *REPORTS_WITH_SUMS}


@pytest.mark.parametrize("address", [*PAGES, f"{STANDING}/print"])
def test_the_first_look_says_that_they_are_counted_and_looks_again(cast, browse, filled, many, address):
    ada = browse(cast.ada)
    first = ada.get(address)
    assert first.status_code == 200
    assert COUNTING in first.text
    assert int(first.headers["Refresh"]) > 0
    main = read(first.text).one("main")
    assert address in [each.attrs["href"] for each in main.all("a") if each.text.strip() == "Look again"]
    assert jobs.how_many_wait(cast.fire.id)["count_figures"] == 1
    count_figures()
    assert COUNTING not in ada.get(address).text


def test_a_second_look_makes_no_second_job(cast, browse, filled, many):
    for who in (cast.ada, cast.carl, cast.ada):
        browse(who).get(STANDING)
    assert [(row.name, row.wanted) for row in _kept()] == [("standing", True)]
    count_figures()
    browse(cast.carl).get(STANDING)
    assert [row.wanted for row in _kept()] == [False]


def test_old_ones_are_shown_while_a_job_counts_anew(cast, browse, filled, many):
    browse(cast.ada).get(STANDING)
    count_figures()
    counted_at = _kept()[0].counted_at
    give(cast.mia, cast.emt, 300)
    later = clock.now() + kept_figures.FRESH + timedelta(seconds=1)
    with clock.standing_at(later):
        ada = browse(cast.ada)
        old = ada.get(STANDING)
        assert "New figures are being counted." in old.text
        assert "Refresh" not in old.headers
        assert read(old.text).one("tfoot").all("td")[-1].text.strip() == "2"
        assert [(row.wanted, row.counted_at) for row in _kept()] == [(True, counted_at)]
        count_figures()
        assert read(ada.get(STANDING).text).one("tfoot").all("td")[-1].text.strip() == "3"
        assert [(row.wanted, row.counted_at) for row in _kept()] == [(False, later)]


@pytest.mark.parametrize("address", ["/admin/gaps", "/admin/months", f"{STANDING}?group=unit"])
def test_they_are_counted_anew_by_a_button(cast, browse, filled, many, address):
    ada = browse(cast.ada)
    ada.get(address)
    count_figures()
    form = next(
        each for each in read(ada.get(address).text).all("form") if each.attrs.get("class", "").startswith("as-of")
    )
    answer = ada.post(form.attrs["action"])
    assert (answer.status_code, answer.headers["Location"]) == (302, address)
    assert [row.wanted for row in _kept()] == [True]
    assert "New figures are being counted." in ada.get(address).text


def test_where_every_look_counts_the_button_asks_for_nothing(cast, browse, filled):
    ada = browse(cast.ada)
    assert "Count anew" not in ada.get(STANDING).text
    assert ada.post(f"{STANDING}/again").status_code == 302
    assert not _kept()


def test_each_scope_and_filter_has_its_own(cast, browse, filled, many, monkeypatch):
    monkeypatch.setattr(kept_figures, "MOST_AT_ONCE", 0)
    for who, fields in ((cast.ada, ""), (cast.carl, ""), (cast.nora, ""), (cast.ada, f"?unit={cast.north.id}")):
        browse(who).get(STANDING + fields)
    assert len(_kept()) == 3, "Ada and Carl see everybody"
    count_figures()
    page = browse(cast.nora).get(STANDING)
    assert "Forklift licence" not in read(page.text).one("main").one("table").text
    assert "Forklift licence" in read(browse(cast.ada).get(STANDING).text).one("main").one("table").text


def test_another_organization_has_its_own(cast, browse, filled, monkeypatch):
    monkeypatch.setattr(kept_figures, "MOST_AT_ONCE", 0)
    browse(cast.ada).get(STANDING)
    count_figures()
    first = browse(cast.ken).get(STANDING)
    assert COUNTING in first.text
    count_figures()
    assert {row.organization_id for row in _kept_anywhere()} == {cast.fire.id, cast.clinic.id}


def _kept_anywhere():
    with every_organization():
        return _kept()


def test_a_small_part_of_a_large_organization_is_of_this_moment(cast, browse, filled, monkeypatch):
    monkeypatch.setattr(kept_figures, "MOST_AT_ONCE", 3)
    assert COUNTING in browse(cast.ada).get(STANDING).text
    for who, fields in ((cast.nora, ""), (cast.ada, f"?unit={cast.north.id}")):
        assert COUNTING not in browse(who).get(STANDING + fields).text
    assert len(_kept()) == 1


def test_a_reviewer_who_is_no_administrator_is_told_of_their_own_decisions(cast, browse, filled, many):
    with transaction() as session:
        session.get_one(Member, cast.nora.id).reviews = True
    address = "/admin/reports/turnaround"
    browse(cast.ada).get(address)
    count_figures()
    told = read(browse(cast.nora).get(address).text).one("main").one("table").text
    assert "Lindgren" not in told
    assert "Lindgren" in read(browse(cast.ada).get(address).text).one("main").one("table").text


def test_they_hold_no_names(cast, browse, filled, monkeypatch):
    monkeypatch.setattr(kept_figures, "MOST_AT_ONCE", 0)
    ada = browse(cast.ada)
    for address in PAGES:
        ada.get(address)
    count_figures()
    kept = str([row.figures for row in _kept()])
    for member in (cast.ada, cast.max):
        assert member.family_name not in kept
        assert member.given_name not in kept


def test_a_file_is_of_this_moment(cast, browse, filled, many):
    with browse(cast.ada).get(f"{STANDING}/export?format=csv") as answer:
        assert "EMT-Basic" in answer.text
    assert not _kept()


def test_the_rights_are_asked_at_each_look(cast, browse, filled, many):
    nora = browse(cast.nora)
    nora.get(STANDING)
    count_figures()
    with transaction() as session:
        session.get_one(Member, cast.nora.id).role = "member"
    assert nora.get(STANDING).status_code == 403
    assert nora.post(f"{STANDING}/again").status_code == 403


def test_what_cannot_be_counted_goes_and_the_others_are_counted(cast, browse, filled, many, monkeypatch):
    ada = browse(cast.ada)
    for name in ("standing", "credits", "turnaround"):
        ada.get(f"/admin/reports/{name}")
    monkeypatch.delitem(kept_figures.SUMMED, "standing")
    count_figures()
    assert {(row.name, row.counted_at is None) for row in _kept()} == {("credits", False), ("turnaround", False)}


def test_who_asks_while_it_is_counted_is_counted_for_once_more(cast, browse, filled, many, monkeypatch):
    browse(cast.ada).get(STANDING)
    counted = figures._counted

    def asked_meanwhile(question):
        monkeypatch.setattr(figures, "_counted", counted)
        with clock.standing_at(clock.now() + timedelta(seconds=1)):
            figures.ask(question)
        return counted(question)

    monkeypatch.setattr(figures, "_counted", asked_meanwhile)
    monkeypatch.setattr(jobs, "is_over", iter([False, True]).__next__)
    count_figures()
    assert [(row.wanted, row.counted_at is not None) for row in _kept()] == [(True, True)]


def test_where_others_are_writing_the_page_is_shown_and_asks_the_next_time(cast, browse, filled, many, monkeypatch):
    def refuse(**_options):
        raise OperationalError("", {}, Exception("database is locked"))

    ada = browse(cast.ada)
    with monkeypatch.context() as patched:
        patched.setattr(figures, "transaction", refuse)
        assert COUNTING in ada.get(STANDING).text
        assert not _kept()
    ada.get(STANDING)
    assert len(_kept()) == 1


def test_what_nobody_asked_for_in_a_day_goes(cast, browse, filled, many):
    browse(cast.ada).get(STANDING)
    count_figures()
    assert sweeps.sweep_now(by=cast.actor(cast.ada)).figures == 0
    with clock.standing_at(clock.now() + timedelta(days=1, minutes=1)):
        assert sweeps.sweep_now(by=cast.actor(cast.ada)).figures == 1
    choose_organization(cast.fire.id)
    assert not _kept()

"""Keeping reports and lists with their filters under a name."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from records.database import db, organization_scope, transaction
from records.errors import Invalid, ModuleOff, NameTaken, NotAllowed, NotFound
from records.models import AuditEvent, SavedView
from records.queries.saved_views import saved_views
from records.services import saved_views as views


def seen(view_id):
    """What the form of a view carries, whoever has it open."""
    view = db.session.get(SavedView, view_id)
    return views.mark_of(view) if view else ""


def _save(cast, who="ada", name="Mine", *, page="expiring", share=False, **asked):
    return views.save(page, name, asked, share=share, by=cast.actor(getattr(cast, who)))


def _names(cast, who, of=None):
    return [view.name for view in saved_views(by=cast.actor(getattr(cast, who)), of=of)]


def _kinds():
    of_views = select(AuditEvent.kind).where(AuditEvent.subject_kind == "saved_view")
    return list(db.session.scalars(of_views.order_by(AuditEvent.id)))


def test_a_view_keeps_what_the_report_knows_and_nothing_else(cast):
    view = _save(cast, period="next_30", unit="12", type="x", told="mailed", csrf_token="secret", first="2027-01-01")
    assert view.asked == {"period": "next_30", "unit": "12"}
    assert view.page == "expiring"
    assert not view.is_shared


def test_a_view_of_a_list_keeps_its_filters_and_order_but_no_place_in_it(cast):
    asked = {"unit": "12", "sort": "-seen", "after": "W10", "role": "king", "activity": "never"}
    view = _save(cast, page="members", **asked)
    assert (view.page, view.asked) == ("members", {"unit": "12", "activity": "never", "sort": "-seen"})
    assert _names(cast, "ada", ["members"]) == ["Mine"]
    assert _names(cast, "ada", ["approvals"]) == []


def test_only_reviewers_keep_views_of_approvals(cast):
    with pytest.raises(NotAllowed):
        _save(cast, "carl", page="approvals")
    _save(cast, "ada", "Shared", page="approvals", share=True)
    assert _names(cast, "carl") == []
    with transaction():
        cast.fire.takes_external_certificates = False
    assert _names(cast, "ada") == []


def test_a_relative_time_stays_relative_and_own_dates_stay_dates(cast):
    assert _save(cast, name="a", period="next_30").asked == {"period": "next_30"}
    dates = {"period": "own_dates", "first": "2027-01-01", "last": "2027-02-01"}
    assert _save(cast, name="b", **dates).asked == dates


def test_a_private_view_is_its_owners_and_a_shared_one_all_staffs(cast):
    _save(cast, "ada", "Private")
    _save(cast, "ada", "Shared", share=True)
    _save(cast, "nora", "Nora's")
    assert _names(cast, "ada") == ["Private", "Shared"]
    assert _names(cast, "nora") == ["Nora's", "Shared"]
    assert _names(cast, "carl") == ["Shared"]
    with pytest.raises(NotAllowed):
        _names(cast, "max")
    with organization_scope(cast.clinic.id):
        assert _names(cast, "ken") == []


def test_views_of_reports_that_the_reader_may_not_open_are_not_shown(cast):
    _save(cast, "ada", "Deeds", page="activity", share=True)
    assert _names(cast, "ada") == ["Deeds"]
    assert _names(cast, "ada", ["expiring"]) == []
    assert _names(cast, "carl") == []


def test_views_of_a_module_that_is_off_come_back_with_it(cast):
    _save(cast)
    with transaction():
        cast.fire.tracks_certifications = False
    assert _names(cast, "ada") == []
    with pytest.raises(ModuleOff):
        _save(cast, name="Other")
    with transaction():
        cast.fire.tracks_certifications = True
    assert _names(cast, "ada") == ["Mine"]


def test_only_administrators_share(cast):
    with pytest.raises(NotAllowed):
        _save(cast, "carl", share=True)
    own = _save(cast, "carl")
    with pytest.raises(NotAllowed):
        views.change(own.id, seen=seen(own.id), name="Mine", share=True, by=cast.actor(cast.carl))


@pytest.mark.parametrize("who", ["max", "nora"])
def test_who_may_not_open_a_report_keeps_no_view_of_it(cast, who):
    with pytest.raises(NotAllowed):
        _save(cast, who, page="activity")


def test_there_is_no_view_of_no_report(cast):
    with pytest.raises(NotFound):
        _save(cast, page="unknown")


@pytest.mark.parametrize("name", ["", "  ", "x" * 81])
def test_a_name_is_needed_and_not_too_long(cast, name):
    with pytest.raises(Invalid) as refused:
        _save(cast, name=name)
    assert refused.value.field == "name"
    own = _save(cast)
    with pytest.raises(Invalid):
        views.change(own.id, seen=seen(own.id), name=name, share=False, by=cast.actor(cast.ada))


def test_a_name_stands_once_for_each_report_and_person(cast):
    _save(cast, name="Mine")
    with pytest.raises(NameTaken) as refused:
        _save(cast, name="mïne")
    assert refused.value.field == "name"
    _save(cast, name="Mine", page="expired")
    _save(cast, "carl", name="Mine")
    other = _save(cast, name="Other")
    with pytest.raises(NameTaken):
        views.change(other.id, seen=seen(other.id), name="MINE", share=False, by=cast.actor(cast.ada))


def test_so_many_views_are_enough(cast, monkeypatch):
    monkeypatch.setattr(views, "MOST", 2)
    _save(cast, name="1")
    _save(cast, name="2")
    with pytest.raises(Invalid, match="at most 2"):
        _save(cast, name="3")
    _save(cast, "carl", name="3")


def test_the_owner_renames_and_shares_on_record(cast):
    view_id = _save(cast).id
    by = cast.actor(cast.ada)
    changed = views.change(view_id, seen=seen(view_id), name="Ours", share=True, by=by)
    assert (changed.name, changed.folded_name, changed.is_shared) == ("Ours", "ours", True)
    views.change(view_id, seen=seen(view_id), name="Ours", share=True, by=by)
    assert _kinds() == ["saved_view.saved", "saved_view.saved"]


def test_an_administrator_ends_anybodys_sharing_and_changes_nothing_else(cast):
    view_id = _save(cast, "ada", share=True).id
    with transaction() as session:
        session.get_one(SavedView, view_id).member_id = cast.carl.id
    by = cast.actor(cast.ada)
    with pytest.raises(NotAllowed):
        views.change(view_id, seen=seen(view_id), name="Ada's", share=True, by=by)
    ended = views.change(view_id, seen=seen(view_id), name="Ada's", share=False, by=by)
    assert (ended.name, ended.is_shared) == ("Mine", False)
    with pytest.raises(NotFound):
        views.change(view_id, seen=seen(view_id), name="Ada's", share=False, by=by)


def test_others_learn_nothing_of_a_private_view_and_may_not_change_a_shared_one(cast):
    private, shared = _save(cast).id, _save(cast, name="Shared", share=True).id
    by = cast.actor(cast.carl)
    for verb in (
        lambda each: views.change(each, seen=seen(each), name="x", share=False, by=by),
        lambda each: views.delete(each, by=by),
    ):
        with pytest.raises(NotFound):
            verb(private)
    with pytest.raises(NotAllowed):
        views.change(shared, seen=seen(shared), name="x", share=False, by=by)
    with pytest.raises(NotFound):
        views.delete(shared, by=by)
    with pytest.raises(NotAllowed):
        views.delete(shared, by=cast.actor(cast.max))


def test_a_deleted_view_is_brought_back_by_saving_what_it_was(cast):
    view = _save(cast, period="next_30", share=True)
    by = cast.actor(cast.ada)
    gone = views.delete(view.id, by=by)
    assert _names(cast, "ada") == []
    again = views.save(gone["page"], gone["name"], gone["asked"], share=gone["is_shared"], by=by)
    assert views.facts(again) == gone
    assert _kinds() == ["saved_view.saved", "saved_view.deleted", "saved_view.saved"]

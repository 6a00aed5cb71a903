"""The back office's first page."""

from __future__ import annotations

from datetime import timedelta

from records import clock
from records.database import transaction
from records.services.certification_steps import Entry, record


def _hold(cast, member, type_, days, **fields):
    with transaction():
        expires_on = clock.today(cast.fire) + timedelta(days=days)
        return record(member, Entry(type_.id, expires_on, **fields), by=cast.actor(cast.ada)).id


def test_it_names_what_expires_next_and_what_just_expired(cast, browse):
    _hold(cast, cast.max, cast.emt, 10)
    _hold(cast, cast.mia, cast.emt, -10)
    _hold(cast, cast.una, cast.forklift, 400)
    page = browse(cast.ada).get("/admin/").text
    assert page.index("Expires within 30 days") < page.index("Miller, Max") < page.index("Expired in the last 30 days")
    assert "Söderström, Mia" in page
    assert "Unassigned, Una" not in page


def test_a_renewed_certification_needs_no_attention(cast, browse):
    earlier = _hold(cast, cast.max, cast.emt, 10)
    _hold(cast, cast.max, cast.emt, 700, renews_id=earlier)
    assert "Miller, Max" not in browse(cast.ada).get("/admin/").text


def test_a_coordinator_sees_their_scope_only(cast, browse):
    _hold(cast, cast.max, cast.emt, 10)
    _hold(cast, cast.mia, cast.emt, 10)
    page = browse(cast.nora).get("/admin/").text
    assert "Miller, Max" in page
    assert "Söderström" not in page

"""The audit trail's page."""

from __future__ import annotations

from records import clock
from records.database import transaction
from records.models import AuditEvent, AuditKind


def _note(cast, member, number):
    with transaction() as session:
        for _ in range(number):
            event = AuditEvent.of(
                AuditKind.MEMBER_CHANGED,
                member,
                by=cast.actor(cast.ada),
                at=clock.now(),
                before={"family_name": "Before"},
                after={"family_name": "<b>After</b>"},
            )
            session.add(event)


def test_it_says_who_did_what_to_whom(cast, browse):
    _note(cast, cast.max, 1)
    page = browse(cast.ada).get("/admin/audit-trail/").text
    assert "Ada Lindgren" in page
    assert "Member changed" in page
    assert "Max Miller" in page
    assert "&lt;b&gt;After" in page
    assert "<b>After" not in page


def test_it_pages_by_key_and_filters(cast, browse):
    _note(cast, cast.max, 55)
    client = browse(cast.ada)
    page = client.get("/admin/audit-trail/?kind=member.changed")
    assert page.text.count("<tr>") == 51
    assert "before=" in page.text
    assert "Nothing here yet" in client.get("/admin/audit-trail/?kind=unit.merged").text
    for nonsense in ("?before=99999999999999999999", "?before=x", "?kind=%00", "?member=-1"):
        assert client.get("/admin/audit-trail/" + nonsense).status_code == 200


def test_only_administrators_read_it_and_only_their_own(cast, browse):
    _note(cast, cast.max, 1)
    assert browse(cast.carl).get("/admin/audit-trail/").status_code == 403
    assert "Ada Lindgren" not in browse(cast.ken).get("/admin/audit-trail/").text

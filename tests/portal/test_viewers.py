"""Who looked at the learner's papers: everybody else, once an hour and file; nobody's name from elsewhere."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from records import clock
from records.database import db, found, transaction
from records.models import Actor, AuditEvent, AuditKind, ExternalCertificate, Scan
from records.services import audit, previews, scans
from tests import samples
from tests.cast import PASSWORD
from tests.certificates import credit_type, submitted
from tests.forms import read
from tests.holdings import give

PATH = "/portfolio/viewers"
AT = datetime(2027, 3, 3, 20, 5, tzinfo=UTC)  # 14:05 in Chicago


@pytest.fixture
def scan(cast) -> Scan:
    give(cast.max, cast.emt, 200, files={"front.jpg": samples.picture(size=(800, 400))})
    previews.draw_previews()
    return found(Scan, db.session.scalars(sa.select(Scan.id)).one())


def shown(client, address=PATH):
    page = read(client.get(address).text)
    return [[cell.text for cell in row.children] for row in page.one("tbody").all("tr")] if page.all("tbody") else []


def views():
    db.session.rollback()
    return list(db.session.scalars(sa.select(AuditEvent).where(AuditEvent.kind == AuditKind.SCAN_VIEWED)))


def test_nobody_yet(cast, browse, scan):
    browse(cast.max).get(f"/scan/{scan.id}/file").close()  # one's own look is none
    assert shown(browse(cast.max)) == []
    assert "Nobody yet" in browse(cast.max).get(PATH).text


def test_it_says_who_looked_at_which_file_and_when(cast, browse, scan):
    with clock.standing_at(AT):
        audit.viewed_scan(scan, by=cast.actor(cast.carl))
    assert shown(browse(cast.max)) == [["3 Mar 2027, 14:05", "Carl Okafor", "front.jpg EMT-Basic"]]
    assert shown(browse(cast.mia)) == []
    for page in ("/portfolio/certifications", "/account"):
        assert f'href="{PATH}"' in browse(cast.max).get(page).text


def test_a_look_is_noted_once_for_each_person_file_and_hour(cast, browse, scan):
    for at in (AT, AT + timedelta(minutes=54), AT + timedelta(minutes=55), AT):
        for who in (cast.carl, cast.ada):
            with clock.standing_at(at):
                audit.viewed_scan(found(Scan, scan.id), by=cast.actor(who))
    assert [(row[0], row[1]) for row in shown(browse(cast.max))] == [
        ("3 Mar 2027, 15:00", "Ada Lindgren"), ("3 Mar 2027, 15:00", "Carl Okafor"),
        ("3 Mar 2027, 14:05", "Ada Lindgren"), ("3 Mar 2027, 14:05", "Carl Okafor"),
    ]  # fmt: skip


# Every address that hands out a scan or a picture of it, and whether that is a look at it.
HANDED_OUT = {
    "/scan/<int:scan_id>": True,
    "/scan/<int:scan_id>/file": True,
    "/scan/<int:scan_id>/download": True,
    "/scan/<int:scan_id>/preview": True,
    "/scan/<int:scan_id>/thumbnail": False,  # too small to be read
    "/member/<int:member_id>/scans/download": True,
}


def test_no_address_of_scans_is_forgotten(app):
    known = {rule.rule for rule in app.url_map.iter_rules() if "scan" in rule.rule and "GET" in rule.methods}
    assert known - {"/admin/scans/<int:scan_id>/restore"} == set(HANDED_OUT)


@pytest.mark.parametrize(("address", "counts"), HANDED_OUT.items())
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_each_address_that_hands_out_anothers_scan_notes_it(cast, browse, scan, address, counts, method):
    path = address.replace("<int:scan_id>", str(scan.id)).replace("<int:member_id>", str(cast.max.id))
    for _ in range(2):
        with browse(cast.carl).open(path, method=method) as answer:
            assert answer.status_code == 200
            assert method == "HEAD" or answer.data
    noted = [(view.actor_member_id, view.subject_id, view.member_id) for view in views()]
    assert noted == ([(cast.carl.id, scan.id, cast.max.id)] if counts else [])
    with browse(cast.max).open(path, method=method):
        pass
    assert len(views()) == len(noted)


def test_a_partial_answer_and_an_unchanged_one_count_too(cast, browse, scan):
    etag = f'"{scan.stored_file.sha256}"'
    for headers in ({"Range": "bytes=0-9"}, {"If-None-Match": etag}):
        with browse(cast.carl).get(f"/scan/{scan.id}/file", headers=headers) as answer:
            assert answer.status_code in (206, 304)
    assert len(views()) == 1


def test_who_may_not_look_leaves_no_view(cast, browse, scan):
    for who in (cast.mia, cast.ken, cast.other_max):
        assert browse(who).get(f"/scan/{scan.id}/file").status_code == 404
    assert views() == []


def test_an_open_review_and_its_files_are_shown(cast, browse):
    certificate = submitted(cast, credit_type(), title="Rope rescue")
    browse(cast.ada).get(f"/admin/approvals/{certificate.id}")
    with browse(cast.ada).get(f"/scan/{certificate.scans[0].id}/file"):
        pass
    rows = [row[1:] for row in shown(browse(cast.max))]
    assert rows[0][0] == "Ada Lindgren"
    assert rows[0][1].endswith(" Rope rescue")
    assert rows[1] == ["Ada Lindgren", "Rope rescue opened for review"]
    assert db.session.get_one(ExternalCertificate, certificate.id).state == "pending"


def test_a_visit_as_the_member_and_what_was_looked_at_then(cast, browse, scan):
    ada = browse(cast.ada)
    assert ada.post(f"/admin/members/{cast.max.id}/log-in-as", data={"password": PASSWORD}).status_code == 302
    with ada.get(f"/scan/{scan.id}/download") as answer:
        assert answer.status_code == 200
    rows = [row[1:] for row in shown(browse(cast.max))]
    assert rows == [["Ada Lindgren logged in as you", "front.jpg EMT-Basic"], ["Ada Lindgren", "Logged in as you"]]
    assert [row[1:] for row in shown(ada)] == rows  # it hides nothing from whoever is logged in as them


def test_the_name_of_a_file_outlives_it(cast, browse, scan):
    audit.viewed_scan(scan, by=cast.actor(cast.carl))
    scans.delete(found(Scan, scan.id), by=cast.actor(cast.ada))
    with transaction() as session:
        session.delete(found(Scan, scan.id))
    assert shown(browse(cast.max))[0][1:] == ["Carl Okafor", "front.jpg"]


def test_nobody_elses_name_is_ever_shown(cast, browse, scan):
    """As if somebody of another organization had got through, or a row had been written past the program."""
    stranger = Actor(cast.actor(cast.carl).kind, "Ken Adams", organization_id=cast.fire.id, member_id=cast.ken.id)
    audit.viewed_scan(scan, by=stranger)
    assert shown(browse(cast.max))[0][1:] == ["Somebody who is no longer here", "front.jpg EMT-Basic"]
    assert "Ken Adams" not in browse(cast.max).get(PATH).text


def test_the_other_organizations_events_are_not_shown(cast, browse, scan):
    event = AuditEvent.of(AuditKind.SCAN_VIEWED, by=cast.actor(cast.ken), at=AT, member_id=cast.max.id)
    with transaction() as session:
        session.add(event)
    assert shown(browse(cast.max)) == []


def test_it_pages_by_key(cast, browse, scan, monkeypatch):
    monkeypatch.setattr("records.queries.viewers.PAGE", 2)
    for hour in range(5):
        with clock.standing_at(AT + timedelta(hours=hour)):
            audit.viewed_scan(found(Scan, scan.id), by=cast.actor(cast.carl))
    client, seen, address = browse(cast.max), [], PATH
    while address:
        page = client.get(address).text
        seen += [row[0] for row in shown(client, address)]
        older = [each.attrs["href"] for each in read(page).all("a") if each.text == "Older"]
        address = older[0] if older else ""
    assert seen == [f"3 Mar 2027, {hour}:05" for hour in (18, 17, 16, 15, 14)]
    for nonsense in ("1", "-1", "x", "99999999999999999999"):
        assert client.get(f"{PATH}?before={nonsense}").status_code == 200


def test_a_second_look_in_the_hour_waits_for_no_writer(cast, scan):
    with clock.standing_at(AT):
        audit.viewed_scan(scan, by=cast.actor(cast.carl))
        again, written = found(Scan, scan.id), []

        def note(_connection, _cursor, statement, *_others):
            written.append(statement.split()[0])

        sa.event.listen(db.engine, "before_cursor_execute", note)
        try:
            audit.viewed_scan(again, by=cast.actor(cast.carl))
        finally:
            sa.event.remove(db.engine, "before_cursor_execute", note)
    assert set(written) <= {"SELECT", "PRAGMA", "BEGIN"}
    assert "SELECT" in written

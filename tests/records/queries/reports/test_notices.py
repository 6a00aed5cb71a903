"""The notices that went out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from records import clock
from records.database import found, organization_scope, transaction
from records.models import Actor, Certification, Member, Message, MessageKind, Reminder, ReminderMessage
from records.queries.reports import REPORTS
from records.queries.reports.notices import Told, how_told
from tests.holdings import give, today
from tests.records.queries.reports.asking import ask, statements

NOW = datetime(2026, 3, 20, 15, 0, tzinfo=UTC)
MAILED = {"to_address": "a@b.example", "sent_at": NOW}
FAILED = {"to_address": "a@b.example", "failed_at": NOW}
WAITING = {"to_address": "a@b.example"}
PORTAL: dict[str, object] = {}


@pytest.fixture(autouse=True)
def _now():
    with clock.standing_at(NOW):
        yield


def remind(member, type_, stage, *messages, at=NOW, acknowledged=False, expires_in=30, number=""):
    """A reminder of a new certification of theirs, with messages of these facts."""
    certification_id = give(member, type_, expires_in, number=number or f"{stage}")
    with transaction() as session:
        certification = found(Certification, certification_id)
        reminder = Reminder(
            certification_id=certification.id,
            member_id=certification.member_id,
            expires_on=certification.expires_on,
            stage=stage,
            due_on=today() if stage is None else certification.expires_on - timedelta(days=stage),
            created_at=at,
            acknowledged_at=at if acknowledged else None,
        )
        session.add(reminder)
        session.flush()
        for facts in messages:
            message = Message(
                organization_id=certification.organization_id, kind=MessageKind.CERTIFICATIONS_EXPIRE,
                member_id=certification.member_id, facts={}, created_at=at, due_at=at, **facts,
            )  # fmt: skip
            session.add(message)
            session.flush()
            session.add(ReminderMessage(reminder_id=reminder.id, message_id=message.id))
        return reminder.id


@pytest.fixture
def told(cast):
    remind(cast.max, cast.emt, 30, MAILED, acknowledged=True)
    remind(cast.max, cast.emt, 7, FAILED, MAILED, expires_in=7)
    remind(cast.mia, cast.emt, 0, FAILED, expires_in=0)
    remind(cast.mia, cast.forklift, -14, PORTAL, FAILED, expires_in=-14)
    remind(cast.una, cast.emt, None, WAITING)
    remind(cast.una, cast.forklift, 90, at=NOW - timedelta(days=40))


def _stages(rows):
    return [row.stage for row in rows]


@pytest.mark.usefixtures("told")
def test_each_is_told_by_the_best_of_its_messages_and_the_latest_comes_first(cast):
    rows = ask(cast, "notices", period="ever")
    assert [(row.stage, row.told) for row in rows] == [
        (None, Told.WAITING), (-14, Told.PORTAL), (0, Told.FAILED), (7, Told.MAILED), (30, Told.MAILED),
        (90, Told.NOBODY),
    ]  # fmt: skip
    assert [row.acknowledged_at is not None for row in rows] == [False, False, False, False, True, False]
    assert _stages(ask(cast, "notices")) == [None, -14, 0, 7, 30]


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize(
    ("filters", "stages"),
    [
        ({"stage": "before"}, [7, 30, 90]),
        ({"stage": "on_the_day"}, [0]),
        ({"stage": "after"}, [-14]),
        ({"stage": "snoozed"}, [None]),
        ({"told": "mailed"}, [7, 30]),
        ({"told": "nobody"}, [90]),
        ({"told": "failed", "stage": "before"}, []),
        ({"answered": "acknowledged"}, [30]),
        ({"answered": "open"}, [None, -14, 0, 7, 90]),
        ({"unit": "none"}, [None, 90]),
    ],
)
def test_filters_narrow(cast, filters, stages):
    assert _stages(ask(cast, "notices", period="ever", **filters)) == stages


@pytest.mark.usefixtures("told")
def test_the_figures_are_the_lengths_of_their_lists(cast):
    by = cast.actor(cast.ada)
    figures = how_told(REPORTS["notices"].read({"period": "ever"}), by)
    assert figures == {Told.MAILED: 2, Told.WAITING: 1, Told.PORTAL: 1, Told.FAILED: 1, Told.NOBODY: 1}
    for each, number in figures.items():
        rows = ask(cast, "notices", period="ever", told=each)
        assert rows.count() == len(list(rows)) == number
    assert sum(figures.values()) == ask(cast, "notices", period="ever").count()


@pytest.mark.usefixtures("told")
def test_scope_holds_and_who_was_deactivated_stays_told(cast):
    assert _stages(ask(cast, "notices", cast.nora)) == [7, 30]
    with transaction() as session:
        session.get_one(Member, cast.max.id).deactivated_at = clock.now()
    assert _stages(ask(cast, "notices", cast.nora)) == [7, 30]
    with organization_scope(cast.clinic.id):
        assert list(ask(cast, "notices", cast.ken, period="ever")) == []
        assert how_told(REPORTS["notices"].read({}), Actor.command("test", cast.clinic.id)) == {}


def test_days_are_those_of_the_organization(cast):
    remind(cast.max, cast.emt, 30, MAILED, at=datetime(2026, 3, 2, 5, 59, tzinfo=UTC))  # 1 March, 23:59 in Chicago
    assert ask(cast, "notices", period="own_dates", first="2026-03-01", last="2026-03-01").count() == 1
    assert ask(cast, "notices", period="own_dates", first="2026-03-02").count() == 0


def test_pages_lead_on_by_instants(cast, monkeypatch):
    monkeypatch.setattr("records.queries.reports.frame.PAGE", 2)
    for number in range(5):
        remind(cast.max, cast.emt, 30, number=str(number), at=NOW - timedelta(hours=number // 2))
    rows = ask(cast, "notices")
    found, after = [], ""
    with statements() as seen:
        while True:
            page = rows.page(after)
            found += [row.row_id for row in page.rows]
            after = page.following
            if not after:
                break
    assert found == [row.row_id for row in rows]
    assert len(seen) == 3

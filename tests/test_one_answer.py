"""What holds on a day holds everywhere: each list, badge, filter, figure, file, notice and feed, at every boundary of
days, in every zone, whatever the server's own zone and hour."""

from __future__ import annotations

import csv
import io
import re
import time as clock_of_the_machine
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from python_calamine import CalamineWorkbook

from records import clock, codes
from records.database import db, transaction
from records.models import (
    Actor,
    Certification,
    CertificationType,
    FeedKind,
    Member,
    Organization,
    Reminder,
    Standing,
)
from records.models.standing import Validity, standing_on
from records.queries.attention import attention
from records.queries.certificate_list import Status, certificates
from records.queries.certificate_list import Wanted as Chosen
from records.queries.digests import summary_for
from records.queries.feed_events import expiries
from records.queries.findings import badge_of
from records.queries.matrix import Asked, matrix
from records.queries.member_filters import ByClearance, Wanted
from records.queries.members import every_member
from records.queries.portfolio import portfolio
from records.queries.reports.periods import Preset
from records.services import proofs, reminders, verifying
from records.services.certification_steps import Entry, record
from records.web.words import STANDING_WORDS
from tests.cast import Cast
from tests.certificates import approved, credit_type
from tests.clearances import require
from tests.clients import SignedClient

Browse = Callable[..., SignedClient]
NOTICE, GRACE = 90, 10
VALID, SOON, EXPIRED = Standing.VALID, Standing.EXPIRING_SOON, Standing.EXPIRED
# Each member's family name: days to Issued and Expires, days of grace, and what that comes to on the day.
HELD: dict[str, tuple[int | None, int, int, Standing]] = {
    "Yesterday": (None, -1, 0, EXPIRED),
    "Today": (None, 0, 0, SOON),
    "Tomorrow": (None, 1, 0, SOON),
    "Noticed": (None, NOTICE, 0, SOON),
    "Unnoticed": (None, NOTICE + 1, 0, VALID),
    "Begun": (0, NOTICE + 50, 0, VALID),
    "Beginning": (1, NOTICE + 50, 0, Standing.NOT_YET_VALID),
    "Graced": (None, -GRACE, GRACE, Standing.IN_GRACE),
    "Ungraced": (None, -GRACE - 1, GRACE, EXPIRED),
}
# The zone, and a day in it whose first and last instants are looked at.
BOUNDARIES = [
    ("Pacific/Kiritimati", date(2028, 2, 29)),  # UTC+14: the first to begin a day
    ("Etc/GMT+12", date(2028, 2, 29)),  # UTC-12: the last to end it
    ("Etc/GMT+12", date(2027, 12, 31)),
    ("Pacific/Kiritimati", date(2028, 1, 1)),
    ("Asia/Kathmandu", date(2028, 3, 1)),  # UTC+5:45
    ("America/Chicago", date(2027, 3, 14)),  # 23 hours
    ("America/Chicago", date(2027, 11, 7)),  # 25 hours
    ("Africa/Cairo", date(2027, 4, 30)),  # begins at one o'clock
]
BEGINS, ENDS = "begins", "ends"
SHORT = {
    ("Pacific/Kiritimati", date(2028, 2, 29), BEGINS),
    ("Etc/GMT+12", date(2028, 2, 29), ENDS),
    ("Etc/GMT+12", date(2027, 12, 31), ENDS),
    ("Pacific/Kiritimati", date(2028, 1, 1), BEGINS),
    ("America/Chicago", date(2027, 11, 7), ENDS),
    ("Africa/Cairo", date(2027, 4, 30), BEGINS),
}
EVERY = [
    pytest.param(edge, marks=() if edge in SHORT else pytest.mark.long, id=" ".join(map(str, edge)))
    for edge in ((*boundary, which) for boundary in BOUNDARIES for which in (BEGINS, ENDS))
]


@dataclass(frozen=True)
class World:
    """`ids` are of the certifications, by their member's family name."""

    day: date
    now: datetime
    ids: dict[str, int]
    members: dict[str, int]


def edge(zone: str, day: date, which: str) -> datetime:
    """The first instant of `day` in `zone`, or its last second: found by what clocks there show, not by arithmetic."""
    wall = ZoneInfo(zone)
    hours = (
        datetime.combine(day, time(0), UTC) + timedelta(minutes=minutes) for minutes in range(-60 * 15, 60 * 38, 15)
    )
    inside = [instant for instant in hours if instant.astimezone(wall).date() == day]
    return inside[0] if which == BEGINS else inside[-1] + timedelta(minutes=14, seconds=59)


@contextmanager
def machine_in(zone: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patched:
        patched.setenv("TZ", zone)
        clock_of_the_machine.tzset()
        try:
            yield
        finally:
            patched.undo()
            clock_of_the_machine.tzset()


@pytest.fixture(params=EVERY)
def world(request: pytest.FixtureRequest, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The clock stands at an edge of the day, and the machine's zone lies on the other side of the world."""
    zone, day, which = request.param
    now = edge(zone, day, which)
    far = "Etc/GMT+12" if zone == "Pacific/Kiritimati" else "Pacific/Kiritimati"
    with transaction() as session:
        organization = session.get_one(Organization, cast.fire.id)
        organization.time_zone, organization.reminds_at = zone, time(0)
        session.get_one(CertificationType, cast.forklift.id).grace_days = GRACE
    with machine_in(far, monkeypatch):
        with clock.standing_at(now - timedelta(days=200)):
            ids, members = _held(cast, day)
            require("Everybody", cast.emt, members=[db.session.get_one(Member, each) for each in members.values()])
        with clock.standing_at(now):
            yield World(day, now, ids, members)


def _held(cast: Cast, day: date) -> tuple[dict[str, int], dict[str, int]]:
    ids, members = {}, {}
    by = Actor.command("test", cast.fire.id)
    with transaction() as session:
        for name, (issued_in, expires_in, grace, _) in HELD.items():
            holder = Member(given_name="Hol", family_name=name, created_at=clock.now())
            session.add(holder)
            session.flush()
            kind = cast.forklift if grace else cast.emt
            issued = None if issued_in is None else day + timedelta(days=issued_in)
            entry = Entry(type_id=kind.id, expires_on=day + timedelta(days=expires_in), issued_on=issued)
            made = record(holder, entry, by=by)
            session.flush()
            ids[name], members[name] = made.id, holder.id
    return ids, members


def names_of(those: Any) -> set[str]:
    found = re.findall("|".join(sorted(HELD, key=len, reverse=True)), str(those))
    return set(found)


def having(*standings: Standing) -> set[str]:
    return {name for name, (*_, standing) in HELD.items() if standing in standings}


def holding_emt() -> set[str]:
    return {name for name, (_, _, grace, standing) in HELD.items() if standing.holds and not grace}


EXPECTED = {name: standing for name, (*_, standing) in HELD.items()}


def test_the_rule_itself() -> None:
    day = date(2028, 2, 29)
    for name, (issued, expires, grace, standing) in HELD.items():
        on = None if issued is None else day + timedelta(days=issued)
        assert standing_on(day, Validity(day + timedelta(days=expires), on, grace, NOTICE)) == standing, name


def test_lists_badges_filters_figures_files_notices_and_feeds_agree(world: World, cast: Cast, browse: Browse) -> None:
    ada = cast.actor(cast.ada)
    fire = db.session.get_one(Organization, cast.fire.id)
    assert clock.today(fire) == world.day

    # The record, and the same in SQL.
    held = {name: db.session.get_one(Certification, each) for name, each in world.ids.items()}
    assert {name: each.standing_on(clock.today(fire)) for name, each in held.items()} == EXPECTED
    said = sa.select(Certification.id, Certification.standing_expression(clock.today(fire))).join(CertificationType)
    told = dict(db.session.execute(said).all())
    assert {name: told[each] for name, each in world.ids.items()} == EXPECTED

    # The list of members, by standing and by clearance, and its file.
    client = browse(cast.ada)
    for standing in set(EXPECTED.values()):
        wanted = Wanted(search="hol", standing=standing)
        assert names_of([each.family_name for each in every_member(wanted, by=ada)]) == having(standing), standing
    assert names_of(read(client, "/admin/members/export?search=hol&standing=expired")) == having(EXPIRED)
    for wanted_, fits in ((ByClearance.CLEARED, holding_emt()), (ByClearance.NOT_CLEARED, set(HELD) - holding_emt())):
        found = every_member(Wanted(search="hol", clearance=wanted_), by=ada)
        assert names_of([each.family_name for each in found]) == fits

    # The matrix, and the badge of each.
    rows = [row for group in matrix(Asked(search="hol"), by=ada).groups for row in group.rows]
    assert names_of([row.member.family_name for row in rows if row.is_cleared]) == holding_emt()
    for name, each in world.members.items():
        assert badge_of(db.session.get_one(Member, each)) is (name in holding_emt()), name

    # Profiles and the portal.
    for name, each in world.members.items():
        member = db.session.get_one(Member, each)
        (own,) = portfolio(by=cast.actor(member)).current
        assert own.standing == EXPECTED[name]
        (listed,) = certificates(Chosen(), by=cast.actor(member)).rows
        assert (listed.status == Status.ACTIVE) is EXPECTED[name].holds
        assert (listed.status == Status.EXPIRED) is (EXPECTED[name] == EXPIRED)
    for name in ("Yesterday", "Today"):
        page = read(client, f"/admin/members/{world.members[name]}").decode()
        badges = re.findall(r'class="badge[^"]*" title="[^"]*">([^<]+)<', page)
        assert str(STANDING_WORDS[EXPECTED[name]]) in badges, name

    # Reports, on the screen and in files.
    word = {str(words): standing for standing, words in STANDING_WORDS.items()}
    report = "/admin/reports/standing-by-member/export?format="
    table = list(csv.reader(io.StringIO(read(client, report + "csv").decode("utf-8-sig"))))
    assert _by_member(table, word) == _listed()
    book = CalamineWorkbook.from_filelike(io.BytesIO(read(client, report + "xlsx")))
    assert _by_member(book.get_sheet_by_index(0).to_python(), word) == _listed()
    assert names_of(read(client, "/admin/reports/expired/export?format=csv")) == having(EXPIRED)

    # Figures of the first page, and of the digest.
    figures = attention(by=ada)
    ahead = {name for name, (_, expires, *_) in HELD.items() if 0 <= expires <= 30}
    assert figures.ahead[Preset.NEXT_30] == len(ahead)
    assert figures.ahead[Preset.NEXT_90] == len(ahead) + 1
    assert figures.expired == sum(expires < 0 for _, expires, *_ in HELD.values())
    assert figures.months[0].first == world.day
    digest = summary_for(ada, today=clock.today(fire), now=clock.now())
    assert names_of(digest.expiring.lines) == ahead
    assert names_of(digest.expired.lines) == {"Yesterday"}

    # Feeds.
    feed = expiries(FeedKind.SCOPE, on=clock.today(fire), by=ada)
    assert {each.certification_id: each.expires_on for each in feed} == {
        each.id: each.expires_on for each in held.values()
    }


def read(client: SignedClient, path: str) -> bytes:
    with client.get(path) as answer:
        assert answer.status_code == 200, path
        return answer.data


def _by_member(table: list[list[Any]], words: dict[str, Standing]) -> dict[str, Standing]:
    """What a file's columns Member and Standing say."""
    heading = next(row for row in table if "Standing" in row)
    place = heading.index("Standing")
    return {str(row[0]): words[str(row[place])] for row in table if names_of(row)}


def _listed() -> dict[str, Standing]:
    return {f"{name}, Hol": standing for name, standing in EXPECTED.items()}


def test_notices_are_those_of_the_day_and_go_once(world: World, cast: Cast) -> None:
    """Of the stages 90, 7 and 0, which are due on this very day; and again a moment later, and with the clock set
    back by an hour and by a day: nothing."""
    first = reminders.remind()
    assert first.day == world.day
    due = dict(db.session.execute(sa.select(Reminder.certification_id, Reminder.due_on)).all())
    assert due[world.ids["Today"]] == due[world.ids["Noticed"]] == world.day
    assert not {world.ids[name] for name in ("Unnoticed", "Begun", "Beginning")} & due.keys()
    for set_back in (timedelta(0), timedelta(hours=1), timedelta(days=1)):
        with clock.standing_at(world.now - set_back):
            reminders.remind()
    again = db.session.execute(sa.select(Reminder.certification_id, Reminder.stage)).all()
    assert len(again) == len(set(again)) == len(due)


def test_a_code_and_a_certificate_end_with_the_day(world: World, cast: Cast) -> None:
    holder = db.session.get_one(Member, world.members["Today"])
    held = db.session.get_one(Certification, world.ids["Today"])
    proof = proofs.hand_out(held, ends_on=world.day, by=cast.actor(holder))
    code, visitor = codes.code(proof.salt), Actor.visitor(address="192.0.2.7")
    shown = verifying.verify(code, by=visitor)
    assert shown is not None
    assert (shown.on, shown.standing) == (world.day, SOON)
    with clock.standing_at(world.now + timedelta(hours=26)):
        assert verifying.verify(code, by=visitor) is None
    ceu = credit_type()
    with clock.standing_at(world.now - timedelta(days=20)):
        for title, days in (("Of yesterday", -1), ("Of today", 0)):
            approved(cast, ceu, title=title, expires_on=world.day + timedelta(days=days), earned_on=date(2026, 1, 5))
    listed = {row.title: row.status for row in certificates(Chosen(), by=cast.actor(cast.max)).rows}
    assert listed == {"Of yesterday": Status.EXPIRED, "Of today": Status.ACTIVE}
    active = certificates(Chosen(status=Status.ACTIVE), by=cast.actor(cast.max)).rows
    assert [row.title for row in active] == ["Of today"]

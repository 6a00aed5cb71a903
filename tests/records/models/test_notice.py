"""Which notice is due: the latest stage whose day has come, once, and never in the times that keep it back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records.models.notice import WHY_WORDS, Due, NoticeFacts, Why, due_on, reminding_day, stage_day, week_of

EXPIRES = date(2027, 6, 30)
STAGES = [90, 30, 7, 0, -14]
FACTS = NoticeFacts(expires_on=EXPIRES, recorded_on=date(2026, 1, 1), stages=STAGES)


def on(stage: int, late: int = 0) -> date:
    """The day of a stage, or so many days later."""
    return EXPIRES - timedelta(days=stage) + timedelta(days=late)


@pytest.mark.parametrize("stage", STAGES)
def test_each_stage_is_due_on_its_day(stage):
    assert due_on(on(stage), FACTS) == Due(stage, on(stage))


@pytest.mark.parametrize("stage", STAGES)
def test_what_was_sent_is_not_due_again(stage):
    for late in (0, 1, 5):
        assert due_on(on(stage, late), replace(FACTS, reminded_for=on(stage))) == Why.SENT


def test_before_the_first_stage_nothing_is_due():
    assert due_on(on(90, -1), FACTS) == Why.NOT_YET
    assert due_on(on(90), replace(FACTS, stages=[])) == Why.NOT_YET


def test_after_downtime_the_one_stage_that_stands_is_due_and_those_passed_by_are_not():
    told = replace(FACTS, reminded_for=on(90))
    assert due_on(on(7, 3), told) == Due(7, on(7))
    assert due_on(on(0), told) == Due(0, on(0))
    assert due_on(on(-14, 20), told) == Due(-14, on(-14))


def test_no_stage_is_due_that_lies_before_it_was_recorded():
    recorded = replace(FACTS, recorded_on=on(30, 1))
    assert due_on(on(30, 1), recorded) == Why.BEFORE_RECORDED
    assert due_on(on(7), recorded) == Due(7, on(7))
    assert due_on(on(30), replace(FACTS, recorded_on=on(30))) == Due(30, on(30))


def test_no_stage_is_due_that_lies_before_the_stages_were_set():
    changed = replace(FACTS, stages_set_on=on(30, 1))
    assert due_on(on(30, 1), changed) == Why.BEFORE_SCHEDULE
    assert due_on(on(7), changed) == Due(7, on(7))
    assert due_on(on(30), replace(FACTS, stages_set_on=on(30))) == Due(30, on(30))


def test_a_stage_put_in_behind_one_that_was_sent_is_never_due():
    changed = replace(FACTS, stages=[90, 45, 30, 7], reminded_for=on(30), stages_set_on=on(45))
    assert due_on(on(30, 1), changed) == Why.SENT


def test_during_a_snooze_nothing_is_due_and_on_its_day_it_is_reminded_of_once():
    until = on(7, 2)
    snoozed = replace(FACTS, snoozed_until=until, reminded_for=on(30))
    assert due_on(on(7), snoozed) == Why.SNOOZED
    assert due_on(until - timedelta(days=1), snoozed) == Why.SNOOZED
    assert due_on(until, snoozed) == Due(None, until)
    assert due_on(until, replace(snoozed, reminded_for=until)) == Why.SENT
    assert due_on(on(0), replace(snoozed, reminded_for=until)) == Due(0, on(0))


def test_a_stage_on_the_day_on_which_a_snooze_ends_takes_its_place():
    assert due_on(on(7), replace(FACTS, snoozed_until=on(7))) == Due(7, on(7))


def test_the_end_of_a_snooze_is_passed_by_like_a_stage():
    assert due_on(on(0), replace(FACTS, snoozed_until=on(7, 2))) == Due(0, on(0))


def test_what_lies_far_back_is_history():
    assert due_on(on(-14, 90), FACTS) == Due(-14, on(-14))
    assert due_on(on(-14, 91), FACTS) == Why.HISTORY


SILENT = {
    Why.OFF: {"off": True},
    Why.DELETED: {"deleted": True},
    Why.DEACTIVATED: {"deactivated": True},
    Why.RETIRED: {"retired": True},
    Why.REVOKED: {"revoked_on": on(30)},
    Why.SUSPENDED: {"suspended_on": on(30)},
    Why.RENEWED: {"renewed": True},
    Why.FOLLOWED: {"followed": True},
}


@pytest.mark.parametrize(("why", "fact"), SILENT.items())
def test_what_silences_says_why(why, fact):
    assert due_on(on(30), replace(FACTS, **fact)) == why


def test_a_suspension_or_revocation_of_later_silences_nothing_yet():
    later = {"revoked_on": on(30, 1), "suspended_on": on(30, 1)}
    for name, day in later.items():
        assert due_on(on(30), replace(FACTS, **{name: day})) == Due(30, on(30))


def test_every_reason_has_its_words():
    assert set(WHY_WORDS) == set(Why)


def test_a_stage_beyond_the_calendar_is_none():
    assert stage_day(date.max, -14) is None
    assert stage_day(date.min, 90) is None
    assert due_on(date.max, replace(FACTS, expires_on=date.max)) == Due(0, date.max)


@given(
    stages=st.lists(st.integers(-40, 100), unique=True, max_size=6),
    recorded=st.integers(-120, 30),
    set_on=st.none() | st.integers(-120, 30),
    runs=st.sets(st.integers(-120, 150), max_size=120),
    snooze=st.none() | st.tuples(st.integers(-110, 40), st.integers(1, 50), st.none() | st.integers(0, 60)),
)
def test_whatever_the_runs_each_stage_goes_once_or_is_lawfully_skipped(stages, recorded, set_on, runs, snooze):
    """Against an account of each day by itself, counted from the day of expiry."""
    base = NoticeFacts(
        expires_on=EXPIRES,
        recorded_on=EXPIRES + timedelta(days=recorded),
        stages=sorted(stages, reverse=True),
        stages_set_on=None if set_on is None else EXPIRES + timedelta(days=set_on),
    )
    begun = max(recorded, snooze[0]) if snooze else None
    until, ended = (begun + snooze[1], snooze[2]) if snooze else (None, None)
    sent: list[int] = []
    for run in sorted(day for day in runs if day >= recorded):
        is_on = begun is not None and begun <= run and (ended is None or run < begun + ended)
        facts = replace(
            base,
            snoozed_until=EXPIRES + timedelta(days=until) if is_on else None,
            reminded_for=EXPIRES + timedelta(days=max(sent)) if sent else None,
        )
        outcome = due_on(EXPIRES + timedelta(days=run), facts)
        lawful = {-stage for stage in stages if -stage >= max(recorded, set_on if set_on is not None else recorded)}
        offered = lawful | ({until} if is_on else set())
        passed = {-stage for stage in stages} | ({until} if is_on else set())
        if isinstance(outcome, Due):
            day = (outcome.due_on - EXPIRES).days
            assert day in offered
            assert day not in sent
            assert not [each for each in passed if day < each <= run], "one that stands later was passed over"
            assert run - 90 <= day <= run
            assert not (is_on and run < until), "in a snooze"
            sent.append(day)
        else:
            come = [each for each in passed if each <= run]
            stands = max(come, default=None)
            assert (
                stands is None
                or (is_on and run < until)
                or stands not in offered
                or run - stands > 90
                or stands <= max(sent, default=-999)
            )
    assert len(sent) == len(set(sent))
    assert sent == sorted(sent)


CHICAGO, AUCKLAND = "America/Chicago", "Pacific/Auckland"


@pytest.mark.parametrize("zone", [CHICAGO, AUCKLAND, "UTC"])
def test_until_the_time_of_day_it_is_still_yesterday(zone):
    day = date(2027, 1, 15)
    for at, expected in ((time(6, 59), day - timedelta(days=1)), (time(7), day), (time(23, 59), day)):
        now = datetime.combine(day, at, ZoneInfo(zone)).astimezone(UTC)
        assert reminding_day(now, time_zone=zone, reminds_at=time(7)) == expected


@given(
    zone=st.sampled_from([CHICAGO, AUCKLAND, "Pacific/Apia", "America/Havana", "UTC"]),
    start=st.integers(0, 20 * 366 * 24 * 60),
    minutes=st.integers(0, 24 * 60 - 1),
    steps=st.lists(st.integers(1, 300), max_size=40),
)
def test_the_day_never_goes_back_whatever_clocks_do(zone, start, minutes, steps):
    at, now = time(minutes // 60, minutes % 60), datetime(2010, 1, 1, tzinfo=UTC) + timedelta(minutes=start)
    before = date.min
    for step in steps:
        now += timedelta(minutes=step)
        day = reminding_day(now, time_zone=zone, reminds_at=at)
        assert before <= day <= now.astimezone(ZoneInfo(zone)).date()
        before = day


def test_the_hour_that_comes_twice_brings_no_second_yesterday():
    """In Chicago on 7 Nov 2027 it is 1:30 twice."""
    first = datetime(2027, 11, 7, 6, 30, tzinfo=UTC)
    for minutes in (0, 45, 60, 90):
        now = first + timedelta(minutes=minutes)
        assert reminding_day(now, time_zone=CHICAGO, reminds_at=time(1, 30)) == date(2027, 11, 7)


def test_a_time_of_day_that_a_spring_leaves_out_comes_an_hour_later():
    """In Chicago on 14 Mar 2027 there is no 2:30."""
    for minute, day in ((29, 13), (30, 14)):
        now = datetime(2027, 3, 14, 8, minute, tzinfo=UTC)  # 3:29 and 3:30 there
        assert reminding_day(now, time_zone=CHICAGO, reminds_at=time(2, 30)) == date(2027, 3, day)


@pytest.mark.parametrize("weekday", range(7))
def test_a_week_begins_on_its_day_and_lasts_seven(weekday):
    for number in range(30):
        day = date(2028, 2, 20) + timedelta(days=number)
        began = week_of(day, weekday=weekday)
        assert began.weekday() == weekday
        assert 0 <= (day - began).days < 7

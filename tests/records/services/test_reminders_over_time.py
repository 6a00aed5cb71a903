"""Reminders while time runs: over time zones, changes of clocks and a leap day, through whatever people do, downtime,
and runs cut short at random. An account of its own says after each run what must have gone, and nothing else may.

The short form takes the end of a winter, the long one two years.
"""

from __future__ import annotations

import multiprocessing
import time as waiting
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from records import clock
from records.database import choose_organization, db, every_organization, found, locked, organization_scope, transaction
from records.errors import Refusal
from records.models import (
    Actor,
    Certification,
    CertificationType,
    Digest,
    Member,
    Message,
    MessageKind,
    Organization,
    Reminder,
    RenewalProposal,
    Snooze,
)
from records.services import certification_steps as steps
from records.services import certification_types, notices, reminders, reminding
from records.services.certification_steps import Entry
from records.services.certification_types import TypeFacts
from records.services.notices import SnoozeRequest
from tests.conftest import make_app
from tests.notices import cut_after, messages_are_whole, propose

# Over the leap day of 2028 and a change of clocks in Chicago (12 March) and in Auckland (2 April).
FORMS = [
    pytest.param(date(2028, 2, 20), 48, 7, id="48 days"),
    pytest.param(date(2027, 1, 2), 730, 11, id="two years", marks=pytest.mark.long),
]
SCHEDULES = ((90, 30, 7, 0, -14), (60, 14, 1), (30, 15, -1), (7, 0), (45,), (90, 60, 30, 7, 0, -14, -30))


@dataclass
class Held:
    """A certification as the account has it."""

    id: int
    member: int
    type: int
    number: str
    issued: date
    expires: date
    recorded: date
    renews: int | None = None
    deleted: bool = False
    suspended: date | None = None
    revoked: date | None = None
    snoozed_until: date | None = None
    proposal: int | None = None


@dataclass
class Kind:
    id: int
    stages: tuple[int, ...]
    set_on: date | None = None
    retired: bool = False
    version: int = 1


@dataclass
class Account:
    """What stands in one organization, and what became of each stage: (certification, expiry, day) -> a word."""

    organization: int
    zone: str
    reminds_at: time
    by: Actor
    staff: list[int]
    members: dict[int, bool] = field(default_factory=dict)  # by id: active
    kinds: dict[int, Kind] = field(default_factory=dict)
    held: dict[int, Held] = field(default_factory=dict)
    tracks: bool = True
    sent: dict[tuple[int, date, date], str] = field(default_factory=dict)  # with the audience
    fates: dict[tuple[int, date, date], str] = field(default_factory=dict)
    runs: Counter[str] = field(default_factory=Counter)

    def today(self, instant: datetime) -> date:
        return instant.astimezone(ZoneInfo(self.zone)).date()

    def day(self, instant: datetime) -> date:
        """Plainly by the clock on the wall; the time of day here is one that no change of clocks touches."""
        local = instant.astimezone(ZoneInfo(self.zone))
        return local.date() if local.time() >= self.reminds_at else local.date() - timedelta(days=1)

    # What must have gone

    def due(self, day: date) -> dict[tuple[int, date, date], str]:
        """All that is due on `day`, with the audience; for all else, why not."""
        due = {}
        for each in self.held.values():
            stands = self._stands(each, day)
            if stands is None:
                continue
            key, word = (each.id, each.expires, stands), self._why_not(each, stands, day)
            if word is None:
                due[key] = "reviewers" if each.proposal else "member"
            elif self.fates.get(key) != "sent":
                self.fates[key] = word
        return due

    def _stands(self, held: Held, day: date) -> date | None:
        """The day, going back from `day`, on which a stage or the end of a snooze lies."""
        since = [when for certification, _, when in self.sent if certification == held.id]
        told = held.snoozed_until is not None and any(when >= held.snoozed_until for when in since)
        snoozed_until = None if told else held.snoozed_until
        for back in range(91):
            one = day - timedelta(days=back)
            if (held.expires - one).days in self.kinds[held.type].stages or one == snoozed_until:
                return one
        return None

    def _why_not(self, held: Held, stands: date, day: date) -> str | None:
        kind = self.kinds[held.type]
        is_stage = (held.expires - stands).days in kind.stages
        told = [
            when for certification, expires, when in self.sent if (certification, expires) == (held.id, held.expires)
        ]
        for word, holds in (
            ("module off", not self.tracks),
            ("deleted", held.deleted),
            ("deactivated", not self.members[held.member]),
            ("retired", kind.retired),
            ("revoked", held.revoked is not None and held.revoked <= day),
            ("suspended", held.suspended is not None and held.suspended <= day),
            ("renewed", any(self._renews(each, held, day) for each in self.held.values())),
            ("followed", any(self._follows(each, held, day) for each in self.held.values())),
            ("snoozed", held.snoozed_until is not None and day < held.snoozed_until),
            ("lies before one that went", any(when >= stands for when in told)),
            ("before recorded", stands < held.recorded),
            ("before the stages were set", is_stage and kind.set_on is not None and stands < kind.set_on),
        ):
            if holds:
                return word
        return None

    def _renews(self, other: Held, held: Held, day: date) -> bool:
        if other.renews != held.id or other.deleted:
            return False
        off = [each is not None and each <= day for each in (other.revoked, other.suspended)]
        return other.issued <= day or not any(off)

    def _follows(self, other: Held, held: Held, day: date) -> bool:
        if (other.member, other.type) != (held.member, held.type) or other.expires <= held.expires or other.deleted:
            return False
        replaced = any(
            each.renews == other.id and not each.deleted and each.issued <= day for each in self.held.values()
        )
        off = [each is not None and each <= day for each in (other.revoked, other.suspended)]
        return not replaced and not any(off)

    def open_day(self, day: date) -> None:
        """Every stage that lies on this day begins with nothing known of it."""
        for each in self.held.values():
            if (each.expires - day).days in self.kinds[each.type].stages:
                self.fates.setdefault((each.id, each.expires, day), "no run in its time")

    # What went

    def written(self) -> dict[tuple[int, date, date], str]:
        rows = db.session.execute(
            sa.select(Reminder.certification_id, Reminder.expires_on, Reminder.due_on, Reminder.audience)
        ).all()
        keys = [tuple(row)[:3] for row in rows]
        assert len(keys) == len(set(keys)), "sent twice"
        return {tuple(row)[:3]: row.audience for row in rows}

    def compare(self, due: dict[tuple[int, date, date], str], *, whole: bool) -> None:
        db.session.rollback()
        now = self.written()
        new = {key: audience for key, audience in now.items() if key not in self.sent}
        assert self.sent.keys() <= now.keys()
        if whole:
            assert new == due
        else:
            assert new.items() <= due.items()
        self.sent = now
        self.fates |= dict.fromkeys(new, "sent")


class Life:
    """What people do, at random, told to the account once it is done."""

    def __init__(self, account: Account, chance: Random) -> None:
        self.account, self.chance = account, chance

    def act(self, today: date) -> None:
        verbs = (
            (self.record, 22), (self.renew, 5), (self.delete, 4), (self.restore, 3), (self.correct, 5),
            (self.suspend, 4), (self.revoke, 2), (self.snooze, 9), (self.end_snooze, 2), (self.set_stages, 1),
            (self.retire, 2), (self.deactivate, 2), (self.propose, 6), (self.switch, 2),
        )  # fmt: skip
        names, weights = zip(*verbs, strict=True)
        with suppress(Refusal):
            self.chance.choices(names, weights)[0](today)
        self._end_what_silences_all(today)

    def _end_what_silences_all(self, today: date) -> None:
        """A module that is off, a retired type and a deactivated member come back soon, or there were little to see."""
        if self.chance.random() < 0.3:
            if not self.account.tracks:
                self.switch(today)
            for kind in self.account.kinds.values():
                if kind.retired:
                    certification_types.reinstate(found(CertificationType, kind.id), by=self.account.by)
                    kind.retired = False
            if not all(self.account.members.values()):
                self.deactivate(today)

    def _one(self, *, deleted: bool = False) -> Held | None:
        fitting = [each for each in self.account.held.values() if each.deleted == deleted]
        return self.chance.choice(fitting) if fitting else None

    def _add(self, entry: Entry, member: int, today: date) -> None:
        with transaction() as session:
            certification = steps.record(session.get_one(Member, member), entry, by=self.account.by)
            made = certification.id
        assert entry.type_id is not None
        assert entry.expires_on is not None
        self.account.held[made] = Held(
            made,
            member,
            entry.type_id,
            entry.number,
            entry.issued_on or today,
            entry.expires_on,
            today,
            entry.renews_id,
        )

    def record(self, today: date) -> None:
        type_id, member = self.chance.choice([*self.account.kinds]), self.chance.choice([*self.account.members])
        expires = today + timedelta(days=self.chance.choice((-20, 1, 5, 12, 31, 40, 62, 95, 120, 200, 300)))
        issued = min(today, expires) - timedelta(days=self.chance.randint(0, 300))
        number = str(self.chance.randint(0, 10**9))
        self._add(Entry(type_id, expires, issued, number), member, today)

    def renew(self, today: date) -> None:
        if (one := self._one()) is not None:
            issued = today + timedelta(days=self.chance.randint(-5, 30))
            expires = max(one.expires, issued) + timedelta(days=self.chance.randint(20, 250))
            linked = one.id if self.chance.random() < 0.7 else None
            self._add(Entry(one.type, expires, issued, str(self.chance.random()), linked), one.member, today)

    def delete(self, _today: date) -> None:
        if (one := self._one()) is not None:
            with transaction():
                steps.delete(locked(Certification, one.id), by=self.account.by)
            one.deleted = True

    def restore(self, _today: date) -> None:
        one = self._one(deleted=True)
        if one is not None and not any(
            each.renews == one.renews and not each.deleted for each in self.account.held.values() if one.renews
        ):
            with transaction():
                locked(Certification, one.id).restore()
            one.deleted = False

    def correct(self, today: date) -> None:
        if (one := self._one()) is not None:
            expires = max(one.issued, one.expires + timedelta(days=self.chance.randint(-40, 60)))
            with transaction():
                entry = Entry(None, expires, one.issued, one.number)
                steps.correct(locked(Certification, one.id), entry, by=self.account.by)
            one.expires = expires

    def suspend(self, today: date) -> None:
        if (one := self._one()) is not None:
            day = None if one.suspended else today + timedelta(days=self.chance.randint(-5, 20))
            with transaction():
                locked(Certification, one.id).suspend(on=day, reason="An audit.")
            one.suspended = day

    def revoke(self, today: date) -> None:
        if (one := self._one()) is not None:
            day = None if one.revoked else today + timedelta(days=self.chance.randint(0, 20))
            with transaction():
                locked(Certification, one.id).revoke(on=day, reason="Forged.")
            one.revoked = day

    def snooze(self, today: date) -> None:
        if (one := self._one()) is not None:
            until = today + timedelta(days=self.chance.randint(1, 25))
            notices.snooze(found(Certification, one.id), SnoozeRequest(until, "Seen to."), by=self.account.by)
            one.snoozed_until = until

    def end_snooze(self, today: date) -> None:
        running = [each for each in self.account.held.values() if each.snoozed_until and each.snoozed_until > today]
        if running:
            one = self.chance.choice(running)
            notices.end_snooze(found(Certification, one.id), by=self.account.by)
            one.snoozed_until = None

    def set_stages(self, today: date) -> None:
        kind = self.chance.choice([*self.account.kinds.values()])
        stages = self.chance.choice([each for each in SCHEDULES if each != kind.stages])
        type_ = found(CertificationType, kind.id)
        certification_types.change(
            type_, TypeFacts(type_.name, reminder_stages=stages), by=self.account.by, version=type_.version
        )
        kind.stages, kind.set_on = stages, today

    def retire(self, _today: date) -> None:
        kind = self.chance.choice([*self.account.kinds.values()])
        if not kind.retired:
            certification_types.retire(found(CertificationType, kind.id), by=self.account.by)
            kind.retired = True

    def deactivate(self, _today: date) -> None:
        away = [each for each, active in self.account.members.items() if not active]
        member = self.chance.choice(away or [*self.account.members])
        active = self.account.members[member]
        with transaction():
            locked(Member, member).deactivated_at = clock.now() if active else None
        self.account.members[member] = not active

    def propose(self, _today: date) -> None:
        waiting_ones = [each for each in self.account.held.values() if each.proposal]
        if waiting_ones and self.chance.random() < 0.5:
            one = self.chance.choice(waiting_ones)
            with transaction():
                proposal = locked(RenewalProposal, one.proposal)
                proposal.state, proposal.decided_at, proposal.decided_by_id = "withdrawn", clock.now(), one.member
            one.proposal = None
        elif (fresh := self._one()) is not None and not fresh.proposal:
            fresh.proposal = propose(fresh.id)

    def switch(self, _today: date) -> None:
        if not self.account.tracks or self.chance.random() < 0.3:
            with transaction():
                organization = locked(Organization, self.account.organization)
                organization.tracks_certifications = not organization.tracks_certifications
            self.account.tracks = not self.account.tracks


def _run(account: Account, instant: datetime, chance: Random) -> None:
    """One run, sometimes cut short in the place of some statement."""
    due = account.due(account.day(instant))
    cut_at = chance.randint(0, 70) if chance.random() < 0.3 else None
    try:
        if cut_at is None:
            reminding.run_for(account.organization, "")
        else:
            with cut_after(cut_at):
                reminding.run_for(account.organization, "")
    except InterruptedError:
        account.compare(due, whole=False)
        account.runs["cut short"] += 1
        return
    account.compare(due, whole=True)
    account.runs["whole"] += 1
    if account.tracks:
        _everybody_has_the_digest(account, account.day(instant))


def _everybody_has_the_digest(account: Account, day: date) -> None:
    """Digests come on Mondays; a run after one that brought none has brought it now."""
    monday = day - timedelta(days=day.weekday())
    had = set(db.session.scalars(sa.select(Digest.member_id).where(Digest.week_on == monday)))
    assert had == set(account.staff)


def _accounts(cast: Any) -> list[Account]:
    """Chicago and Auckland, 60 members each."""
    accounts = []
    with every_organization(), transaction():
        locked(Organization, cast.clinic.id).time_zone = "Pacific/Auckland"
        locked(Organization, cast.clinic.id).reminds_at = time(6, 30)
    for organization, chief, kinds, staff, zone, at in (
        (cast.fire, cast.ada, (cast.emt, cast.forklift), (cast.ada, cast.carl, cast.nora), "America/Chicago", time(7)),
        (cast.clinic, cast.ken, (cast.clinic_emt,), (cast.ken,), "Pacific/Auckland", time(6, 30)),
    ):
        account = Account(organization.id, zone, at, cast.actor(chief), [each.id for each in staff])
        account.kinds = {each.id: Kind(each.id, SCHEDULES[0]) for each in kinds}
        with organization_scope(organization.id), transaction() as session:
            people = [
                Member(
                    given_name="Member", family_name=str(number), email=f"{number}@x.example", created_at=clock.now()
                )
                for number in range(60)
            ]
            session.add_all(people)
            session.flush()
            account.members = {each.id: True for each in people}
        accounts.append(account)
    return accounts


@pytest.mark.parametrize(("first", "days", "seed"), FORMS)
@pytest.mark.once
def test_every_stage_goes_once_or_is_lawfully_skipped_and_none_twice(cast, monkeypatch, capsys, first, days, seed):
    monkeypatch.setattr(reminders, "BATCH", 2)
    chance, down_until = Random(seed), first
    instant = datetime.combine(first, time(), UTC)
    with clock.standing_at(instant):
        accounts = _accounts(cast)
    lives = [Life(account, chance) for account in accounts]
    for number in range(days):
        day = first + timedelta(days=number)
        if chance.random() < 0.04:
            down_until = day + timedelta(days=chance.randint(1, 20))
        moments = sorted(chance.sample(range(24 * 60), 4))
        for minute in moments:
            instant = datetime.combine(day, time(), UTC) + timedelta(minutes=minute)
            for account, life in zip(accounts, lives, strict=True):
                with clock.standing_at(instant), organization_scope(account.organization):
                    account.open_day(account.day(instant))
                    if chance.random() < 0.4:
                        life.act(account.today(instant))
                    elif chance.random() < 0.5 and day >= down_until:
                        _run(account, instant, chance)
    _account_for_everything(accounts, capsys, days)


def _account_for_everything(accounts: list[Account], capsys: Any, days: int) -> None:
    fates: Counter[str] = Counter()
    for account in accounts:
        choose_organization(account.organization)
        fates.update(account.fates.values())
        assert {key for key, fate in account.fates.items() if fate == "sent"} == set(account.written())
        messages_are_whole_in(account)
    assert fates["sent"] > days / 3, fates
    assert {"renewed", "followed", "snoozed", "no run in its time", "before recorded"} <= set(fates)
    runs = sum((account.runs for account in accounts), Counter[str]())
    assert runs["cut short"] > 5
    with every_organization():
        counted = {
            "reminders": db.session.scalar(sa.select(sa.func.count(Reminder.id))),
            "messages": db.session.scalar(
                sa.select(sa.func.count(Message.id)).where(Message.kind == MessageKind.CERTIFICATIONS_EXPIRE)
            ),
            "snoozes": db.session.scalar(sa.select(sa.func.count(Snooze.id))),
            "digests": db.session.scalar(sa.select(sa.func.count(Digest.id))),
            "certifications": db.session.scalar(sa.select(sa.func.count(Certification.id))),
        }
    with capsys.disabled():
        print(f"\n{days} days, runs: {dict(runs)}; {counted}; stages: {dict(fates.most_common())}")


def messages_are_whole_in(account: Account) -> None:
    with organization_scope(account.organization):
        messages_are_whole(account.organization)


# A real process, really killed

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload([__name__, "wsgi"])
KILLS = [pytest.param(1, id="once"), pytest.param(15, id="15 times", marks=pytest.mark.long)]


def _work(data_dir: str, settings: dict[str, str], instant: datetime, began: Any) -> None:
    """A process: run the job at `instant` until it is done."""
    application = make_app(Path(data_dir), **settings)
    reminders.BATCH = 1
    with application.app_context(), clock.standing_at(instant):
        began.set()
        reminding.send_reminders()


@pytest.mark.parametrize("kills", KILLS)
def test_a_worker_that_is_killed_leaves_nothing_half_and_the_next_one_goes_on(app, on, cast, kills):
    size, chance, start = 40, Random(5), datetime(2028, 1, 3, 18, tzinfo=UTC)
    with clock.standing_at(start), transaction() as session:
        people = [Member(given_name=f"M{number}", family_name="Crowd", created_at=start) for number in range(size)]
        session.add_all(people)
        session.flush()
        for person in people:
            for type_ in (cast.emt, cast.forklift):
                entry = Entry(type_.id, date(2028, 2, 29), date(2028, 1, 3))
                steps.record(person, entry, by=cast.actor(cast.ada))
    url = db.engine.url.render_as_string(hide_password=False)
    settings = {} if on == "sqlite" else {"database_url": url}
    instant = datetime(2028, 1, 30, 18, tzinfo=UTC)
    halfway = []
    for _ in range(kills):
        db.session.rollback()
        before = db.session.scalar(sa.select(sa.func.count(Reminder.id))) or 0
        began = PROCESSES.Event()
        process = PROCESSES.Process(target=_work, args=(str(app.config["DATA_DIR"]), settings, instant, began))
        process.start()
        assert began.wait(60)
        waiting.sleep(chance.uniform(0.01, 0.25))
        process.kill()  # it may be through by then
        process.join(60)
        messages_are_whole(cast.fire.id)
        halfway.append((db.session.scalar(sa.select(sa.func.count(Reminder.id))) or 0) - before)
    with clock.standing_at(instant):
        reminding.send_reminders()
        reminding.send_reminders()
    messages_are_whole(cast.fire.id)
    sent = db.session.execute(sa.select(Reminder.certification_id, Reminder.stage)).all()
    assert len(sent) == len(set(sent)) == size * 2
    assert {row.stage for row in sent} == {30}

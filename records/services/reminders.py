"""Sending notices of expiry: each stage of each certification once, to its member or to those who review its renewal.

One transaction writes a batch of members, each with one message that names all that is due, and the rows that keep it
from being said again. A run that is cut short leaves whole batches; the next one goes on.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby

from sqlalchemy import select
from sqlalchemy.orm import Session

from records import clock
from records.database import chosen_organization_id, this_organization, transaction
from records.models import (
    Audience,
    Certification,
    Member,
    Message,
    MessageKind,
    Organization,
    Reminder,
    ReminderMessage,
)
from records.models.notice import Due, Why, reminding_day
from records.queries.due_notices import Candidate, Decided, candidates, decide
from records.queries.overseers import Overseer, overseers
from records.services.outbox import notify

BATCH = 200


@dataclass(frozen=True)
class Line:
    """One notice to one person; `address` is None where it stands in the portal only."""

    to: str
    address: str | None
    holder: str
    title: str
    expires_on: date
    due: Due
    audience: Audience


@dataclass
class Report:
    """What went, or would go, for `day`; and of those looked at, how many were kept back and why. `is_whole`: the run
    went through to its end; another that works on the same organization takes over."""

    day: date
    lines: list[Line] = field(default_factory=list)
    kept_back: Counter[Why] = field(default_factory=Counter)
    is_whole: bool = True


@dataclass(frozen=True)
class _Letter:
    """One message: to whom, and the certifications that it names."""

    to: Member
    audience: Audience
    named: list[Decided]


def remind(*, dry_run: bool = False) -> Report:
    """Send what is due in this organization, or with `dry_run` only say what that is, and why all else is kept back."""
    organization = this_organization()
    day = reminding_day(clock.now(), time_zone=organization.time_zone, reminds_at=organization.reminds_at)
    report = Report(day)
    if not organization.tracks_certifications:
        report.kept_back[Why.OFF] = 1
        return report
    found = candidates(day, all_of_them=dry_run)
    reviewed: list[Candidate] = []
    for batch in _batches(found):
        if not _go_through(batch, report, reviewed, dry_run=dry_run):
            return report
    if reviewed:  # last and all at once: one message to each reviewer
        _go_through(reviewed, report, None, dry_run=dry_run)
    return report


def _go_through(batch: Sequence[Candidate], report: Report, reviewed: list[Candidate] | None, *, dry_run: bool) -> bool:
    """Decide and write one batch, or put off to `reviewed` what is for reviewers. False where another run is at it."""
    if dry_run:
        _note(_letters(batch, report, reviewed), report)
        return True
    counted = Report(report.day)
    with transaction() as session:
        if not _is_our_turn(session):
            report.is_whole = False
            return False
        letters = _letters(batch, counted, reviewed)
        _note(letters, counted)
        _write(session, letters)
    report.lines += counted.lines
    report.kept_back += counted.kept_back
    return True


def _is_our_turn(session: Session) -> bool:
    """Of two runs at once, one writes for an organization. SQLite lets one write anyway."""
    turn = select(Organization).where(Organization.id == chosen_organization_id())
    turn = turn.with_for_update(key_share=True, skip_locked=True).execution_options(populate_existing=True)
    return session.scalar(turn) is not None


def _batches(found: Iterable[Candidate]) -> Iterator[list[Candidate]]:
    """So many members at a time, never one member in two."""
    batch: list[Candidate] = []
    members = 0
    for _member_id, theirs in groupby(found, key=lambda each: each.member_id):
        batch += theirs
        members += 1
        if members == BATCH:
            yield batch
            batch, members = [], 0
    if batch:
        yield batch


def _letters(batch: Sequence[Candidate], report: Report, reviewed: list[Candidate] | None) -> list[_Letter]:
    """The messages to write; what is for reviewers is put off to `reviewed`, where that is given."""
    due: list[Decided] = []
    for each in decide(batch, report.day):
        if isinstance(each.outcome, Why):
            report.kept_back[each.outcome] += 1
        elif each.barred is not None and reviewed is not None:
            reviewed.append(Candidate(each.certification.member_id, each.certification.id))
        else:
            due.append(each)
    staff = overseers() if any(each.barred is not None for each in due) else []
    own: defaultdict[int, list[Decided]] = defaultdict(list)
    reviewing: defaultdict[int, list[Decided]] = defaultdict(list)
    for each in due:
        deciding = _who_decide(each, staff)
        for overseer in deciding:
            reviewing[overseer.member.id].append(each)
        if not deciding:
            own[each.certification.member_id].append(each)
    letters = [_Letter(named[0].certification.member, Audience.MEMBER, named) for named in own.values()]
    people = {overseer.member.id: overseer.member for overseer in staff}
    return letters + [_Letter(people[each], Audience.REVIEWERS, named) for each, named in reviewing.items()]


def _who_decide(each: Decided, staff: Iterable[Overseer]) -> list[Overseer]:
    """Those who may decide the renewal that waits; nobody where none waits, or where nobody may."""
    barred, holder = each.barred, each.certification.member
    if barred is None:
        return []
    return [one for one in staff if one.member.id not in barred | {holder.id} and one.actor.covers(holder)]


def _note(letters: Iterable[_Letter], report: Report) -> None:
    for letter in letters:
        mailed = letter.to.email if _is_mailed(letter) else None
        report.lines += [
            Line(letter.to.name, mailed, each.certification.member.name, each.certification.title,
                 each.certification.expires_on, _due(each), letter.audience)
            for each in letter.named
        ]  # fmt: skip


def _is_mailed(letter: _Letter) -> bool:
    """Staff get no mail per certification: it stands in their portal, and in the weekly digest."""
    wanted = MessageKind.CERTIFICATIONS_EXPIRE not in letter.to.unwanted_mail
    return letter.audience == Audience.MEMBER and wanted


def _write(session: Session, letters: Sequence[_Letter]) -> None:
    """Each message, a row for each stage, and which message told of which."""
    today = clock.today(this_organization())
    reminders: dict[int, Reminder] = {}
    told: list[tuple[Reminder, Message]] = []
    for letter in letters:
        message = _tell(letter, today)
        for each in letter.named:
            reminder = reminders.get(each.certification.id) or _reminder(each, letter.audience)
            reminders[each.certification.id] = reminder
            told.append((reminder, message))
    session.add_all(reminders.values())
    session.flush()
    session.add_all(ReminderMessage(reminder_id=reminder.id, message_id=message.id) for reminder, message in told)


def _reminder(each: Decided, audience: Audience) -> Reminder:
    due = _due(each)
    return Reminder(
        certification_id=each.certification.id,
        member_id=each.certification.member_id,
        expires_on=each.certification.expires_on,
        stage=due.stage,
        due_on=due.due_on,
        audience=audience,
        created_at=clock.now(),
    )


def _tell(letter: _Letter, today: date) -> Message:
    """The words are those of the day on which it is sent: what is read later is what was said."""
    named = [
        {
            "title": each.certification.title,
            "number": each.certification.number,
            "holder": each.certification.member.name,
            "expires_on": each.certification.expires_on.isoformat(),
            "days": (each.certification.expires_on - today).days,
        }
        for each in letter.named
    ]
    reviewing = letter.audience == Audience.REVIEWERS
    return notify(
        letter.to,
        MessageKind.CERTIFICATIONS_EXPIRE,
        facts={"certifications": named, "reviewing": reviewing},
        page=_page([each.certification for each in letter.named], reviewing=reviewing),
        mailed=not reviewing,
    )


def _page(certifications: Sequence[Certification], *, reviewing: bool) -> str:
    single = certifications[0].id if len(certifications) == 1 else None
    if reviewing:
        return f"/admin/certifications/{single}" if single else "/admin/"
    return f"/portfolio/certifications/{single}" if single else "/portfolio/certifications"


def _due(each: Decided) -> Due:
    if isinstance(each.outcome, Why):
        raise TypeError("nothing is due")
    return each.outcome

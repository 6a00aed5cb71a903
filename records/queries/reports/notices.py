"""The notices of expiry that went out: of what, to whom, how they were told, and whether they said so."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, case, func, select

from records.database import db, this_organization
from records.models import Actor, Certification, CertificationType, Member, Message, Reminder, ReminderMessage, Unit
from records.queries.capped import MOST_COUNTED
from records.queries.member_filters import Scope, scope_of
from records.queries.reports.frame import MOST_HELD, Asked, Paged, during, is_narrow, units_in, whoever

ANY = "any"


class Stage(StrEnum):
    BEFORE = "before"
    ON_THE_DAY = "on_the_day"
    AFTER = "after"
    SNOOZED = "snoozed"


class Told(StrEnum):
    """By the best of the messages that told of a reminder."""

    MAILED = "mailed"
    WAITING = "waiting"
    PORTAL = "portal"
    FAILED = "failed"
    NOBODY = "nobody"


class Answered(StrEnum):
    ACKNOWLEDGED = "acknowledged"
    OPEN = "open"


_BEST_FIRST = (Told.MAILED, Told.WAITING, Told.PORTAL, Told.FAILED)
_STAGES = {
    Stage.BEFORE: Reminder.stage > 0,
    Stage.ON_THE_DAY: Reminder.stage == 0,
    Stage.AFTER: Reminder.stage < 0,
    Stage.SNOOZED: Reminder.stage.is_(None),
}


def notices(asked: Asked, by: Actor) -> Paged:
    """The latest first; those of members who were deactivated since stay in it. `totals`: how many were told how."""
    return _notices(_sought(asked, by))


def how_told(asked: Asked, by: Actor) -> dict[Told, int]:
    """How many notices of the same question were told in which way; nothing where they are more than MOST_COUNTED."""
    found: dict[str, int] = dict(tuple(row) for row in db.session.execute(_how_told(_sought(asked, by))))
    if sum(found.values()) > MOST_COUNTED:
        return {}
    return {each: found[each] for each in Told if each in found}


class _Sought(NamedTuple):
    """What statements depend on. `time_zone` is the organization's, in which days begin."""

    asked: Asked
    scope: Scope
    units: tuple[int, ...]
    time_zone: str


def _sought(asked: Asked, by: Actor) -> _Sought:
    return _Sought(asked, scope_of(by), units_in(asked), this_organization().time_zone)


@lru_cache(MOST_HELD)
def _notices(sought: _Sought) -> Paged:
    rows = _joined(sought).add_columns(
        Reminder.id.label("row_id"),
        Reminder.created_at.label("key"),
        Reminder.member_id,
        Reminder.certification_id,
        Reminder.stage,
        Reminder.expires_on,
        Reminder.audience,
        Reminder.acknowledged_at,
        Member.family_name,
        Member.given_name,
        Member.suffix,
        Member.number.label("member_number"),
        Unit.name.label("unit"),
        CertificationType.name.label("type"),
        _told().label("told"),
    )
    lean = _lean(sought).add_columns(Reminder.id)
    return Paged(rows, Reminder.created_at, Reminder.id, kind=datetime, falls=True, lean=lean)


@lru_cache(MOST_HELD)
def _how_told(sought: _Sought) -> Select[Any]:
    latest = _lean(sought).order_by(Reminder.created_at.desc(), Reminder.id.desc()).limit(MOST_COUNTED + 1)
    told = latest.add_columns(_told().label("told")).subquery()
    return select(told.c.told, func.count()).group_by(told.c.told)


def _joined(sought: _Sought) -> Select[Any]:
    """With all that a row tells."""
    statement = (
        select()
        .select_from(Reminder)
        .join(Member, Reminder.member_id == Member.id)
        .join(Certification, Reminder.certification_id == Certification.id)
        .join(CertificationType, Certification.type_id == CertificationType.id)
        .outerjoin(Unit, Member.unit_id == Unit.id)
        .where(*whoever(sought.asked, by=sought.scope, units=sought.units))
    )
    return _narrowed(statement, sought.asked)


def _lean(sought: _Sought) -> Select[Any]:
    """The same for counting, with nothing but what narrows them."""
    asked, statement = sought.asked, select().select_from(Reminder)
    if is_narrow(asked, by=sought.scope):
        statement = statement.join(Member, Reminder.member_id == Member.id)
        statement = statement.where(*whoever(asked, by=sought.scope, units=sought.units))
    if asked["type"]:
        statement = statement.join(Certification, Reminder.certification_id == Certification.id)
    return _narrowed(statement, asked)


def _narrowed(statement: Select[Any], asked: Asked) -> Select[Any]:
    statement = statement.where(*during(Reminder.created_at, asked.span))
    if asked["type"]:
        statement = statement.where(Certification.type_id == int(asked["type"]))
    if asked["stage"] != ANY:
        statement = statement.where(_STAGES[Stage(asked["stage"])])
    if asked["told"] != ANY:
        statement = statement.where(_told() == asked["told"])
    if asked["answered"] != ANY:
        is_answered = Reminder.acknowledged_at.is_not(None)
        statement = statement.where(is_answered if asked["answered"] == Answered.ACKNOWLEDGED else ~is_answered)
    return statement


def _told() -> ColumnElement[str]:
    """Messages are no table of an organization: each is of that of the reminder."""
    rank = case(
        (Message.sent_at.is_not(None), 0),
        (Message.to_address.is_(None), 2),
        (Message.failed_at.is_not(None), 3),
        else_=1,
    )
    best = (
        select(func.min(rank))
        .select_from(ReminderMessage)
        .join(Message, ReminderMessage.message_id == Message.id)
        .where(ReminderMessage.organization_id == Reminder.organization_id)
        .where(ReminderMessage.reminder_id == Reminder.id, Message.organization_id == Reminder.organization_id)
        .correlate(Reminder)
        .scalar_subquery()
    )
    return case({place: each.value for place, each in enumerate(_BEST_FIRST)}, value=best, else_=Told.NOBODY.value)

"""How values read on screens: dates that cannot be misread, sizes, standings; all through Flask-Babel."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask, has_request_context
from flask_babel import format_decimal, gettext, lazy_gettext, lazy_pgettext, ngettext

from records import clock, signin
from records.database import is_organization_chosen, this_organization
from records.errors import Refusal
from records.models import Organization, ProposalState, Role, Standing, State
from records.models.standing import reason_for
from records.storage import megabytes
from records.web.languages import locale_code, texts_now

_LONGEST_TEXT = 40
_MOST_HELD = 5000  # of words that follow from a number and a language alone

# In many languages such words agree with what they are said of, so the translation is told of what that is.
STANDING_WORDS = {
    Standing.VALID: lazy_pgettext("certification", "Valid"),
    Standing.EXPIRING_SOON: lazy_pgettext("certification", "Expiring soon"),
    Standing.IN_GRACE: lazy_pgettext("certification", "In grace"),
    Standing.EXPIRED: lazy_pgettext("certification", "Expired"),
    Standing.NOT_YET_VALID: lazy_pgettext("certification", "Not yet valid"),
    Standing.SUPERSEDED: lazy_pgettext("certification", "Superseded"),
    Standing.SUSPENDED: lazy_pgettext("certification", "Suspended"),
    Standing.REVOKED: lazy_pgettext("certification", "Revoked"),
}

STATE_WORDS = {
    State.PENDING: lazy_gettext("Pending"),
    State.CHANGES_REQUESTED: lazy_gettext("Changes requested"),
    State.WITHDRAWN: lazy_gettext("Withdrawn"),
    State.DECLINED: lazy_gettext("Declined"),
    State.APPROVED: lazy_gettext("Approved"),
    State.REVOKED: lazy_gettext("Revoked"),
}

PROPOSAL_WORDS = {
    ProposalState.PROPOSED: lazy_pgettext("renewal", "Proposed"),
    ProposalState.ACCEPTED: lazy_pgettext("renewal", "Accepted"),
    ProposalState.DECLINED: lazy_pgettext("renewal", "Declined"),
    ProposalState.WITHDRAWN: lazy_pgettext("renewal", "Withdrawn"),
}

ROLE_WORDS = {
    Role.MEMBER: lazy_gettext("Member"),
    Role.TRAINING_COORDINATOR: lazy_gettext("Training Coordinator"),
    Role.ADMINISTRATOR: lazy_gettext("Administrator"),
}

# The first mark that stands in a User-Agent counts: most browsers claim to be several.
_BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("FxiOS", "Firefox"), ("CriOS", "Chrome"),
             ("Chrome/", "Chrome"), ("Safari/", "Safari"))  # fmt: skip
_SYSTEMS = (("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS", "Mac"),
            ("CrOS", "Chromebook"), ("Linux", "Linux"))  # fmt: skip


def init_app(app: Flask) -> None:
    app.jinja_env.filters.update(
        day=day, moment=moment, time=time, from_today=from_today, ago=ago, size=size, standing=standing_word,
        role=role_word, standing_reason=standing_reason, browser=browser_name, state=state_word, credits=credits,
        month_name=month_name, iso_day=iso_day, days_away=days_away, proposal=proposal_word,
    )  # fmt: skip
    app.jinja_env.globals.update(refusal_text=refusal_text, role_words=role_words, today=today, now=clock.now)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True


def short(text: str) -> str:
    """A name or a number, cut where it would fill a line by itself."""
    return text if len(text) <= _LONGEST_TEXT else text[: _LONGEST_TEXT - 1].rstrip() + "…"


def day(value: date | None) -> str:
    """21 Mar 2027; '' for None."""
    return "" if value is None else f"{value.day} {_month(value)} {value.year:04d}"


def month_name(value: date) -> str:
    """Jan, Feb and so on."""
    return _month(value)


def month_names(days: Iterable[date]) -> list[str]:
    """Of several days at once."""
    names = _months(locale_code())
    return [names[day.month] for day in days]


def moment(value: datetime | None) -> str:
    """21 Mar 2027, 14:05 in the organization's zone."""
    if value is None:
        return ""
    there = value.astimezone(_zone())
    return f"{day(there)}, {_clock(there)}"


def time(value: datetime | None) -> str:
    """14:05 in the organization's zone; '' for None."""
    return "" if value is None else _clock(value.astimezone(_zone()))


def _clock(there: datetime) -> str:
    return f"{there.hour:02}:{there.minute:02}"


def iso_day(text: str) -> str:
    """21 Mar 2027, of a date that facts keep as text."""
    return day(date.fromisoformat(text)) if text else ""


def from_today(value: date) -> str:
    """How far a date is from today: "in 4 months", "12 days ago"."""
    return days_away((value - today()).days)


def days_away(days: int) -> str:
    """So many days from then on, negative for ago: "in 4 months", "12 days ago"."""
    return _away(days, texts_now())


@lru_cache(_MOST_HELD)
def _away(days: int, _texts: Any) -> str:
    if days == 0:
        return gettext("today")
    if days == 1:
        return gettext("tomorrow")
    if days == -1:
        return gettext("yesterday")
    size = abs(days)
    if size < 60:
        span = ngettext("%(num)d day", "%(num)d days", size)
    elif size < 730:
        span = ngettext("%(num)d month", "%(num)d months", round(size / 30.44))
    else:
        span = ngettext("%(num)d year", "%(num)d years", (size + 1) * 100 // 36525)
    return gettext("in %(span)s", span=span) if days > 0 else gettext("%(span)s ago", span=span)


def ago(value: datetime) -> str:
    """How long an instant lies back: "just now", "2 minutes ago", "3 hours ago"; from two days on, by the calendar."""
    minutes = int((clock.now() - value).total_seconds() // 60)
    if minutes < 1:
        return gettext("just now")
    if minutes >= 48 * 60:
        return from_today(value.astimezone(_zone()).date())
    if minutes < 120:
        span = ngettext("%(num)d minute", "%(num)d minutes", minutes)
    else:
        span = ngettext("%(num)d hour", "%(num)d hours", minutes // 60)
    return gettext("%(span)s ago", span=span)


def size(value: int) -> str:
    """A size in bytes as people read it: "1.6 MB"."""
    return _size(value, locale_code())


@lru_cache(_MOST_HELD)
def _size(value: int, _language: str) -> str:
    amount, _, unit = megabytes(value).partition(" ")
    return f"{format_decimal(Decimal(amount))} {unit}"


@lru_cache(_MOST_HELD, typed=True)  # "revoked" is a word of both
def _word_of(value: Standing | State, _texts: Any) -> str:
    return str(STANDING_WORDS[value] if isinstance(value, Standing) else STATE_WORDS[value])


def standing_word(standing: str) -> str:
    return _word_of(Standing(standing), texts_now())


def standing_reason(standing: str) -> str:
    return gettext(reason_for(Standing(standing)))


def state_word(state: str) -> str:
    return _word_of(State(state), texts_now())


def proposal_word(state: str) -> str:
    return str(PROPOSAL_WORDS[ProposalState(state)])


def credits(value: Decimal | None) -> str:
    """An amount with the language's own decimal mark, no more places than it has; '' for None."""
    return "" if value is None else _amount(Decimal(value), locale_code())


@lru_cache(_MOST_HELD)
def _amount(value: Decimal, _language: str) -> str:
    return str(format_decimal(value.normalize(), format="#,##0.##"))


def role_words() -> dict[str, str]:
    """The word of every role, for lists."""
    return {role: str(words) for role, words in ROLE_WORDS.items()}


def role_word(role: str) -> str:
    return str(ROLE_WORDS[Role(role)])


def browser_name(user_agent: str) -> str:
    """A browser as its owner knows it, such as "Firefox, Windows"; only a hint, as every browser may say anything."""
    known = [word for mark, word in _BROWSERS if mark in user_agent][:1]
    known += [word for mark, word in _SYSTEMS if mark in user_agent][:1]
    return ", ".join(known) or gettext("Unknown")


def refusal_text(refusal: Refusal) -> str:
    """A refusal's sentence in the reader's language."""
    params = {name: day(value) if isinstance(value, date) else value for name, value in refusal.params.items()}
    return gettext(refusal.sentence, **params)


def today() -> date:
    """Today in the signed-in organization's time zone, UTC for a visitor."""
    organization = _organization()
    return clock.today(organization) if organization else clock.now().date()


def _zone() -> Any:
    organization = _organization()
    return ZoneInfo(organization.time_zone if organization else "UTC")


def _organization() -> Organization | None:
    """That of whoever is signed in; in a job the one that it works for."""
    if has_request_context():
        user = signin.signed_in()
        return user.organization if user else None
    return this_organization() if is_organization_chosen() else None


def _month(value: date) -> str:
    return _months(locale_code())[value.month]


@cache
def _months(language: str) -> dict[int, str]:
    from babel.dates import get_month_names

    return {month: str(name).rstrip(".") for month, name in get_month_names("abbreviated", locale=language).items()}

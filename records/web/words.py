"""How values read on screens: dates that cannot be misread, sizes, standings; all through Flask-Babel."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask
from flask_babel import Babel, get_locale, gettext, lazy_gettext, ngettext

from records import clock, signin
from records.errors import Refusal
from records.models import Role, Standing
from records.models.standing import reason_for
from records.storage import megabytes

babel = Babel()

STANDING_WORDS = {
    Standing.VALID: lazy_gettext("Valid"),
    Standing.EXPIRING_SOON: lazy_gettext("Expiring soon"),
    Standing.IN_GRACE: lazy_gettext("In grace"),
    Standing.EXPIRED: lazy_gettext("Expired"),
    Standing.NOT_YET_VALID: lazy_gettext("Not yet valid"),
    Standing.SUPERSEDED: lazy_gettext("Superseded"),
    Standing.SUSPENDED: lazy_gettext("Suspended"),
    Standing.REVOKED: lazy_gettext("Revoked"),
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
    babel.init_app(app, default_locale="en")
    app.jinja_env.filters.update(
        day=day, moment=moment, from_today=from_today, size=megabytes, standing=standing_word, role=role_word,
        standing_reason=standing_reason, browser=browser_name,
    )  # fmt: skip
    app.jinja_env.globals.update(refusal_text=refusal_text, today=today, locale_code=locale_code)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True


def day(value: date | None) -> str:
    """21 Mar 2027; '' for None."""
    return "" if value is None else f"{value.day} {_month(value)} {value.year:04d}"


def moment(value: datetime | None) -> str:
    """21 Mar 2027, 14:05 in the organization's zone."""
    if value is None:
        return ""
    local = value.astimezone(_zone())
    return f"{day(local.date())}, {local:%H:%M}"


def from_today(value: date) -> str:
    """How far a date is from today: "in 4 months", "12 days ago"."""
    days = (value - today()).days
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
        span = ngettext("%(num)d year", "%(num)d years", size * 100 // 36525)
    return gettext("in %(span)s", span=span) if days > 0 else gettext("%(span)s ago", span=span)


def standing_word(standing: str) -> str:
    return str(STANDING_WORDS[Standing(standing)])


def standing_reason(standing: str) -> str:
    return gettext(reason_for(Standing(standing)))


def role_word(role: str) -> str:
    return str(ROLE_WORDS[Role(role)])


def browser_name(user_agent: str) -> str:
    """A browser as its owner knows it, such as "Firefox, Windows"; only a hint, as every browser may say anything."""
    known = [word for mark, word in _BROWSERS if mark in user_agent][:1]
    known += [word for mark, word in _SYSTEMS if mark in user_agent][:1]
    return ", ".join(known) or gettext("Unknown")


def refusal_text(refusal: Refusal) -> str:
    """A refusal's sentence in the reader's language."""
    return gettext(refusal.sentence, **refusal.params)


def today() -> date:
    """Today in the signed-in organization's time zone, UTC for a visitor."""
    user = signin.signed_in()
    if user is not None and user.organization is not None:
        return clock.today(user.organization)
    return clock.now().date()


def locale_code() -> str:
    return str(get_locale() or "en")


def _zone() -> Any:
    user = signin.signed_in()
    return ZoneInfo(user.organization.time_zone if user and user.organization else "UTC")


def _month(value: date) -> str:
    from babel.dates import get_month_names

    names = get_month_names("abbreviated", locale=get_locale() or "en")
    return str(names[value.month]).rstrip(".")

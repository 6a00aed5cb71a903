"""How an outcome reads, in cells, on pages and in exports."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from functools import cache, lru_cache
from typing import Any

from flask import Flask
from flask_babel import gettext, lazy_gettext

from records.models import CertificationKind
from records.models.clearance import Demand, Finding, Outcome
from records.web.languages import texts_now
from records.web.requirement_words import what_is_asked
from records.web.words import credits, day

_MOST_HELD = 5000  # sentences

OUTCOME_WORDS = {
    Outcome.MET: lazy_gettext("Met"),
    Outcome.MISSING: lazy_gettext("Missing"),
    Outcome.EXEMPT: lazy_gettext("Exempt"),
    Outcome.NEWCOMER: lazy_gettext("Newcomer"),
    Outcome.NOT_BOUND: lazy_gettext("Not required"),
}

Types = Mapping[int, CertificationKind]


def init_app(app: Flask) -> None:
    app.jinja_env.filters.update(outcome=outcome_word, day_before=day_before)
    app.jinja_env.globals.update(
        demand_words=demand_words, finding_words=finding_words, telling=telling, type_names=type_names
    )


def outcome_word(outcome: str) -> str:
    return _word_of(Outcome(outcome), texts_now())


@cache
def _word_of(outcome: Outcome, _texts: Any) -> str:
    return str(OUTCOME_WORDS[outcome])


def day_before(value: date) -> date:
    """The last day of what lapses on the day that is given."""
    return value - timedelta(days=1)


def clearance_word(is_cleared: bool) -> str:
    return gettext("Cleared") if is_cleared else gettext("Not cleared")


def demand_words(demand: Demand, types: Types) -> str:
    """What it asks for, such as "hold any of: CPR, First aid"."""
    wanted = [types[type_id] for type_id in demand.types]
    return what_is_asked(wanted, demand.rule, demand.at_least, demand.credit_type, demand.credits)


def type_names(type_ids: Iterable[int], types: Types) -> str:
    return ", ".join(types[type_id].name for type_id in type_ids)


def finding_words(finding: Finding, types: Types) -> str:
    """The outcome with its reason, as a sentence."""
    return telling(types)(finding)


def telling(types: Types) -> Callable[[Finding], str]:
    """What says that of many findings, in the language that is written now."""
    texts = texts_now()

    def told(finding: Finding) -> str:
        if finding.outcome == Outcome.MET:
            by = _credits(finding) or type_names(finding.held, types)
            return _met(by, finding.lapses_on, type_names(finding.lapsing, types), texts)
        if finding.outcome == Outcome.MISSING:
            return _missing(finding, types, texts)
        if finding.outcome == Outcome.EXEMPT:
            reason = finding.excuse.reason if finding.excuse else ""
            return gettext("Exempt through %(day)s: %(reason)s", day=day(finding.until), reason=reason)
        if finding.outcome == Outcome.NEWCOMER:
            return gettext("Newcomer: not required before the end of %(day)s.", day=day(finding.until))
        return _not_required(texts)

    return told


@cache
def _not_required(_texts: Any) -> str:
    return gettext("Not required.")


@lru_cache(_MOST_HELD)
def _met(by: str, lapses_on: date | None, lapsing: str, _texts: Any) -> str:
    lapses = ""
    if lapses_on and lapsing:
        lapses = gettext("Lapses on %(day)s: %(types)s.", day=day(lapses_on), types=lapsing)
    elif lapses_on:
        lapses = gettext("Lapses on %(day)s.", day=day(lapses_on))
    return " ".join(part for part in (gettext("Met: %(by)s.", by=by) if by else gettext("Met."), lapses) if part)


def _missing(finding: Finding, types: Types, texts: Any) -> str:
    if so_far := _credits(finding):
        return gettext("Missing: %(credits)s.", credits=so_far)
    lacking = finding.demand.needed - len(finding.held)
    of_several = lacking if lacking < len(finding.missing) else 0
    return _missing_types(type_names(finding.missing, types), of_several, texts)


@lru_cache(_MOST_HELD)
def _missing_types(types: str, of_several: int, _texts: Any) -> str:
    """All of them, or so many of several."""
    if of_several:
        return gettext("Missing: %(number)s of %(types)s.", number=of_several, types=types)
    return gettext("Missing: %(types)s.", types=types)


def _credits(finding: Finding) -> str:
    asked = finding.demand
    if asked.credit_type is None:
        return ""
    return gettext("%(has)s of %(goal)s %(unit)s in this period", has=credits(finding.earned),
                   goal=credits(asked.credits), unit=asked.credit_type.unit)  # fmt: skip

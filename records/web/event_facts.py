"""What an audit event changed, as people read it: names for ids, dates that cannot be misread, yes and no."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from flask_babel import get_locale, gettext

from records.models import AuditEvent
from records.queries.audit_names import FIELDS, Named, Names, ids_named
from records.web.event_words import COUNTED_WORDS, FIELD_WORDS, RECORD_WORDS, VALUE_WORDS
from records.web.words import credits, day, moment

_AMOUNTS = frozenset({"awarded_credits", "claimed_credits", "credits", "goal", "largest_claim"})
_INSTANTS = frozenset({"since", "until"})
_SEALS = frozenset({"sha256", "digest"})
_LEFT_OUT = frozenset({"into_id"})  # its name stands beside it


@dataclass(frozen=True)
class Change:
    """`was` and `now` are '' for what was not, or is no longer."""

    label: str
    was: str
    now: str


def changes(event: AuditEvent, names: Names) -> list[Change]:
    """Every field of the event that has a value on either side, in the order in which it was kept.

    What is left of erased facts is not among them: nothing vouches for it any more.
    """
    return [] if event.detail.erased_at else [*_changes(event, names)]


def record_name(event: AuditEvent, names: Names) -> str:
    """What the event is about, as far as its name is known: "Certification: EMT-Basic, expires 21 Mar 2027"."""
    kind = str(RECORD_WORDS.get(event.subject_kind, ""))
    named = names.get((event.subject_kind, event.subject_id or 0))
    facts = event.detail.after | event.detail.before
    known = [str(facts[field]) for field in ("title", "name", "file_name") if facts.get(field)]
    name = name_words(named) if named else "".join(known[:1])
    return gettext("%(kind)s: %(name)s", kind=kind, name=name) if kind and name else kind or name


def name_words(named: Named) -> str:
    if named.expires_on is None:
        return named.name
    return gettext("%(name)s, expires %(day)s", name=named.name, day=day(named.expires_on))


def _changes(event: AuditEvent, names: Names) -> Iterator[Change]:
    before, after = event.detail.before, event.detail.after
    for field in dict.fromkeys([*before, *after]):
        was, now = (_words(field, facts.get(field), names) for facts in (before, after))
        if field not in _LEFT_OUT and (was or now):
            yield Change(label(field), was, now)


def label(name: str) -> str:
    """The word for a field, or for the records whose table it names."""
    return str(FIELD_WORDS.get(name) or RECORD_WORDS.get(name) or COUNTED_WORDS.get(name) or name.replace("_", " "))


def _words(field: str, value: Any, names: Names) -> str:
    if value is None or value == "" or value == [] or value == {}:
        return ""
    if field in FIELDS:
        return ", ".join(_name(FIELDS[field], record_id, names) for record_id in ids_named(value))
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    if isinstance(value, dict):
        return ", ".join(f"{label(name)}: {_words('', each, names)}" for name, each in value.items())
    if isinstance(value, list):
        return ", ".join(_word(field, each) for each in value)
    return _word(field, value)


def _word(field: str, value: Any) -> str:
    if field in VALUE_WORDS and value in VALUE_WORDS[field]:
        return str(VALUE_WORDS[field][value])
    if field == "fields_stay":
        return str(FIELD_WORDS.get(value, value))
    if field == "digest_weekday":
        return _weekday(value)
    if field in _SEALS:
        return f"{str(value)[:12]}…"
    try:
        return _exactly(field, str(value))
    except (ValueError, InvalidOperation):  # because: a field may hold anything that was true when it was kept
        return str(value)


def _exactly(field: str, text: str) -> str:
    """Raises ValueError, InvalidOperation."""
    if field.endswith("_on"):
        return day(date.fromisoformat(text))
    if field in _INSTANTS:
        return moment(datetime.fromisoformat(text).astimezone(UTC))
    return credits(Decimal(text)) if field in _AMOUNTS else text


def _name(table: str, record_id: int, names: Names) -> str:
    named = names.get((table, record_id))
    return name_words(named) if named else gettext("one that is gone")


def _weekday(number: Any) -> str:
    from babel.dates import get_day_names

    return str(get_day_names("wide", locale=get_locale() or "en").get(number, number))

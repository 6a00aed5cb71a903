"""Certification types to begin with, for three kinds of organizations: suggestions, to be ticked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext

from records.models.text import folded
from records.services.certification_types import TypeFacts


@dataclass(frozen=True)
class Suggestion:
    """`word` is what a ticked box sends; `term` in months."""

    word: str
    name: Any
    term: int

    def facts(self) -> TypeFacts:
        return TypeFacts(str(self.name), usual_term=self.term)


_CPR = Suggestion("cpr", lazy_gettext("CPR / BLS Provider"), 24)
_FIRST_AID = Suggestion("first-aid", lazy_gettext("First aid"), 24)
_FORKLIFT = Suggestion("forklift", lazy_gettext("Forklift licence"), 36)

STARTING_SETS: tuple[tuple[Any, tuple[Suggestion, ...]], ...] = (
    (
        lazy_gettext("Fire and rescue"),
        (
            Suggestion("emt", lazy_gettext("EMT-Basic"), 24),
            Suggestion("paramedic", lazy_gettext("Paramedic"), 24),
            Suggestion("firefighter", lazy_gettext("Firefighter II"), 60),
            Suggestion("hazmat", lazy_gettext("Hazmat Operations"), 12),
            Suggestion("fit-test", lazy_gettext("SCBA Fit Test"), 12),
            Suggestion("driver", lazy_gettext("Driver/Operator"), 36),
        ),
    ),
    (
        lazy_gettext("Clinic and care"),
        (
            Suggestion("nursing", lazy_gettext("Nursing licence"), 60),
            _CPR,
            Suggestion("acls", lazy_gettext("ACLS Provider"), 24),
            Suggestion("radiation", lazy_gettext("Radiation protection"), 60),
            Suggestion("hygiene", lazy_gettext("Hygiene officer"), 36),
            Suggestion("devices", lazy_gettext("Device briefing"), 12),
        ),
    ),
    (
        lazy_gettext("Academy and workplace"),
        (
            Suggestion("instructor", lazy_gettext("Instructor licence"), 60),
            _FIRST_AID,
            _FORKLIFT,
            Suggestion("safety", lazy_gettext("Workplace safety briefing"), 12),
            Suggestion("data", lazy_gettext("Data protection training"), 24),
            Suggestion("fire-warden", lazy_gettext("Fire warden"), 36),
        ),
    ),
)


def there_already(names: Iterable[str]) -> set[str]:
    """The words of suggestions whose name is among these."""
    folded_names = {folded(name) for name in names}
    every = (each for _, suggestions in STARTING_SETS for each in suggestions)
    return {each.word for each in every if folded(str(each.name)) in folded_names}


def chosen(words: Iterable[str], names: Iterable[str]) -> list[TypeFacts]:
    """Those with these words, but for what is there already; in the order of the page."""
    wanted = {*words} - there_already(names)
    return [each.facts() for _, suggestions in STARTING_SETS for each in suggestions if each.word in wanted]

"""The filters of a report as they stand in its address, and what they say in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import starmap
from typing import Any

from flask_babel import gettext
from wtforms import SelectChoice, SelectField
from wtforms.form import BaseForm

from admin_panel.filters import Options, indented, named
from admin_panel.forms.fields import Day
from admin_panel.reports.words import CHOICE_WORDS, FILTER_LABELS, PRESET_WORDS, span_words
from records.models import Actor
from records.queries.certification_types import asked_for_type_names, type_names
from records.queries.credit_types import asked_for_credit_types, credit_types
from records.queries.member_filters import WITHOUT_UNIT
from records.queries.reports import Asked, Report
from records.queries.reports.periods import Preset
from records.queries.requirements import asked_for_requirements, requirements
from records.queries.units import asked_for_choices as asked_for_units
from records.queries.units import unit_choices
from records.reading.ahead import Question
from records.web.languages import texts_now

_DATES = ("first", "last")
_MOST_KEPT = 100  # forms
# Of each pull-down of records what it offers.
_Offered = tuple[tuple[str, Options], ...]
_KINDS: dict[str, Callable[[], Sequence[Any]]] = {
    "type": type_names,
    "credit_type": credit_types,
    "requirement": requirements,
}
_ASKED: dict[str, Callable[[], Question]] = {
    "unit": asked_for_units,
    "type": asked_for_type_names,
    "credit_type": asked_for_credit_types,
    "requirement": asked_for_requirements,
}


# Of all reports, in their order.
_FIELDS: dict[str, Any] = {
    "group": SelectField(FILTER_LABELS["group"]),
    "period": SelectField(FILTER_LABELS["period"]),
    "first": Day(FILTER_LABELS["first"]),
    "last": Day(FILTER_LABELS["last"]),
    "unit": SelectField(FILTER_LABELS["unit"]),
    "type": SelectField(FILTER_LABELS["type"]),
    "credit_type": SelectField(FILTER_LABELS["credit_type"]),
    "requirement": SelectField(FILTER_LABELS["requirement"]),
    "standing": SelectField(FILTER_LABELS["standing"]),
    "renewed": SelectField(FILTER_LABELS["renewed"]),
    "people": SelectField(FILTER_LABELS["people"]),
    "stage": SelectField(FILTER_LABELS["stage"]),
    "told": SelectField(FILTER_LABELS["told"]),
    "answered": SelectField(FILTER_LABELS["answered"]),
}


class FilterForm(BaseForm):
    """The fields that a report has a use for; `offered` are the records that its pull-downs name. `said`: each filter
    with what it is set to, in words, for the head of a printed page. All in the language of the page."""

    def __init__(
        self, asked: Asked, presets: Sequence[Preset], choices: Iterable[tuple[str, Sequence[str]]], offered: _Offered
    ) -> None:
        words, records = dict(choices), dict(offered)
        used = {*records, *words, *(("period", *_DATES) if presets else ())}
        super().__init__({name: field for name, field in _FIELDS.items() if name in used})
        self.process(data={"period": asked.period, "first": asked.first, "last": asked.last}
                     | dict(asked.ids) | dict(asked.choices))  # fmt: skip
        if presets:
            self["period"].choices = [SelectChoice(each, str(PRESET_WORDS[each])) for each in presets]
        for name in words:
            self[name].choices = [SelectChoice(each, str(CHOICE_WORDS[name][each])) for each in words[name]]
        for name in records:
            self[name].choices = [*_records(records[name], asked[name])]
        self.said = [*self._told(asked)]

    def _told(self, asked: Asked) -> Iterator[tuple[str, str]]:
        for field in self:
            if field.name == "period":
                words = str(PRESET_WORDS[asked.period])
                yield str(field.label.text), f"{words}: {span_words(asked.span)}"
            elif field.name not in _DATES:
                chosen = next((each.label for each in field.choices if each.value == field.data), "")
                yield str(field.label.text), str(chosen).strip()


def filters_of(report: Report, asked: Asked, *, by: Actor) -> FilterForm:
    """The form of a report as it was asked."""
    offered = tuple([(name, _offered(name, by)) for name in report.ids])
    return _made(asked, report.presets, tuple(report.choices.items()), offered, texts_now())


@lru_cache(_MOST_KEPT)
def _made(asked: Asked, presets: Any, choices: Any, offered: _Offered, _texts: Any) -> FilterForm:
    """Once for whoever asks the same of the same records: nothing is ever typed into it."""
    return FilterForm(asked, presets, choices, offered)


def asked_for_choices(report: Report) -> list[Question]:
    """What the form of a report is going to ask."""
    return [_ASKED[name]() for name in report.ids]


def _offered(name: str, by: Actor) -> Options:
    """The records that a filter offers."""
    if name != "unit":
        return named(_KINDS[name]())
    without = ((WITHOUT_UNIT, gettext("Without a unit")),) if by.covers_everyone else ()
    return (*indented(unit_choices(by=by)), *without)


def _records(offered: Options, chosen: str) -> Iterator[SelectChoice]:
    """Those, and a word for one that is set but not offered."""
    yield SelectChoice("", gettext("All"))
    yield from starmap(SelectChoice, offered)
    if chosen and chosen not in dict(offered):
        yield SelectChoice(chosen, gettext("Not among yours"))

"""The filters of a report as they stand in its address, and what they say in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flask_babel import gettext
from wtforms import SelectChoice, SelectField
from wtforms.form import BaseForm

from admin_panel.forms.fields import Day
from admin_panel.forms.member import indented
from admin_panel.reports.words import CHOICE_WORDS, FILTER_LABELS, PRESET_WORDS, span_words
from records.models import Actor
from records.queries.certification_types import asked_for_type_names, type_names
from records.queries.credit_types import asked_for_credit_types, credit_types
from records.queries.member_filters import WITHOUT_UNIT
from records.queries.reports import Asked, Report
from records.queries.requirements import asked_for_requirements, requirements
from records.queries.units import asked_for_choices as asked_for_units
from records.queries.units import unit_choices
from records.reading.ahead import Question

_DATES = ("first", "last")
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
    """The fields that a report has a use for."""

    def __init__(self, report: Report, asked: Asked, *, by: Actor) -> None:
        used = {*report.ids, *report.choices, *(("period", *_DATES) if report.presets else ())}
        super().__init__({name: field for name, field in _FIELDS.items() if name in used})
        self.process(data={"period": asked.period, "first": asked.first, "last": asked.last}
                     | dict(asked.ids) | dict(asked.choices))  # fmt: skip
        if report.presets:
            self["period"].choices = [SelectChoice(each, str(PRESET_WORDS[each])) for each in report.presets]
        for name, words in report.choices.items():
            self[name].choices = [SelectChoice(each, str(CHOICE_WORDS[name][each])) for each in words]
        for name in report.ids:
            self[name].choices = _records(name, asked[name], by=by)

    def told_words(self, asked: Asked) -> list[tuple[str, str]]:
        """Each filter with what it is set to, in words: for the head of a printed page."""
        said = []
        for field in self:
            if field.name == "period":
                words = str(PRESET_WORDS[asked.period])
                said.append((str(field.label.text), f"{words}: {span_words(asked.span)}"))
            elif field.name not in _DATES:
                chosen = next((each.label for each in field.choices if each.value == field.data), "")
                said.append((str(field.label.text), str(chosen).strip()))
        return said


def asked_for_choices(report: Report) -> list[Question]:
    """What the form of a report is going to ask."""
    return [_ASKED[name]() for name in report.ids]


def _records(name: str, chosen: str, *, by: Actor) -> list[SelectChoice]:
    """The records that a filter offers, and a word for one that is set but not offered."""
    if name == "unit":
        choices: list[Any] = indented(unit_choices(by=by))
        if by.covers_everyone:
            choices.append(SelectChoice(WITHOUT_UNIT, gettext("Without a unit")))
    else:
        choices = [SelectChoice(str(each.id), each.name) for each in _KINDS[name]()]
    if chosen and all(each.value != chosen for each in choices):
        choices.append(SelectChoice(chosen, gettext("Not among yours")))
    return [SelectChoice("", gettext("All")), *choices]

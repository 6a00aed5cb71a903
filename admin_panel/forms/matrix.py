"""What the matrix and the coverage are asked for, as it stands in their addresses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from flask_babel import gettext, lazy_gettext
from wtforms import Form, SearchField, SelectChoice, SelectField

from admin_panel.forms.member import CLEARANCE_WORDS, indented
from records.models import CertificationType, Position
from records.models.clearance import Demand
from records.pages.fields import Day
from records.queries.coverage import Count, Question
from records.queries.matrix import Asked
from records.queries.member_filters import WITHOUT_UNIT
from records.queries.units import Choice


class _Among(Form):
    """Which members: those of a unit, in a position."""

    unit = SelectField(lazy_gettext("Unit"))
    position = SelectField(lazy_gettext("Position"))

    def offer(self, units: Sequence[Choice], positions: Iterable[Position], *, may_lack_unit: bool) -> None:
        self.unit.choices = [SelectChoice("", gettext("All")), *indented(units)]
        if may_lack_unit:
            self.unit.choices.append(SelectChoice(WITHOUT_UNIT, gettext("Without a unit")))
        named = (SelectChoice(str(each.id), each.name) for each in positions)
        self.position.choices = [SelectChoice("", gettext("All")), *named]


class MatrixForm(_Among):
    search = SearchField(lazy_gettext("Search"), render_kw={"autocomplete": "off", "maxlength": 200})
    requirement = SelectField(lazy_gettext("Requirement"))
    only = SelectField(lazy_gettext("Show"))
    on = Day(lazy_gettext("As of"))

    def __init__(self, asked: Asked, demands: Iterable[Demand], on: date) -> None:
        words = {"position": str(asked.position or ""), "requirement": str(asked.requirement or "")}
        super().__init__(data=vars(asked) | words | {"on": on})
        everything = SelectChoice("", gettext("All"))
        self.requirement.choices = [everything, *(SelectChoice(str(each.id), each.name) for each in demands)]
        self.only.choices = [everything, *(SelectChoice(*pair) for pair in CLEARANCE_WORDS.items())]


class CoverageForm(_Among):
    count = SelectField(lazy_gettext("Count"))
    within = SelectField(lazy_gettext("Look ahead"))

    def __init__(self, asked: Question, demands: Iterable[Demand], types: Iterable[CertificationType]) -> None:
        words = {"position": str(asked.position or ""), "count": asked.count, "within": str(asked.within)}
        super().__init__(data=vars(asked) | words)
        requirements = [(f"{Count.REQUIREMENT}-{each.id}", each.name) for each in demands]
        named = [(f"{Count.TYPE}-{each.id}", each.name) for each in types]
        self.count.choices = {
            gettext("Everything required"): [SelectChoice(Count.CLEARED, gettext("Cleared members"))],
            gettext("One requirement"): [SelectChoice(*pair) for pair in requirements],
            gettext("Holders of a certification"): [SelectChoice(*pair) for pair in named],
        }
        self.within.choices = [
            SelectChoice("90", gettext("90 days")),
            SelectChoice("180", gettext("180 days")),
            SelectChoice("365", gettext("One year")),
            SelectChoice("730", gettext("Two years")),
        ]

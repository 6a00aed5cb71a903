"""What the matrix and the coverage are asked for, as it stands in their addresses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from flask_babel import gettext, lazy_gettext
from wtforms import Form, SelectChoice, SelectField

from admin_panel.filters import DAY, Filter, named, pull_down, search, unit_filter, worded
from admin_panel.forms.member import CLEARANCE_WORDS
from records.models import CertificationKind, Position
from records.models.clearance import Demand
from records.queries.coverage import Count, Question
from records.queries.matrix import Asked, Matrix
from records.queries.units import Choice


def matrix_filters(asked: Asked, found: Matrix, positions: Iterable[Position], *, may_lack_unit: bool) -> list[Filter]:
    demands, only = named(found.every.demands), worded(CLEARANCE_WORDS)
    return [
        unit_filter(found.units, asked.unit, may_lack_unit=may_lack_unit),
        pull_down("position", gettext("Position"), named(positions), str(asked.position or "")),
        search(gettext("Search"), asked.search),
        pull_down("requirement", gettext("Requirement"), demands, str(asked.requirement or "")),
        pull_down("only", gettext("Show"), only, asked.only),
        Filter("on", gettext("As of"), kind=DAY, value=found.on.isoformat()),
    ]


class CoverageForm(Form):
    unit = SelectField(lazy_gettext("Unit"))
    position = SelectField(lazy_gettext("Position"))
    count = SelectField(lazy_gettext("Count"))
    within = SelectField(lazy_gettext("Look ahead"))

    def __init__(self, asked: Question, demands: Iterable[Demand], types: Iterable[CertificationKind]) -> None:
        words = {"position": str(asked.position or ""), "count": asked.count, "within": str(asked.within)}
        super().__init__(data=vars(asked) | words)
        requirements = [(f"{Count.REQUIREMENT}-{each.id}", each.name) for each in demands]
        holders = [(f"{Count.TYPE}-{each.id}", each.name) for each in types]
        self.count.choices = {
            gettext("Everything required"): [SelectChoice(Count.CLEARED, gettext("Cleared members"))],
            gettext("One requirement"): [SelectChoice(*pair) for pair in requirements],
            gettext("Holders of a certification"): [SelectChoice(*pair) for pair in holders],
        }
        self.within.choices = [
            SelectChoice("90", gettext("90 days")),
            SelectChoice("180", gettext("180 days")),
            SelectChoice("365", gettext("One year")),
            SelectChoice("730", gettext("Two years")),
        ]

    def offer(self, units: Sequence[Choice], positions: Iterable[Position], *, may_lack_unit: bool) -> None:
        among = unit_filter(units, "", may_lack_unit=may_lack_unit).options
        self.unit.choices = [SelectChoice(*each) for each in among]
        self.position.choices = [SelectChoice("", gettext("All")), *(SelectChoice(*each) for each in named(positions))]

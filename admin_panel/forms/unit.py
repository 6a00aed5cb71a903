"""The forms of units: a new one, name and place, merging."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext, lazy_gettext
from wtforms import Form, HiddenField, SelectChoice, StringField

from admin_panel.forms.fields import Pick
from admin_panel.forms.member import indented
from records.queries.units import Choice


class UnitForm(Form):
    """`seen` is the mark of what the page showed."""

    seen = HiddenField()
    name = StringField(lazy_gettext("Name"), render_kw={"autocomplete": "off", "maxlength": 255})
    parent_id = Pick(lazy_gettext("Part of"))

    def offer(self, units: Sequence[Choice]) -> None:
        self.parent_id.choices = [SelectChoice("", gettext("No other unit: at the top")), *indented(units)]


class MergeForm(Form):
    into = Pick(lazy_gettext("Merge into"))

    def offer(self, units: Sequence[Choice]) -> None:
        self.into.choices = [SelectChoice("", gettext("Choose")), *indented(units)]

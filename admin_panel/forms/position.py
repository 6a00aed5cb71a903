"""The forms of positions: a new one, its name, merging."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext, lazy_gettext
from wtforms import Form, HiddenField, SelectChoice, StringField

from admin_panel.forms.fields import Pick
from records.queries.positions import ListedPosition


class PositionForm(Form):
    """`seen` is the mark of what the page showed."""

    seen = HiddenField()
    name = StringField(lazy_gettext("Name"), render_kw={"autocomplete": "off", "maxlength": 255})


class MergePositionForm(Form):
    into = Pick(lazy_gettext("Merge into"))

    def offer(self, positions: Sequence[ListedPosition]) -> None:
        self.into.choices = [SelectChoice("", gettext("Choose"))]
        self.into.choices += [SelectChoice(str(each.id), each.name) for each in positions]

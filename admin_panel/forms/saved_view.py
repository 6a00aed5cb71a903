"""The form that keeps a report or a list with its filters under a name."""

from __future__ import annotations

from flask_babel import lazy_gettext
from wtforms import BooleanField, Form, HiddenField, StringField

from records.services.saved_views import LONGEST


class ViewForm(Form):
    """The name of a view, and whether all staff find it. `seen` is the mark of what the page showed."""

    seen = HiddenField()
    name = StringField(lazy_gettext("Name"), render_kw={"autocomplete": "off", "maxlength": LONGEST})
    share = BooleanField(lazy_gettext("Shared with all staff"))

"""What the audit trail is asked for, as it stands in the address."""

from __future__ import annotations

from flask_babel import gettext, lazy_gettext
from wtforms import Form, SearchField, SelectChoice, SelectField, StringField

from admin_panel.forms.fields import Day
from records.queries.audit_filters import TrailWanted
from records.web.event_words import RECORD_WORDS
from records.web.events import KIND_WORDS

_TYPED = {"autocomplete": "off", "maxlength": 200}


class TrailForm(Form):
    search = SearchField(lazy_gettext("Whose record"), render_kw=_TYPED)
    kind = SelectField(lazy_gettext("What happened"))
    record = SelectField(lazy_gettext("Kind of record"))
    who = StringField(lazy_gettext("Done by"), render_kw=_TYPED)
    first = Day(lazy_gettext("From"))
    last = Day(lazy_gettext("To"))

    def __init__(self, wanted: TrailWanted) -> None:
        super().__init__(data=vars(wanted))
        self.kind.choices = [SelectChoice("", gettext("Everything"))]
        self.kind.choices += [SelectChoice(str(kind), str(words)) for kind, words in KIND_WORDS.items()]
        self.record.choices = [SelectChoice("", gettext("All"))]
        self.record.choices += [SelectChoice(table, str(words)) for table, words in RECORD_WORDS.items()]

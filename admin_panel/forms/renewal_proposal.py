"""The decision on a renewal that a member proposes: its facts, which may be corrected, and the reason of a refusal."""

from __future__ import annotations

from flask_babel import lazy_gettext
from wtforms import Form, IntegerField, StringField, TextAreaField

from admin_panel.forms.fields import Day, unreadable
from records.errors import InvalidInput
from records.models import RenewalProposal
from records.models.text import tidy
from records.services.certification_steps import Entry


class AcceptForm(Form):
    """`version` is the one that the page showed."""

    version = IntegerField()
    issued_on = Day(lazy_gettext("Issued"))
    expires_on = Day(lazy_gettext("Expires"))
    number = StringField(lazy_gettext("Certification Num"), render_kw={"autocomplete": "off", "maxlength": 255})

    @classmethod
    def of(cls, proposal: RenewalProposal) -> AcceptForm:
        return cls(obj=proposal)

    def entry(self) -> Entry:
        """Raises InvalidInput for dates that cannot be read."""
        if wrong := unreadable(self):
            raise InvalidInput(wrong)
        return Entry(None, self.expires_on.data, self.issued_on.data, tidy(self.number.data))


class DeclineForm(Form):
    version = IntegerField()
    reason = TextAreaField(lazy_gettext("Reason"), render_kw={"rows": 3, "maxlength": 4000})

"""The form that snoozes the notices of a certification."""

from __future__ import annotations

from flask_babel import lazy_gettext
from wtforms import Form, TextAreaField

from admin_panel.forms.fields import Day, unreadable
from records.services.notices import SnoozeRequest


class SnoozeForm(Form):
    until_on = Day(lazy_gettext("No notice before"))
    snooze_reason = TextAreaField(lazy_gettext("Reason"), render_kw={"rows": 2})

    def request(self) -> SnoozeRequest:
        return SnoozeRequest(self.until_on.data, self.snooze_reason.data or "", unreadable(self))

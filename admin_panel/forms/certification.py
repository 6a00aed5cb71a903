"""A certification's own form: its fields, and what its issuer did."""

from __future__ import annotations

import json
from typing import Self

from flask_babel import lazy_gettext
from wtforms import Field, Form, IntegerField, StringField, TextAreaField

from admin_panel.forms.fields import Day, unreadable
from records.models import Certification
from records.models.text import tidy
from records.queries.profile_fields import Changed
from records.services.certification_steps import Entry
from records.services.certifications import ByIssuer, CertificationChanges


class CertificationForm(Form):
    """`version` is the one that the page showed, `shown` what stood in its fields then."""

    version = IntegerField()
    shown = StringField()
    issued_on = Day(lazy_gettext("Issued"))
    expires_on = Day(lazy_gettext("Expires"))
    number = StringField(lazy_gettext("Certification Num"), render_kw={"autocomplete": "off"})
    suspended_on = Day(lazy_gettext("Suspended from"))
    suspended_reason = TextAreaField(lazy_gettext("Reason of the suspension"), render_kw={"rows": 2})
    revoked_on = Day(lazy_gettext("Revoked from"))
    revoked_reason = TextAreaField(lazy_gettext("Reason of the revocation"), render_kw={"rows": 2})

    @classmethod
    def of(cls, certification: Certification) -> Self:
        form = cls(obj=certification)
        form.shown.data = json.dumps(form._texts())
        return form

    def merge(self, certification: Certification) -> list[Changed]:
        """What somebody else saved meanwhile; it comes in wherever nothing was typed."""
        now, seen, typed = CertificationForm.of(certification), self._seen(), self._texts()
        changes = [
            Changed(name, seen.get(name, ""), text, certification_id=certification.id)
            for name, text in now._texts().items()
            if text != seen.get(name, "")
        ]
        merged = {change.field for change in changes if typed[change.field] == change.was}
        for name in merged | {"version", "shown"}:
            self[name].raw_data, self[name].data = None, now[name].data
        return changes

    def _texts(self) -> dict[str, str]:
        return {field.name: _text(field) for field in self if field.name not in ("version", "shown")}

    def _seen(self) -> dict[str, str]:
        try:
            return {str(name): str(text) for name, text in json.loads(self.shown.data or "").items()}
        except (ValueError, AttributeError):
            return {}

    def changes(self) -> CertificationChanges:
        return CertificationChanges(
            Entry(None, self.expires_on.data, self.issued_on.data, tidy(self.number.data)),
            ByIssuer(
                self.suspended_on.data,
                self.suspended_reason.data or "",
                self.revoked_on.data,
                self.revoked_reason.data or "",
            ),
            unreadable(self),
        )


def _text(field: Field) -> str:
    """What stands in it, however the browser breaks its lines."""
    value = field.raw_data[0] if field.raw_data else field.data
    return " ".join(str(value or "").split())

"""A certification's own form: its fields, and what its issuer did."""

from __future__ import annotations

from flask_babel import lazy_gettext
from wtforms import Form, IntegerField, StringField, TextAreaField

from admin_panel.forms.fields import Day, unreadable
from records.models.text import tidy
from records.services.certification_steps import Entry
from records.services.certifications import ByIssuer, CertificationChanges


class CertificationForm(Form):
    """`version` is the one that the page showed."""

    version = IntegerField()
    issued_on = Day(lazy_gettext("Issued"))
    expires_on = Day(lazy_gettext("Expires"))
    number = StringField(lazy_gettext("Certification Num"), render_kw={"autocomplete": "off"})
    suspended_on = Day(lazy_gettext("Suspended from"))
    suspended_reason = TextAreaField(lazy_gettext("Reason of the suspension"), render_kw={"rows": 2})
    revoked_on = Day(lazy_gettext("Revoked from"))
    revoked_reason = TextAreaField(lazy_gettext("Reason of the revocation"), render_kw={"rows": 2})

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

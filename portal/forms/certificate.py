"""The form of an external certificate, in the order in which the steps are described to learners."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext, lazy_gettext
from wtforms import Field, MultipleFileField, StringField, TextAreaField

from portal.forms.with_files import ACCEPT, FormWithFiles
from records.errors import Refusal
from records.models import CreditKind, CreditType, ExternalCertificate
from records.pages.fields import Amount, Day, Pick, unreadable
from records.services.submission_steps import Submission
from records.web.words import today

_OFF = {"autocomplete": "off"}


class CertificateForm(FormWithFiles):
    title = StringField(lazy_gettext("Certificate title"), render_kw=_OFF | {"maxlength": 255, "required": True})
    credit_type_id = Pick(lazy_gettext("Credit type"), render_kw={"required": True})
    credits = Amount(lazy_gettext("Number of credits"), render_kw={"required": True})
    earned_on = Day(lazy_gettext("Date"), render_kw={"required": True})
    files = MultipleFileField(lazy_gettext("Upload"), render_kw={"accept": ACCEPT})
    issuer = StringField(lazy_gettext("Issuer"), render_kw=_OFF | {"maxlength": 255})
    number = StringField(lazy_gettext("Certificate number"), render_kw=_OFF | {"maxlength": 255})
    expires_on = Day(lazy_gettext("Expires"))
    note = TextAreaField(lazy_gettext("Note to the reviewer"), render_kw={"rows": 3, "maxlength": 2000})

    def offer(self, types: Sequence[CreditKind], *, besides: CreditType | None = None) -> None:
        """Let people choose one of `types`, or what the certificate has already; the only one is chosen
        as the form opens."""
        offered: list[CreditKind | CreditType] = [*types]
        if besides is not None and besides.id not in {type_.id for type_ in types}:
            offered = [*types, besides]
        choices = [(str(type_.id), type_.name) for type_ in offered]
        self.credit_type_id.choices = [("", gettext("Choose …")), *choices]
        if len(offered) == 1 and self.credit_type_id.data is None and not self.credit_type_id.raw_data:
            self.credit_type_id.data = offered[0].id
        self.earned_on.render_kw = {"required": True, "max": today().isoformat()}

    @property
    def more(self) -> list[Field]:
        """The fields that nobody must fill in; they are folded away."""
        return [self.issuer, self.number, self.expires_on, self.note]

    @property
    def unfolds(self) -> bool:
        return any(field.errors or field.data for field in self.more)

    def submission(self, refused: Sequence[Refusal] = ()) -> Submission:
        """`refused`: files that did not arrive, so that nothing is saved without them."""
        wrong = unreadable(self) | ({"files": refused[0]} if refused else {})
        return Submission(
            title=self.title.data or "",
            credit_type_id=self.credit_type_id.data,
            credits=self.credits.data,
            earned_on=self.earned_on.data,
            issuer=self.issuer.data or "",
            number=self.number.data or "",
            expires_on=self.expires_on.data,
            note=self.note.data or "",
            unreadable=wrong,
        )


def form_for(certificate: ExternalCertificate | None) -> CertificateForm:
    """The form as it opens: empty, or with what the certificate says."""
    form = CertificateForm(obj=certificate)
    if certificate is not None:
        form.credits.data = certificate.claimed_credits
    return form

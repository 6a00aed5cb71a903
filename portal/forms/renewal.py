"""The form with which a learner proposes a renewal of a certification."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from flask_babel import lazy_gettext
from wtforms import Form, MultipleFileField, StringField

from portal.forms.certificate import ACCEPT
from records.errors import InvalidInput, Refusal
from records.models import Certification
from records.models.text import tidy
from records.pages.fields import Day, show, unreadable
from records.services.renewal_proposals import Proposal
from records.web.words import refusal_text


class RenewalForm(Form):
    issued_on = Day(lazy_gettext("Issued"))
    expires_on = Day(lazy_gettext("Expires"), render_kw={"required": True})
    number = StringField(lazy_gettext("Certification Num"), render_kw={"autocomplete": "off", "maxlength": 255})
    files = MultipleFileField(lazy_gettext("Upload"), render_kw={"accept": ACCEPT})

    def proposal(self, key: str, *, left_out: Collection[int], refused: Sequence[Refusal]) -> Proposal:
        """`refused`: files that did not arrive, so that nothing is proposed without them."""
        wrong = unreadable(self) | ({"files": refused[0]} if refused else {})
        number = tidy(self.number.data)
        return Proposal(key, self.expires_on.data, self.issued_on.data, number, left_out, wrong)

    def complain(self, refusal: InvalidInput, refused: Sequence[Refusal] = ()) -> None:
        """Put each sentence beside its field; every file that did not arrive has one."""
        for name, error in refusal.errors.items():
            show(self[name], error)
        self.refuse_files(refused)

    def refuse_files(self, refused: Sequence[Refusal]) -> None:
        if refused:
            self.files.errors = [refusal_text(each) for each in refused]


def form_for(certification: Certification) -> RenewalForm:
    """As it opens: with the number, which most renewals keep."""
    return RenewalForm(data={"number": certification.number})

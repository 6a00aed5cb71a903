"""The form with which a learner proposes a renewal of a certification."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from flask_babel import lazy_gettext
from wtforms import MultipleFileField, StringField

from portal.forms.with_files import ACCEPT, FormWithFiles
from records.errors import Refusal
from records.models import Certification
from records.models.text import tidy
from records.pages.fields import Day, unreadable
from records.services.renewal_proposals import Proposal


class RenewalForm(FormWithFiles):
    issued_on = Day(lazy_gettext("Issued"))
    expires_on = Day(lazy_gettext("Expires"), render_kw={"required": True})
    number = StringField(lazy_gettext("Certification Num"), render_kw={"autocomplete": "off", "maxlength": 255})
    files = MultipleFileField(lazy_gettext("Upload"), render_kw={"accept": ACCEPT})

    def proposal(self, key: str, *, left_out: Collection[int], refused: Sequence[Refusal]) -> Proposal:
        """`refused`: files that did not arrive, so that nothing is proposed without them."""
        wrong = unreadable(self) | ({"files": refused[0]} if refused else {})
        number = tidy(self.number.data)
        return Proposal(key, self.expires_on.data, self.issued_on.data, number, left_out, wrong)


def form_for(certification: Certification) -> RenewalForm:
    """As it opens: with the number, which most renewals keep."""
    return RenewalForm(data={"number": certification.number})

"""The form of a proof: until when it is good."""

from __future__ import annotations

from flask_babel import lazy_gettext
from wtforms import Form

from records.errors import Refusal
from records.models.proof import latest_end, usual_end
from records.pages.fields import Day, show, unreadable
from records.web.words import today


class ProofForm(Form):
    ends_on = Day(lazy_gettext("Ends on"), render_kw={"required": True})

    @classmethod
    def opened(cls) -> ProofForm:
        """As it opens: a year is proposed."""
        form = cls()
        form.ends_on.data = usual_end(today())
        return form.bounded()

    def bounded(self) -> ProofForm:
        """What browsers let people choose from; the verb decides."""
        on = today()
        self.ends_on.render_kw = {"required": True, "min": on.isoformat(), "max": latest_end(on).isoformat()}
        return self

    def require_readable(self) -> None:
        """Raises DateUnreadable as the one that the field has."""
        for refusal in unreadable(self).values():
            raise refusal

    def complain(self, refusal: Refusal) -> None:
        """Put the sentence beside its field. Raises the refusal where it is of none."""
        if refusal.field != "ends_on":
            raise refusal
        show(self.ends_on, refusal)

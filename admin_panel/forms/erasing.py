"""The form in which an administrator says why a member is erased, and confirms whom."""

from __future__ import annotations

from flask_babel import lazy_gettext
from wtforms import Form, RadioField, SelectChoice, StringField

from records.models import ErasureReason
from records.web.event_words import ERASURE_WORDS


class EraseForm(Form):
    """What is wrong with it the verb says."""

    reason = RadioField(
        lazy_gettext("Why"),
        choices=[SelectChoice(each, ERASURE_WORDS[each]) for each in (ErasureReason.ASKED, ErasureReason.NOT_NEEDED)],
        validate_choice=False,
    )
    confirmed = StringField(
        lazy_gettext("Name or member number"),
        render_kw={"autocomplete": "off", "maxlength": 300, "spellcheck": "false"},
    )

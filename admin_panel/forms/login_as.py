"""The form in which an administrator confirms that it is they who log in as a member."""

from __future__ import annotations

from flask_babel import lazy_gettext
from wtforms import Form, PasswordField
from wtforms.validators import InputRequired, Length


class LogInAsForm(Form):
    password = PasswordField(
        lazy_gettext("Your own password"),
        [InputRequired(lazy_gettext("Enter your password.")), Length(max=1024)],
        render_kw={"autocomplete": "current-password"},
    )

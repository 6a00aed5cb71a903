"""Forms of the pages that both faces open, and how a refusal finds its field."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import EmailField, Form, PasswordField, SelectChoice, SelectField, StringField
from wtforms.validators import InputRequired, Length

from records.errors import InvalidInput, Refusal
from records.models.language import LANGUAGES
from records.web.words import refusal_text

_current = {"autocomplete": "current-password"}
_new = {"autocomplete": "new-password"}


class SignInForm(FlaskForm):
    email = EmailField(
        lazy_gettext("E-mail"),
        [InputRequired(lazy_gettext("Enter your e-mail address.")), Length(max=254)],
        render_kw={"autocomplete": "username"},
    )
    password = PasswordField(
        lazy_gettext("Password"),
        [InputRequired(lazy_gettext("Enter your password.")), Length(max=1024)],
        render_kw=_current,
    )


class SignOnForm(FlaskForm):
    """`typed` is the organization's own part of the address, which may be typed or pasted whole."""

    address = StringField(
        lazy_gettext("Your organization's sign-on address"),
        [InputRequired(lazy_gettext("Enter the address that your organization gave you.")), Length(max=300)],
        render_kw={"autocomplete": "organization", "autocapitalize": "none", "spellcheck": "false"},
    )

    @property
    def typed(self) -> str:
        return (self.address.data or "").strip().rstrip("/").rpartition("/")[2].lower()


class ResetRequestForm(FlaskForm):
    email = EmailField(
        lazy_gettext("E-mail"),
        [InputRequired(lazy_gettext("Enter your e-mail address.")), Length(max=254)],
        render_kw={"autocomplete": "username"},
    )


class NewPasswordForm(FlaskForm):
    password = PasswordField(
        lazy_gettext("New password"),
        [InputRequired(lazy_gettext("Choose a password.")), Length(max=1024)],
        render_kw=_new,
    )


class InvitationForm(FlaskForm):
    password = PasswordField(
        lazy_gettext("Password"),
        [InputRequired(lazy_gettext("Enter a password.")), Length(max=1024)],
        render_kw=_new,
    )


class ChangePasswordForm(NewPasswordForm):
    current = PasswordField(
        lazy_gettext("Current password"),
        [InputRequired(lazy_gettext("Enter your current password.")), Length(max=1024)],
        render_kw=_current,
        id="password-current",
    )


class ChangeEmailForm(FlaskForm):
    email = EmailField(
        lazy_gettext("New e-mail"),
        [InputRequired(lazy_gettext("Enter the new e-mail address.")), Length(max=254)],
        render_kw={"autocomplete": "email"},
    )
    current = PasswordField(
        lazy_gettext("Current password"),
        [InputRequired(lazy_gettext("Enter your current password.")), Length(max=1024)],
        render_kw=_current,
        id="email-current",
    )


class SecondFactorForm(FlaskForm):
    """To begin setting a second factor up."""

    current = PasswordField(
        lazy_gettext("Current password"),
        [InputRequired(lazy_gettext("Enter your current password.")), Length(max=1024)],
        render_kw=_current,
    )


class CodeForm(FlaskForm):
    """Codes of the device come with digits alone, recovery codes with letters."""

    code = StringField(
        lazy_gettext("Code"),
        [InputRequired(lazy_gettext("Enter a code.")), Length(max=64)],
        render_kw={"autocomplete": "one-time-code", "spellcheck": "false", "autocapitalize": "none"},
    )


class BothForm(SecondFactorForm, CodeForm):
    """Password and code. The page has it twice, so the ids differ by `prefix`."""


class ConfirmForm(FlaskForm):
    """Before something grave; the code where a second factor is on. Fields beside those of the form that is held up."""

    password = PasswordField(lazy_gettext("Your own password"), [Length(max=1024)], render_kw=_current)
    code = StringField(lazy_gettext("Code of your second factor"), [Length(max=64)],
                       render_kw={"autocomplete": "one-time-code", "spellcheck": "false"})  # fmt: skip


class LanguageForm(FlaskForm):
    """Every language by its own name."""

    language = SelectField(
        lazy_gettext("Language"),
        choices=[
            SelectChoice("", lazy_gettext("As the browser asks")),
            *(SelectChoice(tag, name, {"lang": tag}) for tag, name in LANGUAGES.items()),
        ],
        validate_choice=False,
    )


def show_refusal(form: Form, refusal: Refusal) -> None:
    """Put a refusal's sentence beside its field, or above the form where it names none of the form's."""
    errors: dict[Any, Refusal] = refusal.errors if isinstance(refusal, InvalidInput) else {refusal.field: refusal}
    for name, error in errors.items():
        target = form[name].errors if name and name in form else form.form_errors
        if isinstance(target, tuple):
            form[name].errors = [refusal_text(error)]
        else:
            target.append(refusal_text(error))

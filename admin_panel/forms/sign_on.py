"""The form of single sign-on. The secret is typed in and never shown again."""

from __future__ import annotations

from flask_babel import gettext, lazy_gettext
from wtforms import BooleanField, Field, Form, HiddenField, PasswordField, StringField, TextAreaField

from records.models import Role, SignOn
from records.models.text import tidy
from records.services.sign_ons import Settings

_OFF = {"autocomplete": "off", "spellcheck": "false"}
_FIELDS = {
    Role.ADMINISTRATOR: "administrators",
    Role.TRAINING_COORDINATOR: "coordinators",
    Role.MEMBER: "members",
}


class SignOnForm(Form):
    """`version` is the one that the page showed. Each role has its values one a line."""

    version = HiddenField()
    address = StringField(lazy_gettext("Sign-on address"), render_kw=_OFF | {"maxlength": 60})
    button = StringField(lazy_gettext("Words on the button"), render_kw={"autocomplete": "off", "maxlength": 80})
    issuer = StringField(lazy_gettext("Issuer"), render_kw=_OFF | {"maxlength": 255, "inputmode": "url"})
    client_id = StringField(lazy_gettext("Client ID"), render_kw=_OFF | {"maxlength": 255})
    secret = PasswordField(lazy_gettext("Client secret"), render_kw={"autocomplete": "new-password", "maxlength": 1024})
    role_claim = StringField(lazy_gettext("Claim with the values"), render_kw=_OFF | {"maxlength": 80})
    administrators = TextAreaField(lazy_gettext("Values for administrators"), render_kw=_OFF | {"rows": 2})
    coordinators = TextAreaField(lazy_gettext("Values for training coordinators"), render_kw=_OFF | {"rows": 2})
    members = TextAreaField(lazy_gettext("Values for members"), render_kw=_OFF | {"rows": 2})
    is_on = BooleanField(lazy_gettext("Members can sign in with it"))

    def facts(self) -> Settings:
        """A value that stands with two roles gives the one that may do less."""
        values: dict[str, str] = {}
        for role, name in _FIELDS.items():
            values |= dict.fromkeys(filter(None, map(tidy, (self[name].data or "").splitlines())), str(role))
        return Settings(
            address=self.address.data or "",
            issuer=self.issuer.data or "",
            client_id=self.client_id.data or "",
            button=self.button.data or "",
            secret=(self.secret.data or "").strip(),
            role_claim=self.role_claim.data or "",
            role_values=values,
            is_on=bool(self.is_on.data),
        )

    def standing(self) -> list[tuple[str, str]]:
        """Label and value of every field but the secret, in words."""
        fields = [field for field in self if field.name not in ("version", "secret")]
        return [(str(field.label.text), _in_words(field)) for field in fields]

    @property
    def seen(self) -> int:
        """The version that the page showed, 0 where there was none."""
        text = str(self.version.data or "")
        return int(text) if text.isdecimal() and len(text) < 10 else 0


def _in_words(field: Field) -> str:
    if isinstance(field, BooleanField):
        return gettext("on") if field.data else gettext("off")
    return str(field.data or "–")


def form_of(sign_on: SignOn | None, *, organization: str) -> SignOnForm:
    """The form as it stands; where there is none yet, with what may well be right."""
    if sign_on is None:
        return SignOnForm(data={"version": 0, "button": organization[:80]})
    standing = {name: getattr(sign_on, name) for name in ("version", "address", "button", "issuer", "client_id")}
    for role, name in _FIELDS.items():
        standing[name] = "\n".join(value for value, given in sign_on.role_values.items() if given == role)
    return SignOnForm(data=standing | {"role_claim": sign_on.role_claim, "is_on": sign_on.is_on})

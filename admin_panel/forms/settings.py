"""The organization's settings and logo."""

from __future__ import annotations

from functools import lru_cache
from zoneinfo import available_timezones

from flask_babel import gettext, lazy_gettext
from wtforms import BooleanField, FileField, Form, HiddenField, SelectChoice, SelectField, StringField

from admin_panel.forms.fields import Number, unreadable
from records.errors import InvalidInput
from records.models import Organization
from records.models.organization import MEBIBYTE
from records.services.organizations import Settings

_REGIONS = ("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")
_DAYS = {"days": 1, "years": 365}
_NOTHING = -1  # an empty field: no setting has it, so the verb refuses it


class SettingsForm(Form):
    """`version` is the one that the page showed."""

    version = HiddenField()
    name = StringField(lazy_gettext("Name"), render_kw={"autocomplete": "organization", "maxlength": 255})
    time_zone = SelectField(lazy_gettext("Time zone"), validate_choice=False)
    largest_file = Number(lazy_gettext("Largest file in MB"), render_kw={"min": 1, "max": 2048})
    retention_days = Number(lazy_gettext("Keep deleted records for"), render_kw={"min": 1, "max": 36500})
    retention_in = SelectField(lazy_gettext("Days or years"), validate_choice=False)
    tracks_certifications = BooleanField(lazy_gettext("Certification Tracking"))

    def offer(self) -> None:
        chosen = str(self.time_zone.data or "")
        zones = time_zones()
        self.time_zone.choices = [*zones, *([chosen] if chosen and chosen not in zones else [])]
        words = {"days": gettext("days"), "years": gettext("years")}
        self.retention_in.choices = [SelectChoice(*pair) for pair in words.items()]

    def facts(self) -> Settings:
        """Raises InvalidInput for what cannot be read at all."""
        refusals = unreadable(self)
        if refusals:
            raise InvalidInput(refusals)
        megabytes, kept = self.largest_file.data, self.retention_days.data
        return Settings(
            name=self.name.data or "",
            time_zone=self.time_zone.data or "",
            largest_file=_NOTHING if megabytes is None else megabytes * MEBIBYTE,
            retention_days=_NOTHING if kept is None else kept * _DAYS.get(self.retention_in.data or "", 1),
            tracks_certifications=bool(self.tracks_certifications.data),
        )

    @property
    def seen(self) -> int:
        """The version that the page showed, 0 where it says none."""
        text = str(self.version.data or "")
        return int(text) if text.isdecimal() and len(text) < 10 else 0


class LogoForm(Form):
    logo = FileField(lazy_gettext("Picture"), render_kw={"accept": "image/png,image/jpeg,image/webp,image/gif"})


def form_of(organization: Organization) -> SettingsForm:
    """The form with the settings as they stand."""
    in_years = organization.retention_days % _DAYS["years"] == 0
    return SettingsForm(
        data={
            "version": organization.version,
            "name": organization.name,
            "time_zone": organization.time_zone,
            "largest_file": max(1, organization.largest_file // MEBIBYTE),
            "retention_days": organization.retention_days // (_DAYS["years"] if in_years else 1),
            "retention_in": "years" if in_years else "days",
            "tracks_certifications": organization.tracks_certifications,
        }
    )


@lru_cache(maxsize=1)
def time_zones() -> tuple[str, ...]:
    """The names of the zones that people live in, UTC first."""
    return ("UTC", *sorted(name for name in available_timezones() if name.partition("/")[0] in _REGIONS))

"""The organization's settings and logo."""

from __future__ import annotations

from datetime import time
from functools import lru_cache
from zoneinfo import available_timezones

from babel.dates import get_day_names
from flask_babel import gettext, lazy_gettext
from wtforms import BooleanField, FileField, Form, HiddenField, SelectChoice, SelectField, StringField, TimeField

from admin_panel.forms.fields import Number, unreadable
from records.errors import N_, Invalid, InvalidInput, Refusal
from records.models import Organization
from records.models.organization import LONGEST_PERIOD, MEBIBYTE, RULES
from records.services.organizations import Settings
from records.web.languages import locale_code

_REGIONS = ("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")
_DAYS = {"days": 1, "years": 365}
_PERIOD = {"min": 1, "max": LONGEST_PERIOD}
_NOTHING = -1  # an empty field: no setting has it, so the verb refuses it


class TimeOfDay(TimeField):
    """A time as browsers send it, 07:00. `refusal` says what is wrong with anything else."""

    refusal: Refusal | None = None

    def process_formdata(self, valuelist: list[str]) -> None:
        if not valuelist:
            return
        self.data, self.refusal = None, None
        try:
            self.data = time.fromisoformat(valuelist[0].strip()).replace(tzinfo=None, second=0, microsecond=0)
        except ValueError:
            self.refusal = Invalid(N_("Enter a time of day, such as 07:00."), field=self.name)


class SettingsForm(Form):
    """`version` is the one that the page showed."""

    version = HiddenField()
    name = StringField(lazy_gettext("Name"), render_kw={"autocomplete": "organization", "maxlength": 255})
    time_zone = SelectField(lazy_gettext("Time zone"), validate_choice=False)
    largest_file = Number(lazy_gettext("Largest file in MB"), render_kw={"min": 1, "max": 2048})
    retention_days = Number(lazy_gettext("Keep deleted records for"), render_kw={"min": 1, "max": 36500})
    retention_in = SelectField(lazy_gettext("Days or years"), validate_choice=False)
    tracks_certifications = BooleanField(lazy_gettext("Certification Tracking"))
    takes_external_certificates = BooleanField(lazy_gettext("External certificates"))
    requires_second_factor = BooleanField(lazy_gettext("Require a second factor of staff"))
    reminds_at = TimeOfDay(lazy_gettext("Time of day for notices"), default=time(7))
    digest_weekday = SelectField(lazy_gettext("Weekly digest on"), validate_choice=False)

    erase_members_years = Number(lazy_gettext("Erase deactivated members after (years)"), render_kw=_PERIOD)
    remove_scans_years = Number(lazy_gettext("Remove files of expired certifications after (years)"), render_kw=_PERIOD)
    empty_views_months = Number(lazy_gettext("Forget who looked at papers after (months)"), render_kw=_PERIOD)

    def offer(self) -> None:
        chosen = str(self.time_zone.data or "")
        zones = time_zones()
        self.time_zone.choices = [*zones, *([chosen] if chosen and chosen not in zones else [])]
        words = {"days": gettext("days"), "years": gettext("years")}
        self.retention_in.choices = [SelectChoice(*pair) for pair in words.items()]
        names = get_day_names("wide", locale=locale_code())
        self.digest_weekday.choices = [SelectChoice(str(day), names[day]) for day in range(7)]

    @property
    def weekday_name(self) -> str:
        """The chosen day in words; `offer` first."""
        return next(
            (str(each.label) for each in self.digest_weekday.choices if each.value == self.digest_weekday.data), ""
        )

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
            takes_external_certificates=bool(self.takes_external_certificates.data),
            requires_second_factor=bool(self.requires_second_factor.data),
            reminds_at=self.reminds_at.data or time(7),
            digest_weekday=_weekday(str(self.digest_weekday.data or "0")),
            **{name: self[name].data for name in RULES},
        )

    @property
    def seen(self) -> int:
        """The version that the page showed, 0 where it says none."""
        text = str(self.version.data or "")
        return int(text) if text.isdecimal() and len(text) < 10 else 0


def _weekday(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) == 1 else _NOTHING


class LogoForm(Form):
    logo = FileField(lazy_gettext("Picture"))


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
            "takes_external_certificates": organization.takes_external_certificates,
            "requires_second_factor": organization.requires_second_factor,
            "reminds_at": organization.reminds_at,
            "digest_weekday": str(organization.digest_weekday),
            **{name: getattr(organization, name) for name in RULES},
        }
    )


@lru_cache(maxsize=1)
def time_zones() -> tuple[str, ...]:
    """The names of the zones that people live in, UTC first."""
    return ("UTC", *sorted(name for name in available_timezones() if name.partition("/")[0] in _REGIONS))

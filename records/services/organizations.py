"""What is done with an organization: founding one, and changing its settings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time

from sqlalchemy import select, update

from records import clock
from records.database import db, every_organization, lock, transaction
from records.errors import N_, Invalid, InvalidInput, NameTaken, Refusal, Stale
from records.models import Actor, AuditEvent, AuditKind, Logo, Member, Organization, Role
from records.models.account import email_address
from records.models.organization import LONGEST_PERIOD, MEBIBYTE, RULES
from records.models.stored_file import OPENS_IN_BROWSER
from records.models.text import folded
from records.services.files import Arrived, row_for
from records.services.invitations import issue
from records.services.outbox import to_address

LARGEST_FILE_LIMIT = 2048 * MEBIBYTE
LARGEST_LOGO = 5 * MEBIBYTE
# What concerns security, of the settings.
_GRAVE = ("requires_second_factor",)


@dataclass(frozen=True)
class Settings:
    """An organization's settings as a form has them; `largest_file` in bytes, `retention_days` in days.

    Notices of expiry go from `reminds_at` on, in its time zone; digests on `digest_weekday`, 0 is Monday.
    Of the rules of retention, None is off: see `Organization`.
    """

    name: str
    time_zone: str
    largest_file: int
    retention_days: int
    tracks_certifications: bool
    takes_external_certificates: bool = True
    requires_second_factor: bool = False
    reminds_at: time = time(7)
    digest_weekday: int = 0
    erase_members_years: int | None = None
    remove_scans_years: int | None = None
    empty_views_months: int | None = None


@dataclass(frozen=True)
class Founded:
    organization_id: int
    path: str


def create(name: str, *, administrator_email: str, by: Actor, given_name: str = "", family_name: str = "") -> Founded:
    """Found an organization with its first administrator; `path` is the link that sets their password.

    Raises NameTaken, Invalid.
    """
    email = to_address(email_address(administrator_email))
    with every_organization(), transaction() as session:
        organization = Organization(name=name, created_at=clock.now())
        _require_free_name(organization)
        session.add(organization)
        session.flush()
        administrator = Member(
            organization_id=organization.id,
            given_name=given_name,
            family_name=family_name or email.split("@")[0],
            email=email,
            role=Role.ADMINISTRATOR,
            joined_on=clock.today(organization),
            created_at=clock.now(),
        )
        session.add(administrator)
        session.flush()
        path = issue(administrator, organization=organization)
        for kind, subject in (
            (AuditKind.ORGANIZATION_CREATED, organization),
            (AuditKind.MEMBER_CREATED, administrator),
            (AuditKind.MEMBER_INVITED, administrator),
        ):
            session.add(AuditEvent.of(kind, subject, by=by, at=clock.now(), organization_id=organization.id))
        organization_id = organization.id
    return Founded(organization_id, path)


def named(name: str) -> Organization:
    """The organization with this name, without regard to case and accents. Raises Invalid."""
    organization = db.session.scalar(select(Organization).where(Organization.folded_name == folded(name)))
    if organization is None:
        raise Invalid(N_("There is no organization named “%(name)s”."), name=name)
    return organization


def change_settings(organization: Organization, settings: Settings, *, version: int, by: Actor) -> None:
    """Raises NotAllowed, PasswordFirst (for what concerns security), Stale where it is no longer that `version` and
    something would change, Invalid (fields as in `Settings`), NameTaken.
    """
    by.require_administrator()
    with transaction() as session:
        organization = lock(organization)
        is_stale, before = organization.version != version, _facts(organization)
        if any(before[field] != getattr(settings, field) for field in _GRAVE):
            by.require_fresh_password()
        if not MEBIBYTE <= settings.largest_file <= LARGEST_FILE_LIMIT:
            raise Invalid(N_("Choose a size from 1 to %(most)s MB."), field="largest_file", most=2048)
        if not 1 <= settings.retention_days <= 36500:
            raise Invalid(N_("Choose from 1 day to 100 years."), field="retention_days")
        if settings.digest_weekday not in range(7):
            raise Invalid(N_("Choose a day of the week from the list."), field="digest_weekday")
        _require_periods(settings)
        for field, value in vars(settings).items():
            setattr(organization, field, value)
        _require_free_name(organization)
        after = _facts(organization)
        if before == after:
            return
        if is_stale:
            raise Stale()
        session.add(AuditEvent.of(AuditKind.ORGANIZATION_CHANGED, organization, by=by, at=clock.now(),
                                  before=before, after=after))  # fmt: skip


def _require_periods(settings: Settings) -> None:
    """Raises InvalidInput."""
    wrong: dict[str, Refusal] = {
        name: Invalid(N_("Choose from 1 to %(most)s, or leave it empty."), field=name, most=LONGEST_PERIOD)
        for name in RULES
        if (period := getattr(settings, name)) is not None and not 1 <= period <= LONGEST_PERIOD
    }
    if wrong:
        raise InvalidInput(wrong)


def put_first_steps_away(organization: Organization, *, by: Actor, away: bool = True) -> None:
    """Lead nobody through the first steps any more; `away` False: lead through them again. Raises NotAllowed.

    Past the version, so that settings which somebody has open are not stale for it.
    """
    by.require_administrator()
    at = clock.now()
    with transaction() as session:
        if away == (lock(organization).first_steps_put_away_at is not None):
            return
        this = update(Organization).where(Organization.id == organization.id)
        session.execute(this.values(first_steps_put_away_at=at if away else None))
        session.add(AuditEvent.of(AuditKind.ORGANIZATION_CHANGED, organization, by=by, at=at,
                                  before={"first_steps_put_away": not away},
                                  after={"first_steps_put_away": away}))  # fmt: skip


def set_logo(organization: Organization, arrived: Arrived | None, *, by: Actor) -> None:
    """Show this picture (None: none) at the head of every page. Raises NotAllowed, Invalid (field `logo`)."""
    by.require_administrator()
    if arrived is not None:
        _require_fit_for_a_logo(arrived)
    with transaction() as session:
        organization = lock(organization)
        logo = session.get(Logo, organization.id)
        before = {"logo": logo.stored_file.sha256 if logo else None}
        if arrived is None:
            if logo is None:
                return
            session.delete(logo)
        else:
            stored = row_for(arrived)
            logo = logo or Logo(organization_id=organization.id)
            logo.stored_file_id = stored.id
            session.add(logo)
        after = {"logo": arrived.sha256 if arrived else None}
        if before == after:
            return
        session.add(AuditEvent.of(AuditKind.ORGANIZATION_CHANGED, organization, by=by, at=clock.now(),
                                  before=before, after=after))  # fmt: skip


def _require_fit_for_a_logo(arrived: Arrived) -> None:
    if arrived.kind not in OPENS_IN_BROWSER or not arrived.kind.startswith("image/"):
        raise Invalid(N_("Choose a JPG, PNG, WebP or GIF picture."), field="logo")
    if arrived.size > LARGEST_LOGO:
        raise Invalid(N_("Choose a picture of at most %(most)s MB."), field="logo", most=LARGEST_LOGO // MEBIBYTE)


def _require_free_name(organization: Organization) -> None:
    same = select(Organization.id).where(Organization.folded_name == organization.folded_name)
    with db.session.no_autoflush:
        taken = db.session.scalar(same.where(Organization.id != organization.id) if organization.id else same)
    if taken is not None:
        raise NameTaken(field="name", name=organization.name)


def _facts(organization: Organization) -> dict[str, object]:
    facts = {field: getattr(organization, field) for field in Settings.__dataclass_fields__}
    return facts | {"reminds_at": organization.reminds_at.isoformat("minutes")}

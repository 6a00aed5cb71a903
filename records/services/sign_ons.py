"""What administrators do with single sign-on: setting it up, switching it, trying it, letting a bound identity go."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import delete, select, update

from records import clock, openid, outgoing, vault
from records.database import chosen_organization_id, db, every_organization, lock, transaction
from records.errors import N_, Invalid, InvalidInput, NotFound, Stale
from records.errors.sign_on import SecretUnreadable
from records.models import Actor, AuditEvent, AuditKind, Member, Organization, Role, SignIn, SignOn, SignOnIdentity
from records.services.account_steps import end_all_sessions
from records.services.filling import set_each

_TEXTS = ("address", "issuer", "client_id", "button", "role_claim")
_BOUND_TO = ("issuer", "client_id")  # what a subject is known by
_MOST_VALUES = 100


@dataclass(frozen=True)
class Settings:
    """Single sign-on as a form has it. `secret` "" leaves the one that is kept; `role_values`: each value's role."""

    address: str
    issuer: str
    client_id: str
    button: str
    is_on: bool
    secret: str = field(default="", repr=False)
    role_claim: str = ""
    role_values: dict[str, str] = field(default_factory=dict)


def of_this_organization() -> SignOn | None:
    return db.session.get(SignOn, chosen_organization_id())


def change(organization: Organization, settings: Settings, *, version: int, by: Actor) -> None:
    """Set it up, or change it; `version` is the one that the form showed, 0 where there was none.

    Sessions that came through it end. With another issuer or client, everybody is found by their verified e-mail
    address again. Raises NotAllowed, PasswordFirst, Stale, InvalidInput (fields as in `Settings`).
    """
    by.require_administrator()
    by.require_fresh_password()
    with transaction() as session:
        organization = lock(organization)
        sign_on = session.get(SignOn, organization.id)
        is_stale = (sign_on.version if sign_on else 0) != version
        sign_on = sign_on or SignOn(organization_id=organization.id, is_on=False, role_claim="", role_values={})
        before = _facts(sign_on)
        with session.no_autoflush:
            _fill(sign_on, settings)
        session.add(sign_on)
        session.flush()
        after = _facts(sign_on) | ({"secret_changed": True} if settings.secret else {})
        if is_stale and before != after:
            raise Stale()
        if any(before[name] != after[name] for name in _BOUND_TO):
            session.execute(delete(SignOnIdentity))
        if before != after:
            _end_sessions(organization.id)
            session.add(_event(organization, by=by, before=before, after=after))


def _end_sessions(organization_id: int) -> None:
    """Those that came through the sign-on as it was are over."""
    came = SignIn.came_through_id == organization_id
    db.session.execute(update(SignIn).where(came, SignIn.ended_at.is_(None)).values(ended_at=clock.now()))


def _event(organization: Organization, *, by: Actor, before: dict[str, Any], after: dict[str, Any]) -> AuditEvent:
    """The event, with those fields only that changed."""
    changed = [name for name in after if before.get(name) != after[name]]
    return AuditEvent.of(
        AuditKind.SIGN_ON_CHANGED,
        organization,
        by=by,
        at=clock.now(),
        before={name: before[name] for name in changed if before.get(name)},
        after={name: after[name] for name in changed},
    )


def _facts(sign_on: SignOn) -> dict[str, Any]:
    """All but the secret."""
    return {name: getattr(sign_on, name) for name in (*_TEXTS, "role_values", "is_on")}


def _fill(sign_on: SignOn, settings: Settings) -> None:
    """Raises InvalidInput."""
    errors = set_each(sign_on, {name: getattr(settings, name) for name in _TEXTS})
    if "issuer" not in errors and not _is_issuer(sign_on.issuer):
        errors["issuer"] = Invalid(N_("Enter an address like https://login.example.org."), field="issuer")
    if settings.secret:
        sign_on.sealed_secret = vault.seal(settings.secret)
    elif not sign_on.sealed_secret:
        errors["secret"] = Invalid(N_("Enter the client secret."), field="secret")
    if "address" not in errors and _is_taken(sign_on):
        errors["address"] = Invalid(N_("Another organization has this address."), field="address")
    if not set(settings.role_values.values()) <= set(Role) or len(settings.role_values) > _MOST_VALUES:
        errors["role_claim"] = Invalid(N_("Use at most %(most)s values."), field="role_claim", most=_MOST_VALUES)
    elif settings.role_values and not sign_on.role_claim:
        errors["role_claim"] = Invalid(N_("Name the claim that holds these values."), field="role_claim")
    if errors:
        raise InvalidInput(errors)
    sign_on.role_values, sign_on.is_on = dict(settings.role_values), settings.is_on


def _is_issuer(url: str) -> bool:
    try:
        outgoing.require_allowed(url)
    except outgoing.Forbidden:
        return False
    return not urlsplit(url).query


def _is_taken(sign_on: SignOn) -> bool:
    same = select(SignOn.organization_id).where(SignOn.address == sign_on.address)
    with every_organization():
        return db.session.scalar(same.where(SignOn.organization_id != sign_on.organization_id)) is not None


def try_out(*, back: str, by: Actor) -> str:
    """Ask the provider who it is; returns the address of its sign-in page.

    Raises NotAllowed, NotFound, SecretUnreadable, AddressNotAllowed, ProviderUnreachable, ProviderWrong, IssuerDiffers.
    """
    by.require_administrator()
    sign_on = of_this_organization()
    if sign_on is None:
        raise NotFound()
    return openid.sign_in_page(client_of(sign_on, back=back))


def client_of(sign_on: SignOn, *, back: str) -> openid.Client:
    """Raises SecretUnreadable."""
    try:
        secret = vault.unseal(sign_on.sealed_secret)
    except vault.Unreadable:
        raise SecretUnreadable() from None
    return openid.Client(sign_on.issuer, sign_on.client_id, secret, back)


def forget(member: Member, *, by: Actor) -> None:
    """Who the member is at the provider is found out anew at their next sign-on, by their e-mail address. Sessions that
    came through it end. Raises NotAllowed, NotFound.
    """
    by.require_administrator()
    with transaction() as session:
        member = lock(member)
        member.require_seen_by(by)
        if member.account_id is None or not is_bound(member):
            return
        session.execute(delete(SignOnIdentity).where(SignOnIdentity.account_id == member.account_id))
        end_all_sessions(member.account_id, through=member.organization_id)
        session.add(AuditEvent.of(AuditKind.SIGN_ON_FORGOTTEN, member, by=by, at=clock.now()))


def is_bound(member: Member) -> bool:
    """Whether the member has signed on, so that the provider knows them by a subject of its own."""
    bound = select(SignOnIdentity.id).where(SignOnIdentity.account_id == (member.account_id or 0))
    return db.session.scalar(bound.limit(1)) is not None

"""What a person does with their organization's sign-on: begin it, and come back from the provider.

Whoever administers an organization controls its provider and could have it assert any e-mail address. So a session that
comes through it opens members of that organization alone, and nothing of the account as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from records import clock, openid, sessions, signin
from records.database import db, every_organization, locked, organization_scope, transaction
from records.errors import LastAdministrator, NotFound
from records.errors.sign_on import (
    AnotherPerson,
    EmailNotVerified,
    JoinByInvitation,
    NobodyOfThisOrganization,
    SignOnNotBegun,
    SignOnRefused,
)
from records.models import (
    Account,
    Actor,
    AuditEvent,
    AuditKind,
    LinkPurpose,
    Member,
    SignOn,
    SignOnIdentity,
    SingleUseLink,
)
from records.models.account import address_key
from records.services import audit, member_steps
from records.services.proof_steps import Door
from records.services.sign_ons import client_of
from records.throttle import count_attempt, take_back

LASTS = timedelta(minutes=10)
_WINDOW = timedelta(minutes=15)
_MOST_STARTS, _MOST_REFUSED = 60, 100  # from one network address
_DOOR = Door("sign_on", most_wrong=20)


@dataclass(frozen=True)
class Offer:
    """What an organization's sign-on page shows: its name, and the words on the button."""

    organization: str
    button: str
    address: str


@dataclass(frozen=True)
class Pending:
    """A sign-on on its way, as the browser that began it keeps it in its signed cookie. `began` is an ISO instant."""

    organization_id: int
    state: str
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
    began: str
    next: str = ""

    def as_facts(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def is_over(self) -> bool:
        return datetime.fromisoformat(self.began) + LASTS <= clock.now()


@dataclass(frozen=True)
class Answer:
    """What the provider sends a browser back with."""

    address: str
    state: str
    code: str = field(repr=False)
    issuer: str = ""


def offered(address: str, *, by: Actor) -> Offer:
    """Raises NotFound for an address that nobody has or that is off, and TooManyAttempts for whoever guesses."""
    sign_on = _DOOR.look_up(lambda: _at(address), by=by)
    if sign_on is None:
        raise NotFound()
    return Offer(sign_on.organization.name, sign_on.button, sign_on.address)


def start(address: str, *, back: str, following: str, by: Actor) -> tuple[str, Pending]:
    """The provider's address to send the browser to, and what it keeps until it comes back to `back`.

    Raises NotFound, TooManyAttempts, SecretUnreadable, AddressNotAllowed, ProviderUnreachable, ProviderWrong.
    """
    count_attempt(f"sign_on_start:{by.address}", most=_MOST_STARTS, per=_WINDOW)
    sign_on = _DOOR.look_up(lambda: _at(address), by=by)
    if sign_on is None:
        raise NotFound()
    organization_id = sign_on.organization_id
    with _noting_refusals(organization_id, by=by):
        begun = openid.begin(client_of(sign_on, back=back))
    began = clock.now().isoformat()
    return begun.url, Pending(organization_id, begun.state, begun.nonce, begun.verifier, began, following)


def arrive(pending: Pending | None, answer: Answer, *, back: str, by: Actor) -> str:
    """Open a session for whoever came back; returns its token. `pending` is what this browser kept.

    Raises SignOnRefused (why, in words; it stands in the organization's trail) and TooManyAttempts.
    """
    counted = f"password_address:{by.address}"  # counted with wrong passwords
    count_attempt(counted, most=_MOST_REFUSED, per=_WINDOW)
    sign_on = _at(answer.address)
    if sign_on is None or pending is None or pending.organization_id != sign_on.organization_id:
        raise SignOnNotBegun()
    with _noting_refusals(sign_on.organization_id, by=by):
        token = _arrived(sign_on, pending, answer, back=back, by=by)
    take_back(counted, per=_WINDOW)
    return token


def _at(address: str) -> SignOn | None:
    """The sign-on with this address, where it is on."""
    with every_organization():
        return db.session.scalar(select(SignOn).where(SignOn.address == address.lower(), SignOn.is_on))


@contextmanager
def _noting_refusals(organization_id: int, *, by: Actor) -> Iterator[None]:
    """What refuses stands in the trail of the organization whose sign-on it is."""
    try:
        yield
    except SignOnRefused as refusal:
        audit.sign_on_refused(organization_id, refusal.in_english(), by=by)
        raise


def _arrived(sign_on: SignOn, pending: Pending, answer: Answer, *, back: str, by: Actor) -> str:
    if pending.is_over or not answer.state or answer.state != pending.state:
        raise SignOnNotBegun()
    if not answer.code or answer.issuer not in ("", sign_on.issuer):
        raise SignOnRefused()
    client, version = client_of(sign_on, back=back), sign_on.version
    person = openid.finish(client, code=answer.code, nonce=pending.nonce, verifier=pending.verifier)
    with organization_scope(sign_on.organization_id):
        try:
            return _open(version, person, state=pending.state, by=by)
        except IntegrityError:  # the same answer twice, or two first ones of one person at once
            raise SignOnNotBegun() from None


def _open(version: int, person: openid.Person, *, state: str, by: Actor) -> str:
    """One answer opens one session: the key of its event stands once. What was asked has to stand as it did then."""
    token = signin.token()
    with transaction() as session:
        standing = select(SignOn).where(SignOn.version == version, SignOn.is_on).with_for_update(read=True)
        sign_on = session.scalars(standing).one_or_none()
        if sign_on is None:
            raise SignOnNotBegun()
        account, member = _whose(sign_on, person, by=by)
        _take_role(sign_on, person, member)
        session.add(sessions.begin(token, account, member, through=sign_on.organization_id))
        session.add(AuditEvent.of(AuditKind.SIGNED_IN, account, by=_as(account, by), at=clock.now(),
                                  after={"sign_on": sign_on.issuer}, once_key=f"sign_on:{signin.digest(state)}",
                                  organization_id=sign_on.organization_id, member_id=member.id))  # fmt: skip
    return token


def _whose(sign_on: SignOn, person: openid.Person, *, by: Actor) -> tuple[Account, Member]:
    """The account and the member, held: by who they are at the provider; at first by the address it vouches for."""
    known = _bound(sign_on, SignOnIdentity.subject == person.subject)
    if known is not None:
        account = locked(Account, known.account_id)
        member = _member_of(account)
        if member is None:
            raise NobodyOfThisOrganization()
        return account, member
    if not person.email:
        raise EmailNotVerified()
    found = db.session.scalar(select(Account.id).where(Account.folded_email == address_key(person.email)))
    if found is None:
        raise NobodyOfThisOrganization()
    account = locked(Account, found)
    member = _member_of(account) or _join(account, by=by)
    if _bound(sign_on, SignOnIdentity.account_id == account.id) is not None:
        raise AnotherPerson()
    db.session.add(SignOnIdentity(issuer=sign_on.issuer, subject=person.subject, account_id=account.id,
                                  created_at=clock.now()))  # fmt: skip
    db.session.flush()
    return account, member


def _bound(sign_on: SignOn, to: Any) -> SignOnIdentity | None:
    return db.session.scalar(select(SignOnIdentity).where(SignOnIdentity.issuer == sign_on.issuer, to))


def _member_of(account: Account) -> Member | None:
    """The active member of this organization that the account opens, held."""
    opens = select(Member).where(Member.account_id == account.id, Member.deactivated_at.is_(None))
    return db.session.scalar(opens.with_for_update(of=Member))


def _join(account: Account, *, by: Actor) -> Member:
    """Accept an invitation to this organization by signing on: for an account that is nobody's yet. One that has a
    password or opens anything joins by its owner's doing alone, whatever the provider says.

    Raises NobodyOfThisOrganization, JoinByInvitation.
    """
    unspent = select(SingleUseLink).where(
        SingleUseLink.account_id == account.id,
        SingleUseLink.purpose == LinkPurpose.INVITATION,
        SingleUseLink.used_at.is_(None),
        SingleUseLink.expires_at > clock.now(),
    )
    for link in db.session.scalars(unspent):
        member = None
        with suppress(NotFound):  # it invites to another organization
            member = locked(Member, link.member_id or 0)
        if member and member.is_active and address_key(member.email or "") == account.folded_email:
            break
    else:
        raise NobodyOfThisOrganization()
    with every_organization():
        opens = db.session.scalar(select(Member.id).where(Member.account_id == account.id).limit(1))
    if account.password_hash is not None or opens is not None:
        raise JoinByInvitation()
    link.used_at, member.account_id = clock.now(), account.id
    db.session.add(AuditEvent.of(AuditKind.MEMBER_JOINED, member, by=_as(account, by), at=clock.now()))
    return member


def _as(account: Account, by: Actor) -> Actor:
    """The visitor whose account it turned out to be."""
    return Actor.visitor(address=by.address, request_id=by.request_id, account=account)


def _take_role(sign_on: SignOn, person: openid.Person, member: Member) -> None:
    role = sign_on.role_in(dict(person.claims))
    if role is not None:
        with suppress(LastAdministrator):  # the last one stays one, whatever a token says
            by = Actor.job("single sign-on", sign_on.organization_id)
            member_steps.take_mapped_role(member, role, by=by)

"""What people do with their own account: sign in and out, choose a member, change and reset the password.

Changing the e-mail: `email_changes`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, select, update

from records import clock, passwords, signin
from records.database import db, every_organization, lock, transaction
from records.errors import LinkSpent, NotFound, WrongCredentials, WrongPassword
from records.models import (
    Account,
    Actor,
    AuditEvent,
    AuditKind,
    LinkPurpose,
    Member,
    MessageKind,
    Organization,
    SignIn,
    SingleUseLink,
)
from records.models.account import address_key
from records.services import browsers
from records.services.outbox import link_path, new_link, peek, post, spend
from records.throttle import count_attempt

_WINDOW = timedelta(minutes=15)
_MOST_PER_ACCOUNT, _MOST_PER_BROWSER, _MOST_PER_ADDRESS = 10, 10, 100
_RESETS_PER_HOUR = 5


@dataclass(frozen=True)
class SignedInNow:
    """Secrets for two cookies: `token` of the session, and `browser`, "signed in here before"."""

    token: str
    browser: str


def sign_in(email: str, password: str, *, browser: str, by: Actor) -> SignedInNow:
    """Open a session. Raises WrongCredentials (alike for unknown addresses) and TooManyAttempts.

    A browser in which the account signed in before is counted by itself, so that an attack on the
    account from elsewhere does not lock its owner out.
    """
    with every_organization():
        account = _account_of(email)
        _throttle(email, known=browsers.known_secret(account, browser), address=by.address)
        password_hash = account.password_hash if account else None
        fits = passwords.matches(password, password_hash)
        if account is None or not fits:
            _refuse(account, by=by)
            raise WrongCredentials()
        return _open(account, password, verified=password_hash, browser=browser, by=by)


def _account_of(email: str) -> Account | None:
    return db.session.scalar(select(Account).where(Account.folded_email == address_key(email)))


def _open(account: Account, password: str, *, verified: str | None, browser: str, by: Actor) -> SignedInNow:
    token = signin.token()
    with transaction() as session:
        account = lock(account)
        if account.password_hash != verified:  # changed while it was being checked
            raise WrongCredentials()
        if passwords.needs_rehash(account.password_hash or ""):
            account.password_hash = passwords.hashed(password)
        members = _open_members(account)
        member = members[0] if len(members) == 1 else None
        session.add(signin.begin(token, account, member))
        browser = browsers.remember(account, browser)
        session.add(account_event(AuditKind.SIGNED_IN, account, by=by))
    return SignedInNow(token, browser)


def _throttle(email: str, *, known: str, address: str) -> None:
    if known:
        count_attempt(f"browser:{known}", most=_MOST_PER_BROWSER, per=_WINDOW)
        return
    count_attempt(f"address:{address}", most=_MOST_PER_ADDRESS, per=_WINDOW)
    count_attempt(f"account:{address_key(email)}", most=_MOST_PER_ACCOUNT, per=_WINDOW)


def _refuse(account: Account | None, *, by: Actor) -> None:
    with transaction() as session:
        session.add(account_event(AuditKind.SIGN_IN_REFUSED, account, by=by))


def sign_out(token: str, *, by: Actor) -> None:
    """End the session with this token; its cookie is dead from now on."""
    with every_organization(), transaction() as session:
        sign_in = session.scalar(select(SignIn).where(SignIn.token_digest == signin.digest(token)))
        if sign_in is None or sign_in.ended_at is not None:
            return
        sign_in.ended_at = clock.now()
        session.add(account_event(AuditKind.SIGNED_OUT, sign_in.account, by=by))


def members_of(account: Account) -> list[Member]:
    """The members that the account opens, active ones only, by organization and name."""
    with every_organization():
        return _open_members(account)


def _open_members(account: Account) -> list[Member]:
    statement = select(Member).where(Member.account_id == account.id, Member.deactivated_at.is_(None))
    return sorted(db.session.scalars(statement), key=lambda member: (member.organization.name, member.sort_name))


def choose_member(token: str, member_id: int, *, by: Actor) -> str:
    """Open another member of the account; returns the token of a new session, which ends when the old one would.

    Raises NotFound.
    """
    new = signin.token()
    with every_organization(), transaction() as session:
        old = session.scalar(select(SignIn).where(SignIn.token_digest == signin.digest(token)))
        member = session.get(Member, member_id) if 0 < member_id < 2**63 else None
        if old is None or old.ended_at is not None:
            raise NotFound()
        if member is None or not member.is_active or member.account_id != old.account_id:
            raise NotFound()
        old.ended_at = clock.now()
        session.add(signin.begin(new, old.account, member, until=old.expires_at))
        session.add(account_event(AuditKind.SIGNED_IN, old.account, by=by, member=member))
    return new


def change_password(account: Account, *, current: str, new: str, by: Actor) -> str:
    """Set a new password. Every session of the account ends, also the asker's; returns a new token.

    Raises WrongPassword (field `current`), PasswordTooShort, WeakPassword (field `password`).
    """
    count_password_attempt(account)
    verified = account.password_hash
    if not passwords.matches(current, verified):
        raise WrongPassword(field="current")
    passwords.require_good(new, personal=(account.email,))
    token, hashed, member_id = signin.token(), passwords.hashed(new), by.member_id
    with every_organization(), transaction() as session:
        account = lock(account)
        if account.password_hash != verified:
            raise WrongPassword(field="current")
        _set_password(account, hashed)
        member = session.get(Member, member_id) if member_id else None
        session.add(signin.begin(token, account, member))
        session.add(account_event(AuditKind.PASSWORD_CHANGED, account, by=by, member=member))
        post(MessageKind.PASSWORD_CHANGED, account.email, organization=None, facts={})
    return token


def count_password_attempt(account: Account) -> None:
    """Whoever holds an open session may not guess the password either. Raises TooManyAttempts."""
    count_attempt(f"password:{account.id}", most=_MOST_PER_ACCOUNT, per=_WINDOW)


def _set_password(account: Account, password_hash: str) -> None:
    """Every session and every link of the account is dead, but for invitations."""
    account.password_hash = password_hash
    account.password_changed_at = clock.now()
    end_all_sessions(account.id)
    links = delete(SingleUseLink).where(SingleUseLink.account_id == account.id)
    db.session.execute(links.where(SingleUseLink.purpose != LinkPurpose.INVITATION))


def end_all_sessions(account_id: int) -> None:
    """Inside a transaction: every cookie of the account is dead once it commits."""
    open_ones = update(SignIn).where(SignIn.account_id == account_id, SignIn.ended_at.is_(None))
    db.session.execute(open_ones.values(ended_at=clock.now()))


def end_sessions(account: Account, *, sign_in_id: int | None, by: Actor) -> None:
    """End one session of the account, or all (`sign_in_id` None). Raises NotFound."""
    with every_organization(), transaction() as session:
        if sign_in_id is None:
            end_all_sessions(account.id)
        else:
            sign_in = session.get(SignIn, sign_in_id) if 0 < sign_in_id < 2**63 else None
            if sign_in is None or sign_in.account_id != account.id:
                raise NotFound()
            sign_in.ended_at = clock.now()
        session.add(account_event(AuditKind.SESSIONS_ENDED, lock(account), by=by))


def open_sessions(account: Account) -> list[SignIn]:
    """The account's open sessions, the latest used first."""
    statement = select(SignIn).where(
        SignIn.account_id == account.id, SignIn.ended_at.is_(None), SignIn.expires_at > clock.now()
    )
    return list(db.session.scalars(statement.order_by(SignIn.last_seen_at.desc())))


def request_password_reset(email: str, *, by: Actor) -> None:
    """Mail a link, if the account exists; the asker cannot tell. Raises TooManyAttempts."""
    count_attempt(f"reset_address:{by.address}", most=_RESETS_PER_HOUR * 4, per=timedelta(hours=1))
    count_attempt(f"reset:{address_key(email)}", most=_RESETS_PER_HOUR, per=timedelta(hours=1))
    with every_organization(), transaction() as session:
        account = _account_of(email)
        if account is None or not _open_members(account):
            return
        secret = new_link(LinkPurpose.PASSWORD_RESET, account, lasts=timedelta(hours=2))
        facts = {"path": link_path(LinkPurpose.PASSWORD_RESET, secret), "hours": 2}
        post(MessageKind.PASSWORD_RESET, account.email, organization=None, facts=facts)
        session.add(account_event(AuditKind.PASSWORD_RESET_REQUESTED, account, by=by))


def reset_link(secret: str) -> SingleUseLink:
    """The link that sets a new password, unspent. Raises LinkSpent, also once the account opens no member."""
    with every_organization():
        link = peek(secret, LinkPurpose.PASSWORD_RESET)
        if not _open_members(link.account):
            raise LinkSpent()
        return link


def reset_password(secret: str, new: str, *, browser: str, by: Actor) -> str:
    """Set the password by a mailed link; every session ends. Returns the cookie of a browser that is known now.

    Raises LinkSpent and what good passwords need.
    """
    with every_organization():
        account = reset_link(secret).account
        passwords.require_good(new, personal=(account.email,))
        hashed = passwords.hashed(new)
        with transaction() as session:
            account = lock(account)
            spend(secret, LinkPurpose.PASSWORD_RESET)
            _set_password(account, hashed)
            browser = browsers.remember(account, browser)
            session.add(account_event(AuditKind.PASSWORD_CHANGED, account, by=by))
            post(MessageKind.PASSWORD_CHANGED, account.email, organization=None, facts={})
    return browser


def account_event(
    kind: AuditKind,
    account: Account | None,
    *,
    by: Actor,
    member: Member | None = None,
    before: dict[str, object] | None = None,
    after: dict[str, object] | None = None,
) -> AuditEvent:
    """An event about an account stands in the trail of the organization that it opens, the first of several."""
    member_id, organization_id = (member.id, member.organization_id) if member else _first_member(account)
    actor = by if by.account_id or account is None else Actor.visitor(
        address=by.address, request_id=by.request_id, account=account
    )  # fmt: skip
    return AuditEvent.of(
        kind,
        account,
        by=actor,
        at=clock.now(),
        before=before,
        after=after,
        organization_id=organization_id,
        member_id=member_id,
    )


def _first_member(account: Account | None) -> tuple[int | None, int | None]:
    """Ids of a member and its organization. For no account it asks all the same, so that it takes as long."""
    first = (
        select(Member.id, Member.organization_id)
        .join(Organization, Organization.id == Member.organization_id)
        .where(Member.account_id == (account.id if account else 0), Member.deactivated_at.is_(None))
        .order_by(Organization.name, Member.sort_name)
        .limit(1)
    )
    row = db.session.execute(first).one_or_none()
    return (row.id, row.organization_id) if row else (None, None)

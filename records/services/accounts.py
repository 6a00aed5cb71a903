"""What people do with their own account: sign in and out, choose a member, change password and e-mail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select, update

from records import clock, passwords, signin
from records.database import db, every_organization, lock, transaction
from records.errors import EmailTaken, NotFound, WrongCredentials, WrongPassword
from records.models import (
    Account,
    Actor,
    AuditEvent,
    AuditKind,
    KnownBrowser,
    LinkPurpose,
    Member,
    MessageKind,
    SignIn,
    SingleUseLink,
)
from records.models.account import email_address
from records.models.text import folded
from records.services.outbox import link_path, new_link, peek, post, spend, to_address
from records.throttle import count_attempt

_WINDOW = timedelta(minutes=15)
_MOST_PER_ACCOUNT, _MOST_PER_BROWSER, _MOST_PER_ADDRESS = 10, 10, 100
_RESETS_PER_HOUR = 5


@dataclass(frozen=True)
class SignedInNow:
    """`token` and `browser` are secrets for two cookies: the session, and "signed in here before"."""

    token: str
    browser: str


def sign_in(email: str, password: str, *, browser: str, by: Actor) -> SignedInNow:
    """Open a session. Raises WrongCredentials (alike for unknown addresses) and TooManyAttempts.

    A browser in which the account signed in before is counted by itself, so that an attack on the
    account from elsewhere does not lock its owner out.
    """
    with every_organization():
        account = db.session.scalar(select(Account).where(Account.folded_email == folded(email)))
        known = _known_browser(account, browser)
        _throttle(email, known=browser if known else "", address=by.address)
        fits = passwords.matches(password, account.password_hash if account else None)
        if account is None or not fits:
            _refuse(account, by=by)
            raise WrongCredentials()
        return _open(account, password, browser=browser if known else "", by=by)


def _open(account: Account, password: str, *, browser: str, by: Actor) -> SignedInNow:
    token, browser = signin.token(), browser or signin.token()
    with transaction() as session:
        account = lock(account)
        if passwords.needs_rehash(account.password_hash or ""):
            account.password_hash = passwords.hashed(password)
        members = _open_members(account)
        member = members[0] if len(members) == 1 else None
        session.add(signin.begin(token, account, member))
        _remember_browser(account, browser)
        session.add(_event(AuditKind.SIGNED_IN, account, by=by))
    return SignedInNow(token, browser)


def _known_browser(account: Account | None, browser: str) -> KnownBrowser | None:
    if account is None or not browser:
        return None
    return db.session.scalar(
        select(KnownBrowser).where(
            KnownBrowser.token_digest == signin.digest(browser), KnownBrowser.account_id == account.id
        )
    )


def _remember_browser(account: Account, browser: str) -> None:
    known = _known_browser(account, browser)
    if known is None:
        known = KnownBrowser(token_digest=signin.digest(browser), account_id=account.id)
        db.session.add(known)
    known.last_used_at = clock.now()


def _throttle(email: str, *, known: str, address: str) -> None:
    if known:
        count_attempt(f"browser:{known}", most=_MOST_PER_BROWSER, per=_WINDOW)
        return
    count_attempt(f"address:{address}", most=_MOST_PER_ADDRESS, per=_WINDOW)
    count_attempt(f"account:{folded(email)}", most=_MOST_PER_ACCOUNT, per=_WINDOW)


def _refuse(account: Account | None, *, by: Actor) -> None:
    with transaction() as session:
        session.add(_event(AuditKind.SIGN_IN_REFUSED, account, by=by))


def sign_out(token: str, *, by: Actor) -> None:
    """End the session with this token; its cookie is dead from now on."""
    with every_organization(), transaction() as session:
        sign_in = session.scalar(select(SignIn).where(SignIn.token_digest == signin.digest(token)))
        if sign_in is None or sign_in.ended_at is not None:
            return
        sign_in.ended_at = clock.now()
        session.add(_event(AuditKind.SIGNED_OUT, sign_in.account, by=by))


def members_of(account: Account) -> list[Member]:
    """The members that the account opens, active ones only, by organization and name."""
    with every_organization():
        return _open_members(account)


def _open_members(account: Account) -> list[Member]:
    statement = select(Member).where(Member.account_id == account.id, Member.deactivated_at.is_(None))
    return sorted(db.session.scalars(statement), key=lambda member: (member.organization.name, member.sort_name))


def choose_member(token: str, member_id: int, *, by: Actor) -> str:
    """Open another member of the account; returns the new session's token. Raises NotFound."""
    new = signin.token()
    with every_organization(), transaction() as session:
        old = session.scalar(select(SignIn).where(SignIn.token_digest == signin.digest(token)))
        member = session.get(Member, member_id)
        if old is None or member is None or not member.is_active or member.account_id != old.account_id:
            raise NotFound()
        old.ended_at = clock.now()
        session.add(signin.begin(new, old.account, member))
        session.add(_event(AuditKind.SIGNED_IN, old.account, by=by, member=member))
    return new


def change_password(account: Account, *, current: str, new: str, by: Actor) -> str:
    """Set a new password. Every session of the account ends, also the asker's; returns a new token.

    Raises WrongPassword (field `current`), PasswordTooShort, WeakPassword (field `password`).
    """
    count_attempt(f"password:{account.id}", most=_MOST_PER_ACCOUNT, per=_WINDOW)
    if not passwords.matches(current, account.password_hash):
        raise WrongPassword(field="current")
    passwords.require_good(new, personal=(account.email,))
    token, hashed, member_id = signin.token(), passwords.hashed(new), by.member_id
    with every_organization(), transaction() as session:
        account = lock(account)
        _set_password(account, hashed)
        member = session.get(Member, member_id) if member_id else None
        session.add(signin.begin(token, account, member))
        session.add(_event(AuditKind.PASSWORD_CHANGED, account, by=by, member=member))
        post(MessageKind.PASSWORD_CHANGED, account.email, organization=None, facts={})
    return token


def _set_password(account: Account, password_hash: str) -> None:
    account.password_hash = password_hash
    account.password_changed_at = clock.now()
    end_all_sessions(account.id)
    unused = update(SingleUseLink).where(SingleUseLink.account_id == account.id, SingleUseLink.used_at.is_(None))
    db.session.execute(unused.where(SingleUseLink.purpose != LinkPurpose.INVITATION).values(used_at=clock.now()))


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
            sign_in = session.get(SignIn, sign_in_id)
            if sign_in is None or sign_in.account_id != account.id:
                raise NotFound()
            sign_in.ended_at = clock.now()
        session.add(_event(AuditKind.SESSIONS_ENDED, lock(account), by=by))


def open_sessions(account: Account) -> list[SignIn]:
    """The account's open sessions, the latest used first."""
    statement = select(SignIn).where(
        SignIn.account_id == account.id, SignIn.ended_at.is_(None), SignIn.expires_at > clock.now()
    )
    return list(db.session.scalars(statement.order_by(SignIn.last_seen_at.desc())))


def request_password_reset(email: str, *, by: Actor) -> None:
    """Mail a link, if the account exists; the asker cannot tell. Raises TooManyAttempts."""
    count_attempt(f"reset_address:{by.address}", most=_RESETS_PER_HOUR * 4, per=timedelta(hours=1))
    count_attempt(f"reset:{folded(email)}", most=_RESETS_PER_HOUR, per=timedelta(hours=1))
    with every_organization(), transaction() as session:
        account = session.scalar(select(Account).where(Account.folded_email == folded(email)))
        if account is None or not _open_members(account):
            return
        secret = new_link(LinkPurpose.PASSWORD_RESET, account, lasts=timedelta(hours=2))
        facts = {"path": link_path(LinkPurpose.PASSWORD_RESET, secret), "hours": 2}
        post(MessageKind.PASSWORD_RESET, account.email, organization=None, facts=facts)
        session.add(_event(AuditKind.PASSWORD_RESET_REQUESTED, account, by=by))


def reset_password(secret: str, new: str, *, by: Actor) -> Account:
    """Set the password by a mailed link; every session ends. Raises LinkSpent and what good passwords need."""
    with every_organization():
        link = peek(secret, LinkPurpose.PASSWORD_RESET)
        passwords.require_good(new, personal=(link.account.email,))
        hashed = passwords.hashed(new)
        with transaction() as session:
            link = spend(secret, LinkPurpose.PASSWORD_RESET)
            account = link.account
            _set_password(account, hashed)
            session.add(_event(AuditKind.PASSWORD_CHANGED, account, by=by))
            post(MessageKind.PASSWORD_CHANGED, account.email, organization=None, facts={})
    return account


def request_email_change(account: Account, *, new_email: str, password: str, by: Actor) -> None:
    """Ask both addresses to confirm. Raises WrongPassword (field `current`), Invalid (field `email`).

    An address that another account has reads like any other: nobody learns who has an account.
    """
    count_attempt(f"password:{account.id}", most=_MOST_PER_ACCOUNT, per=_WINDOW)
    if not passwords.matches(password, account.password_hash):
        raise WrongPassword(field="current")
    address = to_address(email_address(new_email))
    with every_organization(), transaction() as session:
        account = lock(account)
        session.add(_event(AuditKind.EMAIL_CHANGE_REQUESTED, account, by=by, after={"email": address}))
        if session.scalar(select(Account.id).where(Account.folded_email == folded(address))) is not None:
            return
        for purpose, kind, receiver in (
            (LinkPurpose.OLD_EMAIL, MessageKind.OLD_EMAIL_CONFIRMATION, account.email),
            (LinkPurpose.NEW_EMAIL, MessageKind.NEW_EMAIL_CONFIRMATION, address),
        ):
            secret = new_link(purpose, account, lasts=timedelta(days=1), new_email=address)
            facts = {"path": link_path(purpose, secret), "new_email": address, "old_email": account.email}
            post(kind, receiver, organization=None, facts=facts)


def confirm_email(secret: str, purpose: LinkPurpose, *, by: Actor) -> bool:
    """Confirm by one of the two links; True once both have and the e-mail is changed.

    Raises LinkSpent, and EmailTaken where the address was given to another account meanwhile.
    """
    with every_organization(), transaction() as session:
        link = spend(secret, purpose)
        account, address = link.account, link.new_email or ""
        confirmed = select(SingleUseLink.purpose).where(
            SingleUseLink.account_id == account.id,
            SingleUseLink.new_email == address,
            SingleUseLink.used_at >= link.created_at,
            SingleUseLink.created_at == link.created_at,
        )
        if set(session.scalars(confirmed)) != {LinkPurpose.OLD_EMAIL, LinkPurpose.NEW_EMAIL}:
            return False
        if session.scalar(select(Account.id).where(Account.folded_email == folded(address))) is not None:
            raise EmailTaken(email=address)
        before, account.email = account.email, address
        end_all_sessions(account.id)
        session.add(_event(AuditKind.EMAIL_CHANGED, account, by=by, before={"email": before}, after={"email": address}))
        post(MessageKind.EMAIL_CHANGED, before, organization=None, facts={"new_email": address})
    return True


def _event(
    kind: AuditKind,
    account: Account | None,
    *,
    by: Actor,
    member: Member | None = None,
    before: dict[str, object] | None = None,
    after: dict[str, object] | None = None,
) -> AuditEvent:
    """An event about an account stands in the trail of the organization that it opens, the first of several."""
    if member is None and account is not None:
        member = next(iter(_open_members(account)), None)
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
        organization_id=member.organization_id if member else None,
        member_id=member.id if member else None,
    )

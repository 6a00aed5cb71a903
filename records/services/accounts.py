"""What people do with their own account: sign in and out, choose a member, change and reset the password.

Changing the e-mail: `email_changes`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Select, bindparam, delete, select

from records import clock, hashing, passwords, sessions, signin
from records.database import db, every_organization, is_id, let_go, lock, transaction
from records.errors import LinkSpent, NotFound, WrongCredentials, WrongPassword
from records.models import (
    Account,
    Actor,
    AuditKind,
    LinkPurpose,
    Member,
    MessageKind,
    SignIn,
    SingleUseLink,
)
from records.models.account import address_key
from records.services import browsers
from records.services.account_steps import (
    MOST_PER_ACCOUNT,
    WINDOW,
    account_event,
    begin_anew,
    count_guess,
    end_all_sessions,
    fits,
    hashed,
    member_of,
    open_members,
    personal_texts,
    refuse_sign_in,
)
from records.services.entering import SignedInNow, enter
from records.services.factor_steps import factor_of
from records.services.outbox import link_path, new_link, peek, post, spend
from records.throttle import count_attempt, take_back, uncount

_RESETS_PER_HOUR = 5
_ADDRESSED = select(Account).where(Account.folded_email == bindparam("address"))


@hashing.place()
def sign_in(email: str, password: str, *, browser: str, by: Actor) -> SignedInNow:
    """Open a session, or half of one: see `entering`. Raises WrongCredentials (alike for unknown addresses),
    TooManyAttempts, and ManyAtOnce, which counts nothing.

    Refused attempts are counted. A browser in which the account signed in before is counted by itself,
    so that an attack on the account from elsewhere does not lock its owner out.
    """
    let_go()  # what is read now is as it stands now
    with every_organization():
        account = _account_of(email)
        verified, set_at = (account.password_hash, account.password_changed_at) if account else (None, None)
        known = browsers.known_secret(account, browser)
        counted = count_guess("password", address_key(email), known=known, address=by.address)
        is_right = fits(password, verified)
        if account is None or verified is None or not is_right:
            refuse_sign_in(account, by=by)
            raise WrongCredentials()
        renewed = hashed(password) if passwords.needs_rehash(verified) else verified
        checked = _Checked(verified, set_at, renewed)
        return _open(account, *counted, checked=checked, browser=browser, by=by)


def _account_of(email: str) -> Account | None:
    return db.session.scalar(_ADDRESSED, {"address": address_key(email)})


class _Checked(NamedTuple):
    """A password that was right: of the hash that was kept, and set at that time; `renewed` is the hash to keep."""

    verified: str
    set_at: datetime | None
    renewed: str

    def is_still_that_of(self, account: Account) -> bool:
        """Not where it was changed while it was being checked. Whoever signed in at once may have renewed the hash."""
        was_renewed = self.renewed != self.verified and account.password_changed_at == self.set_at
        return account.password_hash == self.verified or was_renewed


def _open(account: Account, *counted: str, checked: _Checked, browser: str, by: Actor) -> SignedInNow:
    """`counted` was no guess: uncounted last, because many may share an address and wait for its row."""
    with transaction() as session:
        account = lock(account)
        if not checked.is_still_that_of(account):
            raise WrongCredentials()
        account.password_hash = checked.renewed
        members = open_members(account)
        opened = enter(account, *members, browser=browser)
        if not opened.owes_code:
            session.add(account_event(AuditKind.SIGNED_IN, account, by=by, member=next(iter(members), None)))
        session.flush()
        uncount(*counted, per=WINDOW)
    return opened


def sign_out(token: str, *, by: Actor) -> None:
    """End the session with this token; its cookie is dead from now on.

    Of somebody who is logged in as a member, both: their own session ended when this one began.
    """
    with every_organization(), transaction() as session:
        sign_in = session.scalar(_session_of(token))
        if sign_in is None or sign_in.ended_at is not None:
            return
        sign_in.ended_at = clock.now()
        member = session.get(Member, sign_in.member_id) if by.is_acting or by.came_through else None
        after: dict[str, object] = {"since": sign_in.created_at.isoformat()} if by.is_acting else {}
        session.add(account_event(AuditKind.SIGNED_OUT, sign_in.account, by=by, member=member, after=after))


def _session_of(token: str) -> Select[SignIn]:
    """Held until the transaction ends: of two that end it at once, one does."""
    return select(SignIn).where(SignIn.token_digest == signin.digest(token)).with_for_update(of=SignIn)


def members_of(account: Account, *, by: Actor) -> list[Member]:
    """The members that the account opens, active ones only, by organization and name; in a session that came through
    an organization's sign-on, that organization's alone."""
    with every_organization():
        return [each for each in open_members(account) if by.came_through in (None, each.organization_id)]


def choose_member(token: str, member_id: int, *, by: Actor) -> str:
    """Open another member of the account; returns the token of a new session, which ends when the old one would.

    Raises NotFound, ActingAlready. In a session that came through an organization's sign-on, members of others are not
    found.
    """
    by.require_not_acting()
    new = signin.token()
    with every_organization(), transaction() as session:
        old = session.scalar(_session_of(token))
        member = session.get(Member, member_id) if is_id(member_id) else None
        if old is None or old.ended_at is not None:
            raise NotFound()
        if member is None or not member.is_active or member.account_id != old.account_id:
            raise NotFound()
        if old.came_through_id not in (None, member.organization_id):
            raise NotFound()
        old.ended_at = clock.now()
        session.add(sessions.begin(new, old.account, member, goes_on=old))
        session.add(account_event(AuditKind.SIGNED_IN, old.account, by=by, member=member))
    return new


@hashing.place()
def change_password(account: Account, *, current: str, new: str, by: Actor) -> str:
    """Set a new password. Every session of the account ends, also the asker's; returns a new token.

    Raises WrongPassword (field `current`), PasswordTooShort, WeakPassword (field `password`), ActingAlready,
    CameThroughSignOn.
    """
    by.require_whole_account()
    verified = require_password(account, current, field="current")
    passwords.require_good(new, personal=personal_texts(account))
    password_hash = hashed(new)
    with every_organization(), transaction() as session:
        account = lock(account)
        if account.password_hash != verified:
            raise WrongPassword(field="current")
        _set_password(account, password_hash)
        token = begin_anew(account, by=by)
        session.add(account_event(AuditKind.PASSWORD_CHANGED, account, by=by, member=member_of(by)))
        post(MessageKind.PASSWORD_CHANGED, account.email, organization=None, facts={})
    return token


@hashing.place()
def require_password(account: Account, password: str, *, field: str) -> str:
    """Confirm that the account's owner is asking; returns the hash that it was checked against.

    Whoever holds an open session may not guess the password either: wrong ones are counted. Raises WrongPassword
    (`field`), TooManyAttempts, ManyAtOnce.
    """
    counted = f"password:{account.id}"
    count_attempt(counted, most=MOST_PER_ACCOUNT, per=WINDOW)
    verified = account.password_hash
    if verified is None or not fits(password, verified):
        raise WrongPassword(field=field)
    take_back(counted, per=WINDOW)
    return verified


def _set_password(account: Account, password_hash: str) -> None:
    """Every session and every link of the account is dead, but for invitations."""
    account.password_hash = password_hash
    account.password_changed_at = clock.now()
    end_all_sessions(account.id)
    links = delete(SingleUseLink).where(SingleUseLink.account_id == account.id)
    db.session.execute(links.where(SingleUseLink.purpose != LinkPurpose.INVITATION))


def end_sessions(account: Account, *, sign_in_id: int | None, by: Actor) -> None:
    """End one session of the account, or all (`sign_in_id` None): of those that `open_sessions` lists.

    Raises NotFound, ActingAlready.
    """
    by.require_not_acting()
    with every_organization(), transaction() as session:
        if sign_in_id is None:
            end_all_sessions(account.id, through=by.came_through)
        else:
            sign_in = session.get(SignIn, sign_in_id) if is_id(sign_in_id) else None
            if sign_in is None or sign_in.account_id != account.id:
                raise NotFound()
            if by.came_through not in (None, sign_in.came_through_id):
                raise NotFound()
            sign_in.ended_at = clock.now()
        own = session.get(Member, by.member_id) if by.came_through and by.member_id else None
        session.add(account_event(AuditKind.SESSIONS_ENDED, lock(account), by=by, member=own))


def open_sessions(account: Account, *, by: Actor) -> list[tuple[SignIn, Member | None]]:
    """The account's open sessions, the latest used first, each with whom an administrator is logged in as there.

    To a session that came through an organization's sign-on, those that did so, too.
    """
    logged_in_as = (Member.id == SignIn.member_id) & SignIn.administrator_id.is_not(None)
    statement = (
        select(SignIn, Member)
        .outerjoin(Member, logged_in_as)
        .where(SignIn.account_id == account.id, SignIn.ended_at.is_(None), SignIn.expires_at > clock.now())
        .order_by(SignIn.last_seen_at.desc())
    )
    if by.came_through is not None:
        statement = statement.where(SignIn.came_through_id == by.came_through)
    with every_organization():
        return [(sign_in, member) for sign_in, member in db.session.execute(statement)]


def request_password_reset(email: str, *, by: Actor) -> None:
    """Mail a link, if the account exists; the asker cannot tell. Raises TooManyAttempts."""
    count_attempt(f"reset_address:{by.address}", most=_RESETS_PER_HOUR * 4, per=timedelta(hours=1))
    count_attempt(f"reset:{address_key(email)}", most=_RESETS_PER_HOUR, per=timedelta(hours=1))
    with every_organization(), transaction() as session:
        account = _account_of(email)
        if account is None or not open_members(account):
            return
        secret = new_link(LinkPurpose.PASSWORD_RESET, account, lasts=timedelta(hours=2))
        facts = {"path": link_path(LinkPurpose.PASSWORD_RESET, secret), "hours": 2}
        post(MessageKind.PASSWORD_RESET, account.email, organization=None, facts=facts)
        session.add(account_event(AuditKind.PASSWORD_RESET_REQUESTED, account, by=by))


def reset_link(secret: str) -> SingleUseLink:
    """The link that sets a new password, unspent. Raises LinkSpent, also once the account opens no member."""
    with every_organization():
        link = peek(secret, LinkPurpose.PASSWORD_RESET)
        if not open_members(link.account):
            raise LinkSpent()
        return link


@hashing.place()
def reset_password(secret: str, new: str, *, browser: str, by: Actor) -> str:
    """Set the password by a mailed link; every session ends. Returns the cookie of a browser that is known now: not
    where a second factor is on, because a known browser has guesses at its code of its own.

    Raises LinkSpent and what good passwords need.
    """
    with every_organization():
        account = reset_link(secret).account
        passwords.require_good(new, personal=personal_texts(account))
        password_hash = hashed(new)
        with transaction() as session:
            account = lock(account)
            spend(secret, LinkPurpose.PASSWORD_RESET)
            _set_password(account, password_hash)
            if factor_of(account.id) is None:
                browser = browsers.remember(account, browser)
            session.add(account_event(AuditKind.PASSWORD_CHANGED, account, by=by))
            post(MessageKind.PASSWORD_CHANGED, account.email, organization=None, facts={})
    return browser

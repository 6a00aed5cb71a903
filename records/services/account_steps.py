"""Steps that several verbs on accounts share, inside their transactions."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.orm import joinedload

from records import clock, passwords, sessions, signin
from records.database import chosen_organization_id, db, every_organization, let_go, transaction
from records.errors import SignedOut
from records.models import (
    Account,
    Actor,
    AuditEvent,
    AuditKind,
    HalfwaySignIn,
    Member,
    Organization,
    SignIn,
)
from records.throttle import count_attempts

_OPENED = (
    select(Member)
    .where(Member.account_id == bindparam("account_id"), Member.deactivated_at.is_(None))
    .options(joinedload(Member.organization))
)
WINDOW = timedelta(minutes=15)
MOST_PER_ACCOUNT, MOST_PER_BROWSER, MOST_PER_ADDRESS = 10, 10, 100


def begin_anew(account: Account, *, by: Actor) -> str:
    """Inside a transaction: every session ends, also the asker's, who gets the token of a new one."""
    end_all_sessions(account.id)
    token = signin.token()
    db.session.add(sessions.begin(token, account, member_of(by)))
    return token


def fits(password: str, password_hash: str | None) -> bool:
    """Whether they belong together; takes as long where there is no hash. Nothing of the database is held meanwhile."""
    let_go()
    return passwords.matches(password, password_hash)


def hashed(password: str) -> str:
    """The hash to keep, made while nothing of the database is held."""
    let_go()
    return passwords.hashed(password)


def member_of(by: Actor) -> Member | None:
    """Whom the asker has open."""
    return db.session.get(Member, by.member_id) if by.member_id else None


def refuse_sign_in(account: Account | None, *, by: Actor) -> None:
    """Note it in a transaction of its own."""
    with transaction() as session:
        session.add(account_event(AuditKind.SIGN_IN_REFUSED, account, by=by))


def session_of(token: str) -> SignIn:
    """The open session of this token. Raises SignedOut where there is none."""
    statement = select(SignIn).where(SignIn.token_digest == signin.digest(token), SignIn.ended_at.is_(None))
    with every_organization():
        sign_in = db.session.scalar(statement)
    if sign_in is None:
        raise SignedOut()
    return sign_in


def end_all_sessions(account_id: int, *, through: int | None = None) -> None:
    """Inside a transaction: every cookie of the account is dead once it commits, also of a sign-in that is halfway;
    `through`: only of sessions that came through this organization's sign-on."""
    open_ones = update(SignIn).where(SignIn.account_id == account_id, SignIn.ended_at.is_(None))
    if through is None:
        db.session.execute(delete(HalfwaySignIn).where(HalfwaySignIn.account_id == account_id))
    else:
        open_ones = open_ones.where(SignIn.came_through_id == through)
    db.session.execute(open_ones.values(ended_at=clock.now()))


def open_members(account: Account) -> list[Member]:
    """The members that the account opens, active ones only, by organization and name. For every organization."""
    return sorted(
        db.session.scalars(_OPENED, {"account_id": account.id}),
        key=lambda member: (member.organization.name, member.sort_name),
    )


def personal_texts(account: Account, *joining: Member) -> tuple[str, ...]:
    """What an attacker would try first: the account's address, names of its members (and who is `joining`) and of
    their organizations."""
    with every_organization():
        people = [*open_members(account), *joining]
        return (account.email, *(text for each in people for text in (each.name, each.organization.name)))


def opens_this_organization_alone(account: Account) -> bool:
    """Deactivated members count: they may be reactivated while a link to them still works."""
    with every_organization():
        organizations = db.session.scalars(select(Member.organization_id).where(Member.account_id == account.id))
        return set(organizations) == {chosen_organization_id()}


def count_guess(what: str, account: str, *, known: str, address: str) -> tuple[str, ...]:
    """Count one guess at `what` of an account, before it is looked at, so that guesses at once count too.

    By account and network address; of a browser that the account knows (by the secret `known`), by that alone: so
    an attack from elsewhere does not lock the owner out. Returns what was counted. Raises TooManyAttempts.
    """
    limits = {f"{what}_browser:{known}": MOST_PER_BROWSER} if known else {
        f"{what}_address:{address}": MOST_PER_ADDRESS, f"{what}_account:{account}": MOST_PER_ACCOUNT
    }  # fmt: skip
    count_attempts(limits, per=WINDOW)
    return tuple(limits)


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

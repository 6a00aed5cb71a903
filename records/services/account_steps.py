"""Steps that several verbs on accounts share, inside their transactions."""

from __future__ import annotations

from sqlalchemy import select, update

from records import clock
from records.database import db
from records.models import Account, Actor, AuditEvent, AuditKind, Member, Organization, SignIn


def end_all_sessions(account_id: int, *, through: int | None = None) -> None:
    """Inside a transaction: every cookie of the account is dead once it commits; `through`: only of sessions that came
    through this organization's sign-on."""
    open_ones = update(SignIn).where(SignIn.account_id == account_id, SignIn.ended_at.is_(None))
    if through is not None:
        open_ones = open_ones.where(SignIn.came_through_id == through)
    db.session.execute(open_ones.values(ended_at=clock.now()))


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

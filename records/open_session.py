"""The open session of a request: one statement, and what it says of who is asking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, cached_property
from typing import Any, NamedTuple

from flask import current_app
from flask_login import UserMixin
from sqlalchemy import Select, bindparam, select

from records import clock
from records.database import db, every_organization
from records.models import Account, Logo, Member, Organization, Role, SecondFactor, SignIn, StoredFile
from records.models.stored_file import HELD_BACK
from records.reading.ahead import Question, read_ahead, rows_of
from records.scopes import units_in_scope_of


class OpenSession(NamedTuple):
    """What a request asks of the row of its session: see `SignIn`."""

    id: int
    account_id: int
    member_id: int | None
    administrator_id: int | None
    came_through_id: int | None
    confirmed_at: datetime
    last_seen_at: datetime
    expires_at: datetime


@dataclass
class SignedIn(UserMixin):
    """The open session of this request. `member` is None until an account with several has chosen one.

    `administrator` is who is logged in as the member; `account` is theirs then.
    """

    token: str
    sign_in: OpenSession
    member: Member | None
    organization: Organization | None
    second_factor_since: datetime | None = None
    logo_scan: str | None = None  # what the virus scan says of the organization's logo; None without one
    scope: Sequence[Sequence[int]] | None = None  # rows with the ids of units, if the member's scope names any

    @property
    def account(self) -> Account:
        return db.session.get_one(Account, self.sign_in.account_id)

    @cached_property
    def administrator(self) -> Member | None:
        if self.sign_in.administrator_id is None:
            return None
        with every_organization():
            return db.session.get(Member, self.sign_in.administrator_id)

    @property
    def covered_units(self) -> frozenset[int]:
        """The units that the member looks after, where it is not the whole organization."""
        member = self.member
        covers = member is not None and member.role == Role.TRAINING_COORDINATOR and not member.covers_organization
        return frozenset(unit_id for (unit_id,) in self.scope or ()) if covers else frozenset()

    @property
    def has_logo(self) -> bool:
        """Whether the organization has a picture, and it may be shown."""
        return self.logo_scan is not None and self.logo_scan not in HELD_BACK

    @property
    def owes_second_factor(self) -> bool:
        """Whether the organization asks its staff for a second factor, and this account, of one of them, has none.

        Whoever came through the organization's own sign-on was asked by its provider.
        """
        person = self.administrator or self.member
        asked = self.organization is not None and self.organization.requires_second_factor
        asked = asked and self.sign_in.came_through_id is None
        return asked and self.second_factor_since is None and person is not None and person.role != Role.MEMBER

    def get_id(self) -> str:
        return self.token


_COLUMNS = [getattr(SignIn, name) for name in OpenSession._fields]


def opened_by(token: str, token_digest: str) -> SignedIn | None:
    """The session that this browser has open; None where it is over, or may open this member no more."""
    now = clock.now()
    asked = Question(_open_session(), {"digest": token_digest, "now": now})
    with every_organization(), read_ahead(asked, planned_once=True):
        rows = rows_of(*asked)
    if not rows:
        return None
    user = SignedIn(token, OpenSession(*rows[0][: len(_COLUMNS)]), *rows[0][len(_COLUMNS) :])
    if user.sign_in.last_seen_at < now - timedelta(minutes=current_app.config["SESSION_IDLE_MINUTES"]):
        return None
    return user if _still_opens(user) else None


@cache
def _open_session() -> Select[Any]:
    """The open session with this `digest` `now`, and all that every page shows of who has it: built once."""
    beside = SecondFactor.on_since, StoredFile.virus_scan, units_in_scope_of(Member)
    statement: Select[Any] = (
        select(*_COLUMNS, Member, Organization, *beside)
        .outerjoin(Member, SignIn.member_id == Member.id)
        .outerjoin(Organization, Member.organization_id == Organization.id)
        .outerjoin(SecondFactor, SecondFactor.account_id == SignIn.account_id)
        .outerjoin(Logo, Logo.organization_id == Organization.id)
        .outerjoin(StoredFile, Logo.stored_file_id == StoredFile.id)
        .where(
            SignIn.token_digest == bindparam("digest"),
            SignIn.ended_at.is_(None),
            SignIn.expires_at > bindparam("now"),
        )
    )
    return statement


def _still_opens(user: SignedIn) -> bool:
    """Whether the account may have this member open: its own, or one that its administrator is logged in as."""
    member, administrator = user.member, user.administrator
    if user.sign_in.came_through_id not in (None, member.organization_id if member else 0):
        return False
    if user.sign_in.administrator_id is None:
        own = member is not None and member.is_active and member.account_id == user.sign_in.account_id
        return own or user.sign_in.member_id is None
    if member is None or administrator is None or administrator.account_id != user.sign_in.account_id:
        return False
    if not (administrator.is_active and administrator.role == Role.ADMINISTRATOR):
        return False
    same = administrator.organization_id == member.organization_id
    return same and member.is_active and member.role != Role.ADMINISTRATOR

"""Inviting a member, and accepting: no administrator can take an account over by inviting it."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from records import clock, signin
from records.database import choose_organization, db, every_organization, locked, organization_scope, transaction
from records.errors import (
    Deactivated,
    LinkSpent,
    NoEmail,
    NotAllowed,
    NotFound,
    TooManyAttempts,
    WeakPassword,
    WrongCredentials,
    WrongPassword,
)
from records.models import Account, Actor, AuditEvent, AuditKind, Member, MessageKind, SignIn
from records.services import accounts, invitations, members
from tests.cast import PASSWORD, Cast
from tests.outbox import messages, secret

NEW = "a wholly different long phrase"
VISITOR = Actor.visitor(address="192.0.2.7")
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def add(email: str | None, **values: object) -> Member:
    with transaction() as session:
        member = Member(given_name="New", family_name="Person", email=email, created_at=clock.now(), **values)
        session.add(member)
    return member


def accept(link: str, password: str = NEW) -> accounts.SignedInNow:
    return invitations.accept(link, password, browser="", by=VISITOR)


@pytest.fixture
def invited(cast: Cast) -> Member:
    member = add("new.person@example.org")
    invitations.invite(member, by=cast.actor(cast.ada))
    return member


def reloaded(member: Member) -> Member:
    db.session.rollback()
    with every_organization():
        return db.session.get_one(Member, member.id, populate_existing=True)


def test_an_invitation_is_mailed_and_its_path_shown_once(cast: Cast) -> None:
    member = add("new.person@example.org")
    path = invitations.invite(member, by=cast.actor(cast.ada))
    (message,) = messages(MessageKind.INVITATION)
    assert message.facts["path"] == path
    assert message.to_address == "new.person@example.org"
    assert path.startswith("/invitation/")
    assert reloaded(member).invited_at is not None
    assert reloaded(member).account_id is None  # nobody joined yet
    kept = db.session.execute(sa.text("SELECT * FROM single_use_link")).one()
    assert path.rpartition("/")[2] not in kept


def test_the_invited_joins_with_a_password_of_their_own(cast: Cast, invited: Member) -> None:
    link = secret(MessageKind.INVITATION)
    facts = invitations.invited(link)
    assert (facts.name, facts.organization) == ("New Person", cast.fire.name)
    opened = accept(link)
    session = db.session.scalars(sa.select(SignIn)).one()
    assert session.token_digest == signin.digest(opened.token)
    assert session.member_id == invited.id == reloaded(invited).id
    assert reloaded(invited).account_id is not None
    accounts.sign_in("new.person@example.org", NEW, browser="", by=VISITOR)
    joined = db.session.scalars(sa.select(AuditEvent).where(AuditEvent.kind == AuditKind.MEMBER_JOINED)).one()
    assert (joined.organization_id, joined.member_id) == (cast.fire.id, invited.id)


def test_the_browser_in_which_somebody_joined_is_known(cast: Cast, invited: Member) -> None:
    browser = accept(secret(MessageKind.INVITATION)).browser
    for _ in range(10):
        with pytest.raises(WrongCredentials):
            accounts.sign_in("new.person@example.org", "wrong", browser="", by=VISITOR)
    accounts.sign_in("new.person@example.org", NEW, browser=browser, by=VISITOR)


def test_an_invitation_works_once(cast: Cast, invited: Member) -> None:
    link = secret(MessageKind.INVITATION)
    accept(link)
    for use in (accept, invitations.invited):
        with pytest.raises(LinkSpent):
            use(link)


def test_of_two_who_accept_at_once_one_gets_in(cast: Cast, invited: Member, app: Flask) -> None:
    link = secret(MessageKind.INVITATION)
    outcomes: list[str] = []
    start = threading.Barrier(2)

    def join(password: str) -> None:
        with app.app_context():
            start.wait(10)
            try:
                accept(link, password)
                outcomes.append(password)
            except (LinkSpent, WrongPassword) as refusal:
                outcomes.append(type(refusal).__name__)
            db.session.remove()

    passwords = ["the first long phrase of all", "the second long phrase of all"]
    threads = [threading.Thread(target=join, args=(password,)) for password in passwords]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (winner,) = set(outcomes) & set(passwords)
    assert len(outcomes) == 2
    accounts.sign_in("new.person@example.org", winner, browser="", by=VISITOR)
    assert db.session.scalar(sa.select(sa.func.count(SignIn.id))) == 2


def test_an_invitation_works_for_fourteen_days(cast: Cast) -> None:
    member = add("new.person@example.org")
    with clock.standing_at(NOON):
        invitations.invite(member, by=cast.actor(cast.ada))
    with clock.standing_at(NOON + timedelta(days=14)), pytest.raises(LinkSpent):
        accept(secret(MessageKind.INVITATION))
    with clock.standing_at(NOON + timedelta(days=14, seconds=-1)):
        accept(secret(MessageKind.INVITATION))


def test_a_second_invitation_makes_the_first_void(cast: Cast, invited: Member) -> None:
    first = secret(MessageKind.INVITATION)
    invitations.invite(invited, by=cast.actor(cast.ada))
    with pytest.raises(LinkSpent):
        accept(first)
    accept(secret(MessageKind.INVITATION))


def test_a_weak_password_is_refused_and_the_link_still_works(cast: Cast, invited: Member) -> None:
    with pytest.raises(WeakPassword):
        accept(secret(MessageKind.INVITATION), "passwordpassword")
    accept(secret(MessageKind.INVITATION))


def test_a_link_for_somebody_deactivated_since_opens_nothing(cast: Cast, invited: Member) -> None:
    with transaction():
        locked(Member, invited.id).deactivated_at = clock.now()
    for use in (accept, invitations.invited):
        with pytest.raises(LinkSpent):
            use(secret(MessageKind.INVITATION))
    assert reloaded(invited).account_id is None


def test_a_link_that_went_to_a_wrong_address_dies_when_the_address_is_corrected(cast: Cast, invited: Member) -> None:
    link = secret(MessageKind.INVITATION)
    with transaction():
        locked(Member, invited.id).email = "right.person@example.org"
    for use in (accept, invitations.invited):
        with pytest.raises(LinkSpent):
            use(link)


def test_only_administrators_invite_and_only_active_members_with_an_address(cast: Cast) -> None:
    for member in (cast.carl, cast.max):
        with pytest.raises(NotAllowed):
            invitations.invite(cast.max, by=cast.actor(member))
    with pytest.raises(NotFound):
        invitations.invite(cast.other_max, by=cast.actor(cast.ada))
    with pytest.raises(NoEmail) as refused:
        invitations.invite(add(None), by=cast.actor(cast.ada))
    assert refused.value.field == "email"
    with pytest.raises(Deactivated):
        invitations.invite(add("gone@example.org", deactivated_at=clock.now()), by=cast.actor(cast.ada))
    assert messages() == []


# Known addresses


def known(cast: Cast) -> str:
    """The address of an account of the clinic, with a password."""
    with every_organization():
        return str(db.session.get_one(Account, cast.other_max.account_id).email)


def test_inviting_a_known_address_reads_exactly_like_a_new_one(cast: Cast) -> None:
    paths, shown = [], []
    for email in (known(cast), "new.person@example.org"):
        member = add(email)
        path = invitations.invite(member, by=cast.actor(cast.ada))
        paths.append(path.rpartition("/")[0])
        facts = messages(MessageKind.INVITATION)[-1].facts
        shown.append({name: value for name, value in facts.items() if name != "path"})
        assert reloaded(member).account_id is None
    assert paths[0] == paths[1]
    assert shown[0] == shown[1]


def test_an_existing_account_joins_with_its_own_password_only(cast: Cast) -> None:
    member = add(known(cast))
    invitations.invite(member, by=cast.actor(cast.ada))
    link = secret(MessageKind.INVITATION)
    with pytest.raises(WrongPassword) as refused:
        accept(link, NEW)
    assert refused.value.field == "password"
    assert reloaded(member).account_id is None
    accounts.sign_in(known(cast), PASSWORD, browser="", by=VISITOR)  # the password is what it was
    accept(link, PASSWORD)
    assert reloaded(member).account_id == cast.other_max.account_id


def test_an_administrator_cannot_guess_the_password_of_a_known_account_by_inviting_it(cast: Cast) -> None:
    invitations.invite(add(known(cast)), by=cast.actor(cast.ada))
    for _ in range(10):
        with pytest.raises(WrongPassword):
            accept(secret(MessageKind.INVITATION), "a wrong guess")
    with pytest.raises(TooManyAttempts):
        accept(secret(MessageKind.INVITATION), PASSWORD)


def test_whoever_sets_the_password_first_does_not_let_another_organizations_invitation_in(cast: Cast) -> None:
    """Two organizations invite one new address. An administrator who opens their own link sets a password;
    the other link, which only the mailbox has, does not open by that password's absence."""
    with organization_scope(cast.clinic.id):
        theirs = add("shared@example.org")
        invitations.invite(theirs, by=cast.actor(cast.ken))
        link = secret(MessageKind.INVITATION)
    mine = add("shared@example.org")
    accept(invitations.invite(mine, by=cast.actor(cast.ada)).rpartition("/")[2], NEW)
    with pytest.raises(WrongPassword):
        accept(link, "another long phrase entirely")
    assert reloaded(theirs).account_id is None
    assert reloaded(mine).account_id is not None


def test_a_password_set_while_another_was_being_checked_wins(cast: Cast, invited: Member, monkeypatch: object) -> None:
    link = secret(MessageKind.INVITATION)
    slow = invitations._password_for

    def meanwhile(account: Account, member: Member, password: str) -> str | None:
        hashed = slow(account, member, password)
        with transaction():
            locked(Account, account.id).password_hash = "set meanwhile"
        return hashed

    monkeypatch.setattr(invitations, "_password_for", meanwhile)  # type: ignore[attr-defined]  # because: it is the module's own
    with pytest.raises(WrongPassword):
        accept(link)
    assert reloaded(invited).account_id is None


def test_two_organizations_that_invite_one_new_address_share_its_account(cast: Cast) -> None:
    invitations.invite(add("shared@example.org"), by=cast.actor(cast.ada))
    with organization_scope(cast.clinic.id):
        invitations.invite(add("SHARED@example.org"), by=cast.actor(cast.ken))
    choose_organization(None)
    same = sa.select(sa.func.count(Account.id)).where(Account.folded_email == "shared@example.org")
    assert db.session.scalar(same) == 1


def test_two_organizations_inviting_at_once_do_not_stumble(cast: Cast, app: Flask) -> None:
    failures: list[BaseException] = []
    start = threading.Barrier(2)

    def invite(organization_id: int, administrator: Actor) -> None:
        try:
            with app.app_context():
                choose_organization(organization_id)
                member = add("shared@example.org")
                start.wait(10)
                invitations.invite(member, by=administrator)
                db.session.remove()
        except BaseException as failure:
            failures.append(failure)

    actors = [(cast.fire.id, cast.actor(cast.ada)), (cast.clinic.id, cast.actor(cast.ken))]
    threads = [threading.Thread(target=invite, args=given) for given in actors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(messages(MessageKind.INVITATION)) == 2


def test_addresses_that_differ_by_an_accent_are_two_accounts(cast: Cast) -> None:
    with every_organization(), transaction() as session:
        session.add(Account(email="jose@example.org", password_hash="x", created_at=clock.now()))
    invitations.invite(add("josé@example.org"), by=cast.actor(cast.ada))
    accept(secret(MessageKind.INVITATION), NEW)
    accounts.sign_in("JOSÉ@example.org", NEW, browser="", by=VISITOR)
    with pytest.raises(WrongCredentials):
        accounts.sign_in("jose@example.org", NEW, browser="", by=VISITOR)


def test_a_reset_link_that_an_administrator_was_shown_dies_when_the_account_joins_another_organization(
    cast: Cast,
) -> None:
    """Ken sees a link for his member while that is all the account opens; then its owner joins the fire department."""
    with organization_scope(cast.clinic.id):
        shown = members.send_reset_link(cast.other_max, by=cast.actor(cast.ken))
    assert shown is not None
    invitations.invite(add(cast.other_max.email), by=cast.actor(cast.ada))
    accept(secret(MessageKind.INVITATION), PASSWORD)
    with pytest.raises(LinkSpent):
        accounts.reset_password(shown.rpartition("/")[2], NEW, browser="", by=VISITOR)

"""An administrator logs in as a member: who may, for how long, and what of it is recorded."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from records import clock, passwords, signin
from records.database import db, every_organization, found, locked, transaction
from records.errors import (
    ActingAlready,
    ActingAsAdministrator,
    ActingAsYourself,
    Deactivated,
    NotActing,
    NotAllowed,
    NotFound,
    SignedOut,
    TooManyAttempts,
    WrongPassword,
)
from records.models import Account, Actor, ActorKind, AuditEvent, AuditKind, Member, Revision, Role, SignIn
from records.services import accounts, email_changes, login_as, members, reviews, submissions
from records.services.submission_steps import Files
from tests.cast import PASSWORD
from tests.certificates import credit_type, given, staged, submitted

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def opened(cast, person, *, at=None):
    """The token of a session that `person` opened, as the sign-in page does."""
    with clock.standing_at(at or clock.now()), every_organization():
        by = Actor.visitor()
        token = accounts.sign_in(person.email, PASSWORD, browser="", by=by).token
    return token


def row(token):
    db.session.rollback()
    with every_organization():
        return db.session.scalars(sa.select(SignIn).where(SignIn.token_digest == signin.digest(token))).one()


def acting(cast, member):
    """Ada, logged in as `member`."""
    return Actor(ActorKind.MEMBER, member.name, organization_id=member.organization_id, member_id=member.id,
                 account_id=cast.ada.account_id, administrator_id=cast.ada.id,
                 administrator_name=cast.ada.name)  # fmt: skip


def enter(cast, member, *, token=None, by=None, password=PASSWORD):
    by = by or cast.actor(cast.ada)
    return login_as.enter(member, password=password, token=token or opened(cast, cast.ada), by=by)


def events(*kinds):
    db.session.rollback()
    return list(db.session.scalars(sa.select(AuditEvent).where(AuditEvent.kind.in_(kinds)).order_by(AuditEvent.id)))


def test_one_session_takes_the_place_of_the_other(app, cast):
    own = opened(cast, cast.ada)
    token = enter(cast, cast.max, token=own)
    assert row(own).ended_at is not None
    new = row(token)
    assert (new.account_id, new.member_id, new.administrator_id) == (cast.ada.account_id, cast.max.id, cast.ada.id)
    assert new.returns_until == row(own).expires_at
    assert new.ended_at is None


@pytest.mark.parametrize(("signed_in", "lasts"), [(timedelta(0), 60), (timedelta(days=14) - timedelta(minutes=20), 20)])
def test_it_lasts_an_hour_and_never_longer_than_the_old_session(app, cast, signed_in, lasts):
    own = opened(cast, cast.ada, at=NOON - signed_in)
    with clock.standing_at(NOON):
        token = enter(cast, cast.max, token=own)
    assert row(token).expires_at == NOON + timedelta(minutes=lasts)


def test_the_password_is_the_administrators_own(app, cast):
    own = opened(cast, cast.ada)
    with every_organization(), transaction():
        locked(Account, cast.max.account_id).password_hash = passwords.hashed("the member's own")
    with pytest.raises(WrongPassword) as refused:
        enter(cast, cast.max, token=own, password="the member's own")
    assert refused.value.field == "password"
    assert row(own).ended_at is None
    assert events(AuditKind.LOGGED_IN_AS) == []


def test_guesses_are_counted_and_right_ones_are_no_guesses(app, cast):
    with clock.standing_at(NOON):
        token = opened(cast, cast.ada)
        for _ in range(12):
            token = login_as.return_to_own(enter(cast, cast.max, token=token), by=acting(cast, cast.max))
        for _ in range(10):
            with pytest.raises(WrongPassword):
                enter(cast, cast.max, token=token, password="a guess")
        with pytest.raises(TooManyAttempts):
            enter(cast, cast.max, token=token)


@pytest.mark.parametrize("person", ["max", "carl", "nora"])
def test_only_administrators_log_in_as_others(app, cast, person):
    someone = getattr(cast, person)
    with pytest.raises(NotAllowed):
        enter(cast, cast.mia, token=opened(cast, someone), by=cast.actor(someone))


def test_coordinators_can_be_logged_in_as(app, cast):
    assert row(enter(cast, cast.carl)).member_id == cast.carl.id


def test_a_member_who_cannot_sign_in_can_be_logged_in_as(app, cast):
    with transaction():
        locked(Member, cast.una.id).account_id = None
    assert row(enter(cast, db.session.get_one(Member, cast.una.id))).member_id == cast.una.id


@pytest.mark.parametrize(
    ("refusal", "status"),
    [(ActingAsYourself, 409), (ActingAsAdministrator, 403), (Deactivated, 409), (NotFound, 404), (ActingAlready, 403)],
)
def test_who_is_never_logged_in_as(app, cast, refusal, status):
    with transaction():
        locked(Member, cast.mia.id).deactivated_at = clock.now()
        carl = locked(Member, cast.carl.id)
        carl.covers_organization, carl.role = False, Role.ADMINISTRATOR
    whom = {
        ActingAsYourself: cast.ada,
        ActingAsAdministrator: cast.carl,
        Deactivated: cast.mia,
        NotFound: cast.other_max,
        ActingAlready: cast.una,
    }[refusal]
    by = acting(cast, cast.max) if refusal is ActingAlready else cast.actor(cast.ada)
    token = opened(cast, cast.ada)
    with every_organization():
        member = db.session.get_one(Member, whom.id)
        assert not member.may_be_entered_by(by)
    with pytest.raises(refusal) as refused:
        enter(cast, member, token=token, by=by)
    assert refused.value.status == status
    assert row(token).ended_at is None
    assert events(AuditKind.LOGGED_IN_AS) == []


def test_nobody_enters_from_a_session_that_is_over(app, cast):
    token = opened(cast, cast.ada)
    accounts.sign_out(token, by=cast.actor(cast.ada))
    with pytest.raises(SignedOut):
        enter(cast, cast.max, token=token)


def test_returning_opens_the_administrators_session_until_the_old_ones_end(app, cast):
    with clock.standing_at(NOON):
        own = opened(cast, cast.ada)
        token = enter(cast, cast.max, token=own)
    with clock.standing_at(NOON + timedelta(minutes=15)):
        back = login_as.return_to_own(token, by=acting(cast, cast.max))
    assert row(token).ended_at == NOON + timedelta(minutes=15)
    new = row(back)
    assert (new.account_id, new.member_id, new.administrator_id) == (cast.ada.account_id, cast.ada.id, None)
    assert new.expires_at == row(own).expires_at
    assert back not in (own, token)


def test_of_two_returns_one_happens(app, cast):
    token = enter(cast, cast.max)
    login_as.return_to_own(token, by=acting(cast, cast.max))
    with pytest.raises(SignedOut):
        login_as.return_to_own(token, by=acting(cast, cast.max))
    assert len(events(AuditKind.RETURNED)) == 1


def test_whoever_is_not_logged_in_as_somebody_has_nowhere_to_return_to(app, cast):
    token = opened(cast, cast.max)
    with pytest.raises(NotActing) as refused:
        login_as.return_to_own(token, by=cast.actor(cast.max))
    assert refused.value.status == 409
    assert row(token).ended_at is None


def test_the_events_name_both_and_concern_the_member(app, cast):
    token = enter(cast, cast.max)
    login_as.return_to_own(token, by=acting(cast, cast.max))
    entered, returned = events(AuditKind.LOGGED_IN_AS, AuditKind.RETURNED)
    assert (entered.member_id, returned.member_id) == (cast.max.id, cast.max.id)
    assert (entered.actor_member_id, entered.administrator_id) == (cast.ada.id, None)
    assert (returned.actor_member_id, returned.administrator_id) == (cast.max.id, cast.ada.id)
    assert (returned.detail.actor_name, returned.detail.administrator_name) == ("Max Miller", "Ada Lindgren")
    assert returned.detail.after == {"since": entered.at.isoformat()}


def test_signing_out_ends_it_for_good_and_is_noted_with_the_member(app, cast):
    own = opened(cast, cast.ada)
    token = enter(cast, cast.max, token=own)
    accounts.sign_out(token, by=acting(cast, cast.max))
    assert None not in (row(own).ended_at, row(token).ended_at)
    (event,) = events(AuditKind.SIGNED_OUT)
    assert (event.member_id, event.administrator_id) == (cast.max.id, cast.ada.id)


def test_the_member_is_not_seen_by_it(app, cast):
    before = found(Member, cast.max.id).last_seen_at
    login_as.return_to_own(enter(cast, cast.max), by=acting(cast, cast.max))
    db.session.rollback()
    assert found(Member, cast.max.id).last_seen_at == before


@pytest.mark.parametrize("act", [members.deactivate, members.end_sessions])
def test_what_ends_an_administrators_sessions_ends_this_one(app, cast, act):
    with transaction():
        carl = locked(Member, cast.carl.id)
        carl.covers_organization, carl.role = False, Role.ADMINISTRATOR
    token = enter(cast, cast.max)
    act(found(Member, cast.ada.id), by=cast.actor(found(Member, cast.carl.id)))
    assert row(token).ended_at is not None


def test_what_is_a_persons_own_stays_closed_meanwhile(app, cast):
    with every_organization():
        account = db.session.get_one(Account, cast.ada.account_id)
    by, token = acting(cast, cast.max), enter(cast, cast.max)
    for act in (
        lambda: accounts.change_password(account, current=PASSWORD, new="another long password 1", by=by),
        lambda: email_changes.request(account, new_email="x@new.example", password=PASSWORD, by=by),
        lambda: accounts.end_sessions(account, sign_in_id=None, by=by),
        lambda: accounts.choose_member(token, cast.ada.id, by=by),
    ):
        with pytest.raises(ActingAlready):
            act()
    assert row(token).ended_at is None


def test_an_actor_who_is_logged_in_as_a_coordinator_is_no_staff(app, cast):
    actor = Actor(ActorKind.MEMBER, "Carl", organization_id=cast.fire.id, member_id=cast.carl.id,
                  role=Role.TRAINING_COORDINATOR, covers_organization=True, reviews_by_grant=True,
                  covered_units=frozenset({cast.south.id}), administrator_id=cast.ada.id)  # fmt: skip
    granted = [actor.administers, actor.is_staff, actor.covers_everyone, actor.reviews,
               actor.may_change_certification_types, actor.covers(cast.mia), cast.mia.may_be_seen_by(actor),
               cast.mia.certifications_may_be_changed_by(actor), cast.mia.may_be_entered_by(actor)]  # fmt: skip
    assert not any(granted)
    with pytest.raises(NotAllowed):
        actor.require_administrator()
    with pytest.raises(NotAllowed):
        actor.require_staff()


def test_what_is_submitted_so_names_both_everywhere_and_is_not_reviewed_by_the_administrator(app, cast):
    ceu, by = credit_type(), acting(cast, cast.max)
    certificate = submitted(cast, ceu, by=by)
    kept = Files(staged(by), kept=[scan.id for scan in certificate.scans])
    submissions.edit(certificate, given(ceu, title="Ladders"), kept, seen=certificate.digest(), by=by)
    revisions = db.session.scalars(sa.select(Revision).order_by(Revision.number)).all()
    assert [(each.submitted_by_id, each.administrator_id) for each in revisions] == [(cast.max.id, cast.ada.id)] * 2
    noted = events(AuditKind.CERTIFICATE_SUBMITTED, AuditKind.CERTIFICATE_EDITED, AuditKind.SCAN_ATTACHED)
    assert len(noted) >= 3
    for event in noted:
        assert (event.actor_member_id, event.administrator_id) == (cast.max.id, cast.ada.id)
        assert (event.detail.actor_name, event.detail.administrator_name) == ("Max Miller", "Ada Lindgren")
    certificate = found(type(certificate), certificate.id)
    assert not certificate.may_be_reviewed_by(cast.actor(cast.ada))
    with pytest.raises(NotAllowed):
        reviews.decline(certificate, reason="No.", by=cast.actor(cast.ada))


def test_a_withdrawal_names_both(app, cast):
    certificate = submitted(cast, credit_type())
    submissions.withdraw(certificate, by=acting(cast, cast.max))
    (event,) = events(AuditKind.CERTIFICATE_WITHDRAWN)
    assert (event.actor_member_id, event.administrator_id) == (cast.max.id, cast.ada.id)

"""Who may decide external certificates, on what terms, and that a decision stands whole or not at all."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from records.database import choose_organization, db, found, lock, locked, organization_scope, transaction
from records.errors import (
    AlreadyDecided,
    AlreadyRevoked,
    ChecklistUnanswered,
    CommentRequired,
    FileChanged,
    Invalid,
    InvalidInput,
    ModuleOff,
    NotAllowed,
    NotFound,
    NotOpened,
    OwnCertificate,
    ReasonRequired,
    Refusal,
)
from records.models import (
    Approval,
    AuditEvent,
    Certification,
    CreditEntry,
    ExternalCertificate,
    Message,
    Organization,
    Role,
    Scan,
    State,
)
from records.services import audit, member_steps, members, reviews, revocations, submissions
from records.services.certification_steps import Entry
from records.services.submission_steps import Files
from tests import certificates, stored
from tests.certificates import CREDITS, acting, approved, given, in_state, staged, submitted
from tests.holdings import give

UNTIL = date(2031, 1, 1)


@pytest.fixture
def ceu(cast):
    return certificates.credit_type()


@pytest.fixture
def ada(cast):
    return cast.actor(cast.ada)


def approve(certificate: ExternalCertificate, by: Any, **terms: Any) -> Any:
    return reviews.approve(certificate, Approval(CREDITS), seen=certificate.digest(), by=by, **terms)


VERBS = {
    "approve": approve,
    "request changes": lambda certificate, by: reviews.request_changes(certificate, reason="Whose?", by=by),
    "decline": lambda certificate, by: reviews.decline(certificate, reason="No name.", by=by),
}


def refusal(act: Any) -> type[Refusal]:
    with pytest.raises(Refusal) as refused:
        act()
    return type(refused.value)


def entries() -> list[Decimal]:
    return list(db.session.scalars(sa.select(CreditEntry.amount).order_by(CreditEntry.id)))


def decisions() -> list[str]:
    of_decisions = [f"external_certificate.{end}" for end in ("approved", "declined", "changes_requested", "revoked")]
    kinds = sa.select(AuditEvent.kind).where(AuditEvent.kind.in_(of_decisions))
    return list(db.session.scalars(kinds.order_by(AuditEvent.id)))


def told() -> list[str]:
    return list(db.session.scalars(sa.select(Message.kind).where(Message.member_id.is_not(None)).order_by(Message.id)))


def grant(*members_: Any) -> None:
    with transaction():
        for member in members_:
            lock(member).reviews = True


# Role, grant and scope


@pytest.mark.parametrize("verb", VERBS)
def test_without_a_grant_no_coordinator_reviews_and_no_member_ever(cast, ceu, verb):
    certificate = submitted(cast, ceu)
    for member in (cast.carl, cast.nora, cast.mia, cast.max):
        actor = cast.actor(member)
        assert refusal(lambda actor=actor: VERBS[verb](certificate, actor)) is NotAllowed
    assert (found(ExternalCertificate, certificate.id).state, decisions()) == (State.PENDING, [])


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(("reviewer", "learner", "outcome"), [
    ("carl", "max", None), ("carl", "mia", None), ("carl", "una", None),
    ("nora", "max", None), ("nora", "mia", NotFound), ("nora", "una", NotFound),
    ("ada", "una", None), ("ken", "max", NotFound),
])  # fmt: skip
def test_a_reviewer_decides_in_scope_and_knows_of_nothing_else(cast, ceu, verb, reviewer, learner, outcome):
    certificate = submitted(cast, ceu, by=cast.actor(getattr(cast, learner)))
    grant(cast.carl, cast.nora)
    actor = cast.actor(getattr(cast, reviewer))
    if outcome is None:
        VERBS[verb](certificate, actor)
        assert found(ExternalCertificate, certificate.id).decided_by_id == actor.member_id
    else:
        assert refusal(lambda: VERBS[verb](certificate, actor)) is outcome
        assert (found(ExternalCertificate, certificate.id).state, told()) == (State.PENDING, [])


def test_from_another_organization_a_certificate_cannot_even_be_named(cast, ceu):
    certificate_id = submitted(cast, ceu).id
    with organization_scope(cast.clinic.id):
        outcome = reviews.approve_each([certificate_id], by=cast.actor(cast.ken))
    assert isinstance(outcome[certificate_id], NotFound)
    assert found(ExternalCertificate, certificate_id).state == State.PENDING


def test_a_grant_ends_with_the_role(cast, ceu):
    grant(cast.carl)
    with transaction():
        member_steps.change_access(lock(cast.carl), member_steps.Access(role=Role.MEMBER), by=cast.actor(cast.ada))
    carl = found(type(cast.carl), cast.carl.id)
    assert (carl.role, carl.reviews) == (Role.MEMBER, False)
    assert refusal(lambda: approve(submitted(cast, ceu), cast.actor(carl))) is NotAllowed


# Four eyes


@pytest.mark.parametrize("verb", VERBS)
def test_nobody_decides_their_own(cast, ceu, verb):
    grant(cast.carl)
    for reviewer in (cast.ada, cast.carl):
        actor = cast.actor(reviewer)
        certificate = submitted(cast, ceu, by=actor)
        assert not certificate.may_be_reviewed_by(actor)
        assert refusal(lambda c=certificate, a=actor: VERBS[verb](c, a)) is OwnCertificate


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("part", ["submitted", "edited", "resubmitted", "edited before the learner did"])
def test_who_had_a_hand_in_it_for_another_does_not_decide_it(cast, ceu, ada, verb, part):
    learner, as_max = cast.actor(cast.max), acting(cast, cast.max, cast.ada)
    certificate = submitted(cast, ceu, by=as_max if part == "submitted" else learner)
    files = Files("", kept=[scan.id for scan in certificate.scans])

    def edit(by: Any, title: str) -> None:
        now = found(ExternalCertificate, certificate.id)
        submissions.edit(now, given(ceu, title=title), files, seen=now.digest(), by=by)

    if part == "resubmitted":
        grant(cast.carl)
        reviews.request_changes(certificate, reason="Whose?", by=cast.actor(cast.carl))
    if part != "submitted":
        edit(as_max, "Mended")
    if part == "edited before the learner did":
        edit(learner, "Mended again")
    certificate = found(ExternalCertificate, certificate.id)
    assert not certificate.may_be_reviewed_by(ada)
    assert refusal(lambda: VERBS[verb](certificate, ada)) is OwnCertificate
    grant(cast.carl)
    VERBS[verb](certificate, cast.actor(cast.carl))


def test_a_submission_as_the_learner_bars_from_approving_several_and_from_revoking_too(cast, ceu, ada):
    certificate = submitted(cast, ceu, by=acting(cast, cast.max, cast.ada))
    audit.opened(certificate, by=ada)
    assert isinstance(reviews.approve_each([certificate.id], by=ada)[certificate.id], OwnCertificate)
    grant(cast.carl)
    approve(certificate, cast.actor(cast.carl))
    certificate = found(ExternalCertificate, certificate.id)
    assert refusal(lambda: revocations.revoke(certificate, reason="Forged.", by=ada)) is OwnCertificate


def test_while_logged_in_as_somebody_nobody_reviews(cast, ceu):
    grant(cast.carl)
    certificate = submitted(cast, ceu)
    as_carl = acting(cast, cast.carl, cast.ada)
    assert refusal(lambda: approve(certificate, as_carl)) is NotAllowed


# What an approval needs


def test_the_checklist_is_answered_question_by_question(cast, ada):
    type_ = certificates.credit_type(checklist=["Is it genuine?", "Is the name theirs?"])
    certificate = submitted(cast, type_)
    first, second = type_.checklist
    for answers in ((), ((first, True),), ((second, True), (first, True)), ((first, True), ("Else?", True))):
        approval = Approval(CREDITS, answers=answers)
        assert (
            refusal(lambda approval=approval: reviews.approve(certificate, approval, seen=certificate.digest(), by=ada))
            is ChecklistUnanswered
        )
    approval = Approval(CREDITS, answers=((first, True), (second, False)))
    reviews.approve(certificate, approval, seen=certificate.digest(), by=ada)
    kept = found(ExternalCertificate, certificate.id).answers
    assert kept == [{"question": first, "yes": True}, {"question": second, "yes": False}]


@pytest.mark.parametrize("credits", [None, Decimal(0), Decimal(-1), Decimal(10000), Decimal("1.005"), Decimal("NaN")])
def test_an_award_is_an_amount(cast, ceu, ada, credits):
    certificate = submitted(cast, ceu)
    approval = Approval(credits, comment="As it should be.")
    with pytest.raises(Invalid) as refused:
        reviews.approve(certificate, approval, seen=certificate.digest(), by=ada)
    assert (refused.value.field, entries()) == ("credits", [])


@pytest.mark.parametrize("comment", ["", "  \n\t "])
def test_another_award_than_claimed_needs_words(cast, ceu, ada, comment):
    certificate = submitted(cast, ceu)
    approval = Approval(Decimal("2.51"), comment=comment)
    assert refusal(lambda: reviews.approve(certificate, approval, seen=certificate.digest(), by=ada)) is CommentRequired
    assert entries() == []


@pytest.mark.parametrize("reason", ["", " \n ", "x" * 4001])
def test_refusing_needs_words_that_fit(cast, ceu, ada, reason):
    certificate = submitted(cast, ceu)
    for verb in (reviews.decline, reviews.request_changes):
        with pytest.raises(Invalid) as refused:
            verb(certificate, reason=reason, by=ada)
        assert refused.value.field == "reason"
        assert isinstance(refused.value, ReasonRequired) == (len(reason) < 4000)
    assert found(ExternalCertificate, certificate.id).state == State.PENDING


def test_a_lost_file_approves_nothing_and_is_no_hint_to_those_out_of_scope(cast, ceu, ada):
    certificate = submitted(cast, ceu, by=cast.actor(cast.mia))
    stored.tamper(certificate.scans[0].stored_file.key, b"other")
    grant(cast.nora)
    assert refusal(lambda: approve(certificate, cast.actor(cast.nora))) is NotFound
    assert refusal(lambda: approve(certificate, ada)) is FileChanged
    reviews.request_changes(certificate, reason="Send the file again, please.", by=ada)
    assert refusal(lambda: approve(certificate, ada)) is AlreadyDecided


def test_a_certificate_withdrawn_meanwhile_names_who_withdrew_it(cast, ceu, ada):
    certificate = submitted(cast, ceu)
    seen = certificate.digest()
    submissions.withdraw(certificate, by=cast.actor(cast.max))
    with pytest.raises(AlreadyDecided, match="Max Miller has withdrawn this certificate"):
        reviews.approve(certificate, Approval(CREDITS), seen=seen, by=ada)
    assert entries() == []


@pytest.mark.parametrize("verb", VERBS)
def test_what_a_deactivated_learner_submitted_is_still_decided_and_nobody_is_mailed(cast, ceu, ada, verb):
    certificate = submitted(cast, ceu)
    members.deactivate(found(type(cast.max), cast.max.id), by=ada)
    VERBS[verb](found(ExternalCertificate, certificate.id), ada)
    message = db.session.scalars(sa.select(Message).where(Message.member_id == cast.max.id)).one()
    assert message.to_address is None


@pytest.mark.parametrize("verb", [*VERBS, "revoke"])
def test_with_the_module_off_nothing_is_decided_and_nothing_is_lost(cast, ceu, ada, verb):
    certificate = approved(cast, ceu) if verb == "revoke" else submitted(cast, ceu)
    state = certificate.state
    with transaction():
        locked(Organization, cast.fire.id).takes_external_certificates = False
    act = VERBS.get(verb, lambda c, by: revocations.revoke(c, reason="Forged.", by=by))
    assert refusal(lambda: act(certificate, ada)) is ModuleOff
    assert found(ExternalCertificate, certificate.id).state == state


# A certification that comes of it


def test_several_files_come_along_and_the_certification_has_its_own_scans(cast, ceu, ada):
    learner = cast.actor(cast.max)
    made = submissions.submit(given(ceu), Files(staged(learner, b"front", b"back")), by=learner)
    certificate = found(ExternalCertificate, made.certificate_id)
    done = approve(certificate, ada, track=Entry(cast.emt.id, UNTIL, number="E-1"))
    certification = found(Certification, done.certification_id)
    own = db.session.scalars(sa.select(Scan).where(Scan.certification_id == certification.id).order_by(Scan.id)).all()
    theirs = found(ExternalCertificate, certificate.id).scans
    assert [scan.stored_file_id for scan in own] == [scan.stored_file_id for scan in theirs]
    assert {scan.id for scan in own}.isdisjoint(scan.id for scan in theirs)
    event = db.session.scalars(sa.select(AuditEvent).where(AuditEvent.kind == "external_certificate.approved")).one()
    assert event.detail.after["certification_id"] == str(certification.id)


@pytest.mark.parametrize(("entry", "field"), [
    ({"expires_on": None}, "expires_on"),
    ({"type_id": None}, "type_id"),
    ({"type_id": 10**6}, "type_id"),
    ({"type_id": "clinic"}, "type_id"),
    ({"issued_on": date(2032, 1, 1)}, "expires_on"),
    ({"number": "x" * 256}, "number"),
    ({"number": "E-1"}, "expires_on"),
    ({"renews_id": 10**6}, "renews_id"),
    ({"renews_id": "hers"}, "renews_id"),
])  # fmt: skip
def test_a_rule_of_certifications_that_is_broken_rolls_everything_back(cast, ceu, ada, entry, field):
    give(cast.max, cast.emt, 1, number="E-1", change=lambda each: setattr(each, "expires_on", UNTIL))
    hers = give(cast.mia, cast.emt, 100)
    values = {"clinic": cast.clinic_emt.id, "hers": hers}
    wrong = {name: values.get(value, value) if isinstance(value, str) else value for name, value in entry.items()}
    track = Entry(**{"type_id": cast.emt.id, "expires_on": UNTIL} | wrong)
    certificate = submitted(cast, ceu)
    counted = db.session.scalar(sa.select(sa.func.count(Certification.id)))
    with pytest.raises(InvalidInput) as refused:
        approve(certificate, ada, track=track)
    assert set(refused.value.errors) == {field}
    assert found(ExternalCertificate, certificate.id).state == State.PENDING
    assert (entries(), decisions(), told()) == ([], [], [])
    assert db.session.scalar(sa.select(sa.func.count(Certification.id))) == counted


def test_an_approval_that_is_wrong_makes_no_certification(cast, ceu, ada):
    certificate, track, other = submitted(cast, ceu), Entry(cast.emt.id, UNTIL), Approval(Decimal(1))
    seen = certificate.digest()
    assert refusal(lambda: reviews.approve(certificate, other, seen=seen, by=ada, track=track)) is CommentRequired
    assert db.session.scalars(sa.select(Certification.id)).all() == []


def test_where_nothing_is_tracked_no_certification_comes_of_it(cast, ceu, ada):
    certificate = submitted(cast, ceu)
    with transaction():
        locked(Organization, cast.fire.id).tracks_certifications = False
    assert refusal(lambda: approve(certificate, ada, track=Entry(cast.emt.id, UNTIL))) is ModuleOff
    assert found(ExternalCertificate, certificate.id).state == State.PENDING


# Revoking


def test_only_an_administrator_revokes_and_only_once(cast, ceu, ada):
    certificate = approved(cast, ceu)
    grant(cast.carl)
    for other in (cast.carl, cast.max, cast.mia):
        actor = cast.actor(other)
        assert refusal(lambda actor=actor: revocations.revoke(certificate, reason="Forged.", by=actor)) is NotAllowed
    for reason in ("", "  "):
        assert refusal(lambda reason=reason: revocations.revoke(certificate, reason=reason, by=ada)) is ReasonRequired
    assert entries() == [CREDITS]
    revocations.revoke(certificate, reason="Forged.", by=ada)
    with pytest.raises(AlreadyRevoked, match="Ada Lindgren has revoked"):
        revocations.revoke(certificate, reason="Forged.", by=ada)
    assert entries() == [CREDITS, -CREDITS]


def test_a_reversal_counts_on_the_day_of_its_award_and_the_rest_of_the_certificate_stays(cast, ceu, ada):
    certificate = in_state(cast, ceu, State.REVOKED)
    award, reversal = db.session.scalars(sa.select(CreditEntry).order_by(CreditEntry.id)).all()
    assert (reversal.counts_on, reversal.reverses_id) == (award.counts_on, award.id)
    assert (certificate.awarded_credits, certificate.reason) == (CREDITS, "")
    assert (certificate.decided_by_id, certificate.revoked_by_id) == (cast.ada.id, cast.ada.id)
    assert len(certificate.scans) == 1


def test_a_certification_that_was_deleted_before_stays_deleted(cast, ceu, ada):
    certificate = submitted(cast, ceu)
    done = approve(certificate, ada, track=Entry(cast.emt.id, UNTIL))
    with transaction():
        locked(Certification, done.certification_id).delete(at=certificate.created_at)
    revoked = revocations.revoke(found(ExternalCertificate, certificate.id), reason="Forged.", by=ada)
    assert (revoked.certification_id, revoked.is_deleted) == (done.certification_id, True)
    assert (
        found(Certification, done.certification_id).deleted_at == found(ExternalCertificate, certificate.id).created_at
    )


def test_the_learner_is_told_who_revoked_it_and_why(cast, ceu, ada):
    in_state(cast, ceu, State.REVOKED)
    message = db.session.scalars(sa.select(Message).where(Message.kind == "certificate_revoked")).one()
    assert (message.member_id, message.facts["decider"], message.facts["reason"]) == (
        cast.max.id, "Ada Lindgren", "Forged.",
    )  # fmt: skip


# Several at once


def test_nobody_approves_several_without_the_right_to(cast, ceu):
    certificate = submitted(cast, ceu)
    for member in (cast.carl, cast.max):
        outcome = reviews.approve_each([certificate.id], by=cast.actor(member))
        assert isinstance(outcome[certificate.id], NotAllowed)
    grant(cast.nora)
    hers = submitted(cast, ceu, by=cast.actor(cast.mia))
    outcome = reviews.approve_each([certificate.id, hers.id, -1, 2**70], by=cast.actor(cast.nora))
    kinds = [type(outcome[each]) for each in (certificate.id, hers.id, -1, 2**70)]
    assert kinds == [NotOpened, NotFound, NotFound, NotFound]
    assert entries() == []


def test_what_another_reviewer_opened_counts_for_them_alone(cast, ceu, ada):
    grant(cast.carl)
    certificate = submitted(cast, ceu)
    audit.opened(certificate, by=cast.actor(cast.carl))
    assert isinstance(reviews.approve_each([certificate.id], by=ada)[certificate.id], NotOpened)
    assert reviews.approve_each([certificate.id], by=cast.actor(cast.carl)) == {certificate.id: None}


def test_a_byte_that_changed_stops_one_of_several_and_the_others_go_on(cast, ceu, ada):
    learner = cast.actor(cast.max)
    made = [submissions.submit(given(ceu, title=f"No. {n}"), Files(staged(learner, b"%d" % n)), by=learner)
            for n in range(3)]  # fmt: skip
    ids = [each.certificate_id for each in made]
    for each in ids:
        audit.opened(found(ExternalCertificate, each), by=ada)
    broken = found(ExternalCertificate, ids[1]).scans[0].stored_file.key
    stored.tamper(broken, b"x")
    outcome = reviews.approve_each(ids, by=ada)
    assert [type(outcome[each]) for each in ids] == [type(None), FileChanged, type(None)]
    assert entries() == [CREDITS, CREDITS]


# One transaction


_PARTS = [(verb, part) for verb in (*VERBS, "revoke") for part in (AuditEvent, Message)]


@pytest.mark.parametrize(("verb", "part"), [*_PARTS, ("approve", CreditEntry), ("revoke", CreditEntry)])
def test_a_decision_its_event_its_message_and_its_entry_stand_together_or_not_at_all(cast, ceu, ada, verb, part):
    certificate = approved(cast, ceu) if verb == "revoke" else submitted(cast, ceu)
    before = (certificate.state, certificate.version, entries(), decisions(), told())
    act = VERBS.get(verb, lambda c, by: revocations.revoke(c, reason="Forged.", by=by))

    def fail(*_: Any) -> None:
        raise RuntimeError("the power went")

    sa.event.listen(part, "after_insert", fail)
    try:
        with pytest.raises(RuntimeError, match="the power went"):
            act(certificate, ada)
    finally:
        sa.event.remove(part, "after_insert", fail)
    choose_organization(cast.fire.id)
    db.session.rollback()
    certificate = found(ExternalCertificate, certificate.id)
    assert (certificate.state, certificate.version, entries(), decisions(), told()) == before
    act(certificate, ada)
    assert len(decisions()) == len(before[3]) + 1
    assert len(told()) == len(before[4]) + 1

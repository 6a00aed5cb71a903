"""Reading messages and choosing which of them are mailed: each member their own, and nobody for another."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from records import clock
from records.database import choose_organization, db, found, locked, transaction
from records.errors import ActingAlready
from records.models import Actor, ActorKind, AuditEvent, Member, MessageKind, Organization
from records.models.message import PORTAL_KINDS
from records.queries.messages import PAGE, inbox, mail_offered, unread_count, visits
from records.services import accounts, login_as, messages, reviews
from records.services.outbox import notify, post
from tests.certificates import credit_type, submitted
from tests.outbox import messages as outbox
from tests.records.services.test_login_as import acting, enter, opened

NOON = datetime(2027, 3, 3, 20, 5, tzinfo=UTC)  # 14:05 in Chicago
FACTS = {"title": "Ladder rescue", "decider": "Ada Lindgren", "reason": "No name.", "credits": "2.50",
         "unit": "hours", "credit_type": "CEU"}  # fmt: skip


def tell(member, kind=MessageKind.CERTIFICATE_DECLINED, **facts):
    with transaction():
        message = notify(locked(Member, member.id), kind, facts=FACTS | facts, page="/portfolio/certificates/1")
        db.session.flush()
        return message.id


def test_a_member_reads_their_own_newest_first_in_words(cast):
    tell(cast.max, title="First")
    tell(cast.mia, title="Hers")
    tell(cast.max, MessageKind.CERTIFICATE_APPROVED, title="Second", reason="")
    second, first = inbox(by=cast.actor(cast.max)).letters
    assert (first.subject, second.subject) == ("Declined: First", "Approved: Second")
    assert first.paragraphs == (
        "Ada Lindgren declined “First” at Lakeside Fire & Rescue. You can submit it again, as a copy that you mend.",
        "The reason:\nNo name.",
    )
    assert second.paragraphs == (
        "Ada Lindgren approved “Second” at Lakeside Fire & Rescue. You were awarded 2.5 hours (CEU).",
    )
    for letter in (first, second):
        assert letter.page == "/portfolio/certificates/1"
        assert not any("Hello" in paragraph or "://" in paragraph for paragraph in letter.paragraphs)


def test_mails_about_accounts_are_no_messages(cast):
    with transaction():
        post(MessageKind.PASSWORD_CHANGED, cast.max.email, organization=None, facts={})
        post(MessageKind.INVITATION, cast.max.email, organization=db.session.get(Organization, cast.fire.id), facts={})
    assert inbox(by=cast.actor(cast.max)).letters == ()
    assert inbox(by=Actor.visitor()).letters == ()
    assert unread_count(by=Actor.visitor()) == 0


def test_another_organizations_messages_are_never_read(cast):
    tell(cast.max)
    choose_organization(cast.clinic.id)
    tell(cast.other_max, title="Clinic's")
    assert [letter.subject for letter in inbox(by=cast.actor(cast.other_max)).letters] == ["Declined: Clinic's"]
    assert inbox(by=cast.actor(cast.max)).letters == (), "the chosen organization counts, too"
    assert unread_count(by=cast.actor(cast.max)) == 0


def test_pages_follow_each_other_without_gaps(cast):
    ids = [tell(cast.max, title=f"Course {number}") for number in range(PAGE + 3)]
    by = cast.actor(cast.max)
    first = inbox(by=by)
    rest = inbox(by=by, before_id=first.older)
    assert [letter.id for letter in (*first.letters, *rest.letters)] == ids[::-1]
    assert rest.older is None
    assert inbox(by=by, before_id=10**30) == first


def test_a_full_last_page_leads_nowhere(cast):
    for _ in range(PAGE):
        tell(cast.max)
    assert inbox(by=cast.actor(cast.max)).older is None


def test_reading_marks_ones_own_up_to_what_was_shown(cast):
    seen, by = tell(cast.max), cast.actor(cast.max)
    tell(cast.mia)
    later = tell(cast.max)
    messages.read_all(up_to_id=seen, by=by)
    assert [(letter.id, letter.is_unread) for letter in inbox(by=by).letters] == [(later, True), (seen, False)]
    assert unread_count(by=by) == 1
    assert unread_count(by=cast.actor(cast.mia)) == 1


@pytest.mark.parametrize("no_id", [-1, 0, 2**63])
def test_up_to_what_is_no_message_nothing_is_read(cast, no_id):
    tell(cast.max)
    messages.read_all(up_to_id=no_id, by=cast.actor(cast.max))
    assert unread_count(by=cast.actor(cast.max)) == 1


def test_reading_again_keeps_the_first_time(cast):
    with clock.standing_at(NOON):
        seen = tell(cast.max)
        messages.read_all(up_to_id=seen, by=cast.actor(cast.max))
    messages.read_all(up_to_id=seen, by=cast.actor(cast.max))
    assert outbox()[0].read_at == NOON


def test_nobody_reads_or_chooses_for_another(cast):
    seen = tell(cast.max)
    for act in (
        lambda by: messages.read_all(up_to_id=seen, by=by),
        lambda by: messages.choose_mail([], by=by),
    ):
        with pytest.raises(ActingAlready):
            act(acting(cast, cast.max))
    assert unread_count(by=cast.actor(cast.max)) == 1
    assert found(Member, cast.max.id).unwanted_mail == []


def test_unwanted_kinds_go_to_the_portal_only(cast):
    wanted = set(PORTAL_KINDS) - {MessageKind.CERTIFICATE_APPROVED}
    assert messages.choose_mail(wanted, by=cast.actor(cast.max))
    tell(cast.max, MessageKind.CERTIFICATE_APPROVED)
    tell(cast.max)
    assert [message.to_address for message in outbox()] == [None, cast.max.email]
    assert len(inbox(by=cast.actor(cast.max)).letters) == 2


def test_a_choice_is_an_event_and_none_is_none(cast):
    by = cast.actor(cast.max)
    assert messages.choose_mail([MessageKind.CERTIFICATE_DECLINED, "of no such kind"], by=by)
    assert not messages.choose_mail([MessageKind.CERTIFICATE_DECLINED], by=by)
    events = db.session.scalars(sa.select(AuditEvent).where(AuditEvent.kind == "member.mail_chosen")).all()
    (event,) = events
    assert event.member_id == cast.max.id
    others = [kind for kind in mail_offered(by) if kind != MessageKind.CERTIFICATE_DECLINED]
    assert event.detail.after == {"portal_only": ", ".join(others)}


def test_only_reviewers_are_offered_the_digest_and_a_choice_without_it_leaves_it_be(cast):
    digest = MessageKind.CERTIFICATES_SUBMITTED
    assert digest in mail_offered(cast.actor(cast.ada))
    assert digest not in mail_offered(cast.actor(cast.max))
    assert digest not in mail_offered(cast.actor(cast.carl))
    with transaction():
        carl = locked(Member, cast.carl.id)
        carl.reviews = True
    assert messages.choose_mail(set(PORTAL_KINDS) - {digest}, by=cast.actor(found(Member, cast.carl.id)))
    with transaction():
        locked(Member, cast.carl.id).reviews = False
    assert messages.choose_mail([], by=cast.actor(found(Member, cast.carl.id)))
    assert messages.choose_mail(PORTAL_KINDS, by=cast.actor(found(Member, cast.carl.id)))
    assert found(Member, cast.carl.id).unwanted_mail == [digest]


@pytest.mark.parametrize("fields", [{"email": None}, {"deactivated_at": NOON}])
def test_nothing_is_mailed_to_whoever_cannot_open_it_or_has_no_address(cast, fields):
    with transaction():
        for name, value in fields.items():
            setattr(locked(Member, cast.max.id), name, value)
    tell(cast.max)
    (message,) = outbox()
    assert (message.to_address, message.member_id) == (None, cast.max.id)


def test_a_decision_tells_the_learner_who_decided_and_why(cast):
    certificate = submitted(cast, credit_type())
    reviews.decline(certificate, reason="It shows no name.\nAsk for a new one.", by=cast.actor(cast.ada))
    (letter,) = inbox(by=cast.actor(cast.max)).letters
    assert letter.paragraphs[-1].endswith("The reason:\nIt shows no name.\nAsk for a new one.")
    assert letter.page == f"/portfolio/certificates/{certificate.id}"


# Who was logged in as them


def test_the_member_sees_who_was_logged_in_as_them_and_when(cast):
    with clock.standing_at(NOON):
        token = enter(cast, cast.max)
    with clock.standing_at(NOON + timedelta(minutes=15)):
        login_as.return_to_own(token, by=acting(cast, cast.max))
    (visit,) = visits(by=cast.actor(cast.max))
    assert (visit.administrator, visit.since, visit.until) == ("Ada Lindgren", NOON, NOON + timedelta(minutes=15))
    assert visits(by=cast.actor(cast.mia)) == []


def test_each_visit_has_its_own_end(cast):
    with clock.standing_at(NOON):
        first = enter(cast, cast.max)
    with clock.standing_at(NOON + timedelta(minutes=1)):
        second = enter(cast, cast.max)
    with clock.standing_at(NOON + timedelta(minutes=9)):
        accounts.sign_out(second, by=acting(cast, cast.max))
    with clock.standing_at(NOON + timedelta(minutes=5)):
        login_as.return_to_own(first, by=acting(cast, cast.max))
    minutes = [(visit.until - visit.since).seconds // 60 for visit in visits(by=cast.actor(cast.max))]
    assert minutes == [8, 5], "the latest first"


def test_of_a_visit_that_ended_by_itself_the_latest_end_is_known(cast):
    token = opened(cast, cast.ada)
    with clock.standing_at(clock.now() + timedelta(minutes=1)):
        now = clock.now()
        enter(cast, cast.max, token=token)
    (visit,) = visits(by=cast.actor(cast.max))
    assert (visit.until, visit.latest) == (None, now + timedelta(hours=1))


def test_an_ordinary_sign_out_is_no_visit(cast):
    accounts.sign_out(opened(cast, cast.max), by=cast.actor(cast.max))
    assert visits(by=cast.actor(cast.max)) == []


def test_of_an_erased_visit_the_time_stays(cast):
    with clock.standing_at(NOON):
        enter(cast, cast.max)
    with transaction():
        event = db.session.scalars(sa.select(AuditEvent).where(AuditEvent.kind == "member.logged_in_as")).one()
        detail = event.detail
        detail.actor_name, detail.administrator_name, detail.address, detail.salt = "", "", "", ""
        detail.before, detail.after, detail.erased_at = {}, {}, NOON
    (visit,) = visits(by=cast.actor(cast.max))
    assert (visit.administrator, visit.since, visit.latest) == ("", NOON, None)


def test_the_kinds_of_an_actor_logged_in_as_a_reviewer_are_a_members(cast):
    actor = Actor(ActorKind.MEMBER, "Carl", organization_id=cast.fire.id, member_id=cast.carl.id,
                  reviews_by_grant=True, administrator_id=cast.ada.id)  # fmt: skip
    assert MessageKind.CERTIFICATES_SUBMITTED not in mail_offered(actor)

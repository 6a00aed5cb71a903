"""Two members who are one person become one, and two again for 30 days."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from records import clock, sessions, signin
from records.database import choose_organization, db, every_organization, found, organization_scope, transaction
from records.errors import (
    ActingAsYourself,
    Deactivated,
    Invalid,
    InvalidInput,
    LastAdministrator,
    NotAllowed,
    NotFound,
)
from records.errors.merging import (
    ComparisonStale,
    KeptIsDeactivated,
    LaterMergeStands,
    MergedAway,
    MergedWithThemselves,
    MergeTooOld,
    MergeUndone,
    OwnMerge,
)
from records.models import (
    Account,
    Actor,
    AuditEvent,
    AuditKind,
    Certification,
    CreditEntry,
    Exemption,
    ExternalCertificate,
    Member,
    MemberMerge,
    MemberPosition,
    Position,
    Role,
    Scan,
    SignIn,
    State,
    Unit,
)
from records.queries.checks import check_organization
from records.queries.requirements import rules
from records.services import (
    certifications,
    exemptions,
    invitations,
    member_merges,
    member_steps,
    members,
    reviews,
    revocations,
)
from records.services.certification_steps import Entry
from records.services.certifications import CertificationChanges
from records.services.member_merges import Choices, Whose
from records.services.member_steps import Access, Identity
from tests.certificates import approved, credit_type, submitted
from tests.holdings import give, picture, today
from tests.merging import merged
from tests.requirements import exempt, require

THE_OTHERS = Choices(*[Whose.MERGED] * 6)


@pytest.fixture
def ada(cast):
    return cast.actor(cast.ada)


def _member(member):
    return db.session.get_one(Member, member.id, populate_existing=True)


def _certification(certification_id):
    return db.session.get_one(Certification, certification_id, populate_existing=True)


def _events(kind):
    return list(db.session.scalars(select(AuditEvent).where(AuditEvent.kind == kind).order_by(AuditEvent.id)))


def _deactivate(member):
    with transaction() as session:
        session.get_one(Member, member.id).deactivated_at = clock.now()


def _correct(certification_id, **fields):
    held = _certification(certification_id)
    facts = {"type_id": held.type_id, "expires_on": held.expires_on, "issued_on": held.issued_on} | fields
    command = Actor.command("test", held.organization_id)
    certifications.change(held, CertificationChanges(Entry(**facts)), by=command, version=held.version)


# Who may, and whom


def test_only_administrators_of_the_organization_merge(cast):
    for who in (cast.max, cast.carl, cast.nora):
        with pytest.raises(NotAllowed):
            merged(cast.max, cast.mia, by=cast.actor(who))
    with organization_scope(cast.clinic.id), pytest.raises(NotFound):
        merged(cast.ken, cast.max, by=cast.actor(cast.ken))
    with pytest.raises(NotFound):
        merged(cast.max, cast.mia, by=cast.actor(cast.ken))
    assert _member(cast.mia).is_active


def test_not_with_themselves(cast, ada):
    with pytest.raises(MergedWithThemselves):
        merged(cast.max, cast.max, by=ada)


def test_not_from_another_organization(cast, ada):
    with every_organization():
        other = db.session.get_one(Member, cast.other_max.id)
        seen = member_merges.seen_of(cast.max, other)
    with pytest.raises(NotFound):
        member_merges.merge(found(Member, cast.max.id), other, Choices(), seen=seen, by=ada)


def test_whoever_was_merged_is_merged_no_more_on_either_side(cast, ada):
    merged(cast.max, cast.mia, by=ada)
    for kept, other in ((cast.una, cast.mia), (cast.mia, cast.una)):
        with pytest.raises(MergedAway):
            merged(kept, other, by=ada)


def test_a_deactivated_member_goes_over_but_does_not_stay(cast, ada):
    _deactivate(cast.mia)
    with pytest.raises(KeptIsDeactivated):
        merged(cast.mia, cast.max, by=ada)
    done = merged(cast.max, cast.mia, by=ada)
    member_merges.undo(done, by=ada)
    assert not _member(cast.mia).is_active, "as before the merge"


def test_nobody_merges_themselves_away(cast, ada):
    with pytest.raises(OwnMerge):
        merged(cast.max, cast.ada, by=ada)
    merged(cast.ada, cast.max, by=ada)
    assert _member(cast.ada).role == Role.ADMINISTRATOR


def test_the_last_administrator_does_not_go_over_to_a_plain_member(cast):
    command = Actor.command("test", cast.fire.id)
    with pytest.raises(LastAdministrator):
        merged(cast.max, cast.ada, by=command)
    with transaction() as session:
        session.get_one(Member, cast.carl.id).role = Role.ADMINISTRATOR
        session.get_one(Member, cast.carl.id).covers_organization = False
    merged(cast.carl, cast.ada, by=command)
    assert _member(cast.carl).role == Role.ADMINISTRATOR


def test_the_kept_one_keeps_their_role(cast, ada):
    merged(cast.max, cast.nora, by=ada)
    assert (_member(cast.max).role, _member(cast.max).scope_units) == (Role.MEMBER, [])


def test_a_page_that_shows_other_fields_than_stand_is_stale(cast, ada):
    seen = member_merges.seen_of(cast.max, cast.mia)
    with transaction() as session:
        session.get_one(Member, cast.mia.id).number = "77"
    with pytest.raises(ComparisonStale):
        member_merges.merge(_member(cast.max), _member(cast.mia), Choices(), seen=seen, by=ada)
    assert _member(cast.mia).is_active


@pytest.mark.parametrize("field", ["name", "number", "email", "joined_on", "unit_id", "positions"])
def test_each_choice_is_of_one_of_the_two(cast, ada, field):
    with pytest.raises(InvalidInput) as refused:
        merged(cast.max, cast.mia, by=ada, choices=Choices(**{field: "nobody"}))
    assert refused.value.errors.keys() == {field}
    assert isinstance(refused.value.errors[field], Invalid)


def test_of_two_merges_at_once_one_is_carried_out(app, cast, ada):
    organization_id, told, both = cast.fire.id, [], threading.Barrier(2)
    pairs = [(cast.max.id, cast.mia.id), (cast.mia.id, cast.max.id)]

    def join(kept_id, other_id):
        with app.app_context():
            choose_organization(organization_id)
            kept, other = found(Member, kept_id), found(Member, other_id)
            seen = member_merges.seen_of(kept, other)
            both.wait()
            try:
                member_merges.merge(kept, other, Choices(), seen=seen, by=ada)
                told.append("merged")
            except (ComparisonStale, MergedAway) as refusal:
                told.append(type(refusal).__name__)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=join, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) in (["MergedAway", "merged"], ["ComparisonStale", "merged"])
    db.session.rollback()
    assert len(db.session.scalars(select(MemberMerge)).all()) == 1


# Who they are afterwards


def test_the_kept_one_keeps_their_own_unless_chosen_otherwise(cast, ada):
    before = member_steps.facts(_member(cast.max))
    merged(cast.max, cast.mia, by=ada)
    assert member_steps.facts(_member(cast.max)) == before
    assert _member(cast.mia).number == "1005"


def test_what_is_chosen_goes_over_and_comes_back(cast, ada):
    before = [member_steps.facts(_member(each)) for each in (cast.max, cast.mia)]
    done = merged(cast.max, cast.mia, by=ada, choices=THE_OTHERS)
    assert member_steps.facts(_member(cast.max)) == before[1]
    assert (_member(cast.mia).number, _member(cast.mia).email) == (None, None)
    undone = member_merges.undo(done, by=ada)
    assert [member_steps.facts(_member(each)) for each in (cast.max, cast.mia)] == before
    assert undone.fields == ()


def test_gaps_are_proposed_to_be_filled(cast):
    with transaction() as session:
        session.get_one(Member, cast.una.id).number = None
    filled = Choices.filling(_member(cast.una), _member(cast.max), positions=False)
    assert filled == Choices(number=Whose.MERGED, unit_id=Whose.MERGED, positions=Whose.MERGED)


def test_a_field_changed_since_stays_and_is_told(cast, ada):
    done = merged(cast.max, cast.mia, by=ada, choices=THE_OTHERS)
    with transaction() as session:
        session.get_one(Member, cast.max.id).number = "2000"
    undone = member_merges.undo(done, by=ada)
    assert undone.fields == ("number",)
    assert (_member(cast.max).number, _member(cast.mia).number) == ("2000", "1005")


def test_a_number_that_somebody_else_has_by_now_stays_with_them(cast, ada):
    done = merged(cast.max, cast.mia, by=ada, choices=Choices(number=Whose.MERGED))
    with transaction() as session:
        session.get_one(Member, cast.una.id).number = "1004"
    undone = member_merges.undo(done, by=ada)
    assert undone.fields == ("number",)
    assert [_member(each).number for each in (cast.max, cast.mia, cast.una)] == ["1005", None, "1004"]


def test_a_unit_that_is_gone_by_now_does_not_come_back(cast, ada):
    done = merged(cast.max, cast.mia, by=ada, choices=Choices(unit_id=Whose.MERGED))
    with transaction() as session:
        session.delete(session.get_one(Unit, cast.engine.id))
    assert member_merges.undo(done, by=ada).fields == ("unit_id",)
    assert _member(cast.max).unit_id == cast.south.id


@pytest.mark.parametrize(
    ("whose", "afterwards"), [(Whose.KEPT, "driver"), (Whose.MERGED, "chief"), (Whose.BOTH, "driver chief")]
)
def test_positions_are_chosen_too(cast, ada, whose, afterwards):
    with transaction() as session:
        ids = {}
        for name, member in (("driver", cast.max), ("chief", cast.mia)):
            position = Position(name=name)
            session.add(position)
            session.flush()
            ids[name] = position.id
            session.add(MemberPosition(member_id=member.id, position_id=position.id))
    done = merged(cast.max, cast.mia, by=ada, choices=Choices(positions=whose))
    held = select(MemberPosition.position_id).where(MemberPosition.member_id == cast.max.id)
    assert set(db.session.scalars(held)) == {ids[name] for name in afterwards.split()}
    assert member_merges.undo(done, by=ada).fields == ()
    assert list(db.session.scalars(held)) == [ids["driver"]]


# Signing in


def _session_of(member):
    with every_organization(), transaction() as session:
        account = session.get_one(Account, member.account_id)
        opened = sessions.begin(signin.token(), account, session.get_one(Member, member.id))
        session.add(opened)
        session.flush()
        return opened.id


def _is_open(sign_in_id):
    with every_organization():
        return db.session.get_one(SignIn, sign_in_id, populate_existing=True).ended_at is None


def test_the_only_account_goes_over_and_comes_back(cast, ada):
    account_id = cast.mia.account_id
    with transaction() as session:
        session.get_one(Member, cast.max.id).account_id = None
    opened = _session_of(cast.mia)
    done = merged(cast.max, cast.mia, by=ada)
    assert (_member(cast.max).account_id, _member(cast.mia).account_id) == (account_id, None)
    assert not _is_open(opened)
    opened = _session_of(cast.max)
    assert member_merges.undo(done, by=ada).account_is_back
    assert (_member(cast.max).account_id, _member(cast.mia).account_id) == (None, account_id)
    assert not _is_open(opened)


def test_of_two_accounts_the_merged_one_no_longer_opens_the_organization(cast, ada):
    own, other = _session_of(cast.max), _session_of(cast.mia)
    done = merged(cast.max, cast.mia, by=ada)
    assert (_is_open(own), _is_open(other)) == (True, False)
    assert _member(cast.max).account_id == cast.max.account_id
    member_merges.undo(done, by=ada)
    assert _member(cast.mia).is_active


def test_an_invitation_of_the_merged_one_is_spent(cast, ada):
    with transaction() as session:
        session.get_one(Member, cast.mia.id).account_id = None
    secret = invitations.invite(_member(cast.mia), by=ada).rpartition("/")[2]
    merged(cast.max, cast.mia, by=ada)
    with pytest.raises(Exception, match="link"):
        invitations.invited(secret)


# What was merged away


def test_nothing_is_done_any_more_with_whoever_was_merged(cast, ada):
    merged(cast.max, cast.mia, by=ada)
    mia = _member(cast.mia)
    assert (mia.is_active, mia.is_merged) == (False, True)
    with pytest.raises(MergedAway):
        members.reactivate(mia, by=ada)
    with pytest.raises(Deactivated):
        invitations.invite(_member(cast.mia), by=ada)
    with pytest.raises(Deactivated):
        members.send_reset_link(_member(cast.mia), by=ada)
    with pytest.raises((Deactivated, ActingAsYourself)):
        _member(cast.mia).require_entered_by(ada)
    with transaction(), pytest.raises(MergedAway):
        member_steps.change_identity(_member(cast.mia), Identity(family_name="New"), by=ada)
    with transaction(), pytest.raises(MergedAway):
        member_steps.change_access(_member(cast.mia), Access(Role.ADMINISTRATOR), by=ada)
    with pytest.raises(MergedAway):
        _member(cast.mia).require_certifications_changed_by(ada)
    assert not _member(cast.mia).certifications_may_be_changed_by(ada)
    with pytest.raises(MergedAway):
        submitted(cast, credit_type(), by=cast.actor(cast.mia))


# Certifications


def test_of_two_alike_the_kept_ones_stands_with_the_files_of_both(cast, ada):
    own = give(cast.max, cast.emt, 300, number="E-1", files={"front.png": picture("navy")})
    twin = give(cast.mia, cast.emt, 300, number="E-1", files={"same.png": picture("navy"), "back.png": picture("red")})
    done = merged(cast.max, cast.mia, by=ada)
    assert sorted(each.name for each in _certification(own).scans) == ["back.png", "front.png"]
    assert (_certification(twin).member_id, _certification(twin).deleted_at is None) == (cast.mia.id, False)
    with pytest.raises(MergedAway):
        certifications.restore(_member(cast.mia), [twin], by=ada)
    assert member_merges.undo(done, by=ada).stays == {}
    assert sorted(each.name for each in _certification(twin).scans) == ["back.png", "same.png"]
    assert _certification(twin).deleted_at is None


def test_a_chain_of_renewals_runs_on_through_the_twin(cast, ada):
    own = give(cast.max, cast.emt, 300, number="E-1")
    first = give(cast.mia, cast.emt, 100)
    twin = give(cast.mia, cast.emt, 300, number="E-1", renews=first)
    last = give(cast.mia, cast.emt, 800, renews=twin)
    done = merged(cast.max, cast.mia, by=ada)
    assert (_certification(last).supersedes_id, _certification(own).supersedes_id) == (own, first)
    member_merges.undo(done, by=ada)
    assert [_certification(each).supersedes_id for each in (own, first, twin, last)] == [None, None, first, twin]


def test_what_was_changed_since_stays_with_the_kept_one_and_is_told(cast, ada):
    changed, same = give(cast.mia, cast.emt, 300), give(cast.mia, cast.forklift, 300)
    done = merged(cast.max, cast.mia, by=ada)
    new = give(cast.max, cast.forklift, 500)
    _correct(changed, number="E-9")
    assert member_merges.undo(done, by=ada).stays == {"certification": 1}
    whose = [_certification(each).member_id for each in (changed, same, new)]
    assert whose == [cast.max.id, cast.mia.id, cast.max.id]


def test_what_was_renewed_since_stays_with_its_renewal(cast, ada):
    first = give(cast.mia, cast.emt, 100)
    second = give(cast.mia, cast.emt, 300, renews=first)
    done = merged(cast.max, cast.mia, by=ada)
    third = give(cast.max, cast.emt, 900, renews=second)
    assert member_merges.undo(done, by=ada).stays == {"certification": 2}
    assert {_certification(each).member_id for each in (first, second, third)} == {cast.max.id}


def test_a_duplicate_whose_chain_was_changed_since_stays_deleted(cast, ada):
    own, twin = give(cast.max, cast.emt, 300), give(cast.mia, cast.emt, 300)
    last = give(cast.mia, cast.emt, 800, renews=twin)
    done = merged(cast.max, cast.mia, by=ada)
    _correct(last, number="E-9")
    assert member_merges.undo(done, by=ada).stays == {"certification": 2}
    assert _certification(twin).deleted_at is not None
    assert (_certification(last).member_id, _certification(last).supersedes_id) == (cast.max.id, own)


# External certificates and credits


def test_decided_certificates_and_their_credits_go_over_and_the_books_stay_right(cast, ada):
    ceu = credit_type()
    first = approved(cast, ceu)
    gone = approved(cast, ceu)
    revocations.revoke(gone, reason="Forged.", by=ada)
    done = merged(cast.mia, cast.max, by=ada)
    assert {each.member_id for each in db.session.scalars(select(ExternalCertificate))} == {cast.mia.id}
    assert {each.member_id for each in db.session.scalars(select(CreditEntry))} == {cast.mia.id}
    assert found(ExternalCertificate, first.id).may_be_opened_by(cast.actor(cast.mia))
    assert check_organization().problems == []
    revocations.revoke(found(ExternalCertificate, first.id), reason="Forged, too.", by=ada)
    assert check_organization().problems == []
    assert member_merges.undo(done, by=ada).stays == {"external_certificate": 1}
    assert check_organization().problems == []
    assert found(ExternalCertificate, first.id).member_id == cast.mia.id
    assert found(ExternalCertificate, gone.id).member_id == cast.max.id


def test_what_waits_for_a_reviewer_is_decided_for_the_kept_one(cast, ada):
    certificate = submitted(cast, credit_type())
    merged(cast.mia, cast.max, by=ada)
    certificate = found(ExternalCertificate, certificate.id)
    reviews.decline(certificate, reason="No name on it.", by=ada)
    assert found(ExternalCertificate, certificate.id).state == State.DECLINED


# Exemptions


def _exempt():
    """The member, first and last day of each exemption, in days from today."""
    rows = db.session.scalars(select(Exemption).order_by(Exemption.id).execution_options(populate_existing=True))
    return [(each.member_id, (each.starts_on - today()).days, (each.ends_on - today()).days) for each in rows]


def test_of_two_exemptions_for_the_same_days_the_merged_ones_stays_behind_until_undone(cast, ada):
    rule, other = require(cast), require(cast, "Second")
    exempt(cast, cast.max, rule)
    exempt(cast, cast.mia, rule, 30, 60)
    exempt(cast, cast.mia, rule, 61, 90)
    exempt(cast, cast.mia, other)
    before = _exempt()
    done = merged(cast.max, cast.mia, by=ada)
    kept, merged_away = cast.max.id, cast.mia.id
    assert _exempt() == [(kept, -5, 30), (merged_away, 30, 60), (kept, 61, 90), (kept, -5, 30)]
    assert _events(AuditKind.MEMBERS_MERGED)[0].detail.after["went_over"] == {"exemption": 2}
    assert [row.exempt for row in rules(by=ada)] == [1, 1]
    assert member_merges.undo(done, by=ada).stays == {}
    assert _exempt() == before


@pytest.mark.parametrize("whose", ["max", "mia"])
def test_a_withdrawn_exemption_is_in_nobodys_way(cast, ada, whose):
    rule = require(cast)
    for member in (cast.max, cast.mia):
        granted = exempt(cast, member, rule)
        if member is getattr(cast, whose):
            exemptions.withdraw(granted, by=ada)
    merged(cast.max, cast.mia, by=ada)
    assert [member_id for member_id, _first, _last in _exempt()] == [cast.max.id, cast.max.id]


# Undoing


def test_only_administrators_of_the_organization_undo(cast, ada):
    done = merged(cast.max, cast.mia, by=ada)
    for who in (cast.max, cast.carl):
        with pytest.raises(NotAllowed):
            member_merges.undo(done, by=cast.actor(who))
    with organization_scope(cast.clinic.id), pytest.raises(NotFound):
        member_merges.undo(done, by=cast.actor(cast.ken))


def test_it_is_undone_once(cast, ada):
    done = merged(cast.max, cast.mia, by=ada)
    member_merges.undo(done, by=ada)
    with pytest.raises(MergeUndone):
        member_merges.undo(db.session.get_one(MemberMerge, done.id), by=ada)
    assert member_merges.is_undoable(db.session.get_one(MemberMerge, done.id)) is False


def test_it_is_undone_for_thirty_days(cast, ada):
    done = merged(cast.max, cast.mia, by=ada)
    last = done.merged_at + timedelta(days=30)
    with clock.standing_at(last + timedelta(seconds=1)):
        assert not member_merges.is_undoable(done)
        with pytest.raises(MergeTooOld):
            member_merges.undo(done, by=ada)
    with clock.standing_at(last):
        member_merges.undo(done, by=ada)
    assert _member(cast.mia).is_active


def test_merges_one_after_the_other_are_undone_from_the_last_one(cast, ada):
    held = give(cast.una, cast.emt, 300)
    first = merged(cast.mia, cast.una, by=ada)
    second = merged(cast.max, cast.mia, by=ada)
    assert _certification(held).member_id == cast.max.id
    with pytest.raises(MergedAway):
        member_merges.undo(first, by=ada)
    member_merges.undo(second, by=ada)
    member_merges.undo(db.session.get_one(MemberMerge, first.id), by=ada)
    assert _certification(held).member_id == cast.una.id


def test_of_merges_into_one_member_the_last_is_undone_first(cast, ada):
    own, twin = give(cast.mia, cast.emt, 300), give(cast.una, cast.emt, 300)
    first = merged(cast.max, cast.mia, by=ada)
    second = merged(cast.max, cast.una, by=ada)
    with pytest.raises(LaterMergeStands) as refused:
        member_merges.undo(first, by=ada)
    assert refused.value.in_english().startswith("Una Unassigned was merged into the same member later.")
    assert _certification(own).member_id == cast.max.id
    assert member_merges.undo(db.session.get_one(MemberMerge, second.id), by=ada).stays == {}
    assert member_merges.undo(db.session.get_one(MemberMerge, first.id), by=ada).stays == {}
    for held, member in ((own, cast.mia), (twin, cast.una)):
        assert (_certification(held).member_id, _certification(held).deleted_at) == (member.id, None)


def test_merged_again_after_undoing(cast, ada):
    member_merges.undo(merged(cast.max, cast.mia, by=ada), by=ada)
    merged(cast.max, cast.mia, by=ada)
    assert _member(cast.mia).is_merged


# On record


def test_it_is_on_record_with_both_the_choices_and_the_counts(cast, ada):
    own, twin = give(cast.max, cast.emt, 300), give(cast.mia, cast.emt, 300)
    give(cast.mia, cast.forklift, 300)
    done = merged(cast.max, cast.mia, by=ada, choices=Choices(number=Whose.MERGED))
    (event,) = _events(AuditKind.MEMBERS_MERGED)
    assert (event.subject_id, event.member_id, event.detail.actor_name) == (cast.max.id, cast.max.id, "Ada Lindgren")
    facts = event.detail.after
    assert (facts["kept_id"], facts["merged_id"]) == (cast.max.id, cast.mia.id)
    assert facts["choices"]["number"] == "merged"
    assert facts["went_over"] == {"certification": 1}
    assert facts["duplicates"] == {str(twin): own}
    assert (event.detail.before["number"], facts["number"]) == ("1004", "1005")
    (left,) = _events(AuditKind.MEMBER_DEACTIVATED)
    assert (left.member_id, left.detail.after) == (cast.mia.id, {"merged_into_id": cast.max.id})
    member_merges.undo(done, by=ada)
    (undone,) = _events(AuditKind.MERGE_UNDONE)
    assert (undone.detail.after["kept_id"], undone.detail.after["merged_id"]) == (cast.max.id, cast.mia.id)
    assert [each.member_id for each in _events(AuditKind.MEMBER_REACTIVATED)] == [cast.mia.id]


def test_deleted_files_stay_deleted(cast, ada):
    held = give(cast.mia, cast.emt, 300, files={"front.png": picture()})
    with transaction() as session:
        session.scalars(select(Scan).where(Scan.certification_id == held)).one().deleted_at = clock.now()
    member_merges.undo(merged(cast.max, cast.mia, by=ada), by=ada)
    assert _certification(held).scans == []
    assert _certification(held).recorded_on == today()

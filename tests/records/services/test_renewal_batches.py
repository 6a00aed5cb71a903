"""Many members renewed at once: what happens to whom, all or nothing, once, and undone as one."""

from __future__ import annotations

from datetime import timedelta
from threading import Barrier, Thread

import pytest
import sqlalchemy as sa

from records import clock
from records.database import db, found, locked, organization_scope, transaction
from records.errors import ExpiresBeforeIssued, InvalidInput, ModuleOff, NotAllowed, NotFound
from records.errors.renewals import (
    NobodyChosen,
    NothingToRecord,
    PlanChanged,
    RecordedAlready,
    TooManyMembers,
    UndoneAlready,
    UndoneByAdministrators,
)
from records.models import (
    AuditEvent,
    AuditKind,
    BatchedRenewal,
    Certification,
    CertificationType,
    Member,
    Organization,
    RenewalBatch,
    Standing,
    UploadedFile,
)
from records.queries.renewal_batches import batch_for, batches
from records.queries.renewal_plans import MOST_MEMBERS, Given, plan
from records.services import certifications, renewal_batches, scans
from records.services.certification_steps import Entry
from records.services.certifications import CertificationChanges
from tests.holdings import give, picture, today
from tests.renewals import arrived, batch, given, in_days, made, new_key


@pytest.fixture
def ada(cast):
    return cast.actor(cast.ada)


def held_by(member):
    """The member's certifications, oldest first."""
    db.session.rollback()
    of_member = sa.select(Certification).where(Certification.member_id == member.id)
    return db.session.scalars(of_member.order_by(Certification.id)).all()


def outcomes(wanted, *, by):
    return {row.member.given_name: row.outcome.value for row in plan(wanted, by=by).rows}


def test_each_gets_one_that_renews_theirs_or_stands_anew(cast, ada):
    old = give(cast.max, cast.emt, 20)
    wanted = given(cast.emt, cast.max, cast.mia)
    assert outcomes(wanted, by=ada) == {"Max": "renewal", "Mia": "new"}
    made(wanted, by=ada)
    (_, renewal), (new,) = held_by(cast.max), held_by(cast.mia)
    assert (renewal.supersedes_id, new.supersedes_id) == (old, None)
    assert {(each.issued_on, each.expires_on, each.number) for each in (renewal, new)} == {(today(), in_days(730), "")}
    assert found(Certification, old).standing_on(today()) == Standing.SUPERSEDED


def test_the_latest_is_renewed_or_the_one_with_the_same_number(cast, ada):
    first, second = give(cast.max, cast.emt, 20, number="A-1"), give(cast.max, cast.emt, 90, number="A-2")
    (row,) = plan(given(cast.emt, cast.max), by=ada).rows
    assert row.other.id == second
    (row,) = plan(given(cast.emt, cast.max, numbers={cast.max.id: "a-1"}), by=ada).rows
    assert row.other.id == first


def test_what_is_held_with_the_same_facts_is_passed_over(cast, ada):
    give(cast.max, cast.emt, 730, number="A-1")
    wanted = given(cast.emt, cast.max, cast.mia)
    assert outcomes(wanted, by=ada) == {"Max": "held", "Mia": "new"}
    made(wanted, by=ada)
    assert len(held_by(cast.max)) == 1
    with pytest.raises(NothingToRecord):
        made(given(cast.emt, cast.max), by=ada)


def test_beside_one_that_lasts_longer_it_stands_anew(cast, ada):
    longer = give(cast.max, cast.emt, 1000)
    (row,) = plan(given(cast.emt, cast.max), by=ada).rows
    assert (row.outcome, row.other.id) == ("new", longer)
    batch(cast, cast.emt, cast.max)
    assert held_by(cast.max)[1].supersedes_id is None


def test_an_early_renewal_leaves_the_old_one_in_force_until_its_day(cast):
    old = give(cast.max, cast.emt, 200)
    batch(cast, cast.emt, cast.max, issued_on=in_days(10))
    earlier = found(Certification, old)
    assert earlier.standing_on(in_days(9)) == Standing.VALID
    assert earlier.standing_on(in_days(10)) == Standing.SUPERSEDED


def test_numbers_and_one_file_for_all_come_along(cast, ada):
    key = new_key()
    assert renewal_batches.stage(arrived(picture("teal")), key=key, by=ada).refused == []
    made(given(cast.emt, cast.max, cast.mia, numbers={cast.max.id: " N-7 "}), by=ada, key=key)
    (one,), (other,) = held_by(cast.max), held_by(cast.mia)
    assert (one.number, other.number) == ("N-7", "")
    (first,), (second,) = one.scans, other.scans
    assert first.id != second.id
    assert (first.stored_file_id, first.name) == (second.stored_file_id, "scan 1.png")
    assert db.session.scalars(sa.select(UploadedFile)).all() == []


def test_too_many_files_are_named_and_unwanted_ones_go(cast, ada):
    key = new_key()
    pictures = [picture(colour) for colour in ("red", "blue", "teal", "black", "white", "navy")]
    refused = renewal_batches.stage(arrived(*pictures), key=key, by=ada).refused
    assert [each.params["name"] for each in refused] == ["scan 6.png"]
    first = db.session.scalars(sa.select(UploadedFile.id).order_by(UploadedFile.id)).first()
    renewal_batches.stage([], key=key, by=ada, left_out=[first])
    batch_ = made(given(cast.emt, cast.max), by=ada, key=key)
    assert len(held_by(cast.max)[0].scans) == 4
    assert found(RenewalBatch, batch_.id).submission_key == key


def test_it_is_one_event_beside_the_usual_ones(cast):
    made_ = batch(cast, cast.emt, cast.max, cast.mia)
    (event,) = db.session.scalars(sa.select(AuditEvent).where(AuditEvent.kind == AuditKind.RENEWALS_MADE))
    assert (event.subject_id, event.actor_member_id) == (made_.id, cast.ada.id)
    assert len(event.detail.after["certifications"]) == 2
    added = sa.select(sa.func.count()).select_from(AuditEvent).where(AuditEvent.kind == AuditKind.CERTIFICATION_ADDED)
    assert db.session.scalar(added) == 2


def test_the_same_form_twice_makes_one_batch(cast, ada):
    key, wanted = new_key(), given(cast.emt, cast.max)
    seen = plan(wanted, by=ada).digest()
    first, second = (renewal_batches.make(wanted, key=key, seen=seen, by=ada).id for _ in range(2))
    assert first == second
    assert len(held_by(cast.max)) == 1


@pytest.mark.parametrize(
    ("names", "days"),
    [
        (("max", "mia"), {}),
        (("mia",), {}),
        ((), {}),
        (("max",), {"expires_on": 800}),
        (("max",), {"issued_on": 1}),
    ],
)
def test_the_same_form_with_anything_else_is_refused_and_recorded_with_another_key(cast, ada, names, days):
    key = new_key()
    made(given(cast.emt, cast.max), by=ada, key=key)
    dates = {name: in_days(each) for name, each in days.items()}
    wanted = given(cast.emt, *(getattr(cast, name) for name in names), **dates)
    with pytest.raises(RecordedAlready):
        made(wanted, by=ada, key=key)
    assert (len(held_by(cast.max)), held_by(cast.mia)) == (1, [])
    expected = plan(wanted, by=ada).recorded
    if expected:
        made(wanted, by=ada)
    assert len(held_by(cast.max)) + len(held_by(cast.mia)) == 1 + expected


def test_the_same_form_of_another_type_or_number_or_with_more_files_is_refused(cast, ada):
    key = new_key()
    made(given(cast.emt, cast.max), by=ada, key=key)
    for wanted in (given(cast.forklift, cast.max), given(cast.emt, cast.max, numbers={cast.max.id: "N-9"})):
        with pytest.raises(RecordedAlready):
            made(wanted, by=ada, key=key)
    renewal_batches.stage(arrived(picture("teal")), key=key, by=ada)
    with pytest.raises(RecordedAlready):
        made(given(cast.emt, cast.max), by=ada, key=key)


def test_the_same_form_is_no_longer_taken_for_a_batch_that_was_undone(cast, ada):
    key, wanted = new_key(), given(cast.emt, cast.max)
    renewal_batches.undo(made(wanted, by=ada, key=key), by=ada)
    with pytest.raises(RecordedAlready):
        made(wanted, by=ada, key=key)


def test_the_same_form_twice_counts_those_who_had_it_before(cast, ada):
    give(cast.mia, cast.emt, 730)
    key, wanted = new_key(), given(cast.emt, cast.max, cast.mia, numbers={cast.max.id: "N-1"})
    assert made(wanted, by=ada, key=key).id == made(wanted, by=ada, key=key).id


def test_of_two_presses_at_once_one_makes_it(app, cast, ada):
    key, wanted = new_key(), given(cast.emt, cast.max, cast.mia)
    seen, organization_id = plan(wanted, by=ada).digest(), cast.fire.id
    db.session.rollback()
    barrier, ids = Barrier(2), []

    def press():
        with app.app_context(), organization_scope(organization_id):
            barrier.wait()
            ids.append(renewal_batches.make(wanted, key=key, seen=seen, by=ada).id)

    threads = [Thread(target=press) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ids) == 2
    assert len(set(ids)) == 1
    assert len(held_by(cast.max)) == 1


def test_what_is_wrong_for_one_records_nothing_for_anybody(cast, ada):
    give(cast.mia, cast.emt, 730, number="TAKEN")
    wanted = given(cast.emt, cast.max, cast.mia, numbers={cast.max.id: "x" * 256})
    with pytest.raises(InvalidInput) as refused:
        made(wanted, by=ada)
    assert list(refused.value.errors) == [f"number-{cast.max.id}"]
    assert held_by(cast.max) == []
    assert db.session.scalars(sa.select(RenewalBatch)).all() == []


@pytest.mark.parametrize(
    ("fields", "name", "kind"),
    [
        ({"member_ids": []}, "members", NobodyChosen),
        ({"member_ids": range(1, MOST_MEMBERS + 2)}, "members", TooManyMembers),
        ({"expires_on": None}, "expires_on", None),
        ({"type_id": None}, "type_id", None),
        ({"type_id": 999}, "type_id", None),
    ],
)
def test_what_is_wrong_for_everybody_is_refused_beside_its_field(cast, fields, name, kind):
    right = {"type_id": cast.emt.id, "member_ids": [cast.max.id], "issued_on": today(), "expires_on": in_days(9)}
    with pytest.raises(InvalidInput) as refused:
        renewal_batches.check(Given(**right | fields))
    assert list(refused.value.errors) == [name]
    assert kind is None or isinstance(refused.value.errors[name], kind)


def test_dates_in_the_wrong_order_and_retired_types_are_refused(cast):
    with pytest.raises(InvalidInput) as refused:
        renewal_batches.check(given(cast.emt, cast.max, expires_on=in_days(-1)))
    assert isinstance(refused.value.errors["expires_on"], ExpiresBeforeIssued)
    with transaction():
        locked(CertificationType, cast.emt.id).retired_at = clock.now()
    with pytest.raises(InvalidInput) as refused:
        renewal_batches.check(given(cast.emt, cast.max))
    assert list(refused.value.errors) == ["type_id"]


def test_what_changed_since_the_preview_is_shown_again_first(cast, ada):
    wanted = given(cast.emt, cast.max)
    seen = plan(wanted, by=ada).digest()
    give(cast.max, cast.emt, 20)
    with pytest.raises(PlanChanged):
        renewal_batches.make(wanted, key=new_key(), seen=seen, by=ada)
    assert len(held_by(cast.max)) == 1


# Who may


def test_coordinators_reach_their_scope_and_never_themselves(cast):
    nora = cast.actor(cast.nora)
    wanted = given(cast.emt, cast.max, cast.mia, cast.nora)
    agreed = plan(wanted, by=nora)
    assert outcomes(wanted, by=nora) == {"Max": "new", "Nora": "own"}
    assert agreed.missing == 1
    made(wanted, by=nora)
    assert [len(held_by(each)) for each in (cast.max, cast.mia, cast.nora)] == [1, 0, 0]


def test_deactivated_and_foreign_members_are_left_out(cast, ada):
    with transaction():
        locked(Member, cast.mia.id).deactivated_at = clock.now()
    agreed = plan(given(cast.emt, cast.max, cast.mia, cast.other_max), by=ada)
    assert [row.member.given_name for row in agreed.rows] == ["Max"]
    assert agreed.missing == 2


def test_members_make_none_and_with_the_module_off_nobody_does(cast, ada):
    with pytest.raises(NotAllowed):
        renewal_batches.make(given(cast.emt, cast.mia), key=new_key(), seen="", by=cast.actor(cast.max))
    with transaction():
        locked(Organization, cast.fire.id).tracks_certifications = False
    for act in (
        lambda: renewal_batches.make(given(cast.emt, cast.max), key=new_key(), seen="", by=ada),
        lambda: renewal_batches.stage([], key=new_key(), by=ada),
        lambda: renewal_batches.restage(new_key(), to=new_key(), by=ada),
    ):
        with pytest.raises(ModuleOff):
            act()


def test_coordinators_see_their_own_batches_and_administrators_all(cast, ada):
    carls = batch(cast, cast.emt, cast.max, by=cast.actor(cast.carl))
    adas = batch(cast, cast.forklift, cast.max)
    assert [row.batch.id for row in batches(by=ada).rows] == [adas.id, carls.id]
    assert [row.batch.id for row in batches(by=cast.actor(cast.carl)).rows] == [carls.id]
    with pytest.raises(NotFound):
        batch_for(adas.id, by=cast.actor(cast.carl))
    with pytest.raises(NotAllowed):
        batch_for(adas.id, by=cast.actor(cast.max))


# Undo


def test_undoing_deletes_all_of_it_and_what_was_renewed_counts_again(cast, ada):
    old = give(cast.max, cast.emt, 20)
    made_ = batch(cast, cast.emt, cast.max, cast.mia)
    undone = renewal_batches.undo(made_, by=ada)
    assert (len(undone.deleted), undone.kept) == (2, ())
    assert found(Certification, old).standing_on(today()) == Standing.EXPIRING_SOON
    (event,) = db.session.scalars(sa.select(AuditEvent).where(AuditEvent.kind == AuditKind.RENEWALS_UNDONE))
    assert event.detail.after == {"deleted": 2, "kept": []}


def test_what_somebody_changed_renewed_or_added_files_to_since_stays(cast, ada):
    made_ = batch(cast, cast.emt, cast.max, cast.mia, cast.una, cast.carl)
    corrected, renewed, filed, left = (held_by(each)[0] for each in (cast.max, cast.mia, cast.una, cast.carl))
    changes = CertificationChanges(Entry(None, in_days(700), today(), ""))
    certifications.change(corrected, changes, by=ada, version=corrected.version)
    give(cast.mia, cast.emt, 1500, renews=renewed.id)
    scans.attach_files(found(Certification, filed.id), arrived(picture("red")), by=ada)
    undone = renewal_batches.undo(found(RenewalBatch, made_.id), by=ada)
    assert undone.deleted == (left.id,)
    assert set(undone.kept) == {corrected.id, renewed.id, filed.id}


def test_it_is_undone_once(cast, ada):
    made_ = batch(cast, cast.emt, cast.max)
    renewal_batches.undo(made_, by=ada)
    with pytest.raises(UndoneAlready) as refused:
        renewal_batches.undo(found(RenewalBatch, made_.id), by=ada)
    assert refused.value.in_english() == "Ada Lindgren has undone this already."


def test_whoever_made_it_undoes_it_within_the_hour_and_administrators_later(cast, ada):
    carl = cast.actor(cast.carl)
    first, second = batch(cast, cast.emt, cast.max, by=carl), batch(cast, cast.emt, cast.mia, by=carl)
    renewal_batches.undo(first, by=carl)
    with clock.standing_at(clock.now() + timedelta(minutes=61)):
        with pytest.raises(UndoneByAdministrators):
            renewal_batches.undo(found(RenewalBatch, second.id), by=carl)
        renewal_batches.undo(found(RenewalBatch, second.id), by=ada)


def test_members_who_left_the_scope_keep_theirs(cast):
    nora = cast.actor(cast.nora)
    made_ = batch(cast, cast.emt, cast.max, by=nora)
    with transaction():
        locked(Member, cast.max.id).unit_id = cast.south.id
    assert renewal_batches.undo(found(RenewalBatch, made_.id), by=nora).deleted == ()


def test_another_organization_knows_nothing_of_it(cast):
    made_ = batch(cast, cast.emt, cast.max)
    with organization_scope(cast.clinic.id), pytest.raises(NotFound):
        batch_for(made_.id, by=cast.actor(cast.ken))
    assert db.session.scalar(sa.select(sa.func.count()).select_from(BatchedRenewal)) == 1

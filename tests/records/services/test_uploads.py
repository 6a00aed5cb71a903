"""The upload wizard's verbs: staging, matching, submitting file by file, discarding."""

from __future__ import annotations

import io
import os
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from records import clock
from records.database import db, lock, transaction
from records.errors import (
    ModuleOff,
    NoFiles,
    NotAllowed,
    NotFound,
    OneFileTooMany,
    OwnCertifications,
    TooMuchWaiting,
)
from records.models import AuditEvent, AuditKind, Certification, Role, Scan, StoredFile, Upload, UploadedFile
from records.queries.uploads import choices_for, upload_for, uploaded_file
from records.services import certification_steps as steps
from records.services import files, staging_steps, uploads
from records.services.uploads import Facts, Match, Target
from records.storage import storage
from tests.holdings import give

EXPIRES = date(2030, 3, 21)


def arrive(cast, *contents: bytes) -> list[files.Arrived]:
    return [
        files.take_in(io.BytesIO(content), name=f"{number}.jpg", organization=cast.fire)
        for number, content in enumerate(contents, 1)
    ]


@pytest.fixture
def ada(cast):
    return cast.actor(cast.ada)


@pytest.fixture
def upload(cast, ada) -> Upload:
    return uploads.start(cast.max, arrive(cast, b"front", b"back"), by=ada)


@pytest.fixture
def held(cast, ada) -> Certification:
    with transaction():
        entry = steps.Entry(cast.emt.id, date(2027, 3, 21), date(2025, 3, 21), "123")
        return steps.record(lock(cast.max), entry, by=ada)


def new(cast, expires_on: date | None = EXPIRES, **facts) -> Target:
    return Target(Facts(expires_on=expires_on, **facts), type_id=cast.emt.id)


def scans() -> list[tuple[str, int]]:
    db.session.expire_all()
    return [(scan.name, scan.certification_id) for scan in db.session.scalars(select(Scan).order_by(Scan.id))]


def count(model) -> int:
    return db.session.scalar(select(func.count()).select_from(model))


def waiting(upload: Upload) -> list[str]:
    db.session.expire_all()
    return [file.name for file in upload.files if file.submitted_at is None]


# Staging


def test_files_are_staged_in_the_order_in_which_they_were_chosen(cast, upload):
    assert [file.name for file in upload.files] == ["1.jpg", "2.jpg"]
    assert (upload.member_id, upload.started_by_id) == (cast.max.id, cast.ada.id)


def test_the_same_bytes_twice_wait_once_under_their_first_name(cast, ada):
    upload = uploads.start(cast.max, arrive(cast, b"same", b"same"), by=ada)
    assert [file.name for file in upload.files] == ["1.jpg"]
    assert count(StoredFile) == 1


def test_no_files_and_too_many_are_refused(cast, ada):
    with pytest.raises(NoFiles):
        uploads.start(cast.max, [], by=ada)
    with pytest.raises(OneFileTooMany):
        uploads.start(cast.max, arrive(cast, *(b"%d" % number for number in range(51))), by=ada)
    assert count(Upload) == 0


@pytest.mark.parametrize(
    ("who", "whose", "refusal"),
    [
        ("max", "mia", NotAllowed),
        ("max", "max", NotAllowed),
        ("nora", "mia", NotFound),
        ("nora", "una", NotFound),
        ("nora", "nora", OwnCertifications),
        ("carl", "carl", OwnCertifications),
    ],
)
def test_who_may_not_upload_for_whom(cast, who, whose, refusal):
    arrived = arrive(cast, b"a")
    with pytest.raises(refusal):
        uploads.start(getattr(cast, whose), arrived, by=cast.actor(getattr(cast, who)))


@pytest.mark.parametrize(("who", "whose"), [("nora", "max"), ("carl", "una"), ("ada", "ada"), ("ada", "carl")])
def test_who_may_upload_for_whom(cast, who, whose):
    uploads.start(getattr(cast, whose), arrive(cast, b"a"), by=cast.actor(getattr(cast, who)))
    assert count(Upload) == 1


def test_another_persons_upload_does_not_exist(cast, upload):
    carl = cast.actor(cast.carl)
    with pytest.raises(NotFound):
        upload_for(upload.id, by=carl)
    with pytest.raises(NotFound):
        uploads.submit(upload, [Match(upload.files[0].id, [new(cast)])], by=carl)
    with pytest.raises(NotFound):
        uploads.discard(upload, by=carl)


def test_a_file_of_another_upload_does_not_exist(cast, upload, ada):
    other = uploads.start(cast.mia, arrive(cast, b"x"), by=ada)
    with pytest.raises(NotFound):
        uploaded_file(upload, other.files[0].id)
    uploads.submit(upload, [Match(other.files[0].id, [new(cast)])], by=ada)
    assert waiting(other) == ["1.jpg"]
    assert scans() == []


def test_a_coordinator_whose_scope_shrank_cannot_go_on(cast):
    nora = cast.actor(cast.nora)
    upload = uploads.start(cast.max, arrive(cast, b"a"), by=nora)
    with transaction():
        lock(cast.max).unit_id = cast.south.id
    with pytest.raises(NotFound):
        upload_for(upload.id, by=nora)
    with pytest.raises(NotFound):
        uploads.submit(upload, [Match(upload.files[0].id, [new(cast)])], by=nora)


def test_with_the_module_off_nothing_is_staged_or_submitted(cast, upload, ada):
    arrived = arrive(cast, b"a")
    with transaction():
        lock(cast.fire).tracks_certifications = False
    for act in (
        lambda: uploads.start(cast.max, arrived, by=ada),
        lambda: uploads.submit(upload, [Match(upload.files[0].id, [new(cast)])], by=ada),
        lambda: uploads.discard(upload, by=ada),
    ):
        with pytest.raises(ModuleOff):
            act()


# What can be chosen


def test_a_held_type_can_be_added_to_or_renewed_and_others_are_new(cast, held):
    choices = choices_for(cast.max)
    assert choices.existing == choices.renewable == [held]
    assert choices.types == [cast.forklift]


def test_what_is_renewed_retired_or_deleted_is_not_offered(cast, held, ada):
    with transaction():
        renewal = steps.record(lock(cast.max), steps.Entry(cast.emt.id, EXPIRES, renews_id=held.id), by=ada)
        lock(cast.forklift).retired_at = clock.now()
    choices = choices_for(cast.max)
    assert (choices.existing, choices.renewable, choices.types) == ([renewal, held], [renewal], [])
    with transaction():
        lock(cast.emt).retired_at = clock.now()
        steps.delete(lock(held), by=ada)
    choices = choices_for(cast.max)
    assert (choices.existing, choices.renewable, choices.types) == ([renewal], [], [])


# Submitting


def test_front_and_back_of_a_new_certification(cast, upload, ada):
    front, back = upload.files
    matches = [Match(front.id, [new(cast, number="77")]), Match(back.id, same_as_id=front.id)]
    assert uploads.submit(upload, matches, by=ada) == {}
    made = db.session.scalars(select(Certification)).one()
    assert (made.number, made.expires_on, made.type_id) == ("77", EXPIRES, cast.emt.id)
    assert scans() == [("1.jpg", made.id), ("2.jpg", made.id)]
    kinds = [event.kind for event in db.session.scalars(select(AuditEvent).order_by(AuditEvent.id))]
    assert kinds == [AuditKind.CERTIFICATION_ADDED, AuditKind.SCAN_ATTACHED, AuditKind.SCAN_ATTACHED]


def test_the_same_new_certification_entered_for_both_sides_is_one(cast, upload, ada):
    matches = [Match(file.id, [new(cast, number=" 77 ")]) for file in upload.files]
    assert uploads.submit(upload, matches, by=ada) == {}
    assert len({certification for _name, certification in scans()}) == 1
    assert count(Certification) == 1


def test_one_file_goes_to_several_certifications(cast, upload, held, ada):
    targets = [Target(Facts(), add_to_id=held.id), Target(Facts(expires_on=EXPIRES), type_id=cast.forklift.id)]
    front, back = upload.files
    assert uploads.submit(upload, [Match(front.id, targets), Match(back.id, same_as_id=front.id)], by=ada) == {}
    forklift = db.session.scalars(select(Certification.id).where(Certification.type_id == cast.forklift.id)).one()
    assert scans() == [("1.jpg", held.id), ("1.jpg", forklift), ("2.jpg", held.id), ("2.jpg", forklift)]


def test_a_back_side_may_have_a_further_certification_of_its_own(cast, upload, ada):
    front, back = upload.files
    further = Target(Facts(expires_on=EXPIRES), type_id=cast.forklift.id)
    matches = [Match(front.id, [new(cast)]), Match(back.id, [further], same_as_id=front.id)]
    assert uploads.submit(upload, matches, by=ada) == {}
    assert [name for name, _certification in scans()] == ["1.jpg", "2.jpg", "2.jpg"]
    assert count(Certification) == 2


def test_renewing_makes_a_new_certification_that_points_to_the_old_one(cast, upload, held, ada):
    target = Target(Facts(expires_on=EXPIRES, number="124"), renews_id=held.id)
    assert uploads.submit(upload, [Match(upload.files[0].id, [target])], by=ada) == {}
    made = db.session.scalars(select(Certification).where(Certification.supersedes_id == held.id)).one()
    assert (made.type_id, made.number) == (cast.emt.id, "124")
    assert scans() == [("1.jpg", made.id)]


def test_adding_to_an_existing_one_leaves_it_as_it_is_where_the_fields_were_empty(upload, held, ada):
    before = held.facts()
    assert uploads.submit(upload, [Match(upload.files[0].id, [Target(Facts(), add_to_id=held.id)])], by=ada) == {}
    db.session.expire_all()
    assert held.facts() == before
    assert scans() == [("1.jpg", held.id)]


def test_editing_what_was_shown_corrects_the_existing_certification(upload, held, ada):
    target = Target(Facts(None, date(2028, 1, 1), "123"), add_to_id=held.id, shown=Facts.of(held))
    assert uploads.submit(upload, [Match(upload.files[0].id, [target])], by=ada) == {}
    db.session.expire_all()
    assert (held.issued_on, held.expires_on, held.number) == (None, date(2028, 1, 1), "123")
    assert count(Certification) == 1


def test_only_one_of_two_sides_needs_to_correct(upload, held, ada):
    shown, wanted = Facts.of(held), Facts(held.issued_on, date(2028, 1, 1), "123")
    front, back = upload.files
    matches = [
        Match(front.id, [Target(wanted, add_to_id=held.id, shown=shown)]),
        Match(back.id, [Target(shown, add_to_id=held.id, shown=shown)]),
    ]
    assert uploads.submit(upload, matches, by=ada) == {}
    db.session.expire_all()
    assert held.expires_on == date(2028, 1, 1)


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(upload, held, ada):
    target = Target(Facts(None, date(2029, 1, 1), "9"), add_to_id=held.id, shown=Facts.of(held))
    with transaction():
        steps.correct(lock(held), steps.Entry(None, date(2028, 1, 1), None, "124"), by=ada)
    file = upload.files[0].id
    refused = uploads.submit(upload, [Match(file, [target])], by=ada)
    assert "by now" in refused[file].errors[0].errors["certification"].sentence
    db.session.expire_all()
    assert (held.number, scans()) == ("124", [])


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        (Facts(), "expires_on"),
        (Facts(date(2031, 1, 1), EXPIRES), "expires_on"),
        (Facts(expires_on=EXPIRES, number="x" * 256), "number"),
        (Facts(expires_on=date(2027, 3, 21), number="123"), "expires_on"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_of_its_file_is_saved(cast, upload, held, ada, facts, field):
    file = upload.files[0].id
    refused = uploads.submit(upload, [Match(file, [Target(facts, type_id=cast.emt.id)])], by=ada)
    assert list(refused[file].errors[0].errors) == [field]
    assert (count(Certification), scans(), waiting(upload)) == (1, [], ["1.jpg", "2.jpg"])


def test_a_cleared_expiry_of_an_existing_certification_is_refused(upload, held, ada):
    file = upload.files[0].id
    target = Target(Facts(held.issued_on, None, "123"), add_to_id=held.id, shown=Facts.of(held))
    refused = uploads.submit(upload, [Match(file, [target])], by=ada)
    assert list(refused[file].errors[0].errors) == ["expires_on"]


def test_nothing_chosen_asks_for_the_certification(upload, ada):
    file = upload.files[0].id
    refused = uploads.submit(upload, [Match(file, [Target(Facts())])], by=ada)
    assert set(refused[file].errors[0].errors) == {"certification", "expires_on"}


@pytest.mark.parametrize("what", ["add_to_id", "renews_id", "type_id"])
def test_what_is_not_this_members_or_organizations_is_refused(cast, upload, ada, what):
    with transaction():
        of_mia = steps.record(lock(cast.mia), steps.Entry(cast.emt.id, EXPIRES), by=ada)
    file = upload.files[0].id
    for wrong in (cast.clinic_emt.id if what == "type_id" else of_mia.id, 0, 999_999):
        refused = uploads.submit(upload, [Match(file, [Target(Facts(expires_on=EXPIRES), **{what: wrong})])], by=ada)
        assert list(refused[file].errors[0].errors) == ["certification"]
    assert scans() == []


def test_the_good_file_lands_and_the_failed_one_is_mended_without_choosing_it_again(cast, upload, ada):
    front, back = (file.id for file in upload.files)
    refused = uploads.submit(upload, [Match(front, [new(cast)]), Match(back, [new(cast, None)])], by=ada)
    assert list(refused) == [back]
    assert waiting(upload) == ["2.jpg"]
    assert uploads.submit(upload, [Match(back, same_as_id=front)], by=ada) == {}
    assert waiting(upload) == []
    assert len({certification for _name, certification in scans()}) == 1


def test_a_side_whose_other_side_failed_waits_with_it(cast, upload, ada):
    front, back = (file.id for file in upload.files)
    refused = uploads.submit(upload, [Match(front, [new(cast, None)]), Match(back, same_as_id=front)], by=ada)
    assert set(refused) == {front, back}
    assert "certification" in refused[back].errors[0].errors


def test_one_wrong_target_keeps_the_whole_file_back_and_each_says_why(cast, upload, held, ada):
    file = upload.files[0].id
    targets = [
        Target(Facts(held.issued_on, date(2020, 1, 1), "123"), add_to_id=held.id, shown=Facts.of(held)),
        Target(Facts(expires_on=EXPIRES), type_id=cast.forklift.id),
        Target(Facts(), type_id=cast.forklift.id),
    ]
    refused = uploads.submit(upload, [Match(file, targets)], by=ada)
    assert set(refused[file].errors) == {0, 2}
    db.session.expire_all()
    assert (held.expires_on, count(Certification), scans()) == (date(2027, 3, 21), 1, [])


def test_submitting_again_does_nothing_twice(cast, upload, ada):
    matches = [Match(file.id, [new(cast, number=str(file.id))]) for file in upload.files]
    for _ in range(3):
        assert uploads.submit(upload, matches, by=ada) == {}
    assert (count(Certification), len(scans())) == (2, 2)


def test_a_file_that_is_left_out_is_forgotten_once_the_others_are_done(cast, upload, ada):
    front, back = (file.id for file in upload.files)
    refused = uploads.submit(upload, [Match(front, left_out=True), Match(back, [new(cast, None)])], by=ada)
    assert list(refused) == [back]
    assert waiting(upload) == ["1.jpg", "2.jpg"]
    uploads.submit(upload, [Match(front, left_out=True), Match(back, [new(cast)])], by=ada)
    assert waiting(upload) == []
    assert (count(UploadedFile), count(StoredFile)) == (1, 2)


def test_discarding_forgets_what_waits_and_keeps_what_landed(cast, upload, ada):
    uploads.submit(upload, [Match(upload.files[0].id, [new(cast)])], by=ada)
    uploads.discard(upload, by=ada)
    assert (count(Upload), count(UploadedFile), len(scans())) == (0, 0, 1)
    with pytest.raises(NotFound):
        upload_for(upload.id, by=ada)


def test_somebody_who_lost_their_role_cannot_go_on(cast, upload, ada):
    from dataclasses import replace

    with pytest.raises(NotAllowed):
        uploads.submit(upload, [Match(upload.files[0].id, [new(cast)])], by=replace(ada, role=Role.MEMBER))


def test_the_events_name_the_member_and_the_actor(cast, upload, ada):
    uploads.submit(upload, [Match(upload.files[0].id, [new(cast)])], by=ada)
    for event in db.session.scalars(select(AuditEvent)):
        assert (event.member_id, event.actor_member_id) == (cast.max.id, cast.ada.id)


def test_a_day_that_has_passed_does_not_matter_to_a_running_upload(cast, upload, ada):
    with clock.standing_at(clock.now() + timedelta(hours=23)):
        assert uploads.submit(upload, [Match(upload.files[0].id, [new(cast)])], by=ada) == {}


def test_what_one_person_has_waiting_in_all_forms_has_a_limit(cast, ada):
    """And bytes that were refused do not stay."""
    with transaction():
        lock(cast.fire).largest_file = 1024
    for form in range(3):
        kept = uploads.stage(cast.max, arrive(cast, *map(os.urandom, [1024] * 20)), key=f"form-{form}-of-many", by=ada)
        assert not kept.refused
    before = set(storage().keys_before(9e9))
    kept = uploads.stage(cast.max, arrive(cast, b"one more"), key="another-form-of-hers", by=ada)
    assert [type(each) for each in kept.refused] == [TooMuchWaiting]
    assert "larger than 60 KB together" in kept.refused[0].in_english()
    assert set(storage().keys_before(9e9)) == before
    carl = cast.actor(cast.carl)
    assert not uploads.stage(cast.max, arrive(cast, b"one more"), key="a-form-of-another", by=carl).refused


def test_refused_bytes_that_the_organization_has_already_stay(cast, ada, monkeypatch):
    give(cast.max, cast.emt, 200, files={"card.txt": b"the same"})
    monkeypatch.setattr(staging_steps, "_FORMS_FULL", 0)
    kept = uploads.stage(cast.max, arrive(cast, b"the same"), key="a-form-of-hers-now", by=ada)
    assert kept.refused
    stored = db.session.scalars(select(StoredFile)).one()
    with storage().open(stored.key) as stream:
        assert stream.read() == b"the same"

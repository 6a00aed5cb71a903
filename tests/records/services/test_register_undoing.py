"""Undoing a register: untouched rows are reverted, those changed since stay and are told."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from records import clock
from records.database import db, found, transaction
from records.errors import NotBroughtIn, NotFound
from records.models import (
    AuditEvent,
    AuditKind,
    Certification,
    CertificationType,
    ImportRow,
    Member,
    RegisterImport,
    Unit,
)
from records.services import certification_steps, files, member_merges, register_imports, register_undoing, scan_steps
from records.services.certification_steps import Entry
from tests.merging import merged
from tests.records.services.test_register_imports import (
    BY_NUMBER,
    HEADER_BY_NUMBER,
    bring,
    certifications,
    check,
    count,
    outcomes,
    record,
    row,
)
from tests.registers import HEADER

TWO = HEADER + "Ann Abel,A-1,Brand New,,2028-01-31\nBo Bell,B-1,Brand New,,2028-01-31\n"


@pytest.fixture
def ada(cast):
    return cast.actor(cast.ada)


def undo(done: RegisterImport, by) -> RegisterImport:
    register_undoing.undo(done, by=by)
    return found(RegisterImport, done.id)


def kept(done: RegisterImport) -> dict[int, str]:
    rows = select(ImportRow.line, ImportRow.kept).where(ImportRow.import_id == done.id, ImportRow.kept != "")
    return dict(db.session.execute(rows).all())


def test_an_undone_import_leaves_everything_as_it_was(ada):
    before = (count(Member), count(Certification), count(CertificationType), count(Unit))
    done = bring(HEADER_BY_NUMBER + "Bo Abel,2001,,Boat House,,Brand New,A-1,2028-01-31,\n"
                 "Bo Abel,2001,,,,Brand New,A-1,2030-01-31,\nCy Cole,2002,,Boat House,,,,,\n",
                 ada, BY_NUMBER)  # fmt: skip
    assert outcomes(done) == ["new member", "renewal", "new member"]
    undone = undo(done, ada)
    assert (undone.state, undone.counts["reverted"], undone.counts["kept"]) == ("undone", 3, 0)
    assert (count(Member), count(Certification), count(CertificationType), count(Unit)) == before


def test_it_can_come_in_again_afterwards(ada):
    undo(bring(TWO, ada), ada)
    assert outcomes(bring(TWO, ada)) == ["new member", "new member"]


def test_one_event_tells_of_it(ada):
    done = bring(TWO, ada)
    undo(done, ada)
    event = db.session.scalars(select(AuditEvent).where(AuditEvent.kind == AuditKind.REGISTER_IMPORT_UNDONE)).one()
    assert event.subject_id == done.id
    assert event.detail.after == {"file_name": "register.csv", "reverted": 2, "kept": 0}


def test_certifications_of_members_who_were_here_leave_tombstones(cast, ada):
    old = record(cast, cast.max, cast.emt, date(2026, 1, 31), number="A-1")
    done = bring(HEADER + "Max Miller,A-1,EMT-Basic,,2028-01-31\n", ada)
    assert outcomes(done) == ["renewal"]
    undo(done, ada)
    first, second = certifications()
    assert (first.id, first.deleted_at, first.renewal) == (old, None, None)
    assert second.deleted_at is not None


def test_changed_fields_get_their_former_values_back(cast, ada):
    held = record(cast, cast.max, cast.emt, date(2028, 1, 31), number="A-1", issued_on=date(2026, 1, 1))
    done = bring(HEADER + "Max Miller,A-1,EMT-Basic,2026-01-02,2028-01-31\n", ada)
    assert found(Certification, held).issued_on == date(2026, 1, 2)
    undo(done, ada)
    assert found(Certification, held).issued_on == date(2026, 1, 1)


def test_a_status_is_put_back(cast, ada):
    held = record(cast, cast.max, cast.emt, date(2028, 1, 31), number="A-1")
    done = bring(HEADER_BY_NUMBER + "Max Miller,1004,,,,EMT-Basic,A-1,2028-01-31,susp\n", ada, BY_NUMBER)
    undo(done, ada)
    certification = found(Certification, held)
    assert (certification.suspended_on, certification.suspended_reason) == (None, "")


def test_a_certification_changed_since_stays_and_is_told(cast, ada):
    done = bring(TWO, ada)
    first = certifications()[0]
    with transaction():
        certification = found(Certification, first.id)
        entry = Entry(certification.type_id, date(2029, 1, 1), number="A-1")
        certification_steps.correct(certification, entry, by=ada)
    undone = undo(done, ada)
    assert (undone.counts["reverted"], undone.counts["kept"]) == (1, 1)
    assert kept(done) == {2: register_undoing.CHANGED_SINCE}
    assert [each.expires_on for each in certifications()] == [date(2029, 1, 1)]
    assert found(CertificationType, first.type_id).retired_at is None


def test_a_certification_with_a_scan_stays(cast, ada):
    import io

    done = bring(TWO, ada)
    arrived = files.take_in(io.BytesIO(b"scan"), name="card.txt", organization=cast.fire)
    with transaction():
        first = found(Certification, certifications()[0].id)
        scan_steps.attach(first, files.row_for(arrived), name="card.txt", by=ada)
    undo(done, ada)
    assert kept(done) == {2: register_undoing.CHANGED_SINCE}
    assert found(Certification, first.id).deleted_at is None


def test_a_certification_renewed_since_stays(ada):
    done = bring(TWO, ada)
    first = certifications()[0]
    with transaction():
        entry = Entry(first.type_id, date(2030, 1, 1), number="A-1", renews_id=first.id)
        certification_steps.record(found(Member, first.member_id), entry, by=ada)
    undo(done, ada)
    assert set(kept(done)) == {2}
    assert len([each for each in certifications() if each.deleted_at is None]) == 2


def test_a_member_changed_since_stays_without_the_certification(ada):
    done = bring(TWO, ada)
    first = certifications()[0]
    with transaction():
        found(Member, first.member_id).email = "ann@x.example"
    undo(done, ada)
    assert kept(done) == {2: register_undoing.MEMBER_CHANGED_SINCE}
    assert found(Member, first.member_id).email == "ann@x.example"
    assert certifications()[0].deleted_at is not None
    assert found(CertificationType, first.type_id).retired_at is not None


def test_a_certification_deleted_since_is_not_brought_back(ada):
    done = bring(TWO, ada)
    first = certifications()[0]
    with transaction():
        certification_steps.delete(found(Certification, first.id), by=ada)
    undo(done, ada)
    assert 2 in kept(done)
    assert found(Certification, first.id).deleted_at is not None


def test_what_a_later_import_added_stays(ada):
    done = bring(TWO, ada)
    bring(HEADER + "Ann Abel,A-1,EMT-Basic,,2028-01-31\n", ada)
    undo(done, ada)
    assert set(kept(done)) == {2}
    ann = db.session.scalars(select(Member).where(Member.family_name == "Abel")).one()
    live = [each for each in certifications() if each.deleted_at is None]
    assert [each.member_id for each in live] == [ann.id]


def test_only_what_was_brought_in_can_be_undone_and_only_once(ada):
    checked = check(TWO, ada)
    with pytest.raises(NotBroughtIn):
        register_undoing.undo(checked, by=ada)
    register_imports.apply(checked, version=checked.version, by=ada)
    register_undoing.undo(checked, by=ada)
    with pytest.raises(NotBroughtIn):
        register_undoing.undo(checked, by=ada)


def test_a_coordinator_undoes_their_own_within_their_scope(cast, ada):
    nora = cast.actor(cast.nora)
    content = HEADER_BY_NUMBER + "Max Miller,1004,,,,EMT-Basic,A-1,2028-01-31,\n"
    done = bring(content, nora, BY_NUMBER)
    with transaction():
        found(Member, cast.max.id).unit_id = cast.south.id
    undo(done, nora)
    assert kept(done) == {2: register_undoing.OUT_OF_SCOPE}
    assert certifications()[0].deleted_at is None
    theirs = bring(TWO, ada)
    with pytest.raises(NotFound):
        register_undoing.undo(theirs, by=nora)


def test_more_rows_than_one_batch_are_undone(ada):
    before = count(Member)
    lines = "".join(f"Person {number},N-{number},EMT-Basic,,2028-01-31\n" for number in range(1203))
    undone = undo(bring(HEADER + lines, ada), ada)
    assert undone.counts["reverted"] == 1203
    assert (count(Member), count(Certification)) == (before, 0)
    assert clock.now() >= undone.undone_at


# Members who were merged


def test_a_register_that_names_a_merged_member_means_the_one_who_was_kept(cast, ada):
    merged(cast.max, cast.mia, by=ada)
    bring(HEADER_BY_NUMBER + ",1005,,,,EMT-Basic,E-5,2028-01-31,\n", ada, BY_NUMBER)
    assert [each.member_id for each in certifications()] == [cast.max.id]


def test_by_name_a_merged_twin_is_nobody_to_choose(cast, ada):
    bring(HEADER + "Ann Abel,A-1,EMT-Basic,,2028-01-31\n", ada)
    with transaction() as session:
        session.add(Member(given_name="Ann", family_name="Abel", created_at=clock.now()))
    ann, twin = db.session.scalars(select(Member).where(Member.family_name == "Abel").order_by(Member.id))
    again = HEADER + "Ann Abel,A-2,Forklift licence,,2029-01-31\n"
    assert {f"member:{ann.id}", f"member:{twin.id}"} <= set(row(check(again, ada), 2).candidates)
    merged(ann, twin, by=ada)
    assert f"member:{twin.id}" not in row(check(again, ada), 2).candidates


def test_whom_a_register_brought_twice_and_who_was_merged_stays_with_what_is_known(cast, ada):
    done = bring(TWO, ada)
    ann, bo = db.session.scalars(select(Member).where(Member.family_name.in_(["Abel", "Bell"])).order_by(Member.id))
    merge = merged(ann, bo, by=ada)
    undo(done, ada)
    assert [each.deleted_at is None for each in certifications()] == [False, False]
    assert {each.member_id for each in certifications()} == {ann.id}
    assert len(kept(done)) == 2, "the two members: a merge names them"
    member_merges.undo(merge, by=ada)
    assert found(Member, bo.id).is_active


@pytest.mark.parametrize(("keeper", "reason"), [("una", register_undoing.OUT_OF_SCOPE), ("nora", register_undoing.OWN)])
def test_what_a_merge_took_out_of_a_coordinators_reach_stays_and_is_told(cast, ada, keeper, reason):
    nora = cast.actor(cast.nora)
    done = bring(HEADER_BY_NUMBER + "Max Miller,1004,,,,EMT-Basic,A-1,2028-01-31,\n", nora, BY_NUMBER)
    merged(getattr(cast, keeper), cast.max, by=ada)
    undone = undo(done, nora)
    assert kept(done) == {2: reason}
    assert (undone.counts["reverted"], undone.counts["kept"]) == (0, 1)
    assert [each.deleted_at for each in certifications()] == [None]


def test_a_coordinator_undoes_what_a_merge_left_in_their_scope(cast, ada):
    carl = cast.actor(cast.carl)
    done = bring(HEADER_BY_NUMBER + "Max Miller,1004,,,,EMT-Basic,A-1,2028-01-31,\n", carl, BY_NUMBER)
    merged(cast.mia, cast.max, by=ada)
    undo(done, carl)
    assert kept(done) == {}
    assert [each.deleted_at is None for each in certifications()] == [False]

"""Certification types: who changes them, unique names, retiring and deleting."""

from __future__ import annotations

import threading
from datetime import date

import pytest
from sqlalchemy import select

from records.database import choose_organization, db, transaction
from records.errors import InvalidInput, NameTaken, NotAllowed, Stale, TypeInUse
from records.models import AuditEvent, AuditKind, Certification, CertificationType
from records.queries.certification_types import listed_types
from records.services import certification_steps as steps
from records.services import certification_types
from records.services.certification_steps import Entry, record
from records.services.certification_types import TypeFacts


def _type(type_id):
    return db.session.get(CertificationType, type_id, populate_existing=True)


def test_a_new_type_has_the_usual_reminder_stages(cast):
    made = certification_types.create(TypeFacts(" Swift  Water "), by=cast.actor(cast.carl))
    assert (made.name, made.reminder_stages, made.notice_days, made.grace_days) == (
        "Swift Water",
        [90, 30, 7, 0, -14],
        90,
        0,
    )


def test_only_whole_organization_scope_changes_them(cast):
    emt = cast.emt
    for by in (cast.nora, cast.max):
        actor = cast.actor(by)
        for act in (
            lambda actor=actor: certification_types.create(TypeFacts("New"), by=actor),
            lambda actor=actor: certification_types.change(emt, TypeFacts("New"), by=actor, version=1),
            lambda actor=actor: certification_types.retire(emt, by=actor),
            lambda actor=actor: certification_types.reinstate(emt, by=actor),
            lambda actor=actor: certification_types.delete(emt, by=actor),
        ):
            with pytest.raises(NotAllowed):
                act()


@pytest.mark.parametrize("name", ["emt-basic", "ÉMT-BASIC", " EMT-Basic "])
def test_names_are_unique_without_regard_to_case_and_accents(cast, name):
    for act in (
        lambda: certification_types.create(TypeFacts(name), by=cast.actor(cast.ada)),
        lambda: certification_types.change(
            _type(cast.forklift.id), TypeFacts(name), by=cast.actor(cast.ada), version=1
        ),
    ):
        with pytest.raises(InvalidInput) as refusal:
            act()
        assert isinstance(refusal.value.errors["name"], NameTaken)
    assert certification_types.change(_type(cast.emt.id), TypeFacts("EMT-BASIC"), by=cast.actor(cast.ada), version=1)


def test_of_two_who_save_one_name_at_once_one_gets_it(app, cast):
    organization_id, actor, told = cast.fire.id, cast.actor(cast.ada), []
    both = threading.Barrier(2)

    def save():
        with app.app_context():
            choose_organization(organization_id)
            both.wait()
            try:
                certification_types.create(TypeFacts("Rope Rescue"), by=actor)
                told.append("saved")
            except InvalidInput as refusal:
                told.append(type(refusal.errors["name"]).__name__)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=save) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == ["NameTaken", "saved"]


def test_the_tables_own_constraint_speaks_the_same_words(cast, monkeypatch):
    monkeypatch.setattr(certification_types, "name_is_taken", lambda _type: False)
    with pytest.raises(InvalidInput) as refusal:
        certification_types.create(TypeFacts("emt-basic"), by=cast.actor(cast.ada))
    assert isinstance(refusal.value.errors["name"], NameTaken)


def test_every_wrong_field_is_told_at_once(cast):
    wrong = TypeFacts("", issuer="x" * 256, usual_term=0, grace_days=-1, position=-1, reminder_stages=(4000,))
    with pytest.raises(InvalidInput) as refusal:
        certification_types.create(wrong, by=cast.actor(cast.ada))
    assert refusal.value.errors.keys() == {"name", "issuer", "usual_term", "grace_days", "position", "reminder_stages"}


def test_a_type_in_use_is_not_deleted_only_retired(cast):
    ada = cast.actor(cast.ada)
    with transaction():
        held = record(cast.max, Entry(cast.emt.id, date(2030, 1, 1)), by=ada).id
    with pytest.raises(TypeInUse):
        certification_types.delete(_type(cast.emt.id), by=ada)
    with transaction() as session:
        steps.delete(session.get(Certification, held), by=ada)
    with pytest.raises(TypeInUse):  # it can still be restored
        certification_types.delete(_type(cast.emt.id), by=ada)
    certification_types.retire(_type(cast.emt.id), by=ada)
    assert _type(cast.emt.id).is_retired
    certification_types.reinstate(_type(cast.emt.id), by=ada)
    assert not _type(cast.emt.id).is_retired
    certification_types.delete(_type(cast.forklift.id), by=ada)
    assert _type(cast.forklift.id) is None
    kinds = db.session.scalars(select(AuditEvent.kind).order_by(AuditEvent.id)).all()[-3:]
    assert kinds == [
        AuditKind.CERTIFICATION_TYPE_RETIRED,
        AuditKind.CERTIFICATION_TYPE_REINSTATED,
        AuditKind.CERTIFICATION_TYPE_DELETED,
    ]


def test_an_overtaken_page_is_stale_and_no_change_is_no_event(cast):
    ada = cast.actor(cast.ada)
    facts = TypeFacts("EMT-Basic", usual_term=24)
    before = len(db.session.scalars(select(AuditEvent.id)).all())
    assert not certification_types.change(_type(cast.emt.id), facts, by=ada, version=1)
    assert len(db.session.scalars(select(AuditEvent.id)).all()) == before
    assert certification_types.change(_type(cast.emt.id), TypeFacts("EMT"), by=ada, version=1)
    with pytest.raises(Stale):
        certification_types.change(_type(cast.emt.id), facts, by=ada, version=1)


def test_the_list_counts_members_once_and_stops_counting(cast, monkeypatch):
    from records.queries import certification_types as query

    with transaction():
        for year in (2030, 2031):
            record(cast.max, Entry(cast.emt.id, date(year, 1, 1)), by=cast.actor(cast.ada))
        record(cast.mia, Entry(cast.emt.id, date(2030, 1, 1)), by=cast.actor(cast.ada))
    assert {each.type.name: each.holders for each in listed_types()} == {"EMT-Basic": 2, "Forklift licence": 0}
    monkeypatch.setattr(query, "MOST_HOLDERS", 1)
    assert [each.more for each in listed_types()] == [True, False]

"""Rows in bulk: ids that nobody else gets, defaults, types and the organization as the session would have them."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from records import clock
from records.database import db, organization_scope, transaction
from records.models import Certification, ImportRow, RegisterImport, Unit
from records.services.in_bulk import insert_rows, new_ids, update_rows
from tests.holdings import give

COLUMNS = ("id", "member_id", "type_id", "number", "folded_number", "expires_on", "recorded_on", "created_at")


@pytest.fixture
def register(cast) -> int:
    with transaction() as session:
        made = RegisterImport(file_name="a.csv", reading={}, survey={}, mapping={}, created_at=clock.now())
        session.add(made)
        session.flush()
        return made.id


def bring(cast, number: str) -> int:
    with transaction():
        (id_,) = new_ids(Certification, 1)
        day = date(2030, 1, 31)
        insert_rows(Certification, COLUMNS, [(id_, cast.mia.id, cast.emt.id, number, number, day, day, clock.now())])
        return id_


def test_what_was_inserted_is_as_the_session_would_have_made_it(cast):
    one = db.session.get_one(Certification, bring(cast, "n-1"))
    with transaction() as session:
        other = Certification(
            member_id=cast.mia.id, type_id=cast.emt.id, number="n-1", expires_on=date(2030, 2, 1),
            recorded_on=date(2030, 1, 31), created_at=one.created_at)  # fmt: skip
        session.add(other)
    apart = {"id", "expires_on"}
    names = [column.key for column in Certification.__mapper__.column_attrs if column.key not in apart]
    assert {name: getattr(one, name) for name in names} == {name: getattr(other, name) for name in names}


def test_an_id_is_given_out_once(cast):
    first = bring(cast, "n-1")
    with transaction() as session:
        session.execute(delete(Certification).where(Certification.id == first))
    second = bring(cast, "n-2")
    with transaction():
        ids = list(new_ids(Certification, 3))
    assert second > first
    assert ids == sorted(set(ids))
    assert ids[0] > second
    assert give(cast.mia, cast.emt, 400) > second  # the session counts on


def test_what_the_database_forbids_is_refused_and_nothing_stays(cast):
    bring(cast, "n-1")
    with pytest.raises(IntegrityError):
        bring(cast, "n-1")
    assert len(db.session.scalars(select(Certification)).all()) == 1
    with pytest.raises(IntegrityError), organization_scope(cast.clinic.id):
        bring(cast, "n-2")  # of a member who is not of that organization


def test_rows_are_changed_in_the_chosen_organization_alone(cast, register):
    with transaction():
        ids = list(new_ids(ImportRow, 2))
        insert_rows(ImportRow, ("id", "import_id", "line", "cells", "outcome"),
                    [(id_, register, line, ["“ä”", ""], "unchanged") for line, id_ in enumerate(ids, 2)])  # fmt: skip
    with transaction():
        update_rows(ImportRow, ("member_id", "before"), [(ids[0], cast.mia.id, {"number": 'é"'}), (ids[1], None, {})])
    with transaction(), organization_scope(cast.clinic.id):
        update_rows(ImportRow, ("before",), [(ids[1], {"changed": "from elsewhere"})])
    one, two = db.session.scalars(select(ImportRow).order_by(ImportRow.line)).all()
    assert (one.cells, one.member_id, one.before, one.created) == (["“ä”", ""], cast.mia.id, {"number": 'é"'}, [])
    assert (two.member_id, two.before) == (None, {})


def test_no_rows_are_no_statement(cast):
    with transaction():
        assert list(new_ids(Unit, 0)) == []
        insert_rows(Unit, ("name",), [])
        update_rows(Unit, ("name",), [])

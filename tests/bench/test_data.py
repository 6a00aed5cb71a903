"""The data of the benchmark: the same every time, and such as Certfolio itself would write."""

from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa
from flask import Flask

from bench.drawing import HELD_BY_EACH, Drawn
from bench.installation import Installation
from records.database import db, organization_scope
from records.models import Certification, CreditEntry, ExternalCertificate, Member
from records.queries.checks import check_organization
from records.queries.member_search import matches, words_of
from tests.bench.conftest import MEMBERS, write

DAY = date(2027, 3, 21)
STREAMS = ("people", "holdings", "papers", "courses", "notices")


@pytest.mark.once
@pytest.mark.parametrize("stream", STREAMS)
def test_the_same_members_seed_and_day_draw_the_same_data(stream: str) -> None:
    one, other = Drawn(50, today=DAY), Drawn(50, today=DAY)
    first = list(getattr(one, stream)())
    assert first
    assert first == list(getattr(one, stream)()) == list(getattr(other, stream)())


@pytest.mark.once
def test_another_seed_draws_other_data() -> None:
    assert list(Drawn(50, today=DAY).people()) != list(Drawn(50, today=DAY, seed=8).people())


@pytest.mark.once
def test_external_certificates_are_never_more_than_200_000() -> None:
    courses = Drawn(300_000, today=DAY).courses()
    members = {each.member_id for each in courses}
    assert len(members) == 100_000
    assert 150_000 in members, "the learner who signs in has some"


def test_the_data_stand_every_check_but_that_of_their_bytes(
    filled: tuple[Flask, Installation],
) -> None:
    app, _ = filled
    with app.app_context(), organization_scope(1):
        assert db.session.scalar(sa.select(sa.func.count(Member.id))) == MEMBERS + 1
        assert db.session.scalar(sa.select(sa.func.count(Certification.id))) == HELD_BY_EACH * MEMBERS
        assert db.session.scalar(sa.select(sa.func.count(ExternalCertificate.id))) == 2 * MEMBERS
        assert db.session.scalar(sa.select(sa.func.count(CreditEntry.id)))
        problems = [each for each in check_organization().problems if "bytes" not in str(each)]
        assert problems == []
        name = db.session.get_one(Member, 1).family_name
        found = set(db.session.scalars(sa.select(Member.id).where(matches(words_of(name)))))
        assert found == set(db.session.scalars(sa.select(Member.id).where(Member.family_name == name)))


def test_filling_leaves_indexes_and_triggers_as_they_were(empty: tuple[Flask, Installation]) -> None:
    app, installation = empty
    before = _schema(app)
    write(app, installation)
    assert _schema(app) == before


def _schema(app: Flask) -> set[tuple[str, ...]]:
    with app.app_context(), db.engine.connect() as connection:
        if db.engine.dialect.name == "sqlite":
            names = "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_stat%'"
        else:
            names = "SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
        found = {tuple(map(str, row)) for row in connection.execute(sa.text(names))}
        connection.rollback()
    assert found
    return found

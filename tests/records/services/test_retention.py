"""The rules of retention: off until somebody sets them, and then they take what is due, and nothing else."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from records import clock
from records.database import db, every_organization, found, lock, transaction
from records.errors import InvalidInput
from records.models import Actor, AuditEvent, AuditKind, Erasure, Member, Organization, Scan
from records.queries.checks import check_organization
from records.queries.retention import due_by_rule
from records.services import audit, members, retention, sweeps
from tests.holdings import give, picture
from tests.merging import merged

YEAR = timedelta(days=366)


def _rule(organization, **rules):
    with transaction():
        standing = lock(organization)
        for name, value in rules.items():
            setattr(standing, name, value)


def _due(cast):
    db.session.expire_all()
    return due_by_rule(db.session.get_one(Organization, cast.fire.id))


def _run():
    retention.keep_rules()
    sweeps.sweep_now(by=Actor.job("sweep"))
    db.session.expire_all()


@pytest.fixture
def full(cast):
    """Max deactivated, with a file that Ada looked at; Mia, active, with another."""
    for member in (cast.max, cast.mia):
        give(member, cast.emt, 30, files={"card.png": picture()})
    audit.viewed_scan(db.session.scalars(sa.select(Scan)).first(), by=cast.actor(cast.ada))
    members.deactivate(cast.max, by=cast.actor(cast.ada))
    return cast


def _erased():
    with every_organization():
        return db.session.scalars(sa.select(Erasure.member_id)).all()


def test_while_they_are_off_nothing_ever_goes(full):
    with clock.standing_at(clock.now() + 50 * YEAR):
        assert _due(full) == {}
        retention.keep_rules()
    assert _erased() == []
    assert len(db.session.scalars(sa.select(Scan)).all()) == 2


def test_members_are_erased_so_long_after_they_were_deactivated_and_not_before(full):
    _rule(full.fire, erase_members_years=3)
    with clock.standing_at(clock.now() + timedelta(days=3 * 365 - 5)):
        assert _due(full)["erase_members_years"] == 0
        _run()
        assert _erased() == []
    with clock.standing_at(clock.now() + timedelta(days=3 * 365 + 5)):
        assert _due(full)["erase_members_years"] == 1
        _run()
        assert _due(full)["erase_members_years"] == 0
    assert _erased() == [full.max.id]
    event = db.session.scalars(sa.select(AuditEvent).where(AuditEvent.kind == AuditKind.MEMBER_ERASED)).one()
    assert (event.actor_kind, event.detail.actor_name, event.member_id) == ("job", "retention", full.max.id)
    assert found(Member, full.mia.id).name == "Mia Söderström"
    assert check_organization().problems == []


def test_the_rule_of_one_organization_is_no_others(full):
    with every_organization(), transaction() as session:
        session.get_one(Member, full.other_max.id).deactivated_at = clock.now()
    _rule(full.fire, erase_members_years=1)
    with clock.standing_at(clock.now() + 2 * YEAR):
        retention.keep_rules()
    assert _erased() == [full.max.id]


def test_whoever_was_merged_away_goes_with_the_one_who_stays(cast):
    ada = cast.actor(cast.ada)
    merged(cast.mia, cast.una, by=ada)
    _rule(cast.fire, erase_members_years=1)
    with clock.standing_at(clock.now() + 2 * YEAR):
        assert _due(cast)["erase_members_years"] == 0
        retention.keep_rules()
    assert _erased() == []


def test_files_of_long_expired_certifications_go_and_the_certification_stays(full):
    _rule(full.fire, remove_scans_years=2)
    with clock.standing_at(clock.now() + timedelta(days=2 * 365 + 25)):
        assert _due(full)["remove_scans_years"] == 0
        _run()
        assert len(db.session.scalars(sa.select(Scan)).all()) == 2
    with clock.standing_at(clock.now() + timedelta(days=2 * 365 + 35)):
        assert _due(full)["remove_scans_years"] == 2
        _run()
        assert _due(full)["remove_scans_years"] == 0
    assert db.session.scalars(sa.select(Scan)).all() == []
    assert check_organization().looked_at["files"] == 0
    swept = sa.select(sa.func.count()).where(AuditEvent.kind == AuditKind.SCAN_SWEPT)
    assert db.session.scalar(swept) == 2


def test_who_looked_is_forgotten_and_that_somebody_did_stays(full):
    _rule(full.fire, empty_views_months=6)
    views = sa.select(AuditEvent).where(AuditEvent.kind == AuditKind.SCAN_VIEWED)
    with clock.standing_at(clock.now() + timedelta(days=180)):
        _run()
        assert db.session.scalars(views).one().detail.actor_name == "Ada Lindgren"
    with clock.standing_at(clock.now() + timedelta(days=190)):
        assert _due(full)["empty_views_months"] == 1
        _run()
        assert _due(full)["empty_views_months"] == 0
        _run()
    detail = db.session.scalars(views).one().detail
    assert (detail.actor_name, detail.address, detail.salt) == ("", "", "")
    done = db.session.scalars(sa.select(AuditEvent).where(AuditEvent.kind == AuditKind.VIEWS_EMPTIED)).all()
    assert [event.detail.after for event in done] == [{"counts": {"audit_event": 1}}]
    created = sa.select(AuditEvent).where(AuditEvent.kind == AuditKind.MEMBER_DEACTIVATED)
    assert db.session.scalars(created).one().detail.actor_name == "Ada Lindgren"


@pytest.mark.parametrize("typed", ["0", "-1", "1201"])
def test_a_period_that_is_none_is_refused(cast, typed):
    from dataclasses import replace

    from admin_panel.forms.settings import form_of
    from records.services import organizations

    facts = replace(form_of(cast.fire).facts(), erase_members_years=int(typed), remove_scans_years=int(typed))
    with pytest.raises(InvalidInput) as refused:
        organizations.change_settings(cast.fire, facts, version=cast.fire.version, by=cast.actor(cast.ada))
    assert refused.value.errors.keys() == {"erase_members_years", "remove_scans_years"}

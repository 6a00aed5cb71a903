"""Wherever a renewal comes from, it points to what it renews, and the chain reads as one history in both faces."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import pytest

from records.database import db, found
from records.models import Approval, Certification, Member, RegisterImport, Standing
from records.queries.portfolio import portfolio
from records.queries.profiles import profile_of
from records.services import profiles, register_imports, renewal_proposals, reviews, uploads
from records.services.certification_steps import Entry
from records.services.profiles import ProfileChanges
from records.services.uploads import Facts, Match, Target
from tests.certificates import credit_type, submitted
from tests.holdings import give, picture, today
from tests.registers import HEADER, MAPPING
from tests.renewals import allow_proposals, arrived, batch, in_days, proposed

WAYS = ["profile", "wizard", "import", "approval", "many members", "proposal"]


def renewed(way, cast, held, issued_on, expires_on):
    """A renewal of Max's certification, by this way."""
    by, entry = cast.actor(cast.ada), Entry(cast.emt.id, expires_on, issued_on, "N-1", held)
    if way == "profile":
        member = found(Member, cast.max.id)
        seen = profile_of(member.id, by=by).shown
        profiles.update(member, ProfileChanges(additions={1: entry}), by=by, seen=seen)
    elif way == "wizard":
        upload = uploads.start(found(Member, cast.max.id), arrived(picture()), by=by)
        target = Target(Facts(issued_on, expires_on, "N-1"), renews_id=held)
        uploads.submit_file(upload, Match(upload.files[0].id, [target]), by=by)
    elif way == "import":
        row = f"Max Miller,n-1,EMT-Basic,{issued_on},{expires_on}\n"
        started = register_imports.start(BytesIO((HEADER + row).encode()), name="register.csv", by=by, mapping=MAPPING)
        register_imports.check(started, MAPPING, by=by)
        checked = found(RegisterImport, started.id)
        register_imports.apply(checked, version=checked.version, by=by)
    elif way == "approval":
        certificate = submitted(cast, credit_type())
        approval = Approval(certificate.claimed_credits)
        reviews.approve(certificate, approval, seen=certificate.digest(), by=by, track=entry)
    elif way == "many members":
        batch(cast, cast.emt, cast.max, issued_on=issued_on, expires_on=expires_on)
    else:
        allow_proposals(cast.emt)
        proposal = proposed(cast, held, issued_on=issued_on, expires_on=expires_on)
        renewal_proposals.accept(proposal, entry, version=proposal.version, by=by)
    db.session.rollback()


@pytest.fixture
def held(cast):
    """Max's EMT, valid for 40 days, which has renewed one already."""
    oldest = give(cast.max, cast.emt, -300, issued_in=-1000, number="N-1")
    return give(cast.max, cast.emt, 40, issued_in=-320, number="N-1", renews=oldest)


@pytest.mark.parametrize("way", WAYS)
def test_a_renewal_points_to_what_it_renews_and_the_chain_reads_as_one_history(cast, held, way):
    renewed(way, cast, held, today(), in_days(730))
    (row,) = profile_of(cast.max.id, by=cast.actor(cast.ada)).rows
    assert row.certification.supersedes_id == held
    assert row.history[0].id == held
    assert len(row.history) == 2
    (own,) = portfolio(by=cast.actor(cast.max)).current
    assert own.certification.id == row.certification.id
    assert [earlier.certification.id for earlier in own.earlier] == [earlier.id for earlier in row.history]


@pytest.mark.parametrize("way", WAYS)
def test_an_early_renewal_leaves_the_old_one_in_force_until_its_day(cast, held, way):
    renewed(way, cast, held, in_days(30), in_days(760))
    old = found(Certification, held)
    assert old.renewal is not None
    assert old.renewal.takes_effect_on == in_days(30)
    assert old.standing_on(in_days(29)).holds
    assert old.standing_on(in_days(30)) == Standing.SUPERSEDED
    assert old.renewal.standing_on(in_days(30) - timedelta(days=1)) == Standing.NOT_YET_VALID
    rows = profile_of(cast.max.id, by=cast.actor(cast.ada)).rows
    assert {row.certification.id for row in rows} == {held, old.renewal.id}
    assert {own.certification.id for own in portfolio(by=cast.actor(cast.max)).current} == {held, old.renewal.id}

"""What a member holds, read as values: it says the same as the records."""

from __future__ import annotations

from datetime import timedelta

import pytest

from records.database import found, locked, transaction
from records.errors import ModuleOff, NotFound
from records.models import Certification, Organization
from records.queries.held import earned_by, held_by
from records.queries.portfolio import own_certification
from tests import certificates
from tests.holdings import give, picture, today

_SAME = ("title", "number", "issued_on", "expires_on", "supersedes_id", "suspended_on", "revoked_reason",
         "takes_effect_on", "validity", "created_at")  # fmt: skip


def test_certifications_read_as_values_say_what_the_records_say(cast):
    def suspend(certification):
        certification.suspend(on=today() + timedelta(days=2), reason="Under review")

    old = give(cast.max, cast.emt, 40, number="N-1", change=suspend)
    new = give(cast.max, cast.emt, 700, issued_in=5, renews=old, files={"card.png": picture()})
    other = give(cast.max, cast.forklift, -3, issued_in=None)
    held = {each.id: each for each in held_by(cast.max.id)}
    assert held.keys() == {old, new, other}
    assert held[old].renewal is held[new]
    for id_, values in held.items():
        record = found(Certification, id_)
        for name in _SAME:
            assert getattr(values, name) == getattr(record, name), name
        for day in (today() + timedelta(days=each) for each in range(-1, 8)):
            assert values.standing_on(day) == record.standing_on(day)
        assert [each.id for each in values.scans] == [each.id for each in record.scans]
        assert values.may_be_proposed_on(today()) == record.may_be_proposed_on(today())


def test_external_certificates_read_as_values_say_what_the_records_say(cast):
    record = certificates.approved(cast, certificates.credit_type(), expires_on=today() - timedelta(days=1))
    (values,) = earned_by(cast.max.id)
    assert [each.id for each in values.scans] == [each.id for each in record.scans]
    for name in values._fields[:-2]:
        assert getattr(values, name) == getattr(record, name), name
    assert (values.credit_type.name, values.awarded_credits) == (record.credit_type.name, certificates.CREDITS)
    assert values.is_expired(today()) == record.is_expired(today())


def test_only_ones_own_is_there_to_do_something_with(cast):
    mine, others = give(cast.max, cast.emt, 40), give(cast.mia, cast.emt, 40)
    by = cast.actor(cast.max)
    assert own_certification(mine, by=by).title == "EMT-Basic"
    for unknown in (others, mine + others, 10**20):
        with pytest.raises(NotFound):
            own_certification(unknown, by=by)


def test_without_tracking_there_is_nothing_to_do_something_with(cast):
    mine = give(cast.max, cast.emt, 40)
    with transaction():
        locked(Organization, cast.fire.id).tracks_certifications = False
    with pytest.raises(ModuleOff):
        own_certification(mine, by=cast.actor(cast.max))

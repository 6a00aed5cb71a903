"""What a member's own data are: no table is forgotten."""

from __future__ import annotations

from records.database import found
from records.models import Member
from records.queries.personal_data import LEFT_OUT, kinds_of, rows_of
from tests.rows import leading_to_a_member


def test_every_table_that_leads_to_a_member_is_handed_out_or_left_out_for_a_reason(cast):
    leading = leading_to_a_member()
    kinds = kinds_of(found(Member, cast.max.id))
    decided = kinds.keys() | LEFT_OUT.keys()
    assert leading - decided == set(), "say in records/queries/personal_data.py whether members get these, or why not"
    assert decided - leading == {"audit_event"}
    assert not kinds.keys() & LEFT_OUT.keys()


def test_every_kind_can_be_read(cast):
    for kind, statement in kinds_of(found(Member, cast.max.id)).items():
        assert all(isinstance(row, dict) for row in rows_of(statement)), kind

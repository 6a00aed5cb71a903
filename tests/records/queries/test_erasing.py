"""What becomes of every text when a member is erased: no column is forgotten."""

from __future__ import annotations

import sqlalchemy as sa

from records.models import Base
from records.queries.erasing import EMPTIED, GO, MEMBER, STAY, WITH_ANOTHER, WITH_THE_ACCOUNT
from tests.rows import closed_words, leading_to_a_member


def _texts() -> set[str]:
    """Their columns that may hold any words: no closed vocabulary, and no digest of a secret."""
    tables = [table for table in Base.metadata.sorted_tables if table.name in leading_to_a_member()]
    return {
        f"{table.name}.{column.name}"
        for table in tables
        for column in table.columns
        if isinstance(column.type, sa.String | sa.JSON) and not closed_words(column)
    }


GONE = {each.table for each in GO} | WITH_THE_ACCOUNT | WITH_ANOTHER
DECIDED = [
    *(f"{each.table}.{name}" for each in EMPTIED for name in each.becomes or {}),
    *(f"member.{name}" for name in MEMBER),
    *STAY,
]


def test_for_every_text_of_a_member_it_is_decided_what_becomes_of_it():
    undecided = {each for each in _texts() if each.partition(".")[0] not in GONE} - set(DECIDED)
    assert undecided == set(), "say in records/queries/erasing.py what becomes of these when a member is erased"


def test_nothing_is_decided_twice_or_for_columns_that_are_not_there():
    assert len(DECIDED) == len(set(DECIDED))
    columns = {f"{table.name}.{column.name}" for table in Base.metadata.sorted_tables for column in table.columns}
    assert set(DECIDED) <= columns
    assert {each.partition(".")[0] for each in DECIDED}.isdisjoint(GONE)
    assert leading_to_a_member() >= GONE

"""What the database itself refuses: each named constraint is provoked, and names itself.

PostgreSQL names every constraint; SQLite names checks and triggers, and for unique ones the columns.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from records.models import Base, OrganizationOwned
from tests.rows import (
    APPROVED,
    AT,
    FILLED,
    ON,
    REVOKED,
    SAME,
    TABLES,
    Rows,
    composite_keys,
    parent_of,
    refused_by_trigger,
)

Constraint = sa.Constraint | sa.Index

# What breaks a check that is no list of words: the table and the values that it refuses.
BROKEN_CHECKS: dict[str, tuple[dict[str, Any], ...]] = {
    "ck_organization_largest_file_is_positive": ({"largest_file": 0},),
    "ck_organization_retention_is_positive": ({"retention_days": 0},),
    "ck_organization_erase_members_years_is_a_period": ({"erase_members_years": 0}, {"erase_members_years": 1201}),
    "ck_organization_remove_scans_years_is_a_period": ({"remove_scans_years": 0}, {"remove_scans_years": 1201}),
    "ck_organization_empty_views_months_is_a_period": ({"empty_views_months": 0}, {"empty_views_months": 1201}),
    "ck_job_state_held_by_a_run": ({"run": "x", "held_until": None}, {"run": "", "held_until": AT}),
    "ck_certification_type_usual_term_in_months": ({"usual_term": 0}, {"usual_term": 1201}),
    "ck_certification_type_grace_is_not_negative": ({"grace_days": -1}, {"grace_days": 3651}),
    "ck_certification_type_notice_is_not_negative": ({"notice_days": -1}, {"notice_days": 3651}),
    "ck_certification_issued_before_it_expires": ({"issued_on": ON, "expires_on": ON - timedelta(days=1)},),
    "ck_certification_does_not_supersede_itself": ({"id": 77, "supersedes_id": 77},),
    "ck_certification_suspended_with_a_reason": ({"suspended_on": ON}, {"suspended_reason": "late"}),
    "ck_certification_revoked_with_a_reason": ({"revoked_on": ON}, {"revoked_reason": "fraud"}),
    "ck_member_only_coordinators_cover": (
        {"role": "member", "covers_organization": True},
        {"role": "administrator", "covers_organization": True},
    ),
    "ck_unit_not_its_own_parent": ({"id": 77, "parent_id": 77},),
    "ck_scan_rotation_is_a_quarter_turn": ({"rotation": 45},),
    "ck_stored_file_size_is_positive": ({"size": 0},),
    "ck_stored_file_sha256_is_hexadecimal": ({"sha256": "abc"},),
    "ck_stored_file_infected_by_a_virus": ({"virus_scan": "infected"}, {"virus": "Eicar"}),
    "ck_stored_file_unscanned_is_due": ({"virus_scan": "unscanned"}, {"virus_scan_due_at": AT}),
    "ck_register_import_applied_at_a_time": ({"state": "applied"}, {"state": "mapping", "applied_at": AT}),
    "ck_register_import_undone_at_a_time": ({"state": "mapping", "undone_at": AT},),
    "ck_list_export_done_with_a_file": (
        {"state": "done", "finished_at": AT},
        {"stored_file_id": FILLED, "state": "waiting"},
    ),
    "ck_list_export_finished_at_a_time": ({"state": "failed"}, {"state": "running", "finished_at": AT}),
    "ck_kept_figures_counted_at_a_time": ({"figures": {}, "counted_at": None}, {"figures": None, "counted_at": AT}),
    "ck_member_language_is_a_tag": ({"language": "e"}, {"language": "Español"}, {"language": "es_MX"}),
    "ck_member_only_coordinators_are_granted": (
        {"role": "member", "reviews": True},
        {"role": "administrator", "reviews": True},
    ),
    "ck_sign_in_administrators_return": (
        {"administrator_id": FILLED, "returns_until": None},
        {"returns_until": AT},
    ),
    "ck_message_reaches_somebody": ({"to_address": None, "member_id": None},),
    "ck_scan_belongs_to_exactly_one_record": (
        {"certification_id": None},
        {"certification_id": FILLED, "external_certificate_id": FILLED},
        {"certification_id": FILLED, "renewal_proposal_id": FILLED},
    ),
    "ck_credit_type_goal_is_positive": ({"goal": Decimal(0)}, {"goal": Decimal(-1)}),
    "ck_credit_type_largest_claim_is_positive": ({"largest_claim": Decimal(0)}, {"largest_claim": Decimal(-1)}),
    "ck_credit_type_own_dates_have_both_ends": (
        {"period": "own_dates"},
        {"period": "own_dates", "starts_on": ON},
        {"period": "own_dates", "ends_on": ON},
        {"period": "lifetime", "starts_on": ON, "ends_on": ON},
    ),
    "ck_credit_type_starts_before_it_ends": (
        {"period": "own_dates", "starts_on": ON, "ends_on": ON - timedelta(days=1)},
    ),
    "ck_revision_number_counts_from_one": ({"number": 0},),
    "ck_credit_entry_awards_add_and_reversals_subtract": (
        {"amount": Decimal(-1)},
        {"amount": Decimal(0)},
        {"reverses_id": FILLED, "amount": Decimal(1)},
        {"reverses_id": FILLED, "amount": Decimal(0)},
    ),
    "ck_credit_entry_reversal_names_its_entry": (
        {"kind": "reversal", "amount": Decimal(-1)},
        {"kind": "award", "amount": Decimal(1), "reverses_id": FILLED},
    ),
    "ck_credit_entry_kind_is_known": ({"kind": "gift", "amount": Decimal(-1)},),
    "ck_external_certificate_state_is_known": ({"state": "lost", "decided_at": AT, "decided_by_id": FILLED},),
    "ck_external_certificate_claim_is_an_amount": (
        {"claimed_credits": Decimal(0)},
        {"claimed_credits": Decimal(10000)},
        {"claimed_credits": Decimal(-1)},
    ),
    "ck_external_certificate_award_is_an_amount": tuple(
        APPROVED | {"awarded_credits": Decimal(credits)} for credits in (0, -1, 10000)
    ),
    "ck_external_certificate_earned_before_it_expires": ({"earned_on": ON, "expires_on": ON - timedelta(days=1)},),
    "ck_external_certificate_decided_iff_not_pending": (
        {"state": "pending", "decided_at": AT},
        {"state": "pending", "decided_by_id": FILLED},
        {"state": "pending", "decided_at": AT, "decided_by_id": FILLED},
        *({"state": state, "reason": "No."} for state in ("changes_requested", "declined", "withdrawn")),
        APPROVED | {"decided_at": None},
        APPROVED | {"decided_by_id": None},
    ),
    "ck_external_certificate_awarded_iff_approved": (
        APPROVED | {"awarded_credits": None},
        REVOKED | {"awarded_credits": None},
        *(APPROVED | {"state": state} for state in ("changes_requested", "declined", "withdrawn")),
        {"awarded_credits": Decimal(1), "reason": "As shown."},
    ),
    "ck_external_certificate_refused_with_a_reason": tuple(
        {"state": state, "decided_at": AT, "decided_by_id": FILLED, "reason": ""}
        for state in ("changes_requested", "declined")
    ),
    "ck_external_certificate_other_award_with_a_comment": (
        APPROVED | {"claimed_credits": Decimal(2), "awarded_credits": Decimal(1), "reason": ""},
    ),
    "ck_external_certificate_revoked_with_a_reason": (
        REVOKED | {"revoked_at": None},
        REVOKED | {"revoked_by_id": None},
        REVOKED | {"revoked_reason": ""},
        REVOKED | {"state": "approved"},
        APPROVED | {"revoked_reason": "Forged."},
        {"revoked_at": AT},
    ),
    "ck_external_certificate_certification_comes_of_approval": (
        {"state": "pending", "certification_id": FILLED},
        {"state": "declined", "decided_at": AT, "decided_by_id": FILLED, "reason": "No.", "certification_id": FILLED},
    ),
    "ck_external_certificate_not_its_own_copy": ({"id": 77, "copy_of_id": 77},),
    "ck_organization_digest_weekday_is_one_of_seven": ({"digest_weekday": -1}, {"digest_weekday": 7}),
    "ck_requirement_at_least_iff_so_ruled": ({"rule": "at_least"}, {"rule": "any", "at_least": 2}),
    "ck_requirement_at_least_is_positive": ({"rule": "at_least", "at_least": 0},),
    "ck_requirement_credits_iff_so_asked": (
        {"kind": "credits"},
        {"kind": "types", "credits": Decimal(1)},
        {"kind": "types", "credit_type_id": FILLED, "credits": Decimal(1)},
        {"kind": "credits", "credit_type_id": FILLED, "credits": None},
    ),
    "ck_requirement_credits_are_positive": ({"credit_type_id": FILLED, "credits": Decimal(0)},),
    "ck_requirement_newcomer_days_are_not_negative": ({"newcomer_days": -1}, {"newcomer_days": 3651}),
    "ck_type_equivalence_does_not_count_as_itself": ({"type_id": FILLED, "counts_as_id": SAME},),
    "ck_exemption_has_a_reason": ({"reason": ""},),
    "ck_exemption_starts_before_it_ends": ({"starts_on": ON, "ends_on": ON - timedelta(days=1)},),
    "ck_snooze_has_a_reason": ({"reason": ""},),
    "ck_member_merge_joins_two_members": ({"kept_id": FILLED, "merged_id": SAME},),
    "ck_member_merge_undone_by_somebody": (
        {"undone_at": AT, "undone_by_id": None},
        {"undone_at": None, "undone_by_id": FILLED},
    ),
    "ck_renewal_batch_undone_by_somebody": (
        {"undone_at": AT, "undone_by_id": None},
        {"undone_at": None, "undone_by_id": FILLED},
    ),
    "ck_renewal_proposal_issued_before_it_expires": ({"issued_on": ON, "expires_on": ON - timedelta(days=1)},),
    "ck_renewal_proposal_decided_iff_not_proposed": (
        {"state": "proposed", "decided_at": AT},
        {"state": "proposed", "decided_by_id": FILLED},
        {"state": "withdrawn"},
        {"state": "withdrawn", "decided_at": AT},
    ),
    "ck_renewal_proposal_renewed_iff_accepted": (
        {"state": "accepted", "decided_at": AT, "decided_by_id": FILLED},
        {"state": "declined", "decided_at": AT, "decided_by_id": FILLED, "reason": "No.", "renewal_id": FILLED},
    ),
    "ck_renewal_proposal_declined_with_a_reason": (
        {"state": "declined", "decided_at": AT, "decided_by_id": FILLED, "reason": ""},
    ),
    "ck_renewal_proposal_state_is_known": ({"state": "lost", "decided_at": AT, "decided_by_id": FILLED},),
    "ck_proof_proves_exactly_one_record": (
        {"certification_id": None},
        {"certification_id": FILLED, "transcript_id": FILLED},
    ),
}

# Good rows of every kind that a table knows, where one is not enough to show that its checks let the good ones in.
GOOD: dict[str, tuple[dict[str, Any], ...]] = {
    "credit_type": (
        {"period": "own_dates", "starts_on": ON, "ends_on": ON},
        {"goal": Decimal("0.01"), "largest_claim": Decimal("9999.99")},
    ),
    "credit_entry": ({"reverses_id": FILLED},),
    "external_certificate": (
        {"claimed_credits": Decimal("0.01")},
        {"claimed_credits": Decimal("9999.99"), "expires_on": ON, "earned_on": ON},
        {"state": "changes_requested", "decided_at": AT, "decided_by_id": FILLED, "reason": "Whose is it?"},
        {"state": "withdrawn", "decided_at": AT, "decided_by_id": FILLED},
        {"state": "declined", "decided_at": AT, "decided_by_id": FILLED, "reason": "No."},
        APPROVED,
        APPROVED | {"reason": "", "claimed_credits": Decimal(1), "certification_id": FILLED},
        REVOKED,
    ),
    "member": ({"role": "training_coordinator", "reviews": True, "covers_organization": True},),
    "message": ({"to_address": None, "member_id": FILLED},),
    "scan": ({"external_certificate_id": FILLED}, {"renewal_proposal_id": FILLED}),
    "sign_in": ({"administrator_id": FILLED},),
    "requirement": (
        {"rule": "at_least", "at_least": 2},
        {"credit_type_id": FILLED},
    ),
    "proof": ({"external_certificate_id": FILLED}, {"transcript_id": FILLED}),
    "renewal_batch": ({"undone_by_id": FILLED},),
    "member_merge": ({"undone_by_id": FILLED},),
    "renewal_proposal": (
        {"renewal_id": FILLED},
        {"state": "declined", "decided_at": AT, "decided_by_id": FILLED, "reason": "No."},
        {"state": "withdrawn", "decided_at": AT, "decided_by_id": FILLED},
    ),
}


def all_of(kind: type) -> list[Any]:
    return [
        constraint
        for table in Base.metadata.sorted_tables
        for constraint in sorted(table.constraints, key=lambda each: str(each.name))
        if isinstance(constraint, kind)
    ]


def uniques() -> list[Constraint]:
    """Unique constraints and partial unique indexes, but for those that only serve foreign keys."""
    found: list[Constraint] = [each for each in all_of(sa.UniqueConstraint) if list(each.columns.keys())[-1] != "id"]
    indexes = (index for table in Base.metadata.sorted_tables for index in table.indexes if index.unique)
    found += sorted(indexes, key=lambda each: str(each.name))
    return found


def named(constraint: Any) -> str:
    """The constraint's name in the database, by the naming convention."""
    return str(constraint.name)


def refusal(write: Callable[[], Any]) -> tuple[str, str]:
    """The name of the constraint that refuses (SQLite: ""), and the message."""
    with pytest.raises(sa.exc.IntegrityError) as refused:
        write()
    error: Any = refused.value.orig
    diagnosis = getattr(error, "diag", None)
    return (diagnosis.constraint_name if diagnosis else ""), str(error)


@pytest.mark.parametrize("constraint", all_of(sa.CheckConstraint), ids=named)
def test_a_check_refuses(rows: Rows, constraint: sa.CheckConstraint) -> None:
    table, name = constraint.table.name, named(constraint)
    column = name.removeprefix(f"ck_{table}_").removesuffix("_is_known")
    broken = BROKEN_CHECKS.get(name) or ({column: "nonsense"[:10]},)
    assert column in TABLES[table].columns or name in BROKEN_CHECKS, f"say in BROKEN_CHECKS what breaks {name}"
    for good in ({}, *GOOD.get(table, ())):
        rows.add(table, **good)
    for values in broken:
        with rows.connection.begin_nested() as attempt:
            by_name, message = refusal(lambda values=values: rows.add(table, **values))  # type: ignore[misc]  # because: a default keeps this turn's value
            attempt.rollback()
        assert name in (by_name or message)


@pytest.mark.parametrize("constraint", uniques(), ids=named)
def test_what_is_unique_stands_once(rows: Rows, constraint: Constraint) -> None:
    table = constraint.table
    first: dict[str, Any] = {}
    for column in constraint.columns:
        parent = parent_of(column)
        if parent and parent != "organization":
            first[column.name] = rows.add(parent, full=True)["id"]
        elif column.nullable:
            first[column.name] = FILLED
    if named(constraint).endswith("_without_organization"):
        first["organization_id"] = None
    columns = [column.name for column in constraint.columns]
    made = rows.add(table.name, full=True, **first)
    again = {name: made[name] for name in columns}
    one_each = table.primary_key.columns.keys() == ["organization_id"]
    values = rows.values(table.name, "clinic" if one_each else "fire", full=True, **first | again)
    by_name, message = refusal(lambda: rows.connection.execute(table.insert().values(**values)))
    if by_name:
        assert by_name == named(constraint)
    else:
        assert all(f"{table.name}.{name}" in message for name in columns)


@pytest.mark.parametrize("constraint", all_of(sa.ForeignKeyConstraint), ids=named)
def test_a_foreign_key_leads_somewhere(rows: Rows, constraint: sa.ForeignKeyConstraint) -> None:
    table, column = constraint.table, list(constraint.columns)[-1].name
    values = rows.values(table.name, **{column: 4_000_000_000})
    by_name, message = refusal(lambda: rows.connection.execute(table.insert().values(**values)))
    # Where the organization itself is missing, any of the row's foreign keys may be the first to refuse.
    assert by_name == named(constraint) or column == "organization_id" or message == "FOREIGN KEY constraint failed"


@pytest.mark.parametrize("constraint", composite_keys(), ids=named)
def test_a_row_never_crosses_into_another_organization(rows: Rows, constraint: sa.ForeignKeyConstraint) -> None:
    table, column = constraint.table.name, list(constraint.columns)[-1].name
    parent = constraint.referred_table.name
    here, there = rows.add(parent, "fire")["id"], rows.add(parent, "clinic")["id"]
    rows.add(table, "fire", **{column: here})
    if table == "logo":
        rows.connection.execute(TABLES[table].delete())
    by_name, message = refusal(lambda: rows.add(table, "fire", **{column: there}))
    assert by_name == named(constraint) or message == "FOREIGN KEY constraint failed"


@pytest.mark.parametrize("constraint", composite_keys(), ids=named)
def test_a_row_is_not_moved_into_another_organization_either(rows: Rows, constraint: sa.ForeignKeyConstraint) -> None:
    table, column = TABLES[constraint.table.name], list(constraint.columns)[-1].name
    made = rows.add(table.name, "fire", **{column: rows.add(constraint.referred_table.name, "fire")["id"]})
    mine = sa.and_(*(table.c[key.name] == made[key.name] for key in table.primary_key))
    move = table.update().where(mine).values(organization_id=rows.organization("clinic"))
    refusal(lambda: rows.connection.execute(move))


# Columns that name a record and have no foreign key, each with its reason.
LOOSE = {
    "audit_event": "events outlive what they are about",
    "sign_on": "a client is known by this id at the provider",
}


def test_every_reference_between_records_of_an_organization_carries_the_organization() -> None:
    tracked = {
        mapper.local_table.name: mapper.local_table  # type: ignore[attr-defined]  # because: every table here is a Table
        for mapper in Base.registry.mappers
        if issubclass(mapper.class_, OrganizationOwned)
    }
    for table in tracked.values():
        composite = {list(key.columns)[-1].name for key in table.foreign_key_constraints if len(key.columns) > 1}
        references = {column.name for column in table.columns if column.name.endswith("_id")} - {"organization_id"}
        loose = references - composite - {"account_id"}  # accounts belong to the installation
        assert not loose or table.name in LOOSE, f"{table.name}: {loose} may cross organizations"


def test_a_deleted_certification_leaves_room_for_the_same_again(rows: Rows) -> None:
    first = rows.add("certification", deleted_at=AT)
    same = {name: first[name] for name in ("member_id", "type_id", "number", "expires_on")}
    rows.add("certification", **same)
    rows.add("certification", **same, deleted_at=AT)


def test_a_renewal_that_was_deleted_leaves_room_for_another(rows: Rows) -> None:
    earlier = rows.add("certification")["id"]
    rows.add("certification", supersedes_id=earlier, deleted_at=AT)
    rows.add("certification", supersedes_id=earlier)


def test_a_file_that_was_taken_off_a_record_can_be_attached_again(rows: Rows) -> None:
    scan = rows.add("scan", deleted_at=AT)
    rows.add("scan", certification_id=scan["certification_id"], stored_file_id=scan["stored_file_id"])


def test_two_organizations_have_their_own_names_numbers_and_files(rows: Rows) -> None:
    for table, values in (
        ("unit", {"folded_name": "station north"}),
        ("certification_type", {"folded_name": "emt"}),
        ("member", {"folded_number": "1001", "folded_email": "max@example.org"}),
        ("stored_file", {"sha256": "ab" * 32}),
    ):
        for organization in ("fire", "clinic"):
            rows.add(table, organization, **values)


# The audit trail


@pytest.fixture
def event(rows: Rows) -> dict[str, Any]:
    return rows.add("audit_detail", before={"a": 1}, after={"a": 2})


SEAL = {"sequence": 1, "previous_hash": "0" * 64, "hash": "1" * 64, "sealed_at": AT}


@pytest.mark.parametrize("column", [column.name for column in TABLES["audit_event"].columns if column.name not in SEAL])
def test_no_field_of_an_event_is_ever_changed(rows: Rows, event: dict[str, Any], column: str) -> None:
    events = TABLES["audit_event"]
    kind = events.c[column].type.python_type
    value = AT + timedelta(days=1) if column == "at" else "forged" if kind is str else 4_000
    forge = events.update().values(**SEAL, **{column: value})
    assert "audit_event_only_sealed" in refused_by_trigger(rows, forge)


def test_an_event_is_sealed_at_one_stroke_and_once(rows: Rows, event: dict[str, Any]) -> None:
    events = TABLES["audit_event"]
    for half in ({"sequence": 1}, {"hash": "1" * 64}, {"sealed_at": AT}, {"sequence": 1, "sealed_at": AT}):
        assert "audit_event_only_sealed" in refused_by_trigger(rows, events.update().values(**half))
    rows.connection.execute(events.update().values(**SEAL))
    for again in (SEAL, SEAL | {"hash": "2" * 64}, dict.fromkeys(SEAL)):
        assert "audit_event_only_sealed" in refused_by_trigger(rows, events.update().values(**again))


def test_an_event_and_its_detail_are_never_deleted(rows: Rows, event: dict[str, Any]) -> None:
    assert "audit_detail_never_deleted" in refused_by_trigger(rows, TABLES["audit_detail"].delete())
    assert "audit_event_never_deleted" in refused_by_trigger(rows, TABLES["audit_event"].delete())


def test_the_trail_is_never_emptied_at_one_stroke(rows: Rows, event: dict[str, Any], on: str) -> None:
    if on == "postgresql":  # SQLite knows no TRUNCATE
        assert "audit_detail_never_emptied" in refused_by_trigger(rows, sa.text("TRUNCATE audit_detail"))
        assert "_never_emptied" in refused_by_trigger(rows, sa.text("TRUNCATE audit_event CASCADE"))


ERASED: dict[str, Any] = {
    "salt": "", "actor_name": "", "administrator_name": "", "address": "", "before": {}, "after": {}, "erased_at": AT,
}  # fmt: skip


def test_a_detail_is_erased_for_good(rows: Rows, event: dict[str, Any]) -> None:
    details = TABLES["audit_detail"]
    assert "audit_detail_only_erased" in refused_by_trigger(rows, details.update().values(actor_name=""))
    rows.connection.execute(details.update().values(**ERASED))
    rows.connection.execute(details.update().values(**ERASED))  # once for who did it, once for whom it is about
    assert "audit_detail_only_erased" in refused_by_trigger(rows, details.update().values(actor_name="forged"))
    assert "audit_detail_only_erased" in refused_by_trigger(rows, details.update().values(erased_at=None))


def test_one_value_of_a_detail_may_be_erased_alone(rows: Rows, event: dict[str, Any]) -> None:
    rows.connection.execute(TABLES["audit_detail"].update().values(before={}, after={}, erased_at=AT))


@pytest.mark.parametrize("column", [name for name in ERASED if name != "erased_at"])
def test_erasing_never_puts_another_value_in_place(rows: Rows, event: dict[str, Any], column: str) -> None:
    forged = {"forged": True} if column in ("before", "after") else "forged"
    forge = TABLES["audit_detail"].update().values(**ERASED | {column: forged})
    assert "audit_detail_only_erased" in refused_by_trigger(rows, forge)

"""What the database itself refuses: each named constraint is provoked, and names itself.

PostgreSQL names every constraint; SQLite names checks and triggers, and for unique ones the columns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from records.database import db
from records.models import Base, OrganizationOwned
from tests.conftest import make_app, upgrade
from tests.rows import AT, ON, TABLES, Rows, composite_keys, parent_of

Constraint = sa.Constraint | sa.Index

# What breaks a check that is no list of words: the table and the values that it refuses.
BROKEN_CHECKS: dict[str, tuple[dict[str, Any], ...]] = {
    "ck_organization_largest_file_is_positive": ({"largest_file": 0},),
    "ck_organization_retention_is_positive": ({"retention_days": 0},),
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
    "ck_register_import_applied_at_a_time": ({"state": "applied"}, {"state": "mapping", "applied_at": AT}),
    "ck_register_import_undone_at_a_time": ({"state": "mapping", "undone_at": AT},),
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


@pytest.fixture(scope="module")
def engine(on: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[sa.Engine]:
    """One migrated database for all tests here: each rolls back what it wrote."""
    settings = {"database_url": request.getfixturevalue("lasting_postgresql")} if on == "postgresql" else {}
    application = make_app(tmp_path_factory.mktemp("constraints"), **settings)
    upgrade(application)
    with application.app_context():
        yield db.engine
        db.engine.dispose()


@pytest.fixture
def rows(engine: sa.Engine) -> Iterator[Rows]:
    with engine.connect() as connection:
        yield Rows(connection)


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
    rows.add(table)  # a good one goes in
    for values in broken:
        with rows.connection.begin_nested() as attempt:
            by_name, message = refusal(lambda values=values: rows.add(table, **values))  # type: ignore[misc]
            attempt.rollback()
        assert name in (by_name or message)


@pytest.mark.parametrize("constraint", uniques(), ids=named)
def test_what_is_unique_stands_once(rows: Rows, constraint: Constraint) -> None:
    table = constraint.table
    first: dict[str, Any] = {}
    for column in constraint.columns:
        if column.name == "organization_id":
            continue
        if parent_of(column) == table.name:
            first[column.name] = rows.add(table.name)["id"]
    columns = [column.name for column in constraint.columns]
    made = rows.add(table.name, full=True, **first)
    again = {name: made[name] for name in columns}
    values = rows.values(table.name, full=True, **again)
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
}


def test_every_reference_between_records_of_an_organization_carries_the_organization() -> None:
    tracked = {
        mapper.local_table.name: mapper.local_table  # type: ignore[attr-defined]
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


def refused_by_trigger(rows: Rows, statement: Any) -> str:
    with pytest.raises(sa.exc.DBAPIError) as refused, rows.connection.begin_nested():
        rows.connection.execute(statement)
    return str(refused.value.orig)


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


def test_a_detail_is_erased_once(rows: Rows, event: dict[str, Any]) -> None:
    details = TABLES["audit_detail"]
    assert "audit_detail_only_erased" in refused_by_trigger(rows, details.update().values(actor_name=""))
    rows.connection.execute(details.update().values(**ERASED))
    assert "audit_detail_only_erased" in refused_by_trigger(rows, details.update().values(**ERASED))
    assert "audit_detail_only_erased" in refused_by_trigger(rows, details.update().values(erased_at=None))


def test_one_value_of_a_detail_may_be_erased_alone(rows: Rows, event: dict[str, Any]) -> None:
    rows.connection.execute(TABLES["audit_detail"].update().values(before={}, after={}, erased_at=AT))


@pytest.mark.parametrize("column", [name for name in ERASED if name != "erased_at"])
def test_erasing_never_puts_another_value_in_place(rows: Rows, event: dict[str, Any], column: str) -> None:
    forged = {"forged": True} if column in ("before", "after") else "forged"
    forge = TABLES["audit_detail"].update().values(**ERASED | {column: forged})
    assert "audit_detail_only_erased" in refused_by_trigger(rows, forge)

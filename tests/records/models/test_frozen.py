"""What is decided stays: triggers refuse by name what raw SQL tries, column by column, and models refuse the same."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from records.database import db, transaction
from records.errors import Frozen
from records.models import CreditEntry, ExternalCertificate, Revision, Scan, State, StoredFile
from records.models.amounts import Credits
from records.models.base import Instant
from records.models.certificate_states import FROZEN, OPEN, REVOCATION
from records.services import submissions
from records.services.submission_steps import Files
from tests import certificates
from tests.certificates import given, in_state, staged, submitted
from tests.rows import APPROVED, AT, FILLED, ON, REVOKED, TABLES, Rows, refused_by_trigger

CERTIFICATES, SCANS = TABLES["external_certificate"], TABLES["scan"]
REVOKES: dict[str, Any] = {"state": "revoked", "revoked_at": AT, "revoked_by_id": 1, "revoked_reason": "Forged."}
IN_STATE: dict[State, dict[str, Any]] = {
    State.PENDING: {},
    State.CHANGES_REQUESTED: {"state": "changes_requested", "decided_at": AT, "decided_by_id": FILLED, "reason": "?"},
    State.WITHDRAWN: {"state": "withdrawn", "decided_at": AT, "decided_by_id": FILLED},
    State.DECLINED: {"state": "declined", "decided_at": AT, "decided_by_id": FILLED, "reason": "No."},
    State.APPROVED: APPROVED,
    State.REVOKED: REVOKED,
}


def another(column: sa.Column[Any]) -> Any:
    """A value for this column that no test row has."""
    if isinstance(column.type, Credits):
        return Decimal("3.33")
    if isinstance(column.type, Instant):
        return AT + timedelta(days=1)
    kind = column.type.python_type
    made: dict[type, Any] = {int: 4_000, datetime: AT, date: ON + timedelta(days=1), str: "forged", dict: {"forged": 1}}
    return made.get(kind, ["forged"])


def columns_of(table: str) -> list[str]:
    return [column.name for column in TABLES[table].columns]


def forged(table: sa.Table, row: dict[str, Any], column: str, **others: Any) -> Any:
    return table.update().where(table.c.id == row["id"]).values(**others | {column: another(table.c[column])})


# Certificates


@pytest.mark.parametrize("column", columns_of("external_certificate"))
@pytest.mark.parametrize("state", FROZEN)
def test_no_column_of_a_decided_certificate_is_ever_changed(rows: Rows, state: State, column: str) -> None:
    row = rows.add("external_certificate", **IN_STATE[state])
    assert "external_certificate_frozen" in refused_by_trigger(rows, forged(CERTIFICATES, row, column))


@pytest.mark.parametrize("column", sorted(set(columns_of("external_certificate")) - REVOCATION))
def test_no_column_is_changed_along_with_a_revocation(rows: Rows, column: str) -> None:
    row = rows.add("external_certificate", **APPROVED)
    forge = forged(CERTIFICATES, row, column, **REVOKES)
    assert "external_certificate_frozen" in refused_by_trigger(rows, forge)


def test_nothing_along_with_a_revocation_is_emptied_either(rows: Rows) -> None:
    row = rows.add("external_certificate", full=True, **APPROVED | {"certification_id": FILLED})
    for column in sorted(set(columns_of("external_certificate")) - REVOCATION - {"id"}):
        if row.get(column) is not None:
            forge = CERTIFICATES.update().values(**REVOKES | {column: None})
            assert "external_certificate_frozen" in refused_by_trigger(rows, forge)


@pytest.mark.parametrize("becomes", list(State))
@pytest.mark.parametrize("state", FROZEN)
def test_a_decided_certificate_goes_nowhere_but_from_approved_to_revoked(
    rows: Rows, state: State, becomes: State
) -> None:
    row = rows.add("external_certificate", **IN_STATE[state])
    move = CERTIFICATES.update().where(CERTIFICATES.c.id == row["id"]).values(state=becomes, version=2)
    if (state, becomes) == (State.APPROVED, State.REVOKED):
        move = move.values(revoked_at=AT, revoked_by_id=row["member_id"], revoked_reason="Forged.")
        assert rows.connection.execute(move).rowcount == 1
    else:
        assert "external_certificate_frozen" in refused_by_trigger(rows, move)


def test_a_revocation_is_written_once(rows: Rows) -> None:
    row = rows.add("external_certificate", **REVOKED)
    again = CERTIFICATES.update().values(**REVOKES | {"revoked_by_id": row["member_id"], "revoked_reason": "Else."})
    assert "external_certificate_frozen" in refused_by_trigger(rows, again)


@pytest.mark.parametrize("state", OPEN)
def test_what_is_not_decided_can_be_changed(rows: Rows, state: State) -> None:
    row = rows.add("external_certificate", **IN_STATE[state])
    rows.connection.execute(CERTIFICATES.update().values(title="Better"))
    decide = CERTIFICATES.update().values(state="withdrawn", decided_at=AT, decided_by_id=row["member_id"])
    assert rows.connection.execute(decide).rowcount == 1


@pytest.mark.parametrize("state", list(State))
def test_no_certificate_is_ever_deleted(rows: Rows, state: State) -> None:
    rows.add("external_certificate", **IN_STATE[state])
    assert "external_certificate_never_deleted" in refused_by_trigger(rows, CERTIFICATES.delete())


# Revisions and the ledger


@pytest.mark.parametrize(
    ("table", "column"), [(table, column) for table in ("revision", "credit_entry") for column in columns_of(table)]
)
def test_revisions_and_the_ledger_only_grow(rows: Rows, table: str, column: str) -> None:
    row = rows.add(table)
    assert f"{table}_never_changed" in refused_by_trigger(rows, forged(TABLES[table], row, column))


@pytest.mark.parametrize("table", ["revision", "credit_entry"])
def test_no_revision_and_no_entry_is_ever_deleted(rows: Rows, table: str) -> None:
    rows.add(table)
    assert f"{table}_never_deleted" in refused_by_trigger(rows, TABLES[table].delete())


def test_a_reversal_stays_too(rows: Rows) -> None:
    rows.add("credit_entry", reverses_id=FILLED)
    ledger = TABLES["credit_entry"]
    assert "credit_entry_never_changed" in refused_by_trigger(rows, ledger.update().values(amount=Decimal(5)))


@pytest.mark.parametrize("table", ["external_certificate", "revision", "credit_entry"])
def test_none_of_them_is_emptied_at_one_stroke(rows: Rows, table: str, on: str) -> None:
    if on == "postgresql":  # SQLite knows no TRUNCATE
        rows.add("credit_entry")
        assert "_never_emptied" in refused_by_trigger(rows, sa.text(f"TRUNCATE {table} CASCADE"))


@pytest.mark.parametrize("table", ["external_certificate", "revision", "credit_entry", "audit_event", "audit_detail"])
def test_a_row_that_replaces_another_takes_none_away(rows: Rows, table: str, on: str) -> None:
    """SQLite's REPLACE deletes what is in its way, and must be stopped where a DELETE would be."""
    if on == "sqlite":
        row = rows.add(table, **APPROVED if table == "external_certificate" else {})
        replace = TABLES[table].insert().prefix_with("OR REPLACE").values(**row)
        assert f"{table}_never_deleted" in refused_by_trigger(rows, replace)


# Files


@pytest.mark.parametrize("column", ["id", "organization_id", "sha256", "key", "size", "kind"])
def test_bytes_never_become_others(rows: Rows, column: str) -> None:
    row = rows.add("stored_file")
    assert "stored_file_never_changed" in refused_by_trigger(rows, forged(TABLES["stored_file"], row, column))


def test_what_a_stored_file_is_used_for_may_change(rows: Rows) -> None:
    rows.add("stored_file")
    used = TABLES["stored_file"].update().values(preview="ready", preview_attempts=1, wanted_at=AT + timedelta(days=1))
    assert rows.connection.execute(used).rowcount == 1


def scan_of(rows: Rows, state: State, **fields: Any) -> dict[str, Any]:
    """A file of a certificate that was decided after it came."""
    certificate = rows.add("external_certificate")
    scan = rows.add("scan", external_certificate_id=certificate["id"], **fields)
    values = {name: value for name, value in IN_STATE[state].items() if value is not FILLED}
    people = {name: certificate["member_id"] for name, value in IN_STATE[state].items() if value is FILLED}
    decide = CERTIFICATES.update().where(CERTIFICATES.c.id == certificate["id"])
    if values:
        rows.connection.execute(decide.values(**values, **people))
    return scan


@pytest.mark.parametrize("column", columns_of("scan"))
@pytest.mark.parametrize("state", FROZEN)
def test_no_column_of_a_decided_certificates_file_is_ever_changed(rows: Rows, state: State, column: str) -> None:
    assert "scan_frozen_update" in refused_by_trigger(rows, forged(SCANS, scan_of(rows, state), column))


@pytest.mark.parametrize("state", FROZEN)
def test_no_file_comes_to_a_decided_certificate_or_goes(rows: Rows, state: State) -> None:
    scan = scan_of(rows, state)
    other = rows.values("scan", external_certificate_id=scan["external_certificate_id"])
    assert "scan_frozen_insert" in refused_by_trigger(rows, SCANS.insert().values(**other))
    assert "scan_frozen_delete" in refused_by_trigger(rows, SCANS.delete().where(SCANS.c.id == scan["id"]))
    for elsewhere in (rows.add("scan"), scan_of(rows, State.PENDING)):
        to = {"certification_id": None, "external_certificate_id": scan["external_certificate_id"]}
        move = SCANS.update().where(SCANS.c.id == elsewhere["id"]).values(**to)
        assert "scan_frozen_update" in refused_by_trigger(rows, move)


@pytest.mark.parametrize("state", OPEN)
def test_files_of_what_is_not_decided_come_and_go(rows: Rows, state: State) -> None:
    scan = scan_of(rows, state)
    rows.add("scan", external_certificate_id=scan["external_certificate_id"])
    rows.connection.execute(SCANS.update().where(SCANS.c.id == scan["id"]).values(deleted_at=AT))
    assert rows.connection.execute(SCANS.delete().where(SCANS.c.id == scan["id"])).rowcount == 1


def test_a_file_taken_off_before_the_decision_can_be_swept_but_not_brought_back(rows: Rows) -> None:
    scan = scan_of(rows, State.APPROVED, deleted_at=AT)
    restore = SCANS.update().where(SCANS.c.id == scan["id"]).values(deleted_at=None)
    assert "scan_frozen_update" in refused_by_trigger(rows, restore)
    assert rows.connection.execute(SCANS.delete().where(SCANS.c.id == scan["id"])).rowcount == 1


# Models


def decided(cast, state: State) -> ExternalCertificate:
    return in_state(cast, certificates.credit_type(), state)


def refuses(act: Callable[[Session], Any]) -> None:
    """The model refuses what `act` does, before the database gets to see it."""

    def change() -> None:
        with transaction() as session:
            act(session)
            session.flush()

    with pytest.raises(Frozen):
        change()


def sets(model: Any, row_id: int, **values: Any) -> Callable[[Session], None]:
    def act(session: Session) -> None:
        row = session.get_one(model, row_id)
        for name, value in values.items():
            setattr(row, name, value)

    return act


def deletes(model: Any, row_id: int) -> Callable[[Session], None]:
    return lambda session: session.delete(session.get_one(model, row_id))


@pytest.mark.parametrize("state", FROZEN)
def test_the_model_of_a_decided_certificate_refuses_every_change(cast, state: State) -> None:
    certificate = decided(cast, state)
    certificate_id, version = certificate.id, certificate.version
    for column in sorted(set(columns_of("external_certificate")) - {"id", "organization_id", "version"}):
        value = State.PENDING if column == "state" else another(CERTIFICATES.c[column])
        refuses(sets(ExternalCertificate, certificate_id, **{column: value}))
    refuses(deletes(ExternalCertificate, certificate_id))
    assert db.session.get_one(ExternalCertificate, certificate_id).version == version


def test_nothing_comes_along_with_a_revocation(cast) -> None:
    certificate = decided(cast, State.APPROVED)
    revoked = REVOKES | {"revoked_by_id": cast.ada.id}
    for column in sorted(set(columns_of("external_certificate")) - REVOCATION - {"id", "organization_id"}):
        refuses(sets(ExternalCertificate, certificate.id, **revoked, **{column: another(CERTIFICATES.c[column])}))


def test_a_state_that_was_not_read_before_is_not_overwritten_either(cast) -> None:
    certificate = decided(cast, State.DECLINED)

    def act(session: Session) -> None:
        session.expire(certificate)
        certificate.state = State.PENDING
        certificate.decided_at = certificate.decided_by_id = None

    refuses(act)


def test_the_model_of_a_decided_certificates_file_refuses_every_change(cast) -> None:
    certificate = decided(cast, State.APPROVED)
    scan_id, stored_id, certificate_id = certificate.scans[0].id, certificate.scans[0].stored_file_id, certificate.id
    for column, value in (("name", "other.png"), ("rotation", 90), ("deleted_at", AT), ("created_at", AT)):
        refuses(sets(Scan, scan_id, **{column: value}))
    refuses(deletes(Scan, scan_id))
    twin = {"external_certificate_id": certificate_id, "stored_file_id": stored_id, "name": "b", "created_at": AT}
    refuses(lambda session: session.add(Scan(**twin)))
    assert [scan.id for scan in db.session.get_one(ExternalCertificate, certificate_id).scans] == [scan_id]


def test_a_file_moves_neither_out_of_a_decided_certificate_nor_into_it(cast) -> None:
    there = decided(cast, State.APPROVED)
    here = submitted(cast, there.credit_type)
    for from_, to in ((there, here), (here, there)):
        refuses(sets(Scan, from_.scans[0].id, external_certificate_id=to.id))


@pytest.mark.parametrize(("model", "column", "value"), [
    (Revision, "number", 7), (CreditEntry, "amount", Decimal(7)), (StoredFile, "sha256", "f" * 64),
    (StoredFile, "key", "7/forged"), (StoredFile, "kind", "text/html"),
])  # fmt: skip
def test_the_models_of_what_only_grows_refuse_too(cast, model: Any, column: str, value: Any) -> None:
    decided(cast, State.APPROVED)
    row = db.session.scalars(sa.select(model)).first()
    refuses(sets(model, row.id, **{column: value}))
    if model is not StoredFile:
        refuses(deletes(model, row.id))


def test_an_open_certificate_and_its_files_may_change(cast) -> None:
    type_, learner = certificates.credit_type(), cast.actor(cast.max)
    certificate = submitted(cast, type_)
    key = staged(learner, b"another page")
    assert submissions.edit(certificate, given(type_), Files(key), seen=certificate.digest(), by=learner)
    names = [scan.deleted_at is None for scan in db.session.scalars(sa.select(Scan).order_by(Scan.id))]
    assert names == [False, True]


# A merge of two members takes what is decided along


def _merged(rows: Rows, row: dict[str, Any], **fields: Any) -> int:
    """The id of a member into whom the row's own was merged."""
    kept = rows.add("member")
    rows.add("member_merge", kept_id=kept["id"], merged_id=row["member_id"], **fields)
    return int(kept["id"])


def _to_member(table: sa.Table, row: dict[str, Any], member_id: int, **others: Any) -> Any:
    return table.update().where(table.c.id == row["id"]).values(member_id=member_id, **others)


@pytest.mark.parametrize("state", FROZEN)
def test_what_is_decided_goes_over_in_a_merge_that_stands_and_back(rows: Rows, state: State) -> None:
    row = rows.add("external_certificate", **IN_STATE[state])
    kept = _merged(rows, row)
    for member_id in (kept, row["member_id"]):
        assert rows.connection.execute(_to_member(CERTIFICATES, row, member_id)).rowcount == 1


def test_an_entry_goes_over_in_a_merge_that_stands_and_back(rows: Rows) -> None:
    row = rows.add("credit_entry")
    kept = _merged(rows, row)
    for member_id in (kept, row["member_id"]):
        assert rows.connection.execute(_to_member(TABLES["credit_entry"], row, member_id)).rowcount == 1


@pytest.mark.parametrize(
    ("table", "trigger"),
    [("external_certificate", "external_certificate_frozen"), ("credit_entry", "credit_entry_never_changed")],
)
def test_nothing_goes_over_to_a_third_or_after_undoing(rows: Rows, table: str, trigger: str) -> None:
    decided = APPROVED if table == "external_certificate" else {}
    row, undone = rows.add(table, **decided), rows.add(table, **decided)
    _merged(rows, row)
    stranger = rows.add("member")["id"]
    assert trigger in refused_by_trigger(rows, _to_member(TABLES[table], row, stranger))
    kept = _merged(rows, undone, undone_at=AT, undone_by_id=FILLED)
    assert trigger in refused_by_trigger(rows, _to_member(TABLES[table], undone, kept))


@pytest.mark.parametrize(
    ("table", "column"),
    [(table, column) for table in ("external_certificate", "credit_entry") for column in columns_of(table)
     if column != "member_id"],
)  # fmt: skip
def test_nothing_but_the_member_changes_along_a_merge(rows: Rows, table: str, column: str) -> None:
    row = rows.add(table, **(APPROVED if table == "external_certificate" else {}))
    kept = _merged(rows, row)
    forge = forged(TABLES[table], row, column, member_id=kept)
    refused = refused_by_trigger(rows, forge)
    assert "external_certificate_frozen" in refused or "credit_entry_never_changed" in refused


# What an erasure lets through: personal values become empty, and nothing else

GONE: dict[str, dict[str, Any]] = {
    "external_certificate": {
        "title": "[erased]", "issuer": "", "number": "", "folded_number": "", "note": "", "reason": "[erased]",
        "revoked_reason": "[erased]",
    },
    "revision": {"facts": {}, "files": []},
}  # fmt: skip


def _erasable(rows: Rows, *, erased: bool) -> dict[str, dict[str, Any]]:
    """A revoked certificate with a revision, of a member who is erased, or is not."""
    certificate = rows.add("external_certificate", **REVOKED)
    revision = rows.add("revision", external_certificate_id=certificate["id"], facts={"title": "x"}, files=[{"a": 1}])
    if erased:
        rows.add("erasure", member_id=certificate["member_id"])
    else:
        rows.add("erasure")  # somebody else's
    return {"external_certificate": certificate, "revision": revision}


@pytest.mark.parametrize("table", list(GONE))
def test_of_an_erased_member_what_they_said_becomes_empty(rows: Rows, table: str) -> None:
    row = _erasable(rows, erased=True)[table]
    empty = TABLES[table].update().where(TABLES[table].c.id == row["id"]).values(**GONE[table])
    assert rows.connection.execute(empty).rowcount == 1


@pytest.mark.parametrize("table", list(GONE))
def test_of_nobody_else_does_it_become_empty(rows: Rows, table: str) -> None:
    row = _erasable(rows, erased=False)[table]
    empty = TABLES[table].update().where(TABLES[table].c.id == row["id"]).values(**GONE[table])
    assert table in refused_by_trigger(rows, empty)


@pytest.mark.parametrize(
    ("table", "column"),
    [
        (table, column)
        for table in GONE
        for column in columns_of(table)
        if (table, column) != ("external_certificate", "version")
    ],
)
def test_nothing_is_changed_along_with_an_erasure(rows: Rows, table: str, column: str) -> None:
    row = _erasable(rows, erased=True)[table]
    others = {name: value for name, value in GONE[table].items() if name != column}
    assert table in refused_by_trigger(rows, forged(TABLES[table], row, column, **others))


def test_an_erased_members_ledger_stays(rows: Rows) -> None:
    entry = rows.add("credit_entry")
    rows.add("erasure", member_id=entry["member_id"])
    for column in columns_of("credit_entry"):
        assert "credit_entry_never_changed" in refused_by_trigger(rows, forged(TABLES["credit_entry"], entry, column))
    assert "credit_entry_never_deleted" in refused_by_trigger(rows, TABLES["credit_entry"].delete())


@pytest.mark.parametrize("erased", [True, False])
def test_files_of_decided_certificates_go_with_an_erasure_alone(rows: Rows, erased: bool) -> None:
    certificate = rows.add("external_certificate")
    rows.add("scan", external_certificate_id=certificate["id"])
    decide = {"state": "declined", "decided_at": AT, "decided_by_id": certificate["member_id"], "reason": "No."}
    rows.connection.execute(CERTIFICATES.update().values(**decide))
    rows.add("erasure", **({"member_id": certificate["member_id"]} if erased else {}))
    if erased:
        assert "scan_frozen_update" in refused_by_trigger(rows, SCANS.update().values(name="forged"))
        assert rows.connection.execute(SCANS.delete()).rowcount == 1
    else:
        assert "scan_frozen_delete" in refused_by_trigger(rows, SCANS.delete())

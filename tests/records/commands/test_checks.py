"""flask check: each thing that can be wrong is made wrong behind the program's back, and found by name."""

from __future__ import annotations

import io
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta

import pytest
import sqlalchemy as sa

from records import clock
from records.database import db, organization_scope, transaction
from records.models import ExternalCertificate
from records.queries.checks import ProblemKind, check_organization
from records.services import revocations
from records.services.files import row_for, take_in
from records.storage import storage
from tests import certificates, stored
from tests.certificates import approved, submitted
from tests.holdings import give, picture
from tests.tampering import unguarded


def _tamper(statement: str, **values: object) -> None:
    with unguarded() as connection:
        assert connection.execute(sa.text(statement), values).rowcount > 0, "nothing was tampered with"


@contextmanager
def _without(index: str) -> Iterator[None]:
    """The index comes back when the test is over, and the ledger is emptied for it."""
    with unguarded() as connection:
        on_sqlite = connection.dialect.name == "sqlite"
        kept = f"SELECT sql FROM sqlite_master WHERE name = '{index}'"
        if not on_sqlite:
            kept = f"SELECT indexdef FROM pg_indexes WHERE indexname = '{index}'"
        definition = connection.exec_driver_sql(kept).scalar_one()
        connection.exec_driver_sql(f"DROP INDEX {index}")
    try:
        yield
    finally:
        with unguarded() as connection:
            connection.exec_driver_sql("DELETE FROM credit_entry")
            connection.exec_driver_sql(definition)


def _found(app):
    """The names of all problems, in order."""
    said = app.test_cli_runner().invoke(args=["check", "--json"])
    facts = json.loads(said.output)
    problems = [problem["kind"] for each in facts["organizations"] for problem in each["problems"]]
    assert facts["ok"] is not bool(problems)
    assert said.exit_code == (1 if problems else 0)
    return problems


@pytest.fixture
def ceu(cast):
    return certificates.credit_type()


@pytest.fixture
def award(cast, ceu):
    return approved(cast, ceu)


@pytest.fixture
def revoked(cast, ceu):
    certificate = approved(cast, ceu, title="Taken back")
    revocations.revoke(certificate, reason="Not genuine.", by=cast.actor(cast.ada))
    return db.session.get_one(ExternalCertificate, certificate.id)


_AGAIN = """
    INSERT INTO credit_entry
      (organization_id, member_id, credit_type_id, external_certificate_id, reverses_id, kind, amount, counts_on,
       created_at)
    SELECT organization_id, member_id, credit_type_id, external_certificate_id, reverses_id, kind, amount, counts_on,
       created_at FROM credit_entry WHERE kind = :kind
"""


def test_where_all_is_right_it_says_how_much_it_looked_at(cast, app, ceu, award, revoked):
    submitted(cast, ceu, title="Pending")
    said = app.test_cli_runner().invoke(args=["check"])
    assert said.exit_code == 0
    assert (
        "Lakeside Fire & Rescue: 1 balances, 2 awards, 1 reversals, 3 revisions, 3 certificates, 1 files, 9 events."
        in said.output
    )
    assert "Hillside Clinic: nothing to check." in said.output
    assert "Everything is in order." in said.output
    assert _found(app) == []


def test_an_installation_without_organizations_is_in_order(app):
    assert app.test_cli_runner().invoke(args=["check"]).output == "Everything is in order.\n"


def test_another_amount_of_an_award(app, award):
    _tamper("UPDATE credit_entry SET amount = amount + 1")
    assert _found(app) == [ProblemKind.BALANCE, ProblemKind.AWARD_DIFFERS]


def test_an_award_on_another_day(app, award):
    _tamper("UPDATE credit_entry SET counts_on = '2020-01-01'")
    assert _found(app) == [ProblemKind.AWARD_DIFFERS]


def test_an_award_of_another_member(cast, app, award):
    _tamper("UPDATE credit_entry SET member_id = :other", other=cast.mia.id)
    assert _found(app) == [ProblemKind.BALANCE, ProblemKind.BALANCE, ProblemKind.AWARD_DIFFERS]


def test_an_award_that_is_gone(app, award):
    _tamper("DELETE FROM credit_entry")
    assert _found(app) == [ProblemKind.BALANCE, ProblemKind.AWARD_MISSING]


def test_a_second_award(app, award):
    with _without("uq_credit_entry_awarded_once"):
        _tamper(_AGAIN, kind="award")
        assert _found(app) == [ProblemKind.BALANCE, ProblemKind.AWARDED_TWICE]


def test_an_award_of_a_pending_certificate(cast, app, ceu, award):
    pending = submitted(cast, ceu, title="Pending")
    _tamper("UPDATE credit_entry SET external_certificate_id = :pending", pending=pending.id)
    assert _found(app) == [ProblemKind.AWARD_MISSING, ProblemKind.AWARD_UNFOUNDED]


def test_a_reversal_that_is_gone(app, revoked):
    _tamper("DELETE FROM credit_entry WHERE kind = 'reversal'")
    assert _found(app) == [ProblemKind.BALANCE, ProblemKind.REVERSAL_MISSING]


def test_a_reversal_of_what_is_not_revoked(app, revoked):
    _tamper(
        "UPDATE external_certificate SET state = 'approved', revoked_at = NULL, revoked_by_id = NULL,"
        " revoked_reason = ''"
    )
    assert _found(app) == [ProblemKind.BALANCE, ProblemKind.REVERSAL_UNFOUNDED]


@pytest.mark.parametrize("change", ["amount = amount - 1", "counts_on = '2020-01-01'"])
def test_a_reversal_that_is_not_the_opposite(app, revoked, change):
    _tamper(f"UPDATE credit_entry SET {change} WHERE kind = 'reversal'")
    assert [each for each in _found(app) if each != ProblemKind.BALANCE] == [ProblemKind.REVERSAL_DIFFERS]


def test_a_reversal_of_another_entry(app, award, revoked):
    _tamper("UPDATE credit_entry SET reverses_id = :other WHERE kind = 'reversal'", other=_entry_of(award))
    assert _found(app) == [ProblemKind.REVERSAL_DIFFERS, ProblemKind.REVERSAL_MISSING]


def _entry_of(certificate):
    found = "SELECT id FROM credit_entry WHERE external_certificate_id = :id AND kind = 'award'"
    return db.session.execute(sa.text(found), {"id": certificate.id}).scalar_one()


def test_a_reversal_of_a_reversal(app, revoked):
    _tamper("UPDATE credit_entry SET reverses_id = id WHERE kind = 'reversal'")
    assert _found(app) == [ProblemKind.REVERSAL_DIFFERS, ProblemKind.REVERSAL_MISSING]


def test_a_second_reversal(app, revoked):
    with _without("uq_credit_entry_reversed_once"):
        _tamper(_AGAIN, kind="reversal")
        assert _found(app) == [ProblemKind.BALANCE, ProblemKind.REVERSED_TWICE]


def test_a_revision_that_says_something_else(app, award):
    _tamper("UPDATE revision SET facts = :facts", facts=json.dumps({"title": "Chief surgeon"}))
    assert _found(app) == [ProblemKind.REVISION_DIFFERS]


def test_a_revision_of_other_files(app, award):
    _tamper("UPDATE revision SET files = :files", files=json.dumps([{"name": "a", "sha256": "0" * 64}]))
    assert _found(app) == [ProblemKind.REVISION_DIFFERS]


@pytest.mark.parametrize("statement", ["DELETE FROM revision", "UPDATE revision SET number = 2"])
def test_a_revision_that_is_gone(app, award, statement):
    _tamper(statement)
    assert _found(app) == [ProblemKind.REVISION_MISSING]


def test_an_approved_certificate_that_was_changed(app, award):
    _tamper("UPDATE external_certificate SET title = 'Chief surgeon'")
    assert _found(app) == [ProblemKind.CERTIFICATE_DIFFERS]


def test_an_approved_certificate_without_its_file(app, award):
    _tamper("DELETE FROM scan")
    assert _found(app) == [ProblemKind.CERTIFICATE_DIFFERS]


def _key(certificate):
    return certificate.scans[0].stored_file.key


def test_bytes_that_are_gone(app, award):
    storage().delete(_key(award))
    assert _found(app) == [ProblemKind.BYTES_MISSING]


@pytest.mark.parametrize(
    ("bend", "detail"), [(lambda b: b[:-1] + b"x", "other bytes"), (lambda b: b[:-1], "bytes where")]
)
def test_bytes_that_changed(app, award, bend, detail):
    stored.tamper(_key(award), bend(stored.content(_key(award))))
    assert _found(app) == [ProblemKind.BYTES_DIFFER]
    assert detail in app.test_cli_runner().invoke(args=["check"]).output


def test_a_row_whose_key_leads_elsewhere(app, award):
    _tamper("UPDATE stored_file SET key = '../../etc/passwd'")
    assert _found(app) == [ProblemKind.BYTES_MISSING]


def test_more_files_than_are_looked_at_at_once(cast, app, ceu, award, monkeypatch):
    from records.queries import checks

    monkeypatch.setattr(checks, "_AT_ONCE", 2)
    for colour in ("red", "green", "blue", "white"):
        certificates.staged(cast.actor(cast.max), picture(colour))
    with organization_scope(cast.fire.id):
        assert check_organization().looked_at["files"] == 5


def test_a_problem_is_named_with_its_organization_and_its_record(cast, app, award):
    _tamper("DELETE FROM credit_entry")
    said = app.test_cli_runner().invoke(args=["check"])
    assert said.exit_code == 1
    assert "Everything is in order." not in said.output
    assert f"  external_certificate {award.id}: award_missing: approved" in said.output
    facts = json.loads(app.test_cli_runner().invoke(args=["check", "--json"]).output)
    problems = {each["organization"]: each["problems"] for each in facts["organizations"]}
    assert problems["Hillside Clinic"] == []
    assert {each["record"] for each in problems["Lakeside Fire & Rescue"]} == {
        f"member {cast.max.id}", f"external_certificate {award.id}",
    }  # fmt: skip


@pytest.mark.parametrize("where", ["of another organization", "nowhere"])
def test_a_reference_that_leads_astray(cast, app, where):
    certification_id = give(cast.max, cast.emt, 400)
    type_id = cast.clinic_emt.id if where == "of another organization" else 4711
    _point_to(certification_id, type_id)
    try:
        said = app.test_cli_runner().invoke(args=["check"])
        assert said.exit_code == 1
        found = f"certification {certification_id}: reference_astray: no row of its own organization stands where"
        assert found in said.output
        assert _found(app) == [ProblemKind.REFERENCE]
    finally:
        _point_to(certification_id, cast.emt.id)


def _point_to(certification_id, type_id):
    """Where no foreign key is looked at."""
    change = f"UPDATE certification SET type_id = {type_id} WHERE id = {certification_id}"
    db.session.rollback()
    if db.engine.dialect.name == "sqlite":
        with closing(sqlite3.connect(db.engine.url.database)) as connection, connection:
            connection.execute(change)
    else:
        _tamper(change)


def test_files_without_a_row_are_counted_and_no_problem(cast, app):
    arrived = take_in(io.BytesIO(b"never got a row"), name="a", organization=cast.fire)
    said = app.test_cli_runner().invoke(args=["check"])
    assert "1 file in the storage has no row yet" in said.output
    assert "Everything is in order." in said.output
    assert _stray(app) == {"young": 1, "overdue": 0}
    with clock.standing_at(clock.now() + timedelta(hours=25)):
        assert _stray(app) == {"young": 0, "overdue": 1}
        assert "1 file in the storage has had no row for a day" in app.test_cli_runner().invoke(args=["check"]).output
    with transaction():
        row_for(arrived)
    assert _stray(app) == {"young": 0, "overdue": 0}


def _stray(app):
    said = app.test_cli_runner().invoke(args=["check", "--json"])
    assert said.exit_code == 0
    return json.loads(said.output)["stray"]

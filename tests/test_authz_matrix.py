"""The matrix of who may do what: every cell is answered, and those of other states than the world's are tried here."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest
import sqlalchemy as sa

from records.database import db
from records.models import Scan
from tests.access_table import PERSONAS, TABLE, words
from tests.asking import Asking, outcome
from tests.authz_matrix import MATRIX, STATES
from tests.cast import Cast
from tests.valid_requests import Valid
from tests.world import STRANGE, World

ROOT = Path(__file__).parents[1]
MEMBER, OWN = "/admin/members/<int:member_id>", "/portfolio/certificates/<int:certificate_id>"
REVIEW = "/admin/approvals/<int:certificate_id>"
TYPE = {"new-0-type_id": "1", "update": "1"}


def _scan(_cast: Cast, world: World) -> dict[str, int]:
    of_it = sa.select(Scan.id).where(Scan.external_certificate_id == world.arguments["certificate_id"])
    return {"scan_id": db.session.scalars(of_it).one()}


def _ticked(world: World, _name: str) -> dict[str, str]:
    return {f"held-{world.arguments['certification_id']}-delete": "y", "update": "1"}


# What is asked for in which state: the request, by the row of the matrix.
IN_STATE: dict[str, tuple[str, str, Valid]] = {
    "AZ017": ("GET", "/scan/<int:scan_id>/file", Valid(after="/admin/scans/<int:scan_id>/delete")),
    "AZ026": ("POST", MEMBER, Valid({"role": "administrator", "update": "1"}, of=MEMBER)),
    "AZ040": ("POST", "/admin/certification-types/<int:type_id>/delete", Valid()),
    "AZ042": ("POST", MEMBER, Valid(TYPE, of=MEMBER)),
    "AZ043": ("POST", MEMBER, Valid(
        TYPE | {"new-0-type_id": str(STRANGE), "new-0-expires_on": "2031-05-01"}, of=MEMBER)),
    "AZ045": ("POST", MEMBER, Valid(_ticked, of=MEMBER)),
    "AZ055": ("POST", "/portfolio/certificates/new", Valid(
        {"title": "Knots", "credits": "2", "earned_on": "2025-03-01", "credit_type_id": str(STRANGE)})),
    "AZ063": ("POST", f"{OWN}/edit", Valid({"title": "Other"}, after=f"{REVIEW}/approve")),
    "AZ065": ("POST", f"{OWN}/withdraw", Valid(after=f"{REVIEW}/approve")),
    "AZ066": ("POST", f"{OWN}/edit", Valid({"key": "k" * 20, "files": b"GIF89a"}, after=f"{REVIEW}/approve")),
    "AZ067": ("POST", f"{OWN}/edit", Valid({"title": "Other"}, after=f"{REVIEW}/decline")),
    "AZ068": ("GET", "/scan/<int:scan_id>/file", Valid(after=f"{REVIEW}/approve", made=_scan)),
    "AZ069": ("GET", "/scan/<int:scan_id>/file", Valid(made=_scan)),
    "AZ073": ("POST", f"{REVIEW}/approve", Valid({"credits": "2.5"}, after=f"{REVIEW}/approve")),
    "AZ075": ("POST", f"{REVIEW}/decline", Valid({"reason": "No."}, after=f"{REVIEW}/approve")),
}  # fmt: skip


def _differs(name: str) -> dict[str, str]:
    pairs = (pair.split() for pair in MATRIX[name].differs.split(", ") if pair)
    return {person: word for person, word in pairs}  # noqa: C416  # because: lists are no keys


def _expected(name: str) -> dict[str, list[str]]:
    cells = {person: cell.split("/") for person, cell in zip(PERSONAS, MATRIX[name].cells.split(), strict=True)}
    return cells | {person: [word] for person, word in _differs(name).items()}


@pytest.mark.parametrize("name", MATRIX)
def test_every_cell_is_answered(name: str) -> None:
    row = MATRIX[name]
    assert row.rows or row.tests or row.because
    assert bool(row.because) >= bool(row.differs)
    for each in row.rows:
        no, _, address = each.rpartition("no ")
        method, _, rule = address.partition(" ")
        assert ((rule, method) in TABLE) is not bool(no or each.startswith("no ")), each
        if (rule, method) in TABLE:
            said = words(rule, method)
            asked = {person: words for person, words in _expected(name).items() if words != ["-"]}
            assert all(said[person] in words for person, words in asked.items()), f"{each}: {said} for {asked}"
    for test in row.tests:
        path, _, function = test.partition("::")
        assert (ROOT / path).exists(), test
        assert not function or function in _functions(path), test
    assert (STATES in row.tests) is (name in IN_STATE)


@cache
def _functions(path: str) -> set[str]:
    parsed = ast.parse((ROOT / path).read_text())
    return {node.name for node in parsed.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.once
@pytest.mark.parametrize("name", IN_STATE)
def test_a_cell_of_another_state(asking: Asking, name: str) -> None:
    """Whoever is refused, changes nothing; but who is shown once more what they may see, has looked at it."""
    method, rule, valid = IN_STATE[name]
    expected = _expected(name)
    got = {}
    asked = asking.about(rule, method, valid=valid)
    before = asking.looked()
    own = {person for person, words in expected.items() if {"open", "422"} & set(words)}
    for person in [each for each in PERSONAS if each not in own and expected[each] != ["-"]]:
        got[person] = outcome(asked.in_brief(person))
    assert asking.looked() == before
    for person in [each for each in PERSONAS if each in own]:
        asking.anew()
        asked = asking.about(rule, method, person, valid=valid)
        before = asking.looked()
        got[person] = outcome(asked.by(person))
        assert got[person] == "open" or asking.looked() == before
    assert {person: word for person, word in got.items() if word not in expected[person]} == {}


def test_nothing_of_the_back_office_opens_to_who_is_logged_in_as_another() -> None:
    of_staff = {row: cells.split()[PERSONAS.index("acting")] for row, cells in TABLE.items() if "/admin" in row[0]}
    assert len(of_staff) > 140
    ended = {
        ("/admin/members/<int:member_id>/reactivate", "POST"): "login"
    }  # Max is deactivated, and that session over
    assert {row: word for row, word in of_staff.items() if word != "403"} == ended

"""Two real registers from end to end, where CORPUS_DIR is set; without it, these tests do not exist."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import func, select

from records.database import db, found
from records.errors import Invalid
from records.models import Certification, ImportRow, Member, RegisterImport
from records.models.register_import import TO_MEND
from records.registers.mapping import Mapping
from records.services import register_imports, register_undoing
from tests.samples import corpus

REGISTERS = corpus("good/licence_csv")
HOSTILE = corpus("bad/csv_malformed", "bad/archives", "bad/xxe")
EXPECTED = {
    "il_appraisers.csv": {"new member": 2489, "ask": 2},
    "tx_inspectors.csv": {"new member": 6768, "ask": 2, "left out": 1740, "error": 4},
}
TO_MEND_LINES = {"il_appraisers.csv": {492, 1954}, "tx_inspectors.csv": {5639, 5640, 5641, 5850, 6505, 6563}}


def bring(path: Path, by) -> RegisterImport:
    with path.open("rb") as stream:
        started = register_imports.start(stream, name=path.name, by=by)
    register_imports.check(started, Mapping.from_json(started.mapping), by=by)
    register_imports.apply(started, version=started.version, by=by)
    return started


def count(model) -> int:
    return db.session.scalar(select(func.count()).select_from(model))


if REGISTERS:

    @pytest.mark.parametrize("path", REGISTERS, ids=lambda path: path.name)
    @pytest.mark.once
    def test_a_real_register_comes_in_again_and_goes(cast, path):
        by, before = cast.actor(cast.ada), count(Member)
        first = bring(path, by)
        new = EXPECTED[path.name]["new member"]
        assert first.counts == EXPECTED[path.name] | {"members": new, "certifications": new}
        assert (count(Member), count(Certification)) == (before + new, new)
        stays_out = select(ImportRow.line).where(ImportRow.import_id == first.id, ImportRow.outcome.in_(TO_MEND))
        assert set(db.session.scalars(stays_out)) == TO_MEND_LINES[path.name]

        again = bring(path, by)
        others = {outcome: number for outcome, number in EXPECTED[path.name].items() if outcome != "new member"}
        assert again.counts == others | {"unchanged": new, "members": 0, "certifications": 0}
        assert (count(Member), count(Certification)) == (before + new, new)

        register_undoing.undo(first, by=by)
        undone = found(RegisterImport, first.id)
        assert (undone.counts["reverted"], undone.counts["kept"]) == (new, 0)
        assert (count(Member), count(Certification)) == (before, 0)

    @pytest.mark.parametrize("path", [path for path in REGISTERS if path.name == "tx_inspectors.csv"], ids=str)
    @pytest.mark.once
    def test_what_stood_in_a_register_stands_in_the_records(cast, path):
        bring(path, cast.actor(cast.ada))
        jamison = db.session.scalars(
            select(Member).where(Member.family_name == "JAMISON", Member.suffix == "III")
        ).one()
        held = db.session.scalars(select(Certification).where(Certification.member_id == jamison.id)).one()
        assert (jamison.given_name, held.number) == ("CHRISTOPHER LEE", "04304-PI")
        assert (held.issued_on, held.expires_on, held.type.name) == (
            date(2026, 1, 23),
            date(2028, 1, 31),
            "Professional",
        )
        suspended, revoked = Certification.suspended_reason, Certification.revoked_reason
        for column, words in ((suspended, {"Suspended": 10}), (revoked, {"Revoked": 12})):
            tally = select(column, func.count()).where(column != "").group_by(column)
            assert dict(db.session.execute(tally).all()) == words


if HOSTILE:

    @pytest.mark.parametrize("path", HOSTILE, ids=lambda path: path.name)
    def test_a_hostile_file_is_refused_in_words_or_mapped_by_hand(cast, path):
        refused = None
        with path.open("rb") as stream:
            try:
                register_imports.start(stream, name=path.name, by=cast.actor(cast.ada))
            except Invalid as refusal:
                refused = refusal
        assert refused is None or refused.field == "file"
        assert count(RegisterImport) == (0 if refused else 1)

"""All data of a member as a ZIP: whole, theirs alone, without secrets, and never broken by a file that is not there."""

from __future__ import annotations

import csv
import io
import json
import zipfile

import pytest
import sqlalchemy as sa

from records.database import db
from records.models import AuditEvent, AuditKind, CalendarFeed, Member, Proof, Scan, Transcript
from records.services import members
from records.storage import storage
from tests import stored
from tests.erasing import WORD, erase, leave_traces
from tests.holdings import give, picture


@pytest.fixture
def traced(cast, beginnings):
    if "traces" not in beginnings:
        leave_traces(cast)
        beginnings.keep("traces", cast.ids())
    beginnings.bring_back("traces")
    return cast


def _zip(response) -> zipfile.ZipFile:
    assert response.status_code == 200
    with response:
        return zipfile.ZipFile(io.BytesIO(response.data))


def _bytes_of(scan: Scan) -> bytes:
    with storage().open(scan.stored_file.key) as stream:
        return stream.read()


def _taken(cast, browse) -> zipfile.ZipFile:
    return _zip(browse(cast.ada).post(f"/admin/members/{cast.max.id}/data"))


def test_it_holds_every_fact_and_every_file_byte_for_byte(traced, browse):
    archive = _taken(traced, browse)
    assert archive.testzip() is None
    facts = json.loads(archive.read("data.json"))
    assert [len(facts[kind]) for kind in ("member", "external certificate", "revision", "proof", "exemption")] == [
        1, 6, 6, 2, 1,
    ]  # fmt: skip
    assert facts["member"][0]["family name"] == "Zqxwfamily"
    assert {each["number"] for each in facts["certification"]} >= {f"{WORD} 1", f"{WORD} 3"}
    assert f"Not of {WORD}." in {each["reason"] for each in facts["external certificate"]}
    names = [name for name in archive.namelist() if name.startswith("files/")]
    kept = db.session.scalars(sa.select(Scan)).all()
    assert len(names) == len(set(map(str.casefold, names))) == len(kept)
    assert sorted(archive.read(name) for name in names) == sorted(map(_bytes_of, kept))


def test_tables_say_what_the_json_says(traced, browse):
    archive = _taken(traced, browse)
    facts = json.loads(archive.read("data.json"))
    for kind, rows in facts.items():
        table = list(csv.reader(io.StringIO(archive.read(f"tables/{kind.replace(' ', '_')}.csv").decode("utf-8-sig"))))
        assert len(table) == len(rows) + 1, kind
        assert not rows or table[0] == list(rows[0]), kind


def test_no_secret_and_no_name_of_others_is_in_it(traced, browse):
    with db.engine.connect() as connection:
        secrets = {
            str(value)
            for model in (Proof, CalendarFeed, Transcript)
            for row in connection.execute(sa.select(model.__table__)).mappings()
            for name, value in row.items()
            if "digest" in name or name == "salt"
        }
        hashes = connection.execute(sa.text("SELECT password_hash FROM account")).scalars().all()
    archive = _taken(traced, browse)
    content = b"".join(archive.read(name) for name in archive.namelist() if not name.startswith("files/")).decode()
    assert len(secrets) >= 4
    hidden = (*secrets, *hashes, "Söderström", "Okafor", "/invitation/")
    assert [each for each in hidden if each in content] == []
    facts = json.loads(archive.read("data.json"))
    assert {kind for kind, rows in facts.items() if "Lindgren" in json.dumps(rows)} == {
        "message"
    }  # as the portal has it


def test_everybody_takes_their_own_and_it_is_on_record(cast, browse):
    give(cast.max, cast.emt, 300, number="MAXS", files={"../../card.png": picture(), "card.png": picture("red")})
    give(cast.mia, cast.emt, 300, number="MIAS", files={"card.png": picture()})
    archive = _zip(browse(cast.max).post("/account/data"))
    assert "MAXS" in archive.read("data.json").decode()
    assert "MIAS" not in archive.read("data.json").decode()
    assert {name for name in archive.namelist() if name.startswith("files/")} == {
        "files/EMT-Basic/card.png", "files/EMT-Basic/card (2).png",
    }  # fmt: skip
    events = db.session.scalars(sa.select(AuditEvent).where(AuditEvent.kind == AuditKind.DATA_EXPORTED)).all()
    assert [(each.member_id, each.actor_member_id) for each in events] == [(cast.max.id, cast.max.id)]


def test_a_file_that_is_not_there_is_named_and_nothing_breaks_off(cast, browse):
    files = {"gone.png": picture(), "there.png": picture("red"), "cut.png": picture("teal")}
    give(cast.max, cast.emt, 300, files=files)
    gone, _there, cut = db.session.scalars(sa.select(Scan).order_by(Scan.id)).all()
    storage().delete(gone.stored_file.key)
    stored.tamper(cut.stored_file.key, b"cut")
    archive = _zip(browse(cast.max).post("/account/data"))
    assert archive.testzip() is None
    assert [name for name in archive.namelist() if name.startswith("files/")] == ["files/EMT-Basic/there.png"]
    readme = archive.read("README.txt").decode()
    assert "EMT-Basic/gone.png" in readme
    assert "EMT-Basic/cut.png" in readme


def test_of_an_erased_member_there_is_nothing_to_hand_out(cast, browse):
    members.deactivate(cast.max, by=cast.actor(cast.ada))
    erase(cast, cast.max)
    assert browse(cast.ada).post(f"/admin/members/{cast.max.id}/data").status_code == 409


def test_it_is_written_for_its_reader(cast, browse):
    client = browse(cast.max)
    client.post("/account/language", data={"language": "es"})
    readme = _zip(client.post("/account/data")).read("README.txt").decode()
    assert "All data" not in readme
    assert db.session.get_one(Member, cast.max.id).name in readme

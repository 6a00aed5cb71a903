"""Which pinned version a record of a weakness holds for: records in the form in which they are published."""

from __future__ import annotations

import json
from pathlib import Path
from zipfile import ZipFile

import pytest

from records.advisories import Advisory, UnreadableDatabase, known, pinned_in, records_in

LOCKED = """\
flask-login==0.6.3 \\
    --hash=sha256:aaaa
    # via certfolio (pyproject.toml)
zope.interface==6.0 ; python_version < '4' \\
    --hash=sha256:bbbb
psycopg[binary]==3.3.9 \\
    --hash=sha256:cccc
"""


def record(name="Flask_Login", *events, versions=(), kind="ECOSYSTEM", ecosystem="PyPI", **more):
    walked = [dict([event]) for event in events]
    ranges = [{"type": kind, "events": walked}] if walked else []
    return {
        "id": "PYSEC-2026-1", "modified": "2026-01-01T00:00:00Z", "summary": "It opens doors.",
        "affected": [{"package": {"name": name, "ecosystem": ecosystem}, "ranges": ranges, "versions": list(versions)}],
    } | more  # fmt: skip


def test_a_lock_file_is_read_by_name_and_version():
    assert pinned_in(LOCKED) == {("flask-login", "0.6.3"), ("zope-interface", "6.0"), ("psycopg", "3.3.9")}


@pytest.mark.parametrize(
    ("found", "events"),
    [
        (True, [("introduced", "0")]),
        (True, [("introduced", "0"), ("fixed", "0.6.4")]),
        (False, [("introduced", "0"), ("fixed", "0.6.3")]),
        (True, [("introduced", "0"), ("last_affected", "0.6.3")]),
        (False, [("introduced", "0"), ("last_affected", "0.6.2")]),
        (False, [("introduced", "0.6.4")]),
        (True, [("introduced", "0.6.3rc1")]),
        (False, [("introduced", "0"), ("fixed", "0.5"), ("introduced", "0.10"), ("fixed", "0.11")]),  # 0.10 > 0.6
        (True, [("introduced", "0"), ("fixed", "0.5"), ("introduced", "0.6"), ("fixed", "0.7")]),
        (True, [("fixed", "0.7"), ("introduced", "0.6"), ("fixed", "0.5"), ("introduced", "0")]),  # in any order
        (False, [("introduced", "1!0")]),
        (True, [("introduced", "no version")]),  # what cannot be read is not ruled out
    ],
)
def test_ranges(found, events):
    assert bool(known([record("flask-login", *events)], pinned_in(LOCKED))) is found


@pytest.mark.parametrize(("found", "versions"), [(True, ["0.6.3"]), (True, ["2004d", "v0.6.3.0"]), (False, ["0.6.30"])])
def test_listed_versions(found, versions):
    assert bool(known([record(versions=versions)], pinned_in(LOCKED))) is found


@pytest.mark.parametrize("name", ["flask-login", "Flask_Login", "flask.login", "FLASK--LOGIN"])
def test_names_are_the_same_however_they_are_written(name):
    fixes = [("introduced", "0"), ("fixed", "0.4"), ("introduced", "0.5"), ("fixed", "0.7")]
    (advisory,) = known([record(name, *fixes)], pinned_in(LOCKED))
    assert advisory == Advisory("flask-login", "0.6.3", "PYSEC-2026-1", ("0.7",), "It opens doors.")


def test_what_says_nothing_of_ours():
    everything = ("introduced", "0")
    others = [
        record("flask", everything),
        record("flask-login", everything, ecosystem="npm"),
        record("flask-login", everything, kind="GIT"),
        record("flask-login", everything, withdrawn="2026-02-01T00:00:00Z"),
        {"id": "X-1", "modified": "2026-01-01T00:00:00Z"},
    ]
    assert known(others, pinned_in(LOCKED)) == []


def filled(folder: Path, *records):
    for number, each in enumerate(records):
        (folder / f"{number}.json").write_text(json.dumps(each))
    return folder


def test_a_folder_and_a_zip_read_alike(tmp_path: Path):
    both = [record("flask-login", ("introduced", "0")), record("left-pad", ("introduced", "0"), ecosystem="npm")]
    folder = filled(tmp_path, *both)
    with ZipFile(tmp_path / "all.zip", "w") as archive:
        for path in folder.glob("*.json"):
            archive.write(path, path.name)
    assert records_in(folder) == records_in(tmp_path / "all.zip") == both[:1]


@pytest.mark.parametrize(
    ("content", "words"), [("{", "0.json is no JSON"), ("[]", "0.json is no OSV record"), ("{}", "no OSV record"),
                           ('{"id": "X"}', "holds no record of PyPI")])  # fmt: skip
def test_what_is_no_database_is_never_good_news(tmp_path: Path, content, words):
    with pytest.raises(UnreadableDatabase, match="no"):
        records_in(tmp_path)
    (tmp_path / "0.json").write_text(content)
    with pytest.raises(UnreadableDatabase, match=words):
        records_in(tmp_path)
    with pytest.raises(UnreadableDatabase, match="neither a folder nor a ZIP"):
        records_in(tmp_path / "0.json")


def test_the_command_names_each_and_ends_with_one(app, tmp_path: Path):
    lock = tmp_path / "lock.txt"
    lock.write_text(LOCKED)
    database = filled(tmp_path, record("flask-login", ("introduced", "0"), ("fixed", "0.7")))
    ask = ["advisories", str(database), "--requirements", str(lock)]
    said = app.test_cli_runner().invoke(args=ask)
    assert said.output.splitlines() == [
        "flask-login 0.6.3: PYSEC-2026-1, fixed in 0.7. It opens doors.",
        "3 pinned packages, 1 records: 1 found.",
    ]
    assert said.exit_code == 1
    lock.write_text("flask==3.1.0\n")
    said = app.test_cli_runner().invoke(args=ask)
    assert (said.exit_code, said.output) == (0, "1 pinned packages, 1 records: 0 found.\n")
    said = app.test_cli_runner().invoke(args=["advisories", str(lock), "--requirements", str(lock)])
    assert (said.exit_code, said.output) == (1, "Error: lock.txt is neither a folder nor a ZIP.\n")


def test_without_a_choice_the_pins_of_this_version_are_looked_at(app, tmp_path: Path):
    said = app.test_cli_runner().invoke(
        args=["advisories", str(filled(tmp_path, record("flask", ("introduced", "0"))))]
    )
    assert said.exit_code == 1
    assert said.output.startswith("flask 3.")

"""All data of a member as one ZIP: facts as JSON and CSV, every file, and a page that says what is what."""

from __future__ import annotations

import json
from contextlib import ExitStack
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from flask import Blueprint, Response
from flask_babel import gettext
from sqlalchemy import Select
from zipstream import ZIP_STORED, ZipStream

from records import clock, signin
from records.database import found
from records.errors import StorageOutOfReach, StorageUnavailable
from records.models import Member, Scan
from records.pages.guards import member_required, this_organization
from records.pages.scans import chunks, named, why_left_out
from records.queries.personal_data import kinds_of, rows_of, scans_with_files
from records.services.personal_data import note_export
from records.storage import Storage, storage
from records.tables import CSV, write
from records.web.event_facts import label
from records.web.limits import exports
from records.web.words import moment

_IN_MEMORY = 512 * 1024  # bytes of a part that are held; what is more waits in a file without a name


def add_to(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/account/data", "own_data", own_data, methods=["POST"])


@member_required
@exports
def own_data() -> Response:
    return everything_of(found(Member, signin.current_actor().member_id or 0))


def everything_of(member: Member) -> Response:
    """The ZIP, streamed. Raises as `note_export`."""
    note_export(member, by=signin.current_actor())
    member = found(Member, member.id)
    name = gettext("All data of %(name)s", name=member.name)
    with ExitStack() as parts:  # open until the answer is sent, or cannot be
        archive = _archive(member, parts)
        response = Response(iter(archive), mimetype="application/zip")
        response.content_length = len(archive)
        response.headers.set("Content-Disposition", "attachment", filename=f"{name}.zip")
        response.headers["Cache-Control"] = "private, no-store"
        response.call_on_close(parts.pop_all().close)
    return response


def _archive(member: Member, parts: ExitStack) -> ZipStream:
    archive, door = ZipStream(sized=True, compress_type=ZIP_STORED), storage()
    scans, lost = _there(list(named(scans_with_files(member))), door)

    def part() -> IO[bytes]:
        return parts.enter_context(SpooledTemporaryFile(_IN_MEMORY))

    readme = part()
    readme.write(_readme(member, lost).encode("utf-8-sig"))
    _add(archive, "README.txt", readme)
    _add(archive, "data.json", _json(member, part()))
    for kind, statement in kinds_of(member).items():
        _add(archive, f"tables/{kind}.csv", _csv(kind, statement, part()))
    for scan, entry in scans:
        archive.add(chunks(door, scan.stored_file.key), f"files/{entry}", size=scan.stored_file.size)
    return archive


def _there(files: list[tuple[Scan, str]], door: Storage) -> tuple[list[tuple[Scan, str]], list[str]]:
    """The files whose bytes are to be had, whole, and the names of the others: those are told, nothing breaks off."""
    there, lost = [], []
    for scan, entry in files:
        if scan.stored_file.is_held_back:
            lost.append(f"{entry}: {why_left_out(scan)}")
            continue
        try:
            with door.open(scan.stored_file.key) as stream:
                whole = stream.seek(0, 2) == scan.stored_file.size
        except StorageOutOfReach:
            raise
        except (StorageUnavailable, ValueError):
            whole = False
        if whole:
            there.append((scan, entry))
        else:
            lost.append(entry)
    return there, lost


def _add(archive: ZipStream, name: str, part: IO[bytes]) -> None:
    size = part.seek(0, 2)
    part.seek(0)
    archive.add(iter(lambda: part.read(64 * 1024), b""), name, size=size)


def _json(member: Member, out: IO[bytes]) -> IO[bytes]:
    """One object: kinds, each a list of records, written as they are read."""
    between = b"{"
    for kind, statement in kinds_of(member).items():
        out.write(between + f'\n"{_words(kind)}": ['.encode())
        for number, row in enumerate(rows_of(statement)):
            facts = {_words(name): value for name, value in row.items()}
            out.write(f"{',' if number else ''}\n {json.dumps(facts, ensure_ascii=False)}".encode())
        between = b"],"
    out.write(b"]\n}\n")
    return out


def _csv(kind: str, statement: Select[Any], out: IO[bytes]) -> IO[bytes]:
    header = [_words(str(column.key)) for column in statement.selected_columns]
    cells = ([_cell(value) for value in row.values()] for row in rows_of(statement))
    write(out, CSV, header, cells, title=kind)
    return out


def _words(name: str) -> str:
    return name.replace("_", " ")


def _cell(value: Any) -> str | int | None:
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return value if isinstance(value, str | int) or value is None else str(value)


def _readme(member: Member, lost: list[str]) -> str:
    kinds = [f"  tables/{kind}.csv – {label(kind)}" for kind in kinds_of(member)]
    lines = [
        gettext("All data of %(name)s at %(organization)s", name=member.name, organization=this_organization().name),
        gettext("As it stood at %(moment)s.", moment=moment(clock.now())),
        "",
        gettext("data.json holds every fact; names of fields are English, days are written 2027-03-21."),
        gettext("tables holds the same as one table a kind, for a spreadsheet:"),
        *kinds,
        gettext("files holds every file, with deleted ones that can still be restored, under the name of its record."),
        "",
        gettext("Left out: passwords, codes, addresses that open something, and names that the portal does not show."),
    ]
    if lost:
        lines += ["", gettext("These files are missing. Ask your administrator, who can look for them:")]
        lines += [f"  {name}" for name in lost]
    return "\n".join(lines) + "\n"

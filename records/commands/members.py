"""flask member import"""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup

from records.commands.refusals import in_words
from records.database import organization_scope
from records.errors import N_, Invalid
from records.models import Actor, ImportRow, RegisterImport, RowOutcome
from records.queries.register_imports import rows_to_mend
from records.registers.encodings import ENCODINGS
from records.registers.mapping import Mapping
from records.registers.mending import mending_file
from records.registers.rows import Reading
from records.registers.survey import Survey
from records.services import organizations, register_imports

_MOST_LISTED = 50
_WORDS = {
    RowOutcome.NEW_MEMBER: "new members with their certification",
    RowOutcome.NEW_CERTIFICATION: "new certifications of members",
    RowOutcome.RENEWAL: "renewals",
    RowOutcome.CHANGED: "changed certifications",
    RowOutcome.UNCHANGED: "are here already",
    RowOutcome.LEFT_OUT: "left out",
    RowOutcome.ASK: "need an answer: who is meant?",
    RowOutcome.ERROR: "have an error",
}

group = AppGroup("member", help="Members and their certifications.")


def add_to(cli: click.Group) -> None:
    cli.add_command(group)


@group.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--organization", "name", required=True, help="The organization's name.")
@click.option("--map", "map_file", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="A JSON file that says what the columns are; without it the header's words do.")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Say what would happen and change nothing.")
@in_words
def import_(file: Path, name: str, map_file: Path | None, dry_run: bool) -> None:
    """Bring in a register: a CSV or XLSX of members and certifications.

    All good rows come in at once. Rows with an error, and rows of which it is not clear who is meant, are
    listed with their line and written to FILE.bad.csv, to be mended and brought in again.
    """
    organization = organizations.named(name)
    by = Actor.command("member import", organization.id)
    with organization_scope(organization.id):
        facts = _facts_in(map_file) if map_file else {}
        mapping = Mapping.from_json(facts) if map_file else None
        with file.open("rb") as stream:
            register_import = register_imports.start(stream, name=file.name, mapping=mapping, by=by)
        try:
            _read_as_said(register_import, facts, mapping, by=by)
            register_imports.check(register_import, Mapping.from_json(register_import.mapping), by=by)
            _say_mapping(register_import)
            _say_counts(register_import, dry_run=dry_run)
            _list_problems(register_import)
            if not dry_run:
                register_imports.apply(register_import, version=register_import.version, by=by)
                _say_done(register_import, file)
        finally:
            if register_import.is_open:
                register_imports.discard(register_import, by=by)


def _read_as_said(
    register_import: RegisterImport, facts: dict[str, Any], mapping: Mapping | None, *, by: Actor
) -> None:
    chosen = {part: facts[part] for part in ("encoding", "delimiter", "sheet") if facts.get(part)}
    if chosen:
        reading = Reading.from_json(register_import.reading | chosen)
        register_imports.read_again(register_import, reading, mapping=mapping, by=by)


def _facts_in(map_file: Path) -> dict[str, Any]:
    try:
        facts = json.loads(map_file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError):
        raise Invalid(N_("“%(name)s” is not a JSON file."), name=map_file.name) from None
    return facts if isinstance(facts, dict) else {"": facts}


def _say_mapping(register_import: RegisterImport) -> None:
    reading, survey = Reading.from_json(register_import.reading), Survey.from_json(register_import.survey)
    how = f"sheet “{reading.sheet}”"
    if reading.kind == "csv":
        delimiter = {"\t": "tab"}.get(reading.delimiter, reading.delimiter)
        how = f"{ENCODINGS.get(reading.encoding, reading.encoding)}, delimiter “{delimiter}”"
    click.echo(f"{register_import.file_name}: {survey.rows} rows, {len(survey.columns)} columns ({how})")
    click.echo("Mapping (put it into a file, change it, and give it with --map):")
    click.echo(json.dumps(register_import.mapping, ensure_ascii=False, indent=2))


def _say_counts(register_import: RegisterImport, *, dry_run: bool) -> None:
    click.echo("Dry run, nothing is changed:" if dry_run else "Rows:")
    for outcome, words in _WORDS.items():
        if count := register_import.counts.get(outcome):
            click.echo(f"{count:>8}  {outcome}: {words}")


def _list_problems(register_import: RegisterImport) -> None:
    rows = rows_to_mend(register_import)
    for row in islice(rows, _MOST_LISTED):
        click.echo(f"Line {row.line}: {_problem(row)}")
    more = sum(register_import.counts.get(outcome, 0) for outcome in (RowOutcome.ERROR, RowOutcome.ASK)) - _MOST_LISTED
    if more > 0:
        click.echo(f"… and {more} more.")


def _problem(row: ImportRow) -> str:
    sentence = row.problem % row.problem_params if row.problem_params else row.problem
    return f"{row.problem_column}: {sentence}" if row.problem_column else sentence


def _say_done(register_import: RegisterImport, file: Path) -> None:
    counts = register_import.counts
    click.echo(f"Brought in: {counts['members']} members, {counts['certifications']} certifications.")
    if counts.get(RowOutcome.ERROR) or counts.get(RowOutcome.ASK):
        header = Survey.from_json(register_import.survey).header
        pieces = list(mending_file(header, ((row.cells, _problem(row)) for row in rows_to_mend(register_import))))
        click.echo(f"Rows to mend are in {_written(file, pieces)}")


def _written(file: Path, pieces: list[bytes]) -> str:
    """Beside the register, or in the current folder where that is read-only (which binds root too)."""
    for folder in (file.resolve().parent, Path.cwd()):
        path = folder / f"{file.name}.bad.csv"
        try:
            if folder.stat().st_mode & 0o222:
                path.write_bytes(b"".join(pieces))
                return str(path)
        except OSError:
            continue
    return "no file: neither the register's folder nor the current one can be written to."

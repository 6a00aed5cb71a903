"""flask move."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import click
from flask import Flask, current_app
from sqlalchemy import make_url

from records.commands.checks import Proof, prove
from records.commands.refusals import in_words
from records.database import db
from records.queries.checks import Report
from records.services import moving
from records.services.moving import Elsewhere, Moved
from records.storage import megabytes, storage

_MOST_LISTED = 50
_TOLD_EVERY = 5.0  # seconds
_WRITTEN_MEANWHILE = 3  # the exit code


def add_to(cli: click.Group) -> None:
    cli.add_command(move)


@click.command("move")
@click.option("--database", required=True, metavar="URL", help="Where to, as DATABASE_URL names it; without rows yet.")
@click.option("--scans", required=True, metavar="URL", help="Where to, as SCANS_URL names it; without files yet.")
@in_words
def move(database: str, scans: str) -> None:
    """Carry this installation into another database and another storage, prove that both hold the same, and say which
    settings to change. Nothing is changed here.

    Stop web processes and jobs first: what is written meanwhile does not come along. Whatever interrupts it, start it
    again. Exit code 1 where the two differ or something is wrong on either side, 3 where all is well but something was
    written here meanwhile.
    """
    beside = {"jobs_url": "memory://", "scans_sent_by": "program"}  # which have nothing to do with what is carried
    there: Flask = current_app.extensions["elsewhere"](database_url=database, scans_url=scans, **beside)
    with _place_of(there) as to:
        moved = moving.move(to, tell=_Progress())
        _say_contents(moved)
        differences = moved.here.differences(moved.there)
        _say_list(list(moved.missing.values()), "These files could not be carried:")
        _say_list(differences, "These are not the same:")
        here_said = _checked("here")
        with there.app_context():
            there_said = _checked("there")
    written = moved.written_since()
    is_proven = here_said.ok and there_said.ok
    if not written and _found(here_said) != _found(there_said):
        click.echo("The two checks do not say the same.")
        is_proven = False
    if differences or moved.missing or not is_proven:
        sys.exit(1)
    _say_what_next(moved, there, written)


@contextmanager
def _place_of(there: Flask) -> Iterator[Elsewhere]:
    is_same_storage = there.config["SCANS_URL"] == current_app.config["SCANS_URL"]
    with there.app_context():
        to = Elsewhere(db.engine, None if is_same_storage else storage())
    try:
        yield to
    finally:
        to.engine.dispose()


def _say_contents(moved: Moved) -> None:
    there = moved.there
    if moved.was_there:
        click.echo("An earlier move carried everything already.")
    click.echo(f"{there.rows} rows of {len(there.tables)} tables are there, {moved.files} files were carried"
               f" ({megabytes(moved.bytes)}).")  # fmt: skip
    for organization_id, name in there.organizations.items():
        entries, amount = there.ledger.get(organization_id, (0, 0))
        files, size = there.files.get(organization_id, (0, 0))
        sequence, hash_ = there.chains.get(organization_id, (0, "none"))
        click.echo(f"  {name}: {files} files ({megabytes(size)}), {entries} entries of the ledger worth"
                   f" {amount / 100:.2f}, trail sealed to number {sequence} ({hash_[:12]})")  # fmt: skip


def _found(proof: Proof) -> tuple[dict[str, Report], Report]:
    """All but what lies in a storage without a row, which is not carried."""
    return proof.reports, proof.outside


def _checked(side: str) -> Proof:
    def tell(name: str, report: Report) -> None:
        click.echo(f"Checked {side}, {name}", err=True)
        _say_list([f"{each.record}: {each.kind}: {each.detail}" for each in report.problems], f"Wrong {side}, {name}:")

    proof = prove(tell=tell)
    looked_at = sum(sum(report.looked_at.values()) for report in (proof.outside, *proof.reports.values()))
    if proof.ok:
        click.echo(f"flask check {side}: {looked_at} records and files, everything is in order.")
    return proof


def _say_list(lines: list[str], heading: str) -> None:
    if lines:
        more = [f"… and {len(lines) - _MOST_LISTED} more."] if len(lines) > _MOST_LISTED else []
        click.echo("\n  ".join([heading, *lines[:_MOST_LISTED], *more]))


def _say_what_next(moved: Moved, there: Flask, written: list[str]) -> None:
    """Ends with exit code 3 where the other side lacks what was written here meanwhile."""
    if written:
        click.echo("Both hold the same as of the snapshot. Since then, and not there, something was written here, in"
                   f" {', '.join(written)}. To take it along: stop web processes and jobs here, empty the database"
                   " there, and move again; files that are there stay.")  # fmt: skip
        sys.exit(_WRITTEN_MEANWHILE)
    click.echo("Both hold the same, and nothing was written here meanwhile. To go on there, start all processes with")
    click.echo(f"  DATABASE_URL={_without_secrets(str(there.config['SQLALCHEMY_DATABASE_URI']))}")
    click.echo(f"  SCANS_URL={there.config['SCANS_URL']}")
    click.echo(
        "and with SECRET_KEY and all else as they are. Keep this side until you are sure, and start nothing on it."
    )
    if waiting := moved.messages_waiting:
        click.echo(f"{waiting} messages wait to be mailed: jobs of either side would mail them, and of both twice.")


def _without_secrets(url: str) -> str:
    address = make_url(url)
    query = {name: "…" if "pass" in name else value for name, value in address.query.items()}
    return address.set(query=query).render_as_string()


class _Progress:
    """Says on standard error how far it is, now and then."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def __call__(self, what: str, number: int) -> None:
        now = time.monotonic()
        if now - self._last >= _TOLD_EVERY:
            self._last = now
            click.echo(f"… {number} {what}", err=True)

"""flask backup, flask restore."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from urllib.parse import urlparse

import click
from flask import current_app

from records.carrying.backup_folder import BackupFolder, Manifest, all_in
from records.commands.checks import check
from records.commands.refusals import in_words
from records.services import backups, restoring
from records.storage import megabytes

_MOST_LISTED = 50
_folder = click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))


def add_to(cli: click.Group) -> None:
    cli.add_command(backup)
    cli.add_command(restore)


@click.command("backup")
@_folder
@in_words
def backup(folder: Path) -> None:
    """Write every row and every file, as they stand now, into a new folder in DIR; work goes on meanwhile.

    It can be restored into either database. Exit code 1 where a file was missing from the storage or damaged there:
    it is named, and everything else is saved.
    """
    made, taken = backups.take(folder)
    click.echo(f"{made.path}: {_contents(made.manifest())}; an earlier backup had {taken.linked} of the files.")
    _say_problems(list(taken.missing.values()), "These files are not in the backup:")


@click.command("restore")
@_folder
@click.option("--hold-mail", is_flag=True, help="Messages that were still to be mailed never are.")
@click.pass_context
@in_words
def restore(context: click.Context, folder: Path, hold_mail: bool) -> None:
    """Fill this installation, which must be empty, from the newest complete backup in DIR, or from the one that DIR is.

    Bring it up to this version afterwards, and check it. Exit code 1 where a file could not be restored.
    """
    chosen = BackupFolder.newest(folder)
    for later in (each for each in all_in(folder) if each.path > chosen.path):
        click.echo(f"{later.path} was never completed; an earlier backup is restored.")
    restored = restoring.restore(chosen, hold_mail=hold_mail)
    click.echo(f"{chosen.path} is restored: {_contents(restored.manifest)}.")
    if restored.waiting:
        server = urlparse(current_app.config["MAIL_URL"]).hostname
        where = f"mailed through {server}" if server else "written to DATA_DIR/outbox"
        click.echo(f"{restored.waiting} messages wait: once `jobs run` runs, they are {where}.")
    _say_problems(restored.problems, "These files could not be restored:", leave=False)
    context.invoke(check, as_json=False)
    if restored.problems:
        sys.exit(1)


def _contents(manifest: Manifest) -> str:
    rows = sum(manifest.tables.values())
    taken_at = datetime.fromisoformat(manifest.taken_at)
    return (
        f"{rows} rows of {len(manifest.tables)} tables, {manifest.files} files ({megabytes(manifest.bytes)}),"
        f" as of {taken_at:%-d %b %Y, %H:%M:%S} UTC"
    )


def _say_problems(problems: list[str], heading: str, *, leave: bool = True) -> None:
    """The first of them by name, and leave with exit code 1 where there are any."""
    if not problems:
        return
    click.echo(heading)
    for problem in problems[:_MOST_LISTED]:
        click.echo(f"  {problem}")
    if len(problems) > _MOST_LISTED:
        click.echo(f"  … and {len(problems) - _MOST_LISTED} more.")
    if leave:
        sys.exit(1)

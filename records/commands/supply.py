"""flask advisories."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from records.advisories import UnreadableDatabase, known, pinned_in, records_in

LOCK_FILE = Path(__file__).parents[2] / "requirements.txt"


def add_to(cli: click.Group) -> None:
    cli.add_command(advisories)


@click.command("advisories")
@click.argument("database", type=click.Path(exists=True, path_type=Path))
@click.option("--requirements", default=LOCK_FILE, type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="A lock file; this version's requirements.txt where none is given.")  # fmt: skip
def advisories(database: Path, requirements: Path) -> None:
    """List the known weaknesses of the pinned packages; exit code 1 where there are any.

    DATABASE is a folder or a ZIP of OSV records, as they are published for each ecosystem. Nothing is asked of the
    network.
    """
    pins = pinned_in(requirements.read_text())
    try:
        records = records_in(database)
    except UnreadableDatabase as error:
        raise click.ClickException(f"{error}.") from None
    found = known(records, pins)
    for each in found:
        fixed = f"fixed in {', '.join(each.fixed_in)}" if each.fixed_in else "not fixed"
        click.echo(f"{each.package} {each.version}: {each.id}, {fixed}. {each.summary}".rstrip())
    click.echo(f"{len(pins)} pinned packages, {len(records)} records: {len(found)} found.")
    sys.exit(1 if found else 0)

"""flask audit …: the proof that the trail is whole, the heads of its chains, and the trail as a file."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import asdict
from typing import IO

import click
from flask.cli import AppGroup
from sqlalchemy import select

from records.database import db, every_organization
from records.models import Organization
from records.models.sealing import HASHED
from records.queries.audit_chains import Head, Line, chains, heads, lines
from records.queries.audit_verifying import Chain, verify

group = AppGroup("audit", help="The audit trail: its chains of hashes.")

# A head as it is printed and read: the organization's id ("none" without one), the number and the hash.
_HEAD = re.compile(r"(?P<chain>none|\d{1,18})=(?P<sequence>\d{1,18}):(?P<hash>[0-9a-f]{64})(?:\s+#.*)?")


def add_to(cli: click.Group) -> None:
    cli.add_command(group)


@group.command("verify")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of words.")
@click.option("--file", type=click.File(encoding="utf-8"), help="Check a file of `audit export`, not the database.")
@click.option("--against", type=click.File(encoding="utf-8"), help="Heads noted earlier, as `audit heads` prints them.")
def verify_(as_json: bool, file: IO[str] | None, against: IO[str] | None) -> None:
    """Prove that no sealed event was changed, removed or reordered, and name what waits to be sealed.

    Erased details are told from broken ones. Events cut off at the newest end, or a chain rewritten as a whole, show
    against heads that were noted elsewhere. Exit code 1 where something is broken.
    """
    noted = _noted(against) if against else {}
    found = verify(_read(file) if file else lines(chains()), noted)
    names, ok = _names(), all(chain.is_whole for chain in found.values())
    if as_json:
        told = [_told(organization_id, names, chain) for organization_id, chain in found.items()]
        click.echo(json.dumps({"ok": ok, "chains": told}, ensure_ascii=False, indent=2))
    else:
        for organization_id, chain in found.items():
            _say(names.get(organization_id, f"Organization {organization_id}"), chain)
        click.echo("Every chain is whole." if ok else "The audit trail is broken.")
    if not ok:
        sys.exit(1)


@group.command("heads")
def heads_() -> None:
    """Print each chain's newest number and hash: kept elsewhere, they prove later that nothing was cut off."""
    names = _names()
    for organization_id, head in heads().items():
        chain = "none" if organization_id is None else organization_id
        click.echo(f"{chain}={head.sequence}:{head.hash}  # {names.get(organization_id, '')}")


@group.command("export")
@click.argument("file", type=click.File("w", encoding="utf-8"))
@click.option("--organization", "name", help="One organization's chain; without it, all of them.")
def export(file: IO[str], name: str | None) -> None:
    """Write the trail to FILE (`-` for the screen), an event a line, with everything that proves it."""
    chosen = chains() if name is None else [each for each, known in _names().items() if known == name and each]
    if not chosen:
        raise click.ClickException(f"There is no organization “{name}”.")
    for line in lines(chosen):
        file.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")


def _names() -> dict[int | None, str]:
    with every_organization():
        rows = db.session.execute(select(Organization.id, Organization.name)).all()
    return {None: "Without an organization", **{row.id: row.name for row in rows}}


def _noted(file: IO[str]) -> dict[int | None, list[Head]]:
    """Raises ClickException."""
    noted: dict[int | None, list[Head]] = {}
    for number, text in enumerate(map(str.strip, file), 1):
        said = _HEAD.fullmatch(text)
        if text and said is None:
            raise click.ClickException(f"{file.name}, line {number}, is no head such as 1=1234:9f86…")
        if said:
            chain = None if said["chain"] == "none" else int(said["chain"])
            noted.setdefault(chain, []).append(Head(int(said["sequence"]), said["hash"]))
    return noted


def _read(file: IO[str]) -> Iterator[Line]:
    """Raises ClickException."""
    for number, text in enumerate(file, 1):
        try:
            line = json.loads(text)
            whole = {*HASHED} <= line["event"].keys() and {"hash", "detail"} <= line.keys()
        except (ValueError, TypeError, KeyError, AttributeError):
            whole = False
        if not whole:
            raise click.ClickException(f"{file.name}, line {number} is no event")
        yield line


def _told(organization_id: int | None, names: dict[int | None, str], chain: Chain) -> dict[str, object]:
    return {
        "organization": names.get(organization_id) if organization_id else None,
        "organization_id": organization_id,
        "sealed": chain.sealed,
        "head": asdict(chain.head),
        "waiting": chain.waiting,
        "waiting_since": chain.waiting_since or None,
        "erased": chain.erased,
        "erased_in_part": chain.erased_in_part,
        "faults": dict(chain.faults),
        "breaks": [asdict(each) for each in chain.breaks],
    }


def _say(name: str, chain: Chain) -> None:
    click.echo(f"{name}: {chain.sealed} sealed, number {chain.head.sequence}, hash {chain.head.hash}")
    if chain.waiting:
        click.echo(f"  {chain.waiting} wait to be sealed, the oldest since {chain.waiting_since}")
    if chain.erased:
        click.echo(f"  {chain.erased} details erased, {chain.erased_in_part} of them in part")
    for each in chain.breaks:
        click.echo(f"  {each.record}: {each.kind}: {each.detail}")
    if (more := chain.faults.total() - len(chain.breaks)) > 0:
        click.echo(f"  and {more} more")

"""flask check: the proof that the books are right."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import timedelta

import click
from sqlalchemy import select

from records import clock
from records.commands.refusals import in_words
from records.database import db, every_organization, organization_scope
from records.models import Organization
from records.queries.checks import Report, check_organization, check_trail
from records.queries.stray_bytes import stray_bytes
from records.services.sweeps import GRACE

# The clock of the storage may run ahead of ours.
_AHEAD = timedelta(days=1)


def add_to(cli: click.Group) -> None:
    cli.add_command(check)


@dataclass(frozen=True)
class Proof:
    """What was looked at and found: by organization, outside of all, and in the storage without a row."""

    reports: dict[str, Report]
    outside: Report
    stray: Stray

    @property
    def ok(self) -> bool:
        return not any(report.problems for report in (self.outside, *self.reports.values()))


@click.command("check")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of words.")
@in_words
def check(as_json: bool) -> None:
    """Prove the ledger, the revisions, the stored files and the audit trail of every organization.

    Every balance is the sum of its entries; every approved certificate is awarded once, and no other is; every
    reversal takes back its entry; every digest fits; no reference leads into another organization; every stored file
    has its bytes; every chain of audit events is whole. Exit code 1 where not. Bytes without a row are counted, and no
    harm: the sweep takes them after its grace time.
    """
    proof = prove(tell=(lambda _name, _report: None) if as_json else _say)
    if as_json:
        organizations = [{"organization": name, **_told(report)} for name, report in proof.reports.items()]
        told = {"ok": proof.ok, "organizations": organizations, "without_organization": _told(proof.outside)}
        click.echo(json.dumps(told | {"stray": asdict(proof.stray)}, ensure_ascii=False, indent=2))
    else:
        _say_stray(proof.stray)
        if proof.ok:
            click.echo("Everything is in order.")
    if not proof.ok:
        sys.exit(1)


def prove(*, tell: Callable[[str, Report], None]) -> Proof:
    """Look at everything; `tell` hears of each organization once it is done."""
    with every_organization():
        found = db.session.execute(select(Organization.id, Organization.name).order_by(Organization.id)).all()
    outside = Report()
    check_trail(None, outside)
    reports = {}
    for organization_id, name in found:
        with organization_scope(organization_id):
            reports[name] = check_organization()
            tell(name, reports[name])
    if outside.looked_at:
        tell("Without an organization", outside)
    return Proof(reports, outside, _stray())


@dataclass(frozen=True)
class Stray:
    """Files in the storage without a row: `young` ones may be of uploads under way, `overdue` ones await the sweep."""

    young: int
    overdue: int


def _stray() -> Stray:
    """Files of all organizations, and of none."""
    now = clock.now()
    found, overdue = (sum(map(len, stray_bytes(before=before))) for before in (now + _AHEAD, now - GRACE))
    return Stray(found - overdue, overdue)


def _say_stray(stray: Stray) -> None:
    if stray.young:
        click.echo(f"{_files(stray.young)} no row yet: of uploads under way, or cut short.")
    if stray.overdue:
        click.echo(f"{_files(stray.overdue)} had no row for a day: flask sweep removes them.")


def _files(number: int) -> str:
    return "1 file in the storage has" if number == 1 else f"{number} files in the storage have"


def _told(report: Report) -> dict[str, object]:
    return {"looked_at": dict(report.looked_at), "problems": list(map(asdict, report.problems))}


def _say(name: str, report: Report) -> None:
    looked_at = ", ".join(f"{number} {what}" for what, number in report.looked_at.items() if number)
    click.echo(f"{name}: {looked_at or 'nothing to check'}.")
    for problem in report.problems:
        click.echo(f"  {problem.record}: {problem.kind}: {problem.detail}")

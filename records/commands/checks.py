"""flask check: the proof that the books are right."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

import click
from sqlalchemy import select

from records.database import db, every_organization, organization_scope
from records.models import Organization
from records.queries.checks import Report, check_organization, check_trail


def add_to(cli: click.Group) -> None:
    cli.add_command(check)


@click.command("check")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of words.")
def check(as_json: bool) -> None:
    """Prove the ledger, the revisions, the stored files and the audit trail of every organization.

    Every balance is the sum of its entries; every approved certificate is awarded once, and no other is; every
    reversal takes back its entry; every digest fits; every stored file has its bytes; every chain of
    audit events is whole. Exit code 1 where not.
    """
    with every_organization():
        found = db.session.execute(select(Organization.id, Organization.name).order_by(Organization.id)).all()
    outside = Report()
    check_trail(None, outside)
    reports = {}
    for organization_id, name in found:
        with organization_scope(organization_id):
            reports[name] = check_organization()
            if not as_json:
                _say(name, reports[name])
    if outside.looked_at and not as_json:
        _say("Without an organization", outside)
    ok = not any(report.problems for report in (outside, *reports.values()))
    if as_json:
        organizations = [{"organization": name, **_told(report)} for name, report in reports.items()]
        told = {"ok": ok, "organizations": organizations, "without_organization": _told(outside)}
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
    elif ok:
        click.echo("Everything is in order.")
    if not ok:
        sys.exit(1)


def _told(report: Report) -> dict[str, object]:
    return {"looked_at": dict(report.looked_at), "problems": list(map(asdict, report.problems))}


def _say(name: str, report: Report) -> None:
    looked_at = ", ".join(f"{number} {what}" for what, number in report.looked_at.items() if number)
    click.echo(f"{name}: {looked_at or 'nothing to check'}.")
    for problem in report.problems:
        click.echo(f"  {problem.record}: {problem.kind}: {problem.detail}")

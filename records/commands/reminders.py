"""flask reminders send."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from records.commands.refusals import in_words
from records.models import Audience
from records.models.notice import WHY_WORDS
from records.services import organizations, reminding
from records.services.reminders import Line

group = AppGroup("reminders", help="Notices of expiry and weekly digests.")


def add_to(cli: click.Group) -> None:
    cli.add_command(group)


@group.command("send")
@click.option("--organization", "name", help="The organization's name; without it, every organization.")
@click.option("--dry-run", is_flag=True, help="Say what would go, and change nothing.")
@in_words
def send(name: str | None, dry_run: bool) -> None:
    """Send the notices of expiry and the weekly digests that are due, as the job worker does by itself.

    One line for each notice; then how many certifications were looked at and kept back, and why. What went once is
    never sent again.
    """
    chosen = organizations.named(name) if name else None
    for done in reminding.run(organization=chosen, dry_run=dry_run):
        report = done.report
        click.echo(
            f"{done.organization}, for {report.day.isoformat()}{' (dry run, nothing is sent)' if dry_run else ''}:"
        )
        for line in report.lines:
            click.echo(f"  {_in_words(line)}")
        for who in done.digests:
            click.echo(f"  {who}: weekly digest")
        click.echo(f"{len(report.lines):>6}  {'to send' if dry_run else 'sent'}")
        click.echo(f"{len(done.digests):>6}  weekly digests")
        for why, count in sorted(report.kept_back.items()):
            click.echo(f"{count:>6}  kept back: {WHY_WORDS[why]}")
        if not report.is_whole:
            click.echo("Another run is at work on this organization; it sends the rest.")


def _in_words(line: Line) -> str:
    whose = f"{line.holder}'s {line.title}" if line.audience == Audience.REVIEWERS else line.title
    to, dated = f"{line.to} ({line.address or 'portal only'})", line.due.due_on.isoformat()
    return f"{to}: {whose}, expires {line.expires_on.isoformat()}, {_stage(line.due.stage)} ({dated})"


def _stage(stage: int | None) -> str:
    if stage is None:
        return "the snooze is over"
    if stage == 0:
        return "on the day"
    return f"{abs(stage)} {'day' if abs(stage) == 1 else 'days'} {'before' if stage > 0 else 'after'}"

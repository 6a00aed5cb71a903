"""flask organization …"""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import AppGroup

from records.commands.refusals import in_words
from records.models import Actor
from records.services import organizations

group = AppGroup("organization", help="Organizations: the customers of this installation.")


def add_to(cli: click.Group) -> None:
    cli.add_command(group)


@group.command("create")
@click.argument("name")
@click.option("--admin", "email", required=True, help="E-mail of the first administrator.")
@in_words
def create(name: str, email: str) -> None:
    """Found an organization and print the link that sets its first administrator's password."""
    founded = organizations.create(name, administrator_email=email, by=Actor.command("organization create"))
    click.echo(f"“{name}” is founded. This link sets the administrator's password; it works once, for 14 days:")
    click.echo(current_app.config["PUBLIC_URL"] + founded.path)

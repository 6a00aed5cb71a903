"""flask demo load."""

from __future__ import annotations

import secrets

import click
from flask import current_app
from flask.cli import AppGroup

from records.commands.refusals import in_words

group = AppGroup("demo", help="Two organizations to look around in.")


def add_to(cli: click.Group) -> None:
    cli.add_command(group)


@group.command("load")
@click.option("--if-empty", is_flag=True, help="Only where there is no organization yet; else only name the accounts.")
@in_words
def load(if_empty: bool) -> None:
    """Load the demo organizations and say their accounts."""
    from records.demo.load import ACCOUNTS, already_there, is_empty  # because: a web process needs no drawing
    from records.demo.load import load as load_demo

    if if_empty and not is_empty():
        if already_there() is not None:
            click.echo("Demo accounts, with the password they were loaded with: " + ", ".join(ACCOUNTS))
        return
    given = current_app.config["DEMO_PASSWORD"]
    password = given or _drawn()
    load_demo(password)
    click.echo("The demo is loaded. Sign in as")
    for email in ACCOUNTS:
        click.echo(f"  {email}")
    click.echo("with the password in DEMO_PASSWORD." if given else f"with the password {password} (shown only now).")


def _drawn() -> str:
    """A password of 80 random bits, in groups that are easy to type."""
    letters = "abcdefghijkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(4))

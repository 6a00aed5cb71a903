"""The `flask` commands: the same verbs that the pages call, by hand."""

from __future__ import annotations

from flask import Flask

from records.commands import audit, backup, checks, demo, housekeeping, members, moving, organization, reminders, supply


def init_app(app: Flask) -> None:
    for module in (organization, members, demo, housekeeping, checks, audit, reminders, supply, backup, moving):
        module.add_to(app.cli)

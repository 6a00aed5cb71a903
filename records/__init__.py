"""The ground floor: what a record is, and the rules for changing one. Both faces stand on it."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    """Make the shared layer ready in `app`: database, storage, mail, jobs, sign-in, pages and commands."""
    from records import commands, database, jobs, mail, pages, scanner, signin, storage, web

    database.init_app(app)
    storage.init_app(app)
    scanner.init_app(app)
    mail.init_app(app)
    signin.init_app(app)
    web.init_app(app)
    pages.init_app(app)
    commands.init_app(app)
    jobs.init_app(app)

"""The organization's logo."""

from __future__ import annotations

from flask import Blueprint, Response

from records import signin
from records.database import db
from records.errors import NotFound
from records.models import Logo
from records.pages.guards import member_required
from records.pages.sending import send_bytes


def add_to(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/logo", "logo", logo)


def has_logo() -> bool:
    user = signin.signed_in()
    return user is not None and user.has_logo


@member_required
def logo() -> Response:
    found = _logo()
    if found is None:
        raise NotFound()
    return send_bytes(found.stored_file, name="logo", download=False)


def _logo() -> Logo | None:
    user = signin.signed_in()
    if user is None or user.organization is None:
        return None
    return db.session.get(Logo, user.organization.id)

"""The way back of an administrator who is logged in as a member, and what is closed to them meanwhile."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from records import signin
from records.errors import ActingAlready, NotActing
from records.pages.guards import member_required
from records.services import login_as

# What opens besides the portal. All else is closed: the back office, one's account, links from mails.
_OPEN = {
    f"pages.{name}"
    for name in ("home", "return_to_own", "choose_theme", "sign_in", "sign_out", "healthz", "readyz", "logo",
                 "scan", "scan_file", "scan_download", "scan_preview", "scan_thumbnail", "scans_zip",
                 "verify", "verified", "calendar")
}  # fmt: skip


def add_to(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/return", "return_to_own", return_to_own, methods=["POST"])


@member_required
def return_to_own() -> Response:
    """Back to the member's profile, as the administrator. Raises NotActing."""
    user = signin.signed_in()
    if user is None or user.member is None:
        raise NotActing()
    member_id, name = user.member.id, user.member.name
    signin.hand_out(login_as.return_to_own(user.token, by=signin.current_actor()))
    flash(gettext("You are no longer logged in as %(name)s.", name=name), "success")
    return redirect(url_for("profile.show", member_id=member_id))


def open_the_portal_only() -> None:
    """Before every request. Raises ActingAlready."""
    closed = request.endpoint and request.endpoint not in _OPEN and request.blueprint != "portal"
    user = signin.signed_in() if closed else None
    if user is not None and user.administrator is not None:
        raise ActingAlready()

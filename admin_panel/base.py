"""The one base of all back office views: closed unless the view says to whom it is open."""

from __future__ import annotations

from typing import Any, ClassVar

from flask import request, session
from flask_admin import BaseView

from records import signin
from records.errors import ModuleOff, NotAllowed
from records.models import Actor
from records.pages.guards import to_sign_in


class StaffView(BaseView):
    """A view for staff. Subclasses open it further or less by `is_open_to`, and name a module if they need one.

    A refusal raised inside rises to the one error handler; nothing is swallowed.
    """

    needs_certification_tracking: ClassVar[bool] = False
    needs_external_certificates: ClassVar[bool] = False
    icon: ClassVar[str] = "list"
    first_page: ClassVar[str | None] = None  # the name of the method that the menu leads to; else the one at "/"
    lies_under: ClassVar[str] = ""  # the endpoint of the menu's entry that leads here; "" for those in the menu
    _default_view: str | None  # which Flask-Admin finds by "/"

    def __init__(self, **options: Any) -> None:
        self._default_view = self.first_page or self._default_view
        super().__init__(**options)

    def is_open_to(self, actor: Actor) -> bool:
        return actor.administers

    def render_summary(self, template: str, **facts: Any) -> str:
        """A record at a glance: a page of its own, or what a list shows beside its rows (see beside.js)."""
        is_beside = "X-Beside" in request.headers
        shell = "admin_panel/summaries/beside.html" if is_beside else "admin_panel/summaries/page.html"
        return str(self.render(template, shell=shell, level=3 if is_beside else 2, **facts))

    def is_accessible(self) -> bool:
        """Whether the menu shows it."""
        actor = signin.current_actor()
        return actor.is_staff and self.is_open_to(actor) and not self._module_is_off()

    def is_visible(self) -> bool:
        return not self.lies_under and self.is_accessible()

    def _module_is_off(self) -> bool:
        user = signin.signed_in()
        organization = user.organization if user else None
        tracks = organization is not None and organization.tracks_certifications
        takes = organization is not None and organization.takes_external_certificates
        return (self.needs_certification_tracking and not tracks) or (self.needs_external_certificates and not takes)

    def _handle_view(self, name: str, **kwargs: Any) -> Any:
        user, actor = signin.signed_in(), signin.current_actor()
        if user is None:
            return to_sign_in()
        if not actor.is_staff or not self.is_open_to(actor):
            raise NotAllowed()
        if self._module_is_off():
            raise ModuleOff()
        session["face"] = "admin"
        return None

    def _run_view(self, fn: Any, *args: Any, **kwargs: Any) -> Any:
        """Flask-Admin's own hides a TypeError of the view by calling it again."""
        return fn(self, *args, **kwargs)


class CoordinatorView(StaffView):
    """Open to administrators and to training coordinators."""

    def is_open_to(self, actor: Actor) -> bool:
        return actor.is_staff

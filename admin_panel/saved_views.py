"""Saved views as pages show them: the title of what each is of, and the address that opens it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from flask import url_for
from flask_babel import lazy_gettext

from admin_panel.forms.saved_view import ViewForm
from admin_panel.reports import LAYOUTS
from records.models import Actor, SavedView
from records.queries.saved_views import KeptView, kept_views
from records.services.saved_views import LONGEST, mark_of
from records.web.links import address, each_address

# The lists that views are kept of: their titles, and the names of their addresses.
LISTS: dict[str, tuple[Any, str]] = {
    "members": (lazy_gettext("User Management"), "members.list"),
    "approvals": (lazy_gettext("Approvals"), "approvals.list"),
    "requirements": (lazy_gettext("Requirements"), "matrix.show"),
    "audit-trail": (lazy_gettext("Audit trail"), "audit_trail.list"),
}


@dataclass(frozen=True)
class ViewRow:
    """A saved view in the list of them, with the form that changes it, if the asker may."""

    view: SavedView
    title: str
    address: str
    form: ViewForm | None
    is_own: bool


@dataclass(frozen=True)
class Views:
    """The saved views of one page, each with its address. A name has at most so many letters."""

    longest: ClassVar[int] = LONGEST

    page: str
    asked: Mapping[str, str]
    kept: Sequence[tuple[KeptView, str]]
    may_share: bool

    @property
    def save_address(self) -> str:
        return each_address("views.save", "page") % self.page

    @property
    def all_address(self) -> str:
        return address("views.list")

    @cached_property
    def current(self) -> KeptView | None:
        """The one that is shown now."""
        return next((view for view, _address in self.kept if dict(view.asked) == dict(self.asked)), None)


def views_of(page: str, asked: Mapping[str, str], *, by: Actor) -> Views:
    """`asked` are the fields of the address that is open."""
    kept = [(view, page_address(page, view.asked)) for view in kept_views(page, by=by)]
    return Views(page, asked, kept, by.administers)


def page_address(page: str, asked: Mapping[str, Any]) -> str:
    if page in LISTS:
        return url_for(LISTS[page][1], **asked)
    return url_for("reports.show", report=page, **asked)


def page_title(page: str) -> str:
    return str(LISTS[page][0] if page in LISTS else LAYOUTS[page].title)


def address_of(view: SavedView) -> str:
    return page_address(view.page, view.asked)


def view_rows(views: Sequence[SavedView], *, by: Actor, refused: Mapping[int, ViewForm]) -> list[ViewRow]:
    """`refused`: forms that were sent and have errors, by the view's id."""
    return [_row(view, refused.get(view.id), by) for view in views]


def _row(view: SavedView, refused: ViewForm | None, by: Actor) -> ViewRow:
    is_own = view.member_id == by.member_id
    form = refused or ViewForm(data={"seen": mark_of(view), "name": view.name, "share": view.is_shared})
    may_change = is_own or (by.administers and view.is_shared)
    return ViewRow(view, page_title(view.page), address_of(view), form if may_change else None, is_own)

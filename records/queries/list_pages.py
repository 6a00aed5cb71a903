"""The lists whose filters staff may keep under a name, beside the reports."""

from __future__ import annotations

from collections.abc import Collection

from records.errors import NotFound
from records.models import Actor
from records.queries import matrix
from records.queries.approval_filters import QueueWanted
from records.queries.audit_filters import TrailWanted
from records.queries.member_filters import Wanted
from records.queries.reports import REPORTS
from records.queries.viewable import ListPage, Viewable

LISTS = {
    page.name: page
    for page in (
        ListPage(name="members", asks=lambda asked: Wanted.read(asked).asked()),
        ListPage(
            name="approvals",
            asks=lambda asked: QueueWanted.read(asked).asked(),
            takes=True,
            open_to=lambda by: by.reviews,
        ),
        ListPage(name="requirements", asks=lambda asked: matrix.Asked.read(asked).asked(), tracks=True),
        ListPage(
            name="audit-trail",
            asks=lambda asked: TrailWanted.read(asked).asked(),
            open_to=lambda by: by.administers,
        ),
    )
}
_PAGES: dict[str, Viewable] = {**REPORTS, **LISTS}


def page_named(name: str, *, by: Actor) -> Viewable:
    """The report or the list. Raises NotFound, NotAllowed, ModuleOff."""
    by.require_staff()
    page = _PAGES.get(name)
    if page is None:
        raise NotFound()
    page.require(by)
    return page


def pages_of(by: Actor, among: Collection[str] = _PAGES) -> list[str]:
    """The names of all that the asker may open now, of those that are asked about. Raises NotAllowed."""
    by.require_staff()
    return [page.name for page in _PAGES.values() if page.name in among and page.is_offered_to(by)]

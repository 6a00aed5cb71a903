"""The views that the demo's administrators keep of reports and lists, shared with all staff."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from records.models import Member, Role, SavedView

VIEWS = (
    ("expiring", "Expires within 30 days", {"period": "next_30"}),
    ("expired", "Expired this year", {"period": "this_year"}),
    ("standing", "Standing of each station", {"group": "unit"}),
    ("credits", "Credits month by month", {"group": "month"}),
    ("members", "Never signed in", {"activity": "never"}),
    ("members", "Not cleared", {"clearance": "not_cleared"}),
)


def kept(members: dict[str, Member], *, at: datetime) -> Iterator[SavedView]:
    """One row for each, of the first administrator."""
    owner = next(member for member in members.values() if member.role == Role.ADMINISTRATOR)
    for page, name, asked in VIEWS:
        yield SavedView(member_id=owner.id, page=page, name=name, asked=asked, is_shared=True, created_at=at)

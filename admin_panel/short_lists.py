"""Short lists: one line of tools with a search, one state and a file, for types, units and positions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext, lazy_gettext

from admin_panel.filters import Filter, pull_down, search, worded
from admin_panel.listing import Listing
from records.queries.short_lists import Kept, ShortWanted, Use

KEPT_WORDS = {Kept.CURRENT: lazy_gettext("Can be chosen"), Kept.RETIRED: lazy_gettext("Retired")}
USE_WORDS = {Use.USED: lazy_gettext("In use"), Use.EMPTY: lazy_gettext("Not in use")}


def short_listing(endpoint: str, wanted: ShortWanted, words: Mapping[Any, Any]) -> Listing:
    """`endpoint` is the list's; that of its file is `export` beside it."""
    view = endpoint.partition(".")[0]
    states = pull_down("state", gettext("State"), worded(words), wanted.state)
    return Listing(endpoint, [_find(wanted), states], wanted.asked(), files=f"{view}.export")


def state_listing(endpoint: str, wanted: ShortWanted) -> Listing:
    """Of a list whose states are tabs above it: a search alone, and no file."""
    return Listing(endpoint, [_find(wanted)], wanted.asked(), kept=["state"])


def _find(wanted: ShortWanted) -> Filter:
    return search(gettext("Search"), wanted.search)

"""Short lists: one line of tools with a search, one state and a file, for types, units and positions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext, lazy_gettext
from wtforms import Form, SearchField, SelectChoice, SelectField

from admin_panel.listing import Listing
from records.queries.short_lists import Kept, ShortWanted, Use

KEPT_WORDS = {Kept.CURRENT: lazy_gettext("Can be chosen"), Kept.RETIRED: lazy_gettext("Retired")}
USE_WORDS = {Use.USED: lazy_gettext("In use"), Use.EMPTY: lazy_gettext("Not in use")}


class FindForm(Form):
    search = SearchField(lazy_gettext("Search"), render_kw={"autocomplete": "off", "maxlength": 200})


class ShortForm(FindForm):
    state = SelectField(lazy_gettext("State"))

    def __init__(self, wanted: ShortWanted, words: Mapping[Any, Any]) -> None:
        super().__init__(data=vars(wanted))
        self.state.choices = [SelectChoice("", gettext("All"))]
        self.state.choices += [SelectChoice(str(state), str(word)) for state, word in words.items()]


def short_listing(endpoint: str, wanted: ShortWanted, words: Mapping[Any, Any]) -> Listing:
    """`endpoint` is the list's; that of its file is `export` beside it."""
    view = endpoint.partition(".")[0]
    return Listing(endpoint, ShortForm(wanted, words), wanted.asked(), files=f"{view}.export")


def state_listing(endpoint: str, wanted: ShortWanted) -> Listing:
    """Of a list whose states are tabs above it: a search alone, and no file."""
    return Listing(endpoint, FindForm(data=vars(wanted)), wanted.asked(), kept=["state"])

"""What the audit trail is asked for, as it stands in the address."""

from __future__ import annotations

from functools import cache
from typing import Any

from flask_babel import gettext

from admin_panel.filters import DAY, SEARCH, TEXT, Filter, pull_down, worded
from records.queries.audit_filters import TrailWanted
from records.web.event_words import RECORD_WORDS
from records.web.events import KIND_WORDS
from records.web.languages import texts_now


def trail_filters(wanted: TrailWanted) -> list[Filter]:
    asked = wanted.asked()
    return [each.asking(asked.get(each.name, "")) for each in _declared(texts_now())]


@cache
def _declared(_texts: Any) -> list[Filter]:
    """What follows from the language alone."""
    return [
        Filter("search", gettext("Whose record"), kind=SEARCH),
        Filter("kind", gettext("What happened"), (("", gettext("Everything")), *worded(KIND_WORDS))),
        pull_down("record", gettext("Kind of record"), worded(RECORD_WORDS)),
        Filter("who", gettext("Done by"), kind=TEXT),
        Filter("first", gettext("From"), kind=DAY),
        Filter("last", gettext("To"), kind=DAY),
    ]

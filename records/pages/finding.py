"""Search or jump to: what both faces find for a few letters, as a page and, for the command palette, as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from flask import Response, jsonify, make_response, render_template, request
from flask_babel import gettext, ngettext

from records.models.text import folded
from records.queries.member_search import words_of

MOST_OF_A_KIND = 8


@dataclass(frozen=True)
class Place:
    """Where one can go: a record, a page, the beginning of an action. `about` tells it from others of its name."""

    label: str
    address: str
    icon: str
    about: str = ""


@dataclass(frozen=True)
class Kind:
    """Places of one kind, under its name."""

    name: str
    places: Sequence[Place]


def fitting(places: Iterable[Place], text: str) -> list[Place]:
    """Those whose words hold every word of `text`, in their order, MOST_OF_A_KIND at most; all where it is empty."""
    words = words_of(text)
    found = [place for place in places if all(word in folded(f"{place.label} {place.about}") for word in words)]
    return found[:MOST_OF_A_KIND] if words else found


def answer(kinds: Iterable[Kind], text: str) -> Response:
    """The page with what was found; JSON for the palette, which asks for it."""
    found = [kind for kind in kinds if kind.places]
    count = sum(len(kind.places) for kind in found)
    said = (
        ngettext("%(num)d result", "%(num)d results", count) if count else gettext("Nothing found. Try fewer letters.")
    )
    if request.accept_mimetypes.best == "application/json":
        return jsonify(said=said, kinds=[asdict(kind) for kind in found])
    return make_response(render_template("records/find.html", kinds=found, text=text, said=said))

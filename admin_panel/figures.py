"""Pages of figures that may be counted in the background: they say as of when, or ask for themselves again."""

from __future__ import annotations

from flask import Response as Answer
from werkzeug.wrappers import Response

from records.queries.kept_figures import Figures
from records.services import figures as verbs

# So many seconds later a page whose figures were never counted is asked for again, by the browser itself.
_LOOK_AGAIN = 3


def figures_page(html: object, figures: Figures) -> Response:
    """The page, after a job was asked to count what is old. Home, too, reads when to look again."""
    if figures.asks:
        verbs.ask(figures.asks)
    answer = Answer(str(html), mimetype="text/html")
    if figures.shown is None:
        answer.headers["Refresh"] = str(_LOOK_AGAIN)
    return answer

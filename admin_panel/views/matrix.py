"""Requirements: the matrix of members by requirements, as of any date, and its exports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from flask import request
from flask_admin import expose
from flask_babel import gettext
from werkzeug.wrappers import Response

from admin_panel.base import CoordinatorView
from admin_panel.exporting import list_file
from admin_panel.forms.matrix import matrix_filters
from admin_panel.listing import Listing
from admin_panel.saved_views import views_of
from records import clock, signin
from records.models import Actor
from records.models.clearance import Outcome
from records.queries.binding import asked_for_rules
from records.queries.matrix import Asked, every_row, matrix, tally_of
from records.queries.positions import asked_for_positions, positions
from records.queries.saved_views import asked_for_kept_views
from records.queries.units import asked_for_choices
from records.reading.ahead import Question, read_ahead
from records.tables import Cell, Table, reads
from records.web.clearance_words import clearance_word, finding_words
from records.web.limits import exports
from records.web.words import moment


class MatrixView(CoordinatorView):
    needs_certification_tracking = True
    icon = "check"
    first_page = "show"

    @expose("/")
    def show(self) -> str:
        by, asked = signin.current_actor(), Asked.read(request.args)
        fields = asked.asked()
        with read_ahead(*_around(by)):
            found, served = matrix(asked, by=by), positions()
            views = views_of("requirements", fields, by=by)
        filters = matrix_filters(asked, found, served, may_lack_unit=by.covers_everyone)
        listing = Listing("matrix.show", filters, fields, files="matrix.export", views=views)
        return str(self.render("admin_panel/matrix.html", matrix=found, asked=asked, listing=listing, outcomes=Outcome))

    @expose("/tally")
    def tally(self) -> str:
        """A page of its own, of which the matrix takes the part in the middle where it would have to count many."""
        asked = Asked.read(request.args)
        on, ruled, found = tally_of(asked, by=signin.current_actor())
        return str(self.render("admin_panel/matrix_tally.html", on=on, ruled=ruled, tally=found, asked=asked))

    @expose("/export")
    @exports
    def export(self) -> Response:
        """Everybody that the filter finds; anything but XLSX is asked for as CSV."""
        return list_file("requirements", request.args)


@reads("requirements")
def _table(fields: Mapping[str, str], by: Actor) -> Table:
    found = every_row(Asked.read(fields), by=by)
    on, ruled = found.on, found.ruled
    asker = gettext("%(name)s, %(moment)s", name=by.name, moment=moment(clock.now()))

    def cells() -> Iterator[list[Cell]]:
        for member, unit, findings in found.rows:
            cleared = all(each.outcome != Outcome.MISSING for each in findings)
            words: list[Cell] = [finding_words(each, ruled.types) for each in findings]
            yield [unit, member.listed_name, member.number, clearance_word(cleared), *words, on, asker]

    header = [gettext("Unit"), gettext("Name"), gettext("Number"), gettext("Cleared"),
              *(demand.name for demand in ruled.demands),
              gettext("As of (by what is recorded now)"), gettext("Exported by")]  # fmt: skip
    return Table(gettext("Requirements"), header, cells(), on, found.count)


def _around(by: Actor) -> list[Question]:
    """What the page asks besides its members."""
    views = asked_for_kept_views("requirements", by=by)
    return [*asked_for_rules(), asked_for_choices(), asked_for_positions(), views]

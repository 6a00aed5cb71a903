"""Administration > Bring in a register: from a file to its columns, to a dry run, to members and certifications."""

from __future__ import annotations

import io
from typing import Any, BinaryIO, cast

from flask import Response, flash, redirect, request, send_file, url_for
from flask_admin import expose
from flask_babel import format_decimal, gettext, ngettext
from werkzeug.wrappers import Response as AnyResponse

from admin_panel import register_form as words
from admin_panel.base import CoordinatorView
from admin_panel.register_form import MappingPage, sent_mapping, sent_reading, words_were_asked
from records import signin
from records.errors import InvalidInput, Refusal, RegisterChanged, UnreadableRegister
from records.models import ImportRow, RegisterImport, RowOutcome
from records.models.register_import import GOOD
from records.queries.certification_types import active_types
from records.queries.register_imports import KEPT, import_for, imports_for, rows_of, rows_to_mend
from records.registers.encodings import ENCODINGS
from records.registers.files import LARGEST_REGISTER
from records.registers.mapping import Field, Mapping
from records.registers.mending import mending_file
from records.registers.rows import Reading
from records.registers.survey import Survey
from records.services import register_imports, register_undoing
from records.web.limits import takes_files
from records.web.words import refusal_text

_SHOWN = (Field.TYPE, Field.NUMBER, Field.ISSUED, Field.EXPIRES, Field.STATUS)


class RegisterImportsView(CoordinatorView):
    icon = "import"
    needs_certification_tracking = True

    @expose("/")
    def list(self) -> str:
        return self._list()

    def _list(self, error: str = "") -> str:
        imports = imports_for(by=signin.current_actor(), before_id=request.args.get("before", type=int))
        return str(
            self.render(
                "admin_panel/imports.html",
                imports=imports,
                error=error,
                number=format_decimal,
                largest=LARGEST_REGISTER,
            )
        )

    @expose("/", methods=["POST"])
    @takes_files
    def bring(self) -> Any:
        file = request.files.get("file")
        if file is None or not file.filename:
            return self._list(gettext("Choose a file first.")), 422
        try:
            started = register_imports.start(cast(BinaryIO, file.stream), name=file.filename, by=signin.current_actor())
        except Refusal as refusal:
            if refusal.field is None:
                raise
            return self._list(refusal_text(refusal)), refusal.status
        return redirect(url_for(".map", import_id=started.id))

    # Which column is which

    @expose("/<int:import_id>/map")
    def map(self, import_id: int) -> Any:
        register_import = self._found(import_id)
        if not register_import.is_open:
            return redirect(url_for(".done", import_id=import_id))
        return self._map(register_import, _page(register_import))

    @expose("/<int:import_id>/map", methods=["POST"])
    def check(self, import_id: int) -> Any:
        register_import = self._found(import_id)
        page = _page(register_import)
        page.mapping = sent_mapping(request.form, page.survey, page.mapping)
        if request.form.get("do") == "again":
            return self._map(register_import, page)
        if not words_were_asked(request.form, page.mapping, page.survey):
            flash(gettext("One more step: say what the words in the chosen columns mean."), "info")
            return self._map(register_import, page)
        try:
            register_imports.check(register_import, page.mapping, by=signin.current_actor())
        except InvalidInput as refusal:
            page.errors = {name: refusal_text(error) for name, error in refusal.errors.items()}
            return self._map(self._found(import_id), page), 422
        return redirect(url_for(".rows", import_id=import_id))

    @expose("/<int:import_id>/reading", methods=["POST"])
    def read_again(self, import_id: int) -> AnyResponse:
        register_import = self._found(import_id)
        reading = sent_reading(request.form, Reading.from_json(register_import.reading))
        try:
            register_imports.read_again(register_import, reading, by=signin.current_actor())
        except UnreadableRegister as refusal:
            flash(refusal_text(refusal), "error")
        return redirect(url_for(".map", import_id=import_id))

    def _map(self, register_import: RegisterImport, page: MappingPage) -> str:
        sheets = register_imports.sheets(register_import) if page.reading.kind == "xlsx" else ()
        encodings = {code: gettext(name) for code, name in ENCODINGS.items()}
        return str(
            self.render("admin_panel/import_map.html", register_import=register_import, page=page, words=words,
                        encodings=encodings, sheets=sheets, types=active_types(), number=format_decimal)
        )  # fmt: skip

    # The dry run, and questions

    @expose("/<int:import_id>/check")
    def rows(self, import_id: int) -> Any:
        register_import = self._found(import_id)
        if register_import.state != "checked":
            return redirect(url_for(".map" if register_import.is_open else ".done", import_id=import_id))
        return self._rows("admin_panel/import_check.html", register_import)

    @expose("/<int:import_id>/answers", methods=["POST"])
    def answer(self, import_id: int) -> AnyResponse:
        answers = {
            int(name.removeprefix("answer-")): given
            for name, given in request.form.items()
            if name.startswith("answer-") and name[7:].isdecimal() and len(name) < 18 and given
        }
        others = request.form.get("others", "")
        register_import = self._found(import_id)
        register_imports.answer(register_import, answers, others=others, by=signin.current_actor())
        left = self._found(import_id).counts.get(RowOutcome.ASK, 0)
        flash(ngettext("%(num)s question is left.", "%(num)s questions are left.", left) if left
              else gettext("All questions are answered."), "success")  # fmt: skip
        return redirect(url_for(".rows", import_id=import_id, outcome=RowOutcome.ASK.value if left else None))

    @expose("/<int:import_id>/apply", methods=["POST"])
    def apply(self, import_id: int) -> AnyResponse:
        register_import, by = self._found(import_id), signin.current_actor()
        version = request.form.get("version", 0, type=int)
        try:
            register_imports.apply(register_import, version=version, by=by)
        except RegisterChanged as refusal:
            register_import = self._found(import_id)
            register_imports.check(register_import, Mapping.from_json(register_import.mapping), by=by)
            flash(refusal_text(refusal), "warning")
            return redirect(url_for(".rows", import_id=import_id))
        flash(gettext("The register is brought in."), "success")
        return redirect(url_for(".done", import_id=import_id))

    @expose("/<int:import_id>/discard", methods=["POST"])
    def discard(self, import_id: int) -> AnyResponse:
        register_imports.discard(self._found(import_id), by=signin.current_actor())
        flash(gettext("The import is discarded. No member and no certification was changed."), "success")
        return redirect(url_for(".list"))

    # Afterwards

    @expose("/<int:import_id>")
    def done(self, import_id: int) -> Any:
        register_import = self._found(import_id)
        if register_import.is_open:
            return redirect(url_for(".rows", import_id=import_id))
        return self._rows("admin_panel/import_done.html", register_import)

    @expose("/<int:import_id>/undo", methods=["POST"])
    def undo(self, import_id: int) -> AnyResponse:
        register_undoing.undo(self._found(import_id), by=signin.current_actor())
        kept = self._found(import_id).counts["kept"]
        if kept:
            said = ngettext(
                "The import is undone, but for %(num)s row that was changed since.",
                "The import is undone, but for %(num)s rows that were changed since.",
                kept,
            )
            flash(said, "warning")
        else:
            flash(gettext("The import is undone. Everything is as it was before."), "success")
        return redirect(url_for(".done", import_id=import_id, outcome=KEPT if kept else None))

    @expose("/<int:import_id>/download")
    def download(self, import_id: int) -> Response:
        register_import = self._found(import_id)
        rows = ((row.cells, problem_of(row)) for row in rows_to_mend(register_import))
        file = io.BytesIO(b"".join(mending_file(Survey.from_json(register_import.survey).header, rows)))
        stem = register_import.file_name.rpartition(".")[0] or register_import.file_name
        name = gettext("%(name)s - to mend", name=stem)
        return send_file(file, "text/csv", as_attachment=True, download_name=f"{name}.csv")

    def _rows(self, template: str, register_import: RegisterImport) -> str:
        outcome = request.args.get("outcome", "")
        outcome = outcome if outcome in {*RowOutcome, KEPT} else ""
        after = request.args.get("after", type=int)
        rows = rows_of(register_import, outcome=outcome, after=after, by=signin.current_actor())
        counts = register_import.counts
        return str(
            self.render(template, register_import=register_import, rows=rows, outcome=outcome, after=after,
                        outcomes=[each for each in RowOutcome if counts.get(each)], counts=counts,
                        good=sum(counts.get(each, 0) for each in GOOD), total=_total(counts),
                        facts_of=_facts_reader(register_import), problem_of=problem_of, number=format_decimal,
                        KEPT=KEPT)
        )  # fmt: skip

    def _found(self, import_id: int) -> RegisterImport:
        return import_for(import_id, by=signin.current_actor())


def problem_of(row: ImportRow) -> str:
    """What is wrong with a row, or to be asked about it, in the reader's language."""
    sentence = gettext(row.problem, **row.problem_params) if row.problem else ""
    return f"{row.problem_column}: {sentence}" if row.problem_column else sentence


def _page(register_import: RegisterImport) -> MappingPage:
    return MappingPage(
        Reading.from_json(register_import.reading),
        Survey.from_json(register_import.survey),
        Mapping.from_json(register_import.mapping),
    )


def _total(counts: dict[str, int]) -> int:
    return sum(counts.get(outcome, 0) for outcome in RowOutcome)


def _facts_reader(register_import: RegisterImport) -> Any:
    """A function that shows what a row says about its certification."""
    header, mapping = Survey.from_json(register_import.survey).header, Mapping.from_json(register_import.mapping)
    columns = [header.index(name) for held in _SHOWN if (name := mapping.column_of(held)) in header]

    def facts(row: ImportRow) -> str:
        return " · ".join(row.cells[at] for at in columns if at < len(row.cells) and row.cells[at].strip())

    return facts

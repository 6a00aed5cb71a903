"""A transcript of credits on paper: whose, how many, for what, and the code by which anybody can verify it."""

from __future__ import annotations

from flask_babel import gettext
from fpdf.enums import Align, TableCellFillMode
from fpdf.fonts import FontFace

from records.pdf import FAMILY, Paper
from records.qr import qr
from records.services.transcripts import Made
from records.web.languages import locale_code
from records.web.links import proof_address, public_address
from records.web.words import credits, day

_SHADE, _SOFT, _LINE = (241, 243, 246), 90, 205
_WIDTHS = (24, 84, 42, 24)  # millimetres: date, certificate, credit type, credits
_QR_WIDTH = 34  # millimetres, with its margin


def drawn(made: Made) -> bytes:
    """The PDF's bytes."""
    title = gettext("Transcript of credits")
    paper = Paper(
        title=f"{title} – {made.holder}",
        language=locale_code(),
        foot=_foot(made),
        words="".join([made.organization, made.holder, made.number, title, *_all_words(made)]),
    )
    _qr_code(paper, made)
    paper.line_of(made.organization, size=11, height=7)
    paper.line_of(title, size=18, bold=True, height=11)
    paper.ln(2)
    _facts(paper, made)
    _totals(paper, made)
    _entries(paper, made)
    return paper.bytes()


def _all_words(made: Made) -> list[str]:
    words = [word for entry in made.entries for word in (entry.title, entry.credit_type)]
    return words + [word for total in made.totals for word in (total.name, total.unit)]


def _foot(made: Made) -> str:
    """Whose page it is, should the pages part; per cent signs in names stay what they are."""
    whose = f"{made.holder} · {made.code}".replace("%", "%%")
    return whose + " · " + gettext("page %(page)s of %(pages)s", page="%(page)s", pages="%(pages)s")


def _qr_code(paper: Paper, made: Made) -> None:
    """At the top right, beside what is written from the left."""
    drawn_code = qr(proof_address(made.code))
    square = _QR_WIDTH / drawn_code.size
    left, top = paper.w - paper.r_margin - _QR_WIDTH, paper.t_margin - 4
    paper.set_fill_color(0)
    for x, y, width in drawn_code.bars:
        paper.rect(left + x * square, top + y * square, width * square, square, style="F")


def _facts(paper: Paper, made: Made) -> None:
    facts = [(gettext("Name"), made.holder), (gettext("Number"), made.number), (gettext("Date"), day(made.made_on)),
             (gettext("Verification code"), made.code)]  # fmt: skip
    for label, value in facts:
        if value:
            paper.set_font(FAMILY, size=10)
            paper.set_text_color(_SOFT)
            paper.cell(42, 6, label)
            paper.set_text_color(0)
            paper.line_of(value, bold=True)
    paper.ln(2)
    sentence = gettext(
        "Anybody can verify this transcript until %(day)s: at %(address)s, the code shows what it said on the day it "
        "was made, and whether it still stands. The QR code leads there.",
        day=day(made.ends_on), address=public_address("pages.verify"),
    )  # fmt: skip
    paper.set_text_color(_SOFT)
    paper.line_of(sentence, size=9, height=5)
    paper.set_text_color(0)
    paper.ln(4)


def _totals(paper: Paper, made: Made) -> None:
    paper.line_of(gettext("Totals"), size=13, bold=True, height=9)
    if not made.totals:
        paper.line_of(gettext("No credits have been awarded yet."))
    for total in made.totals:
        paper.set_font(FAMILY, "B", 11)
        paper.write(7, f"{credits(total.credits)} {total.unit}  ")
        paper.set_font(FAMILY, size=11)
        paper.write(7, total.name)
        paper.ln(7)
    paper.ln(3)


def _entries(paper: Paper, made: Made) -> None:
    if not made.entries:
        return
    paper.line_of(gettext("Entries"), size=13, bold=True, height=9)
    paper.set_font(FAMILY, size=9)
    paper.set_draw_color(_LINE)
    head = FontFace(family=FAMILY, emphasis="BOLD", fill_color=_SHADE)
    aligned = (Align.L, Align.L, Align.L, Align.R)
    with paper.table(
        col_widths=_WIDTHS, text_align=aligned, line_height=5, padding=1, headings_style=head,
        borders_layout="HORIZONTAL_LINES", v_align="TOP", cell_fill_mode=TableCellFillMode.NONE,
    ) as table:  # fmt: skip
        table.row([gettext("Counts on"), gettext("Certificate"), gettext("Credit type"), gettext("Credits")])
        for entry in made.entries:
            title = gettext("Reversal: %(title)s", title=entry.title) if entry.is_reversal else entry.title
            table.row([day(entry.counts_on), title, entry.credit_type, credits(entry.credits)])
    paper.ln(5)

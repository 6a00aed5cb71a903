"""Papers as PDF that show every name: DejaVu Sans, and GNU Unifont for letters that it lacks, both kept in `fonts`.

The fonts that every PDF reader brings show Western European letters only.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from fpdf import FPDF

# It warns of the dates in Unifont's head, which nothing reads.
logging.getLogger("fontTools").setLevel(logging.ERROR)

_FONTS = Path(__file__).parent / "fonts"
_TEXT, _BOLD, _ANY = _FONTS / "DejaVuSans.ttf", _FONTS / "DejaVuSans-Bold.ttf", _FONTS / "unifont.otf"
FAMILY, _FALLBACK = "DejaVu Sans", "Unifont"
_MARGIN, _FOOT = 18, 14  # millimetres


class Paper(FPDF):
    """A4. `words` are all texts that will stand on it: whether the large font is needed depends on them.

    `foot` is the line at the foot of each page, filled with `page` and `pages`.
    """

    def __init__(self, *, title: str, language: str, foot: str, words: str) -> None:
        super().__init__(format="A4")
        self._foot = foot
        self.set_title(title)
        self.set_lang(language)
        self.set_creator("Certfolio")
        self.set_margin(_MARGIN)
        self.set_auto_page_break(True, margin=_FOOT + 8)
        self.add_font(FAMILY, "", _TEXT)
        self.add_font(FAMILY, "B", _BOLD)
        if any(self._lacks(letter) for letter in set(words)):
            self.add_font(_FALLBACK, "", _ANY)
            self.set_fallback_fonts([_FALLBACK], exact_match=False)
        # Joins letters and runs right to left where a script does.
        self.set_text_shaping(True)
        self.set_font(FAMILY, size=10)
        self.add_page()

    def _lacks(self, letter: str) -> bool:
        """Whether a weight of the text font does not show it."""
        return letter.isprintable() and any(ord(letter) not in font.cmap for font in self.fonts.values())

    def footer(self) -> None:
        self.set_y(-_FOOT)
        self.set_font(FAMILY, size=8)
        self.set_text_color(90)
        # fpdf2 puts the number of pages in at the end, in place of these letters.
        self.cell(0, 5, self._foot % {"page": self.page_no(), "pages": "{nb}"}, align="C")
        self.set_text_color(0)

    def line_of(self, text: str, *, size: float = 10, bold: bool = False, height: float = 6, **options: Any) -> None:
        """One paragraph over the whole width."""
        self.set_font(FAMILY, "B" if bold else "", size)
        self.multi_cell(0, height, text, new_x="LMARGIN", new_y="NEXT", align="L", **options)

    def bytes(self) -> bytes:
        return bytes(self.output())

"""Messages for the next page."""

from __future__ import annotations

from collections.abc import Sequence

from flask import flash
from flask_babel import ngettext

# Messages travel in the session's cookie, which browsers drop as a whole beyond 4 KB.
_MOST_NAMED = 5


def report(text: str, *, lines: Sequence[str] = (), undo: str | None = None, kind: str = "success") -> None:
    """Say what happened, `lines` of it one by one; `undo` is the address that takes it back, behind a button."""
    message = {"text": text, "lines": list(lines), "undo": undo} if lines or undo else text
    flash(message, kind)  # type: ignore[arg-type]  # because: Flask keeps whatever fits the cookie; the template knows both


def report_refused(sentences: Sequence[str]) -> None:
    """Say of each file why it was refused; of many, of the first ones, and how many more there are."""
    for sentence in sentences[:_MOST_NAMED]:
        flash(sentence, "error")
    if more := len(sentences[_MOST_NAMED:]):
        flash(ngettext("%(num)d more file was refused.", "%(num)d more files were refused.", more), "error")

"""Messages for the next page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from flask import flash
from flask_babel import gettext, ngettext

from records.errors import InvalidInput, NotFound, Refusal
from records.web.words import refusal_text, short

# Messages travel in the session's cookie, which browsers drop as a whole beyond 4 KB.
_MOST_NAMED = 5


def report(text: str, *, lines: Sequence[str] = (), undo: str | None = None, kind: str = "success") -> None:
    """Say what happened, `lines` of it one by one; `undo` is the address that takes it back, behind a button."""
    message = {"text": text, "lines": list(lines), "undo": undo} if lines or undo else text
    flash(message, kind)  # type: ignore[arg-type]  # because: Flask keeps whatever fits the cookie; the template knows both


def report_many(
    outcome: Mapping[int, Refusal | None], *, done: str, name: Callable[[int], str], undo: str | None = None
) -> None:
    """Say what became of ticked records: `done` of those that went well, and of each other one its name and why not.

    Raises NotFound where the asker may not know of any of them.
    """
    refused = {record_id: refusal for record_id, refusal in outcome.items() if refusal is not None}
    unknown = [record_id for record_id, refusal in refused.items() if isinstance(refusal, NotFound)]
    if outcome and len(unknown) == len(outcome):
        raise NotFound()
    if not outcome:
        flash(gettext("Tick at least one row first. Nothing was changed."), "error")
    if len(refused) < len(outcome):
        report(done, undo=undo)
    if refused:
        named = [record_id for record_id in refused if record_id not in unknown]
        lines = [f"{short(name(record_id))}: {_why(refused[record_id])}" for record_id in named[:_MOST_NAMED]]
        if more := len(refused) - len(lines):
            lines.append(ngettext("%(num)d more", "%(num)d more", more))
        text = ngettext("%(num)d row was left as it is.", "%(num)d rows were left as they are.", len(refused))
        report(text, lines=lines, kind="error")


def _why(refusal: Refusal) -> str:
    if isinstance(refusal, InvalidInput):
        return " ".join(refusal_text(each) for each in refusal.errors.values())
    return refusal_text(refusal)


def report_refused(sentences: Sequence[str]) -> None:
    """Say of each file why it was refused; of many, of the first ones, and how many more there are."""
    for sentence in sentences[:_MOST_NAMED]:
        flash(sentence, "error")
    if more := len(sentences[_MOST_NAMED:]):
        flash(ngettext("%(num)d more file was refused.", "%(num)d more files were refused.", more), "error")

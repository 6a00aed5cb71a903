"""Messages for the next page."""

from __future__ import annotations

from flask import flash


def report(text: str, *, undo: str | None = None, kind: str = "success") -> None:
    """Say what happened; `undo` is the address that takes it back, behind a button of the message."""
    message = {"text": text, "undo": undo} if undo else text
    flash(message, kind)  # type: ignore[arg-type]  # because: Flask keeps whatever fits the cookie; the template knows both

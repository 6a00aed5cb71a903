"""How much a request may carry: little, except where a view says that it takes files; how often one account may bring
and take files; and ids that can be ids."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from flask import Flask, current_app, request
from werkzeug.routing import IntegerConverter, ValidationError

from records import signin
from records.errors import TooOften
from records.throttle import count_attempt

_TEXT = "application/x-www-form-urlencoded"
View = TypeVar("View", bound=Callable[..., object])

FORM_BYTES = 2 * 1024 * 1024
# Of a form without files: enough for every box of the longest list, and too little for so many fields that they cost.
TEXT_BYTES = 512 * 1024
# Of one account: more than hands can, less than a program that was let loose.
BROUGHT_A_MINUTE, EXPORTED_A_MINUTE = 180, 60


def takes_files(view: View) -> View:
    """Mark a view whose requests carry files, up to the organization's limits."""
    view.takes = "most_together"  # type: ignore[attr-defined]  # because: a mark that `_set` below reads
    return view


def takes_one_file(view: View) -> View:
    """Mark a view whose requests carry one file, as large as the organization's largest."""
    view.takes = "largest_file"  # type: ignore[attr-defined]  # because: a mark that `_set` below reads
    return view


def exports(view: View) -> View:
    """Mark a view that writes records to a file, as many as there are."""
    view.exports = True  # type: ignore[attr-defined]  # because: a mark that `_set` below reads
    return view


class RecordId(IntegerConverter):
    """`<int:…>` in an address: what no record can have as its id leads nowhere (404)."""

    regex = r"[0-9]{1,19}"

    def to_python(self, value: str) -> int:
        number = int(super().to_python(value))
        if number >= 2**63:
            raise ValidationError()
        return number


def init_app(app: Flask) -> None:
    app.url_map.converters["int"] = RecordId
    app.before_request(_set)


def _set() -> None:
    request.max_content_length = TEXT_BYTES if request.mimetype == _TEXT else FORM_BYTES
    view = current_app.view_functions.get(request.endpoint or "")
    takes = request.method == "POST" and request.mimetype != _TEXT
    limit = getattr(view, "takes", None) if takes else None
    user = signin.signed_in() if limit else None
    if limit and user is not None and user.organization is not None:
        request.max_content_length = getattr(user.organization, limit) + FORM_BYTES
        _count(f"brought:{user.account.id}", BROUGHT_A_MINUTE)
    if getattr(view, "exports", False) and (user := signin.signed_in()) is not None:
        _count(f"exported:{user.account.id}", EXPORTED_A_MINUTE)


def _count(key: str, most: int) -> None:
    """Raises TooOften."""
    count_attempt(key, most=most, per=timedelta(minutes=1), refusal=TooOften)

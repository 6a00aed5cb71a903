"""How much a request may carry: little, except where a view says that it takes files; how often one account may bring
and take files; and ids that can be ids."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any, TypeVar

from flask import Flask, Response, current_app, request
from werkzeug.exceptions import ClientDisconnected
from werkzeug.routing import IntegerConverter, ValidationError

from records import signin
from records.errors import TooOften
from records.throttle import count_attempt

_TEXT = "application/x-www-form-urlencoded"
BYTES = "application/octet-stream"
View = TypeVar("View", bound=Callable[..., object])

FORM_BYTES = 2 * 1024 * 1024
# Of a form without files: enough for every box of the longest list, and too little for so many fields that they cost.
TEXT_BYTES = 512 * 1024
# Of one account: more than hands can, less than a program that was let loose.
BROUGHT_A_MINUTE, EXPORTED_A_MINUTE = 180, 60
_PIECE = 64 * 1024


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
    app.after_request(_hear_out)


def count_files(app: Flask) -> None:
    """From here on in a request: a forged one takes nothing of anybody's share."""
    app.before_request(_count_files)


def _set() -> None:
    request.max_content_length = TEXT_BYTES if request.mimetype == _TEXT else FORM_BYTES
    limit = _marked("takes") if _brings_files() else None
    user = signin.signed_in() if limit else None
    if limit and user is not None and user.organization is not None:
        request.max_content_length = getattr(user.organization, limit) + FORM_BYTES


def _hear_out(response: Response) -> Response:
    """Browsers listen once they have sent all: what was refused before its bytes were read is read nevertheless."""
    if request.mimetype == BYTES and (request.content_length or 0) <= (request.max_content_length or 0):
        with suppress(ClientDisconnected, OSError, ValueError):  # because: nobody listens, or all of it was read
            while request.stream.read(_PIECE):
                pass
    return response


def _count_files() -> None:
    """Raises TooOften."""
    if _brings_files() and _marked("takes"):
        what, most = "brought", BROUGHT_A_MINUTE
    elif _marked("exports"):
        what, most = "exported", EXPORTED_A_MINUTE
    else:
        return
    if (user := signin.signed_in()) is not None:
        count_attempt(f"{what}:{user.sign_in.account_id}", most=most, per=timedelta(minutes=1), refusal=TooOften)


def _brings_files() -> bool:
    return request.method == "POST" and request.mimetype != _TEXT


def _marked(mark: str) -> Any:
    """What the view of this request was marked with, None for nothing."""
    return getattr(current_app.view_functions.get(request.endpoint or ""), mark, None)

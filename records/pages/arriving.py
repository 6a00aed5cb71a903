"""Files that a form brings, and the key under which they wait until all else of the form is right."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import IO, NamedTuple

from flask import request
from werkzeug.datastructures import FileStorage
from werkzeug.http import parse_options_header
from werkzeug.wrappers import Response

from records import signin
from records.errors import FileEmpty, FileTooLarge, NoFiles, Refusal, StorageFull, StorageUnavailable
from records.pages.fields import ids_in
from records.pages.guards import this_organization
from records.queries.external_certificates import staged
from records.services import files
from records.services.staging_steps import Kept
from records.web.limits import BYTES
from records.web.scripted import answer

Stage = Callable[..., Kept]

_KEY = re.compile(r"[A-Za-z0-9_-]{16,64}")


@dataclass
class Arrival:
    """`failure` is what kept files from being stored at all; each of `refused` kept one."""

    arrived: list[files.Arrived] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    failure: Refusal | None = None


def arriving() -> Arrival:
    """Store the request's files, those of the field `files`."""
    came = Arrival()
    for file in request.files.getlist("files"):
        try:
            if file.filename and came.failure is None:
                came.arrived.append(stored(file))
        except (FileTooLarge, FileEmpty) as refusal:
            came.refused.append(refusal)
        except (StorageFull, StorageUnavailable) as refusal:
            came.failure = refusal
    return came


def status_of(refused: Iterable[Refusal]) -> int:
    """What files that did not arrive make of the answer: 413 where one was too much, 0 where all are here."""
    statuses = {each.status for each in refused}
    return 413 if 413 in statuses else max(statuses, default=0)


def sent_key() -> str:
    """The key of the form that was sent, or a new one."""
    key = request.form.get("key", "")
    return key if is_key(key) else new_key()


def left_out(key: str) -> frozenset[int]:
    """Ids of waiting files that stay behind: those ticked and, where a script `listed` those that come, all others."""
    ticked = set(ids_in(request.form.getlist("leave_out")))
    if "listed" in request.form:
        ticked |= {file.id for file in staged(key, by=signin.current_actor())} - set(in_order())
    return frozenset(ticked)


def in_order() -> list[int]:
    """Ids of waiting files, in the order in which the person sees them."""
    return ids_in(request.form.getlist("staged"))


def arrive_alone(stage: Stage) -> Response:
    """One file that travels by itself: it waits under the form's key, and the script learns its id (201).

    Raises FileTooLarge, FileEmpty, OneFileTooMany, TooMuchTogether, NoFiles, StorageFull, StorageUnavailable, and as
    `stage`.
    """
    sent = _in_bytes() if request.mimetype == BYTES else _in_form()
    if not is_key(sent.key) or not sent.name:
        raise NoFiles(field="files")
    arrived = files.take_in(sent.stream, name=sent.name, organization=this_organization())
    kept = stage([arrived], key=sent.key, by=signin.current_actor(), left_out=frozenset(ids_in(sent.unwanted)))
    if kept.refused:
        raise kept.refused[0]
    return answer(201, id=kept.ids[0])


class _Sent(NamedTuple):
    """A file that travels by itself, the key of its form, and which of that form's files are not wanted any more."""

    key: str
    name: str
    stream: IO[bytes]
    unwanted: list[str]


def _in_bytes() -> _Sent:
    """As our script sends it: nothing but its bytes, which nobody has to look through; the rest stands in the heads,
    for addresses are written into logs."""
    heads = request.headers
    _, named = parse_options_header(heads.get("Content-Disposition"))
    unwanted = heads.get("X-Leave-Out", "").split(",")
    return _Sent(heads.get("X-Form-Key", ""), named.get("filename", ""), request.stream, unwanted)


def _in_form() -> _Sent:
    """As a form of one file. Raises NoFiles."""
    sent = request.files.get("files")
    if sent is None:
        raise NoFiles(field="files")
    return _Sent(request.form.get("key", ""), sent.filename or "", sent.stream, request.form.getlist("leave_out"))


def new_key() -> str:
    return secrets.token_urlsafe(16)


def is_key(text: str) -> bool:
    return _KEY.fullmatch(text) is not None


def stored(file: FileStorage) -> files.Arrived:
    """Its bytes, safe. Raises FileTooLarge, FileEmpty, StorageFull, StorageUnavailable."""
    with file.stream as stream:
        return files.take_in(stream, name=file.filename, organization=this_organization())

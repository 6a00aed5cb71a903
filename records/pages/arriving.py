"""Files that a form brings, and the key under which they wait until all else of the form is right."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field

from flask import request
from werkzeug.datastructures import FileStorage

from records.errors import N_, FileEmpty, FileTooLarge, Invalid, Refusal, StorageFull, StorageUnavailable
from records.pages.guards import this_organization
from records.services import files

# After how long a form may be sent again when the storage cannot be reached.
RETRY_SECONDS = "30"
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
                came.arrived.append(_stored(file))
        except (FileTooLarge, FileEmpty) as refusal:
            came.refused.append(refusal)
        except (StorageFull, StorageUnavailable) as refusal:
            came.failure = refusal
    return came


def status_of(refused: Iterable[Refusal]) -> int:
    """What files that did not arrive make of the answer: 413 where one was too much, 0 where all are here."""
    statuses = {each.status for each in refused}
    return 413 if 413 in statuses else max(statuses, default=0)


def too_many_files(name: str, *, most: int) -> Invalid:
    """The refusal of one more file than a form may carry."""
    return Invalid(N_("At most %(most)s files: “%(name)s” was left out."), field="files", most=most, name=name)


def new_key() -> str:
    return secrets.token_urlsafe(16)


def is_key(text: str) -> bool:
    return _KEY.fullmatch(text) is not None


def _stored(file: FileStorage) -> files.Arrived:
    with file.stream as stream:
        return files.take_in(stream, name=file.filename, organization=this_organization())

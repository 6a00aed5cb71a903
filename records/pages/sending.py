"""Sending stored bytes with headers that keep them from running."""

from __future__ import annotations

from datetime import UTC
from typing import BinaryIO

from flask import Response, request, send_file
from werkzeug.exceptions import RequestedRangeNotSatisfiable

from records.errors import StorageUnavailable
from records.models import StoredFile
from records.models.scan import file_name
from records.storage import preview_key, storage, thumbnail_key

_INERT = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'; sandbox"
# A sandboxed PDF does not open in a browser's own viewer; that viewer runs no page script.
_PDF = "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'; base-uri 'none'; frame-ancestors 'self'"


def send_bytes(stored: StoredFile, *, name: str, download: bool) -> Response:
    """The bytes as they are. Only kinds that browsers open safely are shown, all else is a download.

    Raises FileUnscanned, FileInfected, StorageUnavailable, also where the storage has lost a part of them.
    """
    stored.require_released(name=name)
    inline = stored.opens_in_browser and not download
    stream = storage().open(stored.key)
    if stream.seek(0, 2) != stored.size:
        stream.close()
        raise StorageUnavailable()
    return _send(
        stream,
        stored,
        name=name,
        kind=stored.kind if inline else "application/octet-stream",
        download=not inline,
        policy=_PDF if inline and stored.kind == "application/pdf" else _INERT,
        etag=stored.sha256,
    )


def send_preview(stored: StoredFile, *, name: str) -> Response:
    """The drawn preview, a WebP picture."""
    return _send_drawn(storage().open(preview_key(stored.key)), stored, name=name, which="preview")


def send_thumbnail(stored: StoredFile, *, name: str) -> Response:
    """The drawn thumbnail, a small WebP picture; the preview, where that was drawn when there were no thumbnails."""
    try:
        stream = storage().open(thumbnail_key(stored.key))
    except StorageUnavailable:
        return send_preview(stored, name=name)
    return _send_drawn(stream, stored, name=name, which="thumbnail")


def _send_drawn(stream: BinaryIO, stored: StoredFile, *, name: str, which: str) -> Response:
    etag = f"{stored.sha256}-{which}"
    return _send(stream, stored, name=name, kind="image/webp", download=False, policy=_INERT, etag=etag)


def _send(
    stream: BinaryIO, stored: StoredFile, *, name: str, kind: str, download: bool, policy: str, etag: str
) -> Response:
    response = send_file(
        stream,
        mimetype=kind,
        as_attachment=download,
        download_name=file_name(name),
        etag=etag,
        last_modified=stored.created_at.astimezone(UTC),
        conditional=False,
    )
    response.content_length = size = stream.seek(0, 2)
    stream.seek(0)
    try:
        response.make_conditional(request.environ, accept_ranges=True, complete_length=size)
    except RequestedRangeNotSatisfiable:  # one piece at a time, and only one that there is
        stream.close()
        raise
    response.headers["Content-Security-Policy"] = policy
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, no-store"
    return response

"""Sending stored bytes with headers that keep them from running."""

from __future__ import annotations

from datetime import UTC
from typing import BinaryIO

from flask import Response, current_app, redirect, request, send_file
from werkzeug.exceptions import RequestedRangeNotSatisfiable

from records.errors import StorageOutOfReach, StorageUnavailable
from records.models import StoredFile
from records.models.scan import file_name
from records.storage import preview_key, storage, thumbnail_key
from records.storage.bucket import BucketStorage

_INERT = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'; sandbox"
# A sandboxed PDF does not open in a browser's own viewer; that viewer runs no page script.
_PDF = "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'; base-uri 'none'; frame-ancestors 'self'"

# Where nginx finds the folder of scans, for nobody but us: see docs/storage.md.
INTERNAL = "/_scans"


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
        key=stored.key,
        kind=stored.kind if inline else "application/octet-stream",
        download=not inline,
        policy=_PDF if inline and stored.kind == "application/pdf" else _INERT,
        etag=stored.sha256,
    )


def send_preview(stored: StoredFile, *, name: str) -> Response:
    """The drawn preview, a WebP picture."""
    return _send_drawn(preview_key(stored.key), stored, name=name, which="preview")


def send_thumbnail(stored: StoredFile, *, name: str) -> Response:
    """The drawn thumbnail, a small WebP picture; the preview, where that was drawn when there were no thumbnails."""
    try:
        return _send_drawn(thumbnail_key(stored.key), stored, name=name, which="thumbnail")
    except StorageOutOfReach:
        raise
    except StorageUnavailable:
        return send_preview(stored, name=name)


def _send_drawn(key: str, stored: StoredFile, *, name: str, which: str) -> Response:
    etag, stream = f"{stored.sha256}-{which}", storage().open(key)
    return _send(stream, stored, name=name, key=key, kind="image/webp", download=False, policy=_INERT, etag=etag)


def _send(
    stream: BinaryIO, stored: StoredFile, *, name: str, key: str, kind: str, download: bool, policy: str, etag: str
) -> Response:
    """By whom the settings say. Only downloads go by a link: a store cannot be told the policy that keeps what is
    shown from running."""
    response = send_file(
        stream,
        mimetype=kind,
        as_attachment=download,
        download_name=file_name(name),
        etag=etag,
        last_modified=stored.created_at.astimezone(UTC),
        conditional=False,
    )
    response.headers["Content-Security-Policy"] = policy
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, no-store"
    sent_by, door = current_app.config["SCANS_SENT_BY"], storage()
    if sent_by == "nginx":
        return _by_nginx(response, key)
    if sent_by == "links" and download and request.method == "GET" and isinstance(door, BucketStorage):
        return _by_link(response, door, key)
    return _in_pieces(response, stream)


def _by_nginx(response: Response, key: str) -> Response:
    """nginx reads the file, answers for ranges, and knows for itself how long and how old it is."""
    response.close()
    for name in ("Content-Length", "ETag", "Last-Modified"):
        response.headers.pop(name, None)
    response.direct_passthrough = False
    response.set_data(b"")
    response.headers["X-Accel-Redirect"] = f"{INTERNAL}/{key}"
    return response


def _by_link(response: Response, door: BucketStorage, key: str) -> Response:
    """Who has the address needs no permission any more: it is short-lived, and goes nowhere else from here."""
    response.close()
    address = door.link(key, disposition=response.headers["Content-Disposition"])
    link = current_app.make_response(redirect(address, 303))
    link.headers["Cache-Control"] = "private, no-store"
    link.headers["Referrer-Policy"] = "no-referrer"
    return link


def _in_pieces(response: Response, stream: BinaryIO) -> Response:
    response.content_length = size = stream.seek(0, 2)
    stream.seek(0)
    try:
        response.make_conditional(request.environ, accept_ranges=True, complete_length=size)
    except RequestedRangeNotSatisfiable:  # one piece at a time, and only one that there is
        stream.close()
        raise
    return response

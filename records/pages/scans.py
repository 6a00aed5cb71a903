"""Scans: one set of addresses decides for every role who may see, download or print one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import PurePath

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as BaseResponse
from zipstream import ZIP_STORED, ZipStream

from records import signin
from records.database import found
from records.errors import NotFound, Refusal
from records.models import Member, Scan, StoredFile
from records.pages.guards import member_required
from records.pages.sending import send_bytes, send_preview, send_thumbnail
from records.queries.scans import all_scans_of, scan_for
from records.services import audit, scans
from records.storage import Storage, storage
from records.web.limits import exports
from records.web.words import refusal_text


def add_to(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/scan/<int:scan_id>", "scan", scan)
    blueprint.add_url_rule("/scan/<int:scan_id>/file", "scan_file", scan_file)
    blueprint.add_url_rule("/scan/<int:scan_id>/download", "scan_download", scan_download)
    blueprint.add_url_rule("/scan/<int:scan_id>/preview", "scan_preview", scan_preview)
    blueprint.add_url_rule("/scan/<int:scan_id>/thumbnail", "scan_thumbnail", scan_thumbnail)
    blueprint.add_url_rule("/scan/<int:scan_id>/turn", "turn_scan", turn_scan, methods=["POST"])
    blueprint.add_url_rule("/member/<int:member_id>/scans/download", "scans_zip", scans_zip)


@member_required
def scan(scan_id: int) -> str:
    """The scan large, with Print and Download."""
    shown = _seen(scan_id)
    may_turn = shown.may_be_turned_by(signin.current_actor())
    return render_template("records/scan.html", scan=shown, record=shown.record, may_turn=may_turn)


@member_required
def scan_file(scan_id: int) -> Response:
    shown = _seen(scan_id)
    return send_bytes(shown.stored_file, name=shown.name, download=False)


@member_required
def scan_download(scan_id: int) -> Response:
    shown = _seen(scan_id)
    return send_bytes(shown.stored_file, name=shown.name, download=True)


@member_required
def scan_preview(scan_id: int) -> Response:
    """Large enough to be read, so it counts as a view. Raises NotFound where there is no preview, or none yet."""
    _drawn(scan_id)
    return send_preview(_seen(scan_id).stored_file, name="preview.webp")


@member_required
def scan_thumbnail(scan_id: int) -> Response:
    """The preview in small, for lists: no view. Raises NotFound likewise."""
    return send_thumbnail(_drawn(scan_id), name="thumbnail.webp")


@member_required
def turn_scan(scan_id: int) -> BaseResponse:
    """Its previews by a quarter further, from the buttons of its page. Raises as the verb."""
    by, to = signin.current_actor(), request.form.get("to", -1, type=int)
    scans.turn(scan_for(scan_id, by=by), to=to, by=by)
    return redirect(url_for(".scan", scan_id=scan_id, _anchor="scan-picture"))


@member_required
@exports
def scans_zip(member_id: int) -> Response:
    """All of a member's scans as one ZIP, streamed: nothing is held whole in memory."""
    actor = signin.current_actor()
    member = found(Member, member_id)
    all_scans = all_scans_of(member, by=actor)
    name = f"{member.name} - scans.zip"
    left_out = [why_left_out(scan) for scan in all_scans if scan.stored_file.is_held_back]
    coming = [scan for scan in all_scans if not scan.stored_file.is_held_back]
    parts = [(entry, scan.stored_file.key, scan.stored_file.size) for scan, entry in named(coming)]
    for scan in coming:
        audit.viewed_scan(scan, by=actor)
    archive, door = ZipStream(sized=True, compress_type=ZIP_STORED), storage()
    for entry, key, size in parts:
        archive.add(chunks(door, key), entry, size=size)
    if left_out:
        archive.add("\n".join(left_out).encode(), gettext("What is missing") + ".txt")
    response = Response(iter(archive), mimetype="application/zip")
    response.content_length = len(archive)
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


def _seen(scan_id: int) -> Scan:
    actor = signin.current_actor()
    found_scan = scan_for(scan_id, by=actor)
    return scan_for(scan_id, by=actor) if audit.viewed_scan(found_scan, by=actor) else found_scan


def _drawn(scan_id: int) -> StoredFile:
    stored = scan_for(scan_id, by=signin.current_actor()).stored_file
    if not stored.has_preview:
        raise NotFound()
    return stored


def chunks(door: Storage, key: str) -> Iterator[bytes]:
    """Read while the answer is sent, when the application's context is gone: hence `door`."""
    with door.open(key) as stream:
        while chunk := stream.read(256 * 1024):
            yield chunk


def why_left_out(scan: Scan) -> str:
    try:
        scan.stored_file.require_released(name=scan.name)
    except Refusal as refusal:
        return refusal_text(refusal)
    return ""


def named(scans: Iterable[Scan]) -> Iterator[tuple[Scan, str]]:
    """Each scan with a name of its own inside an archive: its record's title, the file's name, a number if need be."""
    taken: set[str] = set()
    for scan in scans:
        path = PurePath(scan.name)
        folder = scan.record.title.replace("/", "-").replace("\\", "-")
        entry, number = f"{folder}/{path.name}", 2
        while entry.casefold() in taken:
            entry, number = f"{folder}/{path.stem} ({number}){path.suffix}", number + 1
        taken.add(entry.casefold())
        yield scan, entry

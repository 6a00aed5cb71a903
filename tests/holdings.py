"""Giving members certifications and scans in tests: by the shared steps, so that every rule holds."""

from __future__ import annotations

from datetime import date, timedelta
from io import BytesIO
from typing import Any

from PIL import Image

from records import clock
from records.database import this_organization, transaction
from records.models import Actor, Certification, CertificationType, Member
from records.services.certification_steps import Entry, record
from records.services.files import row_for, take_in
from records.services.scan_steps import attach


def today() -> date:
    return clock.today(this_organization())


def give(
    member: Member,
    type_: CertificationType,
    expires_in: int,
    *,
    issued_in: int | None = -300,
    number: str = "",
    renews: int | None = None,
    files: dict[str, bytes] | None = None,
    change: Any = None,
) -> int:
    """The id of a new certification that expires so many days from today, with `files` by name.

    `change` is called with it inside the transaction, to suspend it or the like.
    """
    organization, member_id, type_id = this_organization(), member.id, type_.id
    arrived = [
        take_in(BytesIO(content), name=name, organization=organization) for name, content in (files or {}).items()
    ]
    by = Actor.command("test", organization.id)
    entry = Entry(
        type_id=type_id,
        expires_on=today() + timedelta(days=expires_in),
        issued_on=None if issued_in is None else today() + timedelta(days=issued_in),
        number=number,
        renews_id=renews,
    )
    with transaction() as session:
        holder = session.get_one(Member, member_id)
        certification: Certification = record(holder, entry, by=by)
        for each in arrived:
            attach(certification, row_for(each), name=each.name, by=by)
        if change is not None:
            change(certification)
        return certification.id


def picture(colour: str = "navy", *, size: tuple[int, int] = (640, 400)) -> bytes:
    """A small PNG."""
    out = BytesIO()
    Image.new("RGB", size, colour).save(out, "PNG")
    return out.getvalue()


def pdf() -> bytes:
    out = BytesIO()
    Image.new("RGB", (640, 400), "white").save(out, "PDF")
    return out.getvalue()

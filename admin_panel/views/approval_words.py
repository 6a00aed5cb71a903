"""How certificates under review read on screens: what an edit changed, amounts, and the columns of a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from flask_babel import gettext, lazy_gettext

from admin_panel.reports.layout import Column, Kind
from records.models import ExternalCertificate
from records.queries.review_pages import Edited
from records.web.words import credits, day, state_word

_LABELS = {
    "title": lazy_gettext("Certificate title"),
    "credit_type_id": lazy_gettext("Credit type"),
    "claimed_credits": lazy_gettext("Number of credits"),
    "earned_on": lazy_gettext("Date"),
    "issuer": lazy_gettext("Issuer"),
    "number": lazy_gettext("Certificate number"),
    "expires_on": lazy_gettext("Expires"),
    "note": lazy_gettext("Note to the reviewer"),
    "files": lazy_gettext("Files"),
}


@dataclass(frozen=True)
class EditedField:
    label: str
    was: str
    now: str


def edited_fields(edited: Edited, types: Mapping[int, str]) -> list[EditedField]:
    """What an edit changed, in words. `types` are the names of credit types by id."""
    return [
        EditedField(str(_LABELS[name]), _value(name, was, types), _value(name, now, types))
        for name, was, now in edited.fields
    ]


def amount_of(certificate: ExternalCertificate) -> str:
    """The credits that it was awarded, else those that it claims, with what they are: "2.5 hours (CEU)"."""
    kind = certificate.credit_type
    amount = certificate.claimed_credits if certificate.awarded_credits is None else certificate.awarded_credits
    return gettext("%(credits)s %(unit)s (%(type)s)", credits=credits(amount), unit=kind.unit, type=kind.name)


def file_columns() -> list[Column]:
    """Certificates as a file holds them."""
    return [
        Column(gettext("Certificate"), lambda each: each.title),
        Column(gettext("State"), lambda each: state_word(each.state)),
        Column(gettext("Learner"), lambda each: each.member.listed_name),
        Column(gettext("Number"), lambda each: each.member.number),
        Column(gettext("Unit"), lambda each: each.member.unit.name if each.member.unit else ""),
        Column(gettext("Credit type"), lambda each: each.credit_type.name),
        Column(gettext("Claimed credits"), lambda each: each.claimed_credits, Kind.CREDITS),
        Column(gettext("Awarded credits"), lambda each: each.awarded_credits, Kind.CREDITS),
        Column(gettext("Date"), lambda each: each.earned_on, Kind.DAY),
        Column(gettext("Issuer"), lambda each: each.issuer),
        Column(gettext("Certificate number"), lambda each: each.number),
        Column(gettext("Expires"), lambda each: each.expires_on, Kind.DAY),
        Column(gettext("Submitted"), lambda each: each.submitted_at, Kind.MOMENT),
        Column(gettext("Decided"), lambda each: each.decided_at, Kind.MOMENT),
        Column(gettext("Decided by"), lambda each: each.decided_by.name if each.decided_by else ""),
        Column(gettext("Reason"), lambda each: each.reason),
    ]


def _value(name: str, value: Any, types: Mapping[int, str]) -> str:
    if value in (None, "", []):
        return gettext("nothing")
    if name == "files":
        return ", ".join(file_name for file_name, _sha256 in value)
    if name == "credit_type_id":
        return types.get(value, "–")
    if name == "claimed_credits":
        return credits(Decimal(value))
    return day(date.fromisoformat(value)) if name.endswith("_on") else str(value)

"""How certificates under review read on screens: what an edit changed, and amounts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from flask_babel import gettext, lazy_gettext

from records.models import ExternalCertificate
from records.queries.review_pages import Edited
from records.web.words import credits, day

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

"""Filling a record from what a form carries: steps that verbs share. What is wrong comes back by field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from records.database import db
from records.errors import N_, Invalid, InvalidInput, NameTaken, Refusal
from records.models import CertificationType, CreditType

Errors = dict[str, Refusal]


def set_each(record: Any, values: Mapping[str, Any]) -> Errors:
    """Set the fields that are right; the refusals of the others, by the field that each names."""
    errors: Errors = {}
    for name, value in values.items():
        try:
            setattr(record, name, value)
        except Invalid as refusal:
            errors[refusal.field or name] = refusal
    return errors


def out_of_range(facts: Any, ranges: Mapping[str, tuple[int, int]]) -> Errors:
    """The refusals of numbers of `facts` that do not lie from the least to the most; None lies everywhere."""
    return {
        name: Invalid(N_("Enter a whole number from %(least)s to %(most)s."), field=name, least=least, most=most)
        for name, (least, most) in ranges.items()
        if (value := getattr(facts, name)) is not None and not least <= value <= most
    }


def name_is_taken(type_: CertificationType | CreditType) -> bool:
    """Whether another type of its kind has the name, without regard to case and accents."""
    kind = type(type_)
    same = select(kind.id).where(kind.folded_name == type_.folded_name)
    return db.session.scalar(same.where(kind.id != type_.id) if type_.id else same) is not None


def name_taken(name: str) -> InvalidInput:
    """Two saved the same name at once: the table's own constraint decided."""
    return InvalidInput({"name": NameTaken(field="name", name=name)})

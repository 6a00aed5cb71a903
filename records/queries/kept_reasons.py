"""Reasons that reviewers keep to use again."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from sqlalchemy import Select, select

from records.models import KeptReason
from records.reading.ahead import Question, scalars_of


def reasons_kept() -> Sequence[KeptReason]:
    """The texts that the organization's reviewers keep, by their words."""
    return scalars_of(_every_reason())


def asked_for_reasons() -> Question:
    """What `reasons_kept` is going to ask."""
    return Question(_every_reason())


@cache
def _every_reason() -> Select[KeptReason]:
    return select(KeptReason).order_by(KeptReason.text, KeptReason.id)

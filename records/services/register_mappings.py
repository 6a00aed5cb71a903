"""Mappings are kept, so that the next file with the same columns needs no work."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from records import clock
from records.database import db
from records.models import ColumnMapping
from records.registers.guessing import guessed, guessed_statuses
from records.registers.mapping import DATES, Field, Mapping
from records.registers.rows import header_digest
from records.registers.survey import Survey


def mapped(survey: Survey, mapping: Mapping | None) -> Mapping:
    """The mapping that was given, as far as it fits the file; else a proposal."""
    return mapping.for_header(survey.header) if mapping else _proposed(survey)


def _proposed(survey: Survey) -> Mapping:
    """As the last file with such a header was mapped, else as the header's words suggest."""
    kept = db.session.scalar(select(ColumnMapping).where(ColumnMapping.header_digest == header_digest(survey.header)))
    if kept is None:
        return guessed(survey)
    mapping = Mapping.from_json(kept.mapping).for_header(survey.header)
    dates = [name for name, held in mapping.columns.items() if held in DATES]
    statuses = guessed_statuses(survey, mapping.column_of(Field.STATUS)) | mapping.statuses
    return replace(mapping, statuses=statuses, date_order=survey.date_order(dates) or mapping.date_order)


def keep_mapping(session: Session, survey: Survey, mapping: Mapping) -> None:
    """The shared step, inside a transaction."""
    digest = header_digest(survey.header)
    kept = session.scalar(select(ColumnMapping).where(ColumnMapping.header_digest == digest))
    if kept is None:
        kept = ColumnMapping(header_digest=digest)
        session.add(kept)
    kept.mapping, kept.kept_at = mapping.to_json(), clock.now()
    session.flush()

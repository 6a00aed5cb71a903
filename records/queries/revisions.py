"""The revisions of external certificates, of many at once, and the files of one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, Select, bindparam, select
from sqlalchemy.orm.attributes import set_committed_value

from records.models import ExternalCertificate, Revision, Scan, StoredFile
from records.reading.ahead import Question, rows_of, scalars_of


def revised(certificates: Sequence[ExternalCertificate]) -> Sequence[ExternalCertificate]:
    """The same, with their revisions at hand. One statement."""
    found: dict[int, list[Revision]] = {each.id: [] for each in certificates}
    for revision in scalars_of(*asked_for_revisions(found)):
        found[revision.external_certificate_id].append(revision)
    for each in certificates:
        set_committed_value(each, "revisions", found[each.id])
    return certificates


def asked_for_revisions(certificate_ids: Iterable[int]) -> Question:
    """What `revised` is going to ask."""
    return Question(_revisions(), {"certificates": [*certificate_ids]})


_KEYS = Revision.external_certificate_id, Revision.number


@cache
def _revisions() -> Select[Revision]:
    ids: BindParameter[Any] = bindparam("certificates", expanding=True)
    return select(Revision).where(Revision.external_certificate_id.in_(ids)).order_by(*_KEYS)


def with_files(certificate: ExternalCertificate) -> ExternalCertificate:
    """The same, with its files at hand. One statement."""
    rows = rows_of(*asked_for_files(certificate.id))
    for scan, stored in rows:
        set_committed_value(scan, "stored_file", stored)
    set_committed_value(certificate, "scans", [scan for scan, _ in rows])
    return certificate


def asked_for_files(certificate_id: int) -> Question:
    """What `with_files` is going to ask."""
    return Question(_files(), {"certificate_id": certificate_id})


@cache
def _files() -> Select[Scan, StoredFile]:
    return (
        select(Scan, StoredFile)
        .join(StoredFile, Scan.stored_file_id == StoredFile.id)
        .where(Scan.external_certificate_id == bindparam("certificate_id"), Scan.deleted_at.is_(None))
        .order_by(Scan.id)
    )

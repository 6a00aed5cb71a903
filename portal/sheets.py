"""A certificate's form with its files: those that it has, and those that arrived and wait until all else is right.

Every form carries a `key`: what was sent twice under one key is one certificate, and files wait under it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from flask import request

from portal.forms.certificate import CertificateForm, form_for
from records import signin
from records.errors import Refusal
from records.models import ExternalCertificate, Scan
from records.pages.arriving import arriving, in_order, left_out, sent_key, status_of
from records.pages.fields import ids_in
from records.queries.external_certificates import claimable_types
from records.services import submissions
from records.services.files import Arrived
from records.services.submission_steps import Files


@dataclass
class Sheet:
    """`source` is the certificate that is edited, or copied (`copy_of_id`); its scans stay but for the `dropped`.

    `left_out` and `order` are ids of waiting files; `arrived` are those that came with the form and do not wait.
    `seen` is the digest of what an edit began with. `failure` is what kept files from being stored at all; each of
    `refused` kept one.
    """

    form: CertificateForm
    key: str
    source: ExternalCertificate | None = None
    is_copy: bool = False
    seen: str = ""
    dropped: frozenset[int] = frozenset()
    left_out: frozenset[int] = frozenset()
    order: Sequence[int] = ()
    arrived: Sequence[Arrived] = ()
    refused: list[Refusal] = field(default_factory=list)
    failure: Refusal | None = None

    @classmethod
    def opened(cls, source: ExternalCertificate | None, *, key: str, is_copy: bool = False) -> Sheet:
        """As it opens."""
        seen = source.digest() if source is not None and not is_copy else ""
        return cls(form_for(source), key, source, is_copy, seen)

    @classmethod
    def sent(cls, source: ExternalCertificate | None, *, is_copy: bool = False) -> Sheet:
        """As a request brings it."""
        key = sent_key()
        return cls(
            CertificateForm(request.form),
            key,
            source,
            is_copy,
            request.form.get("seen", ""),
            frozenset(ids_in(request.form.getlist("drop"))),
            left_out(key),
            in_order(),
        )

    @property
    def scans(self) -> Sequence[Scan]:
        return self.source.scans if self.source is not None else ()

    @property
    def files(self) -> Files:
        kept = [scan.id for scan in self.scans if scan.id not in self.dropped]
        return Files(self.key, self.left_out, kept, self.order, self.arrived)

    @property
    def status(self) -> int:
        """What files that did not arrive make of the answer: 413 where one was too much, 0 where all are here."""
        return status_of(self.refused)

    def take_in(self) -> None:
        """Store the files of the request; they wait under the key where the form cannot be saved now."""
        came = arriving()
        self.arrived, self.refused, self.failure = came.arrived, came.refused, came.failure
        if "more" in request.form or self.refused or self.failure is not None:
            self.keep()

    def keep(self) -> None:
        """What came with the form waits under its key from now on."""
        if self.arrived or self.left_out or self.order:
            by, order = signin.current_actor(), self.order
            kept = submissions.stage(self.arrived, key=self.key, by=by, left_out=self.left_out, order=order)
            self.arrived, self.refused = (), [*self.refused, *kept.refused]

    def offer(self) -> None:
        """Fill the pull-down of credit types."""
        self.form.offer(claimable_types(), besides=self.source.credit_type if self.source and self.seen else None)

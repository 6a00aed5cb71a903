"""What a learner says of a certificate earned elsewhere: the fields of every revision."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column, validates

from records.errors import N_, Invalid
from records.models.amounts import Credits, amount
from records.models.base import Id
from records.models.text import folded, line, lines


class Claim:
    """`claimed_credits` in credits; `earned_on` and `expires_on` are dates. `note` is for the reviewer."""

    credit_type_id: Mapped[int] = mapped_column(Id)
    title: Mapped[str]
    claimed_credits: Mapped[Decimal] = mapped_column(Credits)
    earned_on: Mapped[date]
    issuer: Mapped[str] = mapped_column(String(255), default="")
    number: Mapped[str] = mapped_column(String(255), default="")
    folded_number: Mapped[str] = mapped_column(String(255), default="")
    expires_on: Mapped[date | None]
    note: Mapped[str] = mapped_column(Text, default="")

    @validates("title", "issuer", "number")
    def _line_is_tidy(self, key: str, given: str) -> str:
        given = line(given, field=key)
        if key == "title" and not given:
            raise Invalid(N_("Enter a title for the certificate."), field=key)
        if key == "number":
            self.folded_number = folded(given)[:255]
        return given

    @validates("note")
    def _note_is_tidy(self, key: str, note: str) -> str:
        return lines(note, field=key, most=2000)

    @validates("claimed_credits")
    def _claim_fits(self, key: str, claim: Decimal | None) -> Decimal:
        return amount(claim, field="credits")

    def facts(self) -> dict[str, Any]:
        """The fields of the submission, as revisions and the audit trail keep them."""
        return {
            "title": self.title,
            "credit_type_id": self.credit_type_id,
            "claimed_credits": str(self.claimed_credits),
            "earned_on": self.earned_on.isoformat(),
            "issuer": self.issuer,
            "number": self.number,
            "expires_on": self.expires_on.isoformat() if self.expires_on else None,
            "note": self.note,
        }

    def check(self, *, today: date) -> None:
        """Raises Invalid (fields `earned_on`, `expires_on`)."""
        if self.earned_on > today:
            raise Invalid(N_("The date on which it was earned cannot be in the future."), field="earned_on")
        if self.expires_on and self.expires_on < self.earned_on:
            raise Invalid(N_("It cannot expire before it was earned."), field="expires_on")

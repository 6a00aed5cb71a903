"""Whatever is submitted, edited, decided and revoked, in whatever order: a balance is the sum of what is approved."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa

from records import clock
from records.database import db, found, this_organization
from records.errors import Refusal
from records.models import Approval, CreditEntry, ExternalCertificate
from records.queries.checks import check_organization
from records.queries.credits import totals_of
from records.services import reviews, revocations, submissions
from records.services.submission_steps import Files
from tests.cast import Cast
from tests.certificates import credit_type, given, staged, submitted

RUNS = [(1, 80), *(pytest.param(seed, 1000, marks=pytest.mark.long) for seed in range(2, 12))]


class Books:
    """Does one thing after another, each with any certificate there is; `awarded` is what should be left of it."""

    def __init__(self, cast: Cast, seed: int) -> None:
        self.cast, self.rng, self.type = cast, Random(seed), credit_type()  # because: no secret is drawn
        self.ids: list[int] = []
        self.awarded: dict[int, Decimal] = {}
        self.ada, self.max = cast.actor(cast.ada), cast.actor(cast.max)

    def any(self) -> ExternalCertificate:
        return found(ExternalCertificate, self.rng.choice(self.ids))

    def amount(self) -> Decimal:
        return Decimal(self.rng.randint(1, 9999)).scaleb(-2)

    def step(self) -> str:
        """What was done, or refused."""
        chosen = self.rng.choice([self.submit, self.approve, self.approve, self.revoke, self.decline, self.withdraw,
                                  self.edit, self.ask_for_changes, self.approve_several])  # fmt: skip
        if not self.ids:
            chosen = self.submit
        with suppress(Refusal):
            chosen()
            return chosen.__name__
        return "refused"

    def submit(self) -> None:
        self.ids.append(submitted(self.cast, self.type, credits=self.amount(), title=f"No. {len(self.ids)}").id)

    def approve(self) -> None:
        certificate, amount = self.any(), self.amount()
        reviews.approve(certificate, Approval(amount, comment="Counted."), seen=certificate.digest(), by=self.ada)
        self.awarded[certificate.id] = amount

    def approve_several(self) -> None:
        chosen = {self.any().id: self.any().claimed_credits for _ in range(3)}
        claimed = {each: found(ExternalCertificate, each).claimed_credits for each in chosen}
        for certificate_id, refusal in reviews.approve_each(chosen, by=self.ada).items():
            if refusal is None:
                self.awarded[certificate_id] = claimed[certificate_id]

    def revoke(self) -> None:
        certificate = self.any()
        revocations.revoke(certificate, reason="Forged.", by=self.ada)
        del self.awarded[certificate.id]

    def decline(self) -> None:
        reviews.decline(self.any(), reason="No name on it.", by=self.ada)

    def ask_for_changes(self) -> None:
        reviews.request_changes(self.any(), reason="Whose is it?", by=self.ada)

    def withdraw(self) -> None:
        submissions.withdraw(self.any(), by=self.max)

    def edit(self) -> None:
        certificate = self.any()
        facts: dict[str, Any] = {"credits": self.amount(), "title": certificate.title}
        files = Files(staged(self.max, b"another scan"))
        submissions.edit(certificate, given(self.type, **facts), files, seen=certificate.digest(), by=self.max)

    def require_right(self) -> None:
        db.session.rollback()
        left = sum(self.awarded.values(), Decimal(0))
        assert (db.session.scalar(sa.select(sa.func.sum(CreditEntry.amount))) or 0) == left
        totals = totals_of(self.cast.max, on=clock.today(this_organization()))
        assert sum(each.all_time for each in totals) == left


@pytest.mark.parametrize(("seed", "steps"), RUNS)
def test_a_balance_is_the_sum_of_what_stands_approved(cast: Cast, seed: int, steps: int) -> None:
    books = Books(cast, seed)
    done = []
    for _ in range(steps):
        done.append(books.step())
        books.require_right()
    assert {"submit", "approve", "revoke", "edit", "refused"} <= set(done)
    assert check_organization().problems == []

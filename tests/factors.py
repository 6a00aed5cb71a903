"""Second factors of the cast, and the devices that show their codes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pyotp

from records import clock, one_time_codes, vault
from records.database import db, every_organization, transaction
from records.models import Account, Member, SecondFactor
from records.services import second_factors
from tests.cast import PASSWORD, actor_of


@dataclass
class Device:
    """`recovery_codes` as they were shown."""

    secret: str
    recovery_codes: list[str]

    def code(self, *, at: datetime | None = None) -> str:
        """What it shows then, now if not said."""
        return pyotp.TOTP(self.secret).at(at or clock.now())

    def wrong(self) -> str:
        """A code that it shows at none of the moments that count."""
        near = {self.code(at=clock.now() + timedelta(seconds=30 * step)) for step in range(-3, 4)}
        return next(f"{number:06}" for number in range(10) if f"{number:06}" not in near)


def stands(member: Member, *, on: bool = True) -> Device:
    """Set up, or begun where not `on`, and nobody is signed out by it."""
    device, now = Device(one_time_codes.new_secret(), []), clock.now()
    factor = SecondFactor(account_id=member.account_id, sealed_secret=vault.seal(device.secret), begun_at=now)
    if on:
        factor.on_since = now
    with every_organization(), transaction() as session:
        session.add(factor)
    return device


def account_of(member: Member) -> Account:
    with every_organization():
        return db.session.get_one(Account, member.account_id)


def set_up(member: Member) -> Device:
    """As the page does, two minutes ago, so that the code of now is unused."""
    with clock.standing_at(clock.now() - timedelta(minutes=2)):
        second_factors.begin(account_of(member), password=PASSWORD, by=actor_of(member))
        secret = second_factors.standing_of(account_of(member)).secret
        code = pyotp.TOTP(secret).at(clock.now())
        made = second_factors.turn_on(account_of(member), code=code, browser="", by=actor_of(member))
    return Device(secret, made.codes)

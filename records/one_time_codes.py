"""Codes of a second factor: those that a device shows for half a minute (RFC 6238), and recovery codes."""

from __future__ import annotations

import hmac
from datetime import datetime

import pyotp

from records import codes

_SECONDS, _DIGITS = 30, 6
_DRIFT = (0, -1, 1)  # the device's clock may go wrong by one step
RECOVERY_CODES = 10


def new_secret() -> str:
    """160 random bits, in base 32."""
    return pyotp.random_base32()


def address(secret: str, email: str) -> str:
    """What a device reads from the QR code: the secret, and whose it is. In ASCII."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name="Certfolio")


def step_of(typed: str, secret: str, *, at: datetime) -> int | None:
    """The time step of which `typed` is the code, the present one or one beside it; None where it is of none."""
    code = "".join(typed.split())
    if len(code) != _DIGITS or not code.isascii() or not code.isdecimal():
        return None
    now, device = int(at.timestamp()) // _SECONDS, pyotp.TOTP(secret)
    fitting = (now + drift for drift in _DRIFT if hmac.compare_digest(device.generate_otp(now + drift), code))
    return next(fitting, None)


def new_recovery_codes() -> list[str]:
    """Of 100 random bits each, without groups."""
    return [codes.code(codes.new_salt()) for _ in range(RECOVERY_CODES)]

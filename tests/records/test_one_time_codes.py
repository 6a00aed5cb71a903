"""Codes of a second factor: as the standard has them, and nothing else."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from records import codes, one_time_codes

# The secret and the examples of RFC 6238, appendix B, for SHA-1: the last six of their eight digits.
SECRET = base64.b32encode(b"12345678901234567890").decode()
EXAMPLES = {59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037"}


@pytest.mark.parametrize(("second", "code"), EXAMPLES.items())
def test_codes_are_those_of_the_standard(second: int, code: str) -> None:
    at = datetime.fromtimestamp(second, UTC)
    assert one_time_codes.step_of(code, SECRET, at=at) == second // 30
    assert one_time_codes.step_of(f" {code[:3]} {code[3:]}\n", SECRET, at=at) == second // 30


@pytest.mark.parametrize(("seconds", "fits"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_a_clock_may_go_wrong_by_one_step_either_way(seconds: int, fits: bool) -> None:
    at = datetime.fromtimestamp(1234567890, UTC) + timedelta(seconds=seconds)
    assert (one_time_codes.step_of("005924", SECRET, at=at) is not None) is fits


@pytest.mark.parametrize("typed", ["", "5924", "0005924", "00592a", "٠٠٥٩٢٤", "-05924", "005924\0", "0" * 10_000])
def test_what_is_no_code_fits_nothing(typed: str) -> None:
    assert one_time_codes.step_of(typed, SECRET, at=datetime.fromtimestamp(1234567890, UTC)) is None


def test_a_device_reads_secret_and_owner_from_the_address() -> None:
    address = one_time_codes.address(SECRET, "zoë o'neil@example.org")
    assert address.isascii()
    parts = urlsplit(address)
    assert (parts.scheme, parts.netloc, unquote(parts.path)) == ("otpauth", "totp", "/Certfolio:zoë o'neil@example.org")
    assert parse_qs(parts.query) == {"secret": [SECRET], "issuer": ["Certfolio"]}


def test_secrets_are_of_160_bits_and_never_twice_the_same() -> None:
    secrets = {one_time_codes.new_secret() for _ in range(200)}
    assert len(secrets) == 200
    assert {len(base64.b32decode(secret)) for secret in secrets} == {20}


def test_recovery_codes_are_ten_of_100_bits(app: object) -> None:
    made = one_time_codes.new_recovery_codes()
    assert len(set(made)) == 10
    assert all(len(code) == 20 and codes.tidy(codes.grouped(code).lower()) == code for code in made)

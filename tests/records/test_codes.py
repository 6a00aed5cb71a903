"""Secrets that are made of the key and a salt, and never kept."""

from __future__ import annotations

import re

import pytest

from records import codes


@pytest.fixture(autouse=True)
def _key(app):
    """They are made with the application's key."""


def test_the_same_salt_gives_the_same_secret_and_another_one_another():
    one, other = codes.new_salt(), codes.new_salt()
    assert (len(one), one != other) == (32, True)
    for make in (codes.code, codes.token):
        assert make(one) == make(one)
        assert make(one) != make(other)


def test_another_key_gives_another_secret(app):
    salt = codes.new_salt()
    before = codes.code(salt), codes.token(salt)
    key, app.config["SECRET_KEY"] = app.config["SECRET_KEY"], "x" * 64
    try:
        assert {codes.code(salt), codes.token(salt)}.isdisjoint(before)
    finally:
        app.config["SECRET_KEY"] = key
    assert (codes.code(salt), codes.token(salt)) == before


def test_a_code_has_twenty_letters_that_nobody_takes_for_another():
    seen = set()
    for _ in range(300):
        code = codes.code(codes.new_salt())
        assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{20}", code)
        assert codes.tidy(codes.grouped(code)) == code
        seen |= set(code)
    assert len(seen) == 32


def test_a_token_has_256_bits_and_is_fit_for_an_address():
    assert re.fullmatch(r"[\w-]{43}", codes.token(codes.new_salt()))


def test_letters_that_look_alike_are_taken_for_one_another():
    assert codes.tidy("o0Oi-1Il u") == "0001111"

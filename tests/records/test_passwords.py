"""Passwords: hashed with argon2id, compared exactly, judged by how easily they are guessed."""

from __future__ import annotations

import unicodedata

import pytest

from records import passwords
from records.errors import PasswordTooLong, PasswordTooShort, WeakPassword
from tests.cast import PASSWORD

LONG = "x7!qZ" * 60


@pytest.fixture
def light_passwords() -> None:
    """Not here: these are about hashes as they are."""


def test_a_password_fits_its_own_hash_only() -> None:
    stored = passwords.hashed(PASSWORD)
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert passwords.matches(PASSWORD, stored)
    for other in (PASSWORD.upper(), PASSWORD + " ", " " + PASSWORD, PASSWORD[:-1], PASSWORD + "\0", ""):
        assert not passwords.matches(other, stored)
    assert passwords.hashed(PASSWORD) != stored


@pytest.mark.parametrize("length", [72, 73, 128, 255])
def test_every_character_counts_however_long_the_password(length: int) -> None:
    password = LONG[:length]
    stored = passwords.hashed(password)
    assert passwords.matches(password, stored)
    assert not passwords.matches(password[:-1] + "#", stored)


def test_more_than_the_longest_possible_password_never_fits() -> None:
    stored = passwords.hashed(LONG[:256])
    assert passwords.matches(LONG[:256], stored)
    assert not passwords.matches(LONG[:257], stored)


def test_one_password_typed_on_two_keyboards_is_one() -> None:
    stored = passwords.hashed(unicodedata.normalize("NFC", "véry long phräse indeed"))
    assert passwords.matches(unicodedata.normalize("NFD", "véry long phräse indeed"), stored)


def test_nothing_fits_an_account_without_a_password() -> None:
    for password in ("", "nobody's password", PASSWORD):
        assert not passwords.matches(password, None)
        assert not passwords.matches(password, "")
        assert not passwords.matches(password, "no hash at all")


def test_checking_against_nobody_costs_as_much_as_against_somebody() -> None:
    """The hash that is checked for nobody has the parameters of everybody's."""
    assert not passwords.needs_rehash(passwords._NOBODYS)
    assert passwords._NOBODYS.split("$")[:4] == passwords.hashed(PASSWORD).split("$")[:4]


def test_a_huge_password_is_refused() -> None:
    huge = "é" * 1_000_000
    assert not passwords.matches(huge, passwords.hashed(PASSWORD))
    with pytest.raises(PasswordTooLong):
        passwords.require_good(huge)


@pytest.mark.parametrize("password", ["", "short", "s3cr3t!", "elevenchars"])
def test_a_short_password_is_refused(password: str) -> None:
    with pytest.raises(PasswordTooShort) as refused:
        passwords.require_good(password)
    assert refused.value.field == "password"
    assert refused.value.in_english() == "Use at least 12 characters."


@pytest.mark.parametrize(
    "password",
    [
        "passwordpassword", "Password1234", "123456789012", "qwertyuiopas", "aaaaaaaaaaaa", "iloveyouiloveyou",
        "letmeinletmein", "Passw0rd!Passw0rd!", "certfoliocertfolio", "ada@fire.example",
    ],
)  # fmt: skip
def test_a_password_that_attackers_try_first_is_refused(password: str) -> None:
    with pytest.raises(WeakPassword):
        passwords.require_good(password, personal=("ada@fire.example",))


@pytest.mark.parametrize(
    "password",
    ["Lakeside2026!", "LakesideFireRescue", "lakeside fire & rescue", "maxmiller2026", "max.miller@lakeside.example",
     "MillerLakeside1", "Lakeside-Fire-2027", "RESCUErescue12", "!!!!Miller!!!!"],
)  # fmt: skip
def test_a_password_made_of_names_is_refused_to_their_owner_alone(password: str) -> None:
    texts = ("max.miller@lakeside.example", "Max Miller", "Lakeside Fire & Rescue")
    with pytest.raises(WeakPassword):
        passwords.require_good(password, personal=texts)
    passwords.require_good(f"{password} blue kettle", personal=texts)


@pytest.mark.parametrize("password", ["!?%&/()=+*#-:", "~~//__||==**"])
def test_a_password_without_letters_is_none_of_names(password: str) -> None:
    passwords.require_good(password, personal=("Max Miller",))


@pytest.mark.parametrize(
    "password",
    [
        PASSWORD, "plainlowercaselettersonly", "дуже довгий пароль українською", "with\ttab and\nline break",
        "🔥🚒🧯🩹🔥🚒🧯🩹 emoji count too", "x7!qZ9kLp-" * 7, "nul\0byte in the middle",
    ],
)  # fmt: skip
def test_any_characters_will_do(password: str) -> None:
    passwords.require_good(password)
    assert passwords.matches(password, passwords.hashed(password))


def test_a_password_as_long_as_may_be_works_in_any_spelling() -> None:
    """Some letters become two when they are brought into one form: the length is that of the form that counts."""
    grows = "\u0958" + "x7!qZ" * 51  # 256 characters that become 257
    with pytest.raises(PasswordTooLong):
        passwords.require_good(grows)
    passwords.require_good(LONG[:256])

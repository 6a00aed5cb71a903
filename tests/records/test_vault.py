"""Kept secrets: unreadable without the key, readable after a change of it."""

import pytest

from records import vault


def test_what_is_sealed_comes_back_and_never_looks_the_same(app):
    with app.app_context():
        first, second = vault.seal("JBSWY3DP"), vault.seal("JBSWY3DP")
        assert vault.unseal(first) == vault.unseal(second) == "JBSWY3DP"
        assert first != second
        assert "JBSWY3DP" not in first


def test_an_older_key_still_reads_and_a_lost_one_does_not(app, monkeypatch):
    with app.app_context():
        sealed, old = vault.seal("JBSWY3DP"), app.config["SECRET_KEY"]
        monkeypatch.setitem(app.config, "SECRET_KEY", "another key of at least thirty-two letters")
        with pytest.raises(vault.Unreadable):
            vault.unseal(sealed)
        monkeypatch.setitem(app.config, "SECRET_KEY_FALLBACKS", [old])
        assert vault.unseal(sealed) == "JBSWY3DP"


def test_what_was_tampered_with_is_refused(app):
    with app.app_context(), pytest.raises(vault.Unreadable):
        vault.unseal(vault.seal("JBSWY3DP")[:-6] + "AAAAA=")

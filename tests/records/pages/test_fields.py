"""Amounts as people type them, each language with its own mark."""

from __future__ import annotations

from decimal import Decimal

import pytest
from flask_babel import force_locale
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict
from wtforms import Form

from records.models.amounts import LEAST, MOST
from records.pages.fields import Amount, read_amount, written_amount


class _Form(Form):
    credits = Amount("Credits")


def _typed(text):
    return _Form(MultiDict({"credits": text})).credits


@pytest.mark.parametrize(
    ("locale", "text", "amount"),
    [
        ("en", "2.5", "2.5"), ("en", " 2.50 ", "2.50"), ("en", "1,234.5", "1234.5"), ("en", ".5", "0.5"),
        ("en", "7.", "7"), ("en", "-3", "-3"), ("en", "−3", "-3"), ("en", "٣", "3"), ("en", "0,000,001", "1"),
        ("de", "2,5", "2.5"), ("de", "1.234,5", "1234.5"), ("fr", "1 234,5", "1234.5"),
        ("fr", "1\u202f234,5", "1234.5"), ("de_CH", "1’234.5", "1234.5"),
    ],
)  # fmt: skip
def test_the_languages_own_mark_is_read(app, locale, text, amount):
    with app.test_request_context(), force_locale(locale):
        field = _typed(text)
        assert (field.data, field.refusal) == (Decimal(amount), None)


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        ("en", "2,5"), ("en", "1,23.5"), ("en", "1,2345"), ("en", "1.2.3"), ("en", "1e3"), ("en", "NaN"), ("en", "."),
        ("en", "-"), ("en", "two"), ("en", "9" * 41), ("en", "½"), ("de", "2.5"), ("de", "1,234.5"),
    ],
)  # fmt: skip
def test_what_could_mean_another_number_is_refused_and_kept_as_typed(app, locale, text):
    with app.test_request_context(), force_locale(locale):
        field = _typed(text)
        assert field.data is None
        assert field.refusal.field == "credits"
        assert field.refusal.params["example"] == {"en": "2.5", "de": "2,5"}[locale]
        assert field._value() == text


def test_an_empty_field_is_no_amount(app):
    with app.test_request_context():
        assert (_typed("  ").data, _typed("").refusal) == (None, None)
        assert _Form().credits.data is None


@given(st.decimals(LEAST, MOST, places=2), st.sampled_from(["en", "de", "fr", "de_CH", "ar_EG"]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_reads_back(app, amount, locale):
    with app.test_request_context(), force_locale(locale):
        assert read_amount(written_amount(amount)) == amount
        assert _Form(data={"credits": amount}).credits._value() == written_amount(amount)

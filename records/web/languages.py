"""In which language a page is written: the member's own choice, else the best that the browser asks for."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from babel import Locale
from babel.support import NullTranslations, Translations
from flask import Flask, g, has_request_context, request
from flask_babel import Babel, Domain, get_locale
from sqlalchemy.exc import SQLAlchemyError

from records import signin
from records.models.language import LANGUAGES

CATALOGUES = Path(__file__).parents[1] / "translations"


class Words(Domain):
    """The texts of every language; which one is asked for is looked up once for as long as it stays."""

    def get_translations(self) -> NullTranslations:
        return texts_now()


class Spoken(Babel):
    domain_instance = Words()


babel = Spoken()


def texts_now() -> NullTranslations:
    """The texts of the language that is written now."""
    return translations(_locale().language)


@cache
def translations(language: str) -> NullTranslations:
    """The texts of a language; the catalogue of the one in which they are written is empty."""
    return Translations.load(str(CATALOGUES), [language])


def init_app(app: Flask) -> None:
    babel.init_app(app, default_translation_directories=str(CATALOGUES), locale_selector=_chosen)
    app.jinja_env.globals.update(locale_code=locale_code, languages=LANGUAGES)


def locale_code() -> str:
    """The tag of the language that is written now, such as "es"."""
    locale = _locale()
    return locale.language if locale.territory is None else str(locale)


def _locale() -> Locale:
    # Each date of a list asks: first where Flask-Babel keeps what it found for this page.
    try:
        found: Locale | None = g._flask_babel.babel_locale
    except (AttributeError, RuntimeError):
        found = None
    return found or get_locale() or Locale(next(iter(LANGUAGES)))


def _chosen() -> str | None:
    """None is the installation's own. Where sessions cannot be read, the browser decides."""
    if not has_request_context():
        return None
    try:
        user = signin.signed_in()
        chosen = user.member.language if user and user.member else None
    except SQLAlchemyError:
        chosen = None
    return chosen if chosen in LANGUAGES else _asked_for()


def _asked_for() -> str | None:
    """The first of ours among those that the browser asks for, wherever it is spoken: es-MX is Spanish."""
    wanted = (tag.partition("-")[0].lower() for tag, quality in request.accept_languages if quality > 0)
    return next((language for language in wanted if language in LANGUAGES), None)

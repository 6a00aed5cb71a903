"""The catalogues of translated texts: in line with the sources, compiled as they stand, and safe to fill in."""

from __future__ import annotations

import re
from collections import Counter
from gettext import GNUTranslations
from io import BytesIO

import pytest
from babel.messages.catalog import Catalog, Message

from records import catalogues
from records.models.language import LANGUAGES

PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%%")
languages = pytest.mark.parametrize("language", catalogues.translated_languages())


def texts(language: str) -> list[Message]:
    return list(catalogues.of(catalogues.kept(language)))


def forms(message: Message) -> list[tuple[str, str]]:
    """Pairs of a text and a translation of it: one, or one for each plural form."""
    if isinstance(message.id, str):
        return [(message.id, str(message.string))]
    return [(message.id[min(number, 1)], string) for number, string in enumerate(message.string)]


@languages
def test_it_holds_every_marked_text_and_no_other(language: str) -> None:
    standing = catalogues.path_of(language).read_bytes()
    assert standing == catalogues.written(catalogues.in_line(language)), "run `make words`"


@languages
def test_its_compiled_form_is_made_of_it(language: str) -> None:
    compiled = catalogues.path_of(language).with_suffix(".mo").read_bytes()
    assert compiled == catalogues.compiled(language), "run `make words`"


@languages
def test_programs_read_what_translators_wrote(language: str) -> None:
    read = GNUTranslations(BytesIO(catalogues.compiled(language)))
    for message in filter(catalogues.is_translated, texts(language)):
        if not isinstance(message.id, str):
            assert [read.ngettext(*message.id, number) for number in (1, 2)] == list(message.string)
        elif message.context:
            assert read.pgettext(message.context, message.id) == message.string
        else:
            assert read.gettext(message.id) == message.string


@languages
def test_nothing_in_it_is_a_guess(language: str) -> None:
    assert [message.id for message in texts(language) if message.fuzzy] == []


@languages
def test_translations_fill_in_the_same_values(language: str) -> None:
    """A singular may leave its number out, as "one day"."""
    wrong = []
    for message in texts(language):
        for text, string in forms(message):
            asked, given = Counter(PLACEHOLDER.findall(text)), Counter(PLACEHOLDER.findall(string))
            if isinstance(message.id, tuple | list):
                asked.pop("%(num)d", None), given.pop("%(num)d", None)
            if string and asked != given:
                wrong.append((text, string))
    assert wrong == []


@languages
def test_a_plural_is_translated_in_all_of_its_forms_or_in_none(language: str) -> None:
    number = catalogues.kept(language).num_plurals
    for message in texts(language):
        if not isinstance(message.id, str):
            assert len(message.string) == number, message.id
            assert len({bool(form) for form in message.string}) == 1, message.id


@languages
def test_spaces_at_the_ends_stay(language: str) -> None:
    """Where a text begins or ends with a space, so does its translation; nothing else is doubled or lost."""
    for message in texts(language):
        for text, string in forms(message):
            if string:
                assert (text[0].isspace(), text[-1].isspace()) == (string[0].isspace(), string[-1].isspace()), text
                assert "  " not in string, text


def test_every_catalogue_is_of_a_language_that_can_be_chosen() -> None:
    folders = {path.name for path in catalogues.path_of("es").parents[2].iterdir() if path.is_dir()}
    assert folders == set(LANGUAGES) - {"en"}


def test_making_them_anew_keeps_what_is_translated_and_leaves_out_what_is_marked_no_more() -> None:
    old = Catalog(locale="es")
    old.add("Nobody says this any more.", "Ya nadie lo dice.")
    old.add("Sign out", "Cerrar sesión")
    made = catalogues._texts("es", catalogues.of(catalogues.marked()), old)
    assert made.get("Nobody says this any more.") is None
    known = made.get("Sign out")
    assert known is not None
    assert known.string == "Cerrar sesión"


@languages
def test_it_is_complete(language: str) -> None:
    missing = [message.id for message in texts(language) if not catalogues.is_translated(message)]
    assert missing == []

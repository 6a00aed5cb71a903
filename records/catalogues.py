"""The catalogues of translated texts: `python -m records.catalogues` brings them in line with the sources.

A catalogue holds every marked text, in the order of the alphabet and without dates or places, so that it changes with
the texts alone. The compiled form stands beside it: nothing needs to be built before the product runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from records.models.language import LANGUAGES

_ROOT = Path(__file__).parents[1]
_PACKAGES = ("records", "portal", "admin_panel")
_METHODS = [("**.py", "python"), ("**/templates/**.*", "jinja2")]
_JINJA = {"**/templates/**.*": {"silent": "false"}}
# What marks a text, and which arguments are one: (1, "c") is a context.
_MARKS: dict[str, Any] = {
    **dict.fromkeys(("_", "gettext", "lazy_gettext", "N_")),
    **dict.fromkeys(("ngettext", "lazy_ngettext"), (1, 2)),
    **dict.fromkeys(("pgettext", "lazy_pgettext"), ((1, "c"), 2)),
}


class Texts(Catalog):
    """One language's texts, with a head that says nothing of time, person or machine."""

    @property
    def mime_headers(self) -> list[tuple[str, str]]:
        return [
            ("Language", str(self.locale)),
            ("MIME-Version", "1.0"),
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Transfer-Encoding", "8bit"),
            ("Plural-Forms", self.plural_forms),
        ]


def translated_languages() -> list[str]:
    """All but the one in which the texts are written."""
    return list(LANGUAGES)[1:]


def path_of(language: str) -> Path:
    """Where its catalogue stands; the compiled form beside it ends in .mo."""
    return Path(__file__).parent / "translations" / language / "LC_MESSAGES" / "messages.po"


def marked() -> Catalog:
    """Every text in the sources that is marked for translation."""
    found = Catalog()
    for package in _PACKAGES:
        folder = str(_ROOT / package)
        for _file, _line, text, _comments, context in extract_from_dir(folder, _METHODS, _JINJA, keywords=_MARKS):
            found.add(text, context=context)
    return found


def kept(language: str) -> Catalog:
    """The catalogue of a language as it stands; an empty one where there is none yet."""
    path = path_of(language)
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def in_line(language: str) -> Texts:
    """Every marked text with its translation, empty where there is none. What is marked no more is left out."""
    return _texts(language, of(marked()), kept(language))


def compiled(language: str) -> bytes:
    """The catalogue as it stands, in the form that programs read."""
    standing = kept(language)
    return _written(write_mo, _texts(language, of(standing), standing))


def of(catalog: Catalog) -> Iterator[Message]:
    """Its texts without the head."""
    return (message for message in catalog if message.id)


def is_translated(message: Message) -> bool:
    """Whether all of its forms are."""
    forms = message.string if isinstance(message.string, tuple | list) else (message.string,)
    return bool(forms) and all(forms)


def written(texts: Texts) -> bytes:
    """As a file for translators."""
    return _written(write_po, texts, width=120, no_location=True, sort_output=True)


def _texts(language: str, messages: Iterator[Message], translated: Catalog) -> Texts:
    head = f"# {LANGUAGES[language]}. How to work on it: docs/translating.md"
    texts = Texts(locale=language, header_comment=head, fuzzy=False)
    for message in messages:
        known = translated.get(message.id, context=message.context)
        string = known.string if known and type(known.id) is type(message.id) else None
        texts.add(message.id, string, context=message.context)
    return texts


def _written(write: Any, *args: Any, **options: Any) -> bytes:
    file = BytesIO()
    write(file, *args, **options)
    return file.getvalue()


def main() -> None:
    """Write every catalogue anew, and compile it."""
    for language in translated_languages():
        texts, path = in_line(language), path_of(language)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(written(texts))
        path.with_suffix(".mo").write_bytes(compiled(language))
        missing = sum(not is_translated(message) for message in of(texts))
        print(f"{language}: {len(texts)} texts, {missing} of them not translated yet")


if __name__ == "__main__":
    main()

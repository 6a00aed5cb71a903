"""Every text that people see goes through the catalogue: in a language of brackets, what stands outside of them was
never marked for translation.

The pages are those that the access table opens, with the records of its world. What is left outside must be data:
what people wrote, dates, codes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import pytest
import sqlalchemy as sa
from babel.dates import get_day_names, get_month_names
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from flask import Flask

from records import catalogues
from records.database import db
from records.models import Base
from records.models.language import LANGUAGES
from records.web import languages
from tests.access_table import TABLE
from tests.asking import Asking
from tests.cast import Cast
from tests.clients import SignedClient
from tests.forms import Element, read
from tests.world import address

SPOKEN = ("aria-label", "aria-description", "aria-roledescription", "title", "placeholder", "alt", "label")
# Columns in which people write such words, too.
FREE = ("unit", "name", "title", "file_name", "actor_name")
SILENT = ("script", "style")
# Names that are the same in every language.
NAMES = {"Certfolio", "CSV", "XLSX", "PDF", "UTF", "KB", "MB", "GB"}
WORD = re.compile(r"[^\W\d_]{2,}")
# A code, an address, a file, an hour with its zone, what stands for a name.
CODES = re.compile(r"\b[0-9A-Z]{4,6}(-[0-9A-Z]{4,6})+\b|\S+@\S+|https?://\S+|\bv\d+\b|[0-9a-f]{12,}")


@pytest.fixture
def bracketed(app: Flask, tmp_path: Path) -> Iterator[None]:
    """Spanish, with every marked text in brackets."""
    made = Catalog(locale="es")
    for message in catalogues.of(catalogues.marked()):
        texts = [message.id] if isinstance(message.id, str) else message.id
        strings = tuple(f"⟦{text}⟧" for text in texts)
        made.add(message.id, strings[0] if isinstance(message.id, str) else strings, context=message.context)
    folder = tmp_path / "es" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    with (folder / "messages.mo").open("wb") as file:
        write_mo(file, made)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(languages, "CATALOGUES", tmp_path)
        languages.translations.cache_clear()
        yield
    languages.translations.cache_clear()


def written_by_people() -> set[str]:
    """Every word of the records. Lower-case words without a space are mostly the program's own: states and kinds."""
    texts: list[str] = []
    with db.engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            for row in connection.execute(sa.select(table)).mappings():
                for name, value in row.items():
                    for text in _texts_in(value):
                        if name in FREE or not re.fullmatch(r"[a-z_.]+", text):
                            texts.append(text)
    return {word for text in texts for word in WORD.findall(text)}


def _texts_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        yield from re.findall(r'"((?:[^"\\]|\\.)*)"', json.dumps(value, ensure_ascii=False))


def of_the_calendar() -> set[str]:
    names = [*get_month_names("abbreviated", locale="es").values(), *get_day_names("wide", locale="es").values()]
    zones = [part for zone in available_timezones() for part in re.split(r"[/_-]", zone)]
    return {word for name in (*names, *zones) for word in WORD.findall(name)}


def said(page: Element) -> Iterator[str]:
    """Everything that a reader sees or hears, and what scripts will say."""
    for element in page.all():
        if element.tag in SILENT:
            continue
        yield from (node for node in element.nodes if isinstance(node, str))
        for name, value in element.attrs.items():
            spoken = name in SPOKEN or (name.startswith("data-") and " " in value.strip())
            if spoken or (name == "value" and element.attrs.get("type") in ("submit", "button")):
                yield from json.loads(value) if value.startswith("[") else [value]


def unmarked(text: str, data: set[str]) -> list[str]:
    """The words outside of all brackets that are no data."""
    while (shorter := re.sub(r"⟦[^⟦⟧]*⟧", " ", text)) != text:
        text = shorter
    return [word for word in WORD.findall(CODES.sub(" ", text)) if word not in data]


def test_the_eye_of_this_test_sees_what_is_not_marked() -> None:
    data = {"Max", "Miller"}
    page = read('<main title="Bare"><p>⟦Hello ⟦dear⟧ %(name)s⟧, Max Miller</p><button aria-label="⟦Ok⟧">Go on</button>')
    assert [word for text in said(page) for word in unmarked(text, data)] == ["Bare", "Go", "on"]


@pytest.mark.once
def test_no_page_says_what_is_not_marked(
    app: Flask, cast: Cast, browse: Callable[..., SignedClient], bracketed: None, request: pytest.FixtureRequest
) -> None:
    asking: Asking = request.getfixturevalue("asking")
    here = asking.world
    rules = sorted({rule for rule, method in TABLE if method == "GET" and "<secret>" not in rule})
    paths = {rule: address(app, rule, here, cast) for rule in rules} | {"nowhere": "/nowhere"}
    heard: dict[str, set[str]] = {}
    pages = 0
    for reader in ("visitor", "max", "ada"):
        client = browse(here.people[reader])
        for rule, path in paths.items():
            with client.get(path, headers={"Accept-Language": "es"}) as answer:
                if answer.mimetype != "text/html" or answer.location:
                    continue
                page = read(answer.text)
            pages += 1
            assert page.one("html").attrs["lang"] == "es"
            for text in said(page):
                heard.setdefault(" ".join(text.split()), set()).add(rule)
    assert pages > 100
    data = written_by_people() | of_the_calendar() | NAMES | set(LANGUAGES.values())
    wrong = {text: words for text in heard if (words := unmarked(text, data))}
    assert not wrong, "\n".join(f"{words} in {text!r} on {sorted(heard[text])[:3]}" for text, words in wrong.items())

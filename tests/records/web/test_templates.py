"""Templates hold their texts in the language that they are shown in."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from types import FunctionType

import pytest
from flask import Flask, render_template
from flask_babel import force_locale
from jinja2 import DictLoader, UndefinedError
from markupsafe import Markup, escape

from records.models import Role
from records.models.language import LANGUAGES
from records.web.languages import translations
from records.web.templates import _OF_THE_PAGE, SpokenTemplates

SAFE = Markup("<b>")  # because: what is marked as safe is written as it is, beside the same that is not
TEXTS = {"plain.html": '{{ _("Save") }}', "plain.txt": '{{ _("Save") }}',
         "macro.html": '{% macro word() %}{{ _("Save") }}{% endmacro %}',
         "importing.html": '{% from "macro.html" import word %}{{ word() }}',
         "filled.html": '{{ _("Tick %(name)s", name=name) }}', "filled.txt": '{{ _("Tick %(name)s", name=name) }}',
         "pieces.html": '{{ _("%(name)s of 100 %% (%(name)s)", name=name) }}{{ _("%(num)d", num=3) }}{{ _("5 %%") }}',
         "value.html": "{% macro of(value) %}{{ value }}{% endmacro %}{{ of(value) }}{{ value }}",
         "value.txt": "{{ value }}", "context.html": '{{ pgettext("certification", "Valid") }}',
         "given.html": "{{ _(text) }}",
         "called.html": "{% macro of(value) %}{{ caller(value) }}{% endmacro %}"
                        "{% call(each) of(value) %}{{ each }}{% endcall %}",
         "called.txt": "{% macro of(value) %}{{ value }}{% endmacro %}{{ of(value) ~ value }}",
         "missing.html": "{{ nothing(value) }}",
         "number.html": '{{ ngettext("%(num)d member", "%(num)d members", number) }}'}  # fmt: skip


@pytest.fixture
def templates(app: Flask):
    environment = app.jinja_env
    loader, environment.loader = environment.loader, DictLoader(TEXTS)
    for spoken in environment._spoken.values():
        spoken.loader = environment.loader
    yield
    environment.loader = loader
    for spoken in environment._spoken.values():
        spoken.loader = loader


@pytest.mark.parametrize("name", ["plain.html", "plain.txt", "importing.html"])
def test_one_process_shows_a_template_in_every_language_in_turn(app: Flask, templates, name: str):
    said = []
    for language in [*LANGUAGES, *LANGUAGES]:
        with app.test_request_context(), force_locale(language):
            said.append(render_template(name))
    assert said == ["Save", "Guardar"] * 2


def test_what_fills_a_text_is_escaped_where_the_page_is_html(app: Flask, templates):
    with app.test_request_context(), force_locale("es"):
        assert render_template("filled.html", name="<b>") == "Marcar &lt;b&gt;"
        assert render_template("filled.txt", name="<b>") == "Marcar <b>"


def test_macros_are_called_with_their_caller_and_what_is_missing_is_told(app: Flask, templates):
    with app.test_request_context():
        assert render_template("called.html", value="<b>") == "&lt;b&gt;"
        assert render_template("called.txt", value="<b>") == "<b><b>"
        with pytest.raises(UndefinedError, match="nothing"):
            render_template("missing.html", value="<b>")


@pytest.mark.parametrize(("name", "said"), [("<b>", "&lt;b&gt;"), (SAFE, "<b>"), ("%(name)s", "%(name)s")])
def test_texts_are_written_in_pieces_as_if_they_were_put_together(app: Flask, templates, name: str, said: str):
    with app.test_request_context():
        assert render_template("pieces.html", name=name) == f"{said} of 100 % ({said})35 %"


class Marked:
    def __html__(self) -> str:
        return "<i>"


@pytest.mark.parametrize("value", ["<b>&\"'", escape("<b>"), SAFE, Marked(), 7, None, Role.MEMBER, ("<",)])
def test_values_are_escaped_unless_they_are_marked_as_safe(app: Flask, templates, value: object):
    with app.test_request_context():
        assert render_template("value.html", value=value) == f"{escape(value)}{escape(value)}"
        assert render_template("value.txt", value=value) == str(value)


def test_all_that_wants_to_know_of_the_page_is_told_of_it(app: Flask):
    """Templates call everything else as it is."""
    with app.test_request_context():
        words = dict(app.jinja_env.globals)
        app.update_template_context(words)
    told = {name for name, word in words.items() if isinstance(word, FunctionType) and hasattr(word, "jinja_pass_arg")}
    assert told == _OF_THE_PAGE & words.keys()


def test_texts_with_a_context_a_number_or_from_elsewhere_are_translated_too(app: Flask, templates):
    with app.test_request_context(), force_locale("es"):
        assert render_template("context.html") == translations("es").upgettext("certification", "Valid") != "Valid"
        assert render_template("given.html", text="Save") == "Guardar"
        assert render_template("number.html", number=2) == "2 miembros"


def test_however_many_ask_at_once_a_template_is_compiled_once(app: Flask, templates, monkeypatch):
    """As after a start, where the pages of many come in before one is made."""
    made, together = [], Barrier(4)
    compiled = SpokenTemplates._generate

    def slowly(self, source, name, *given, **named):
        made.append(name)
        time.sleep(0.05)
        return compiled(self, source, name, *given, **named)

    def ask() -> str:
        with app.app_context():
            together.wait()
            return render_template("plain.html")

    monkeypatch.setattr(SpokenTemplates, "_generate", slowly)
    monkeypatch.setattr(app.jinja_env, "bytecode_cache", None)
    for spoken in app.jinja_env._spoken.values():
        spoken.bytecode_cache = None
    with ThreadPoolExecutor(4) as pool:
        assert {asked.result() for asked in [pool.submit(ask) for _ in range(4)]} == {"Save"}
    assert made == ["plain.html"]


def test_a_page_asks_for_no_translation_that_stands_in_its_template(app: Flask, templates):
    with app.test_request_context(), force_locale("es"):
        words = app.jinja_env.get_template("plain.html")
        assert list(words.root_render_func(words.new_context({"gettext": None, "_": None}))) == ["Guardar"]

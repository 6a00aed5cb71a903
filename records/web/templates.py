"""Templates with their texts in them: of every template, one compiled form for each language.

A marked text of a template is put into what is compiled from it, so that a page asks for no translation while it is
written. Which language a page is in is decided once, when its template is asked for.
"""

from __future__ import annotations

import hashlib
import operator
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from functools import cache, lru_cache
from pathlib import Path
from threading import Lock
from typing import Any, ClassVar, cast

from babel.support import NullTranslations
from flask import Flask
from flask.templating import Environment
from jinja2 import BytecodeCache, Template, nodes
from jinja2.bccache import Bucket
from jinja2.compiler import CodeGenerator, Frame
from jinja2.environment import TemplateModule
from jinja2.runtime import Context, Macro
from jinja2.visitor import NodeTransformer
from markupsafe import Markup, escape
from markupsafe import _escape_inner as escaped  # type: ignore[attr-defined]  # because: `escape` marks what it says

from records.web import languages
from records.web.languages import locale_code, texts_now

_ICONS = "records/icons.html"
_OF_THE_PAGE = frozenset(("_", "gettext", "ngettext", "pgettext", "npgettext"))
_MOST_KEPT = 200  # pieces of pages
_FILLED = re.compile(r"%\((\w+)\)s")


def init_app(app: Flask) -> None:
    """Before anything asks for `app.jinja_env`."""
    app.jinja_environment = SpokenTemplates  # type: ignore[assignment]  # because: Flask's documented way; it declares its own class
    environment = cast(SpokenTemplates, app.jinja_env)

    @cache
    def icon(name: str) -> Markup:
        return cast(Markup, environment.macros(_ICONS).icon(name))

    environment.globals.update(icon=icon, written_once=written_once)


@lru_cache(_MOST_KEPT)
def written_once(macro: Macro, *given: Any) -> Any:
    """What a macro writes that depends on nothing but what it is given: the texts in it are those of its language."""
    return macro(*given)


class Shared(Template):
    """What templates import from each other is made once. All of them know the same words of the environment, so that
    there is nothing to compare at each import."""

    def _get_default_module(self, ctx: Context | None = None) -> TemplateModule:
        return super()._get_default_module()


class Writing(CodeGenerator):
    """Values that templates write become text by `written`, and functions and macros are called as they are: Jinja asks
    at each call whether this one wants to know of the page, which those of `_OF_THE_PAGE` alone do."""

    def visit_Call(self, node: nodes.Call, frame: Frame, forward_caller: bool = False) -> None:
        wants_page = isinstance(node.node, nodes.Name) and node.node.name in _OF_THE_PAGE
        if wants_page or frame.eval_ctx.volatile or not frame.eval_ctx.autoescape:
            super().visit_Call(node, frame, forward_caller=forward_caller)
            return
        self.write("environment.called(")
        self.visit(node.node, frame)
        self.signature(node, frame, {"caller": "caller"} if forward_caller else None)
        self.write(")")

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        if frame.eval_ctx.volatile or not frame.eval_ctx.autoescape:
            super()._output_child_pre(node, frame, finalize)
        else:
            self.write(f"environment.written({finalize.src or ''}")


def written(value: Any) -> str:
    """What `escape` says. Between the parts of a page nobody asks any more whether it is safe."""
    kind = type(value)
    if kind is str:
        return escaped(value)
    if kind is Markup:
        return value
    return str(value) if kind is int else escape(value)


class SpokenTemplates(Environment):
    """`texts` are those in its templates; the one of the application has none, and leads to those of each language."""

    texts: NullTranslations | None = None
    template_class = Shared
    code_generator_class = Writing
    written = staticmethod(written)
    called: ClassVar[Any] = operator.call

    def __init__(self, app: Flask, **options: Any) -> None:
        super().__init__(app, **options)
        self._spoken: dict[NullTranslations, SpokenTemplates] = {}
        self._macros: dict[str, Any] = {}
        self._turns: defaultdict[str, Lock] = defaultdict(Lock)

    def macros(self, name: str) -> Any:
        """The macros of a template that holds no text, by their names."""
        if name not in self._macros:
            self._macros[name] = self.get_template(name).module
        return self._macros[name]

    def _load_template(self, name: str, globals: MutableMapping[str, Any] | None) -> Template:
        environment = self if self.texts else self._with(texts_now())
        with self._turns[name]:  # compiled once, however many ask for it right after a start
            return super(SpokenTemplates, environment)._load_template(name, globals)

    def _with(self, texts: NullTranslations) -> SpokenTemplates:
        if texts not in self._spoken:
            spoken = self.overlay()
            spoken.texts = texts
            if self.bytecode_cache is not None:
                spoken.bytecode_cache = _OfLanguage(self.bytecode_cache, locale_code())
            self._spoken[texts] = spoken
        return self._spoken[texts]

    def _generate(
        self, source: nodes.Template, name: str | None, filename: str | None, defer_init: bool = False
    ) -> str:
        if self.texts:
            source = cast(nodes.Template, _PutIn(self.texts).visit(source))
        return super()._generate(source, name, filename, defer_init)


class _PutIn(NodeTransformer):
    """In place of `_("…")`, its translation: `%(name)s` in it is filled in when the page is written."""

    def __init__(self, texts: NullTranslations) -> None:
        self._read: Mapping[str, Callable[..., str]] = {
            "_": texts.ugettext, "gettext": texts.ugettext, "pgettext": texts.upgettext,
        }  # fmt: skip

    def visit_Output(self, output: nodes.Output) -> nodes.Node:
        """A text that is written as it is needs no putting together."""
        self.generic_visit(output)
        output.nodes = [part for each in output.nodes for part in _in_pieces(each)]
        return output

    def visit_Call(self, call: nodes.Call) -> nodes.Node:
        self.generic_visit(call)
        read = self._read.get(call.node.name) if isinstance(call.node, nodes.Name) else None
        if read is None or call.dyn_args or call.dyn_kwargs:
            return call
        given = [each.value for each in call.args if isinstance(each, nodes.Const)]
        if len(given) < len(call.args):
            return call
        text = nodes.Const(read(*given))
        filled = nodes.Dict([nodes.Pair(nodes.Const(each.key), each.value) for each in call.kwargs])
        put: nodes.Node = nodes.Mod(nodes.MarkSafeIfAutoescape(text), filled)
        for node in (put, *put.iter_child_nodes()):
            node.set_lineno(call.lineno, override=False)
            node.set_environment(call.environment)  # type: ignore[arg-type]  # because: nodes of a template have one
        return put


def _in_pieces(node: nodes.Expr) -> Iterator[nodes.Expr]:
    """What `_PutIn` put in, as the pieces of its text and the values between them; anything else as it is."""
    text = node.left.expr if isinstance(node, nodes.Mod) and isinstance(node.left, nodes.MarkSafeIfAutoescape) else None
    if not isinstance(text, nodes.Const) or not isinstance(node, nodes.Mod) or not isinstance(node.right, nodes.Dict):
        yield node
        return
    values = {pair.key.as_const(): pair.value for pair in node.right.items}
    pieces = _FILLED.split(text.value)  # texts and, between them, names
    if not set(pieces[1::2]) <= values.keys() or any("%" in piece.replace("%%", "") for piece in pieces[::2]):
        yield node
        return
    for number, piece in enumerate(pieces):
        if number % 2:
            yield values[piece]
        elif piece:
            yield nodes.TemplateData(piece.replace("%%", "%"), lineno=node.lineno, environment=node.environment)


class _OfLanguage(BytecodeCache):
    """Keeps the templates of one language in `kept`, until its texts change."""

    def __init__(self, kept: BytecodeCache, language: str) -> None:
        self._kept, self._language = kept, language
        catalogue = Path(languages.CATALOGUES, language, "LC_MESSAGES", "messages.mo")
        texts = catalogue.read_bytes() if catalogue.exists() else b""
        self._texts = hashlib.sha256(texts).hexdigest()

    def get_bucket(self, environment: Any, name: str, filename: str | None, source: str) -> Bucket:
        return self._kept.get_bucket(environment, name, f"{filename}:{self._language}:called", source + self._texts)

    def set_bucket(self, bucket: Bucket) -> None:
        self._kept.set_bucket(bucket)

    def load_bytecode(self, bucket: Bucket) -> None:
        self._kept.load_bytecode(bucket)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept.dump_bytecode(bucket)

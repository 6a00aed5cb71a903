"""How fields of forms are written: by templates, all options of a pull-down at once.

WTForms makes a tag, and a piece of marked text, of every attribute and option by itself; a list of units has hundreds.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, cast

from flask import Flask, current_app
from markupsafe import Markup, escape
from wtforms import SelectChoice, SelectField, SelectMultipleField
from wtforms.widgets import Input, ListWidget, Select
from wtforms.widgets.core import clean_key

from records.web.templates import SpokenTemplates

_TEMPLATE = "records/form_markup.html"
_MOST_KEPT = 100  # pull-downs
# Attributes of a tag as (name, value), in their order.
_Pairs = tuple[tuple[str, Any], ...]


def init_app(app: Flask) -> None:
    """For every form of this process: what is written stays the same."""
    app.jinja_env.globals["pull_down"] = pull_down
    Input.html_params = staticmethod(attributes)
    SelectField.widget = PullDown()


def attributes(**given: Any) -> str:
    """What `html_params` says."""
    return " ".join(name if value is True else f'{name}="{_quoted(value)}"' for name, value in _pairs(given))


def _pairs(given: Mapping[str, Any]) -> _Pairs:
    return tuple([(clean_key(name), given[name]) for name in sorted(given) if given[name] is not False])


def _quoted(value: Any) -> str:
    return str.replace(escape(value), '"', "&quot;")  # because: what is marked as safe may have quotes


class PullDown(Select):
    """What Select writes. Options in groups are left to it, and attributes that are marked as safe."""

    def __call__(self, field: SelectField, **given: Any) -> Any:
        choices = field.choices or ()
        if not all(type(each) is SelectChoice and not each.optgroup for each in choices):
            return super().__call__(field, **given)
        said = {"id": field.id, "name": field.name} | given
        for name in self.validation_attrs:
            if getattr(field.flags, name, False):
                said.setdefault(name, True)
        if any(isinstance(value, Markup) for value in said.values()):
            return super().__call__(field, **given)
        return _pull_down(_texts(said), tuple([_option(field, each) for each in choices]))


def _texts(given: Mapping[str, Any]) -> _Pairs:
    """Alike for what is written alike."""
    return tuple([(name, value is True or str(value)) for name, value in _pairs(given)])


def _option(field: SelectField, choice: SelectChoice) -> tuple[str, str, bool, _Pairs]:
    """Its value, its words, whether it is chosen, and all of its attributes where it has more than these."""
    is_chosen = field.coerce(choice.value) == field.data
    value, said = str(choice.value), choice.render_kw
    more = _texts({"value": value, "selected": is_chosen} | said) if said else ()
    return value, str(choice.label) or value, is_chosen, more


@lru_cache(_MOST_KEPT)
def _pull_down(attributes: _Pairs, options: tuple[tuple[str, str, bool, _Pairs], ...]) -> Any:
    """Written once: the pages of a list have the same ones, and so have those of many people."""
    return _macros().pull_down(attributes, options)


@lru_cache(_MOST_KEPT)
def pull_down(id: str, name: str, options: tuple[tuple[str, str], ...], chosen: str | None = None) -> Any:
    """For templates: a pull-down of values and words without a form, written once likewise."""
    offered = tuple((value, words, value == chosen, ()) for value, words in options)
    return _macros().pull_down((("id", id), ("name", name)), offered)


class TickList(ListWidget):
    """What ListWidget writes of boxes to tick, each before its label."""

    def __init__(self) -> None:
        super().__init__(prefix_label=False)

    def __call__(self, field: SelectMultipleField, **given: Any) -> Any:
        ticked, choices = field.data or (), cast(list[SelectChoice], field.choices)
        boxes = tuple([(str(each.value), str(each.label), field.coerce(each.value) in ticked) for each in choices])
        return _tick_list(_texts({"id": field.id} | given), field.id, field.name, boxes)


@lru_cache(_MOST_KEPT)
def _tick_list(attributes: _Pairs, id: str, name: str, boxes: tuple[tuple[str, str, bool], ...]) -> Any:
    """Written once likewise."""
    return _macros().tick_list(attributes, id, name, boxes)


def _macros() -> Any:
    environment = cast(SpokenTemplates, current_app.jinja_env)
    return environment.macros(_TEMPLATE)

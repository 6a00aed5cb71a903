"""How fields of forms are written: by templates, all options of a pull-down at once.

WTForms makes a tag, and a piece of marked text, of every attribute and option by itself; a list of units has hundreds.
"""

from __future__ import annotations

from typing import Any, cast

from flask import current_app
from markupsafe import Markup
from wtforms import SelectChoice, SelectField, SelectMultipleField
from wtforms.widgets import Input, ListWidget, Select
from wtforms.widgets.core import clean_key, html_params

from records.web.templates import SpokenTemplates

_TEMPLATE = "records/form_markup.html"


def init_app() -> None:
    """For every form of this process: what is written stays the same."""
    Input.html_params = staticmethod(attributes)
    SelectField.widget = PullDown()


def attributes(**given: Any) -> Any:
    """What `html_params` says."""
    if any(isinstance(value, Markup) for value in given.values()):  # its quotes are not escaped yet
        return html_params(**given)
    return _macros().attributes([(clean_key(name), given[name]) for name in sorted(given) if given[name] is not False])


class PullDown(Select):
    """What Select writes. Options in groups are left to it."""

    def __call__(self, field: SelectField, **given: Any) -> Any:
        choices = field.choices or ()
        if not all(type(each) is SelectChoice and not each.optgroup for each in choices):
            return super().__call__(field, **given)
        said = {"id": field.id} | given
        for name in self.validation_attrs:
            if getattr(field.flags, name, False):
                said.setdefault(name, True)
        return _macros().pull_down(attributes(name=field.name, **said), [_option(field, each) for each in choices])


def _option(field: SelectField, choice: SelectChoice) -> tuple[Any, Any, bool, Any]:
    """Its value, its words, whether it is chosen, and all of its attributes where it has more than these."""
    is_chosen = field.coerce(choice.value) == field.data
    said = attributes(value=choice.value, selected=is_chosen, **choice.render_kw) if choice.render_kw else None
    return choice.value, str(choice.label) or choice.value, is_chosen, said


class TickList(ListWidget):
    """What ListWidget writes of boxes to tick, each before its label."""

    def __init__(self) -> None:
        super().__init__(prefix_label=False)

    def __call__(self, field: SelectMultipleField, **given: Any) -> Any:
        said = attributes(**({"id": field.id} | given))
        return _macros().tick_list(said, field.id, field.name, field.iter_choices())


def _macros() -> Any:
    environment = cast(SpokenTemplates, current_app.jinja_env)
    return environment.macros(_TEMPLATE)

"""Fields of forms are written as WTForms itself writes them, only faster."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from markupsafe import Markup
from wtforms import DateField, Form, SearchField, SelectChoice, SelectField, SelectMultipleField, StringField
from wtforms.validators import InputRequired
from wtforms.widgets import CheckboxInput, ListWidget, Select
from wtforms.widgets.core import html_params

from records.web.form_markup import PullDown, TickList, attributes

SAFE = Markup("<b>")  # because: what is marked as safe looks like plain text, and is written as it is
ODD = "“<b a='x' b=\"y\">&amp; %s {0}”"


class Odd(Form):
    word = SelectField(ODD, choices=[SelectChoice("", ODD), SelectChoice(ODD, "b")], render_kw={"class": ODD})
    number = SelectField("n", [InputRequired()], coerce=int, choices=[SelectChoice(1, "one"), SelectChoice(2, "")])
    termed = SelectField(
        "t", choices=[SelectChoice("a", ODD, {"data-term": "2 years", "hidden": True}), SelectChoice("b")]
    )
    grouped = SelectField("g", choices=[SelectChoice("a", "A", optgroup=ODD), SelectChoice("b", "B")])
    ticked = SelectMultipleField(
        ODD, coerce=int, choices=[SelectChoice(1, ODD), SelectChoice(2, "two")], option_widget=CheckboxInput()
    )
    typed = StringField(ODD)
    sought = SearchField("s")
    day = DateField("d")


@pytest.fixture
def form(app: Flask):
    with app.test_request_context():
        yield Odd(data={"word": ODD, "number": 2, "termed": "a", "grouped": "b", "ticked": [2], "typed": ODD})


@pytest.mark.parametrize("name", ["word", "number", "termed", "grouped"])
@pytest.mark.parametrize("given", [{}, {"id": "other", "aria_label": ODD, "disabled": True, "hidden": False}])
def test_a_pull_down_is_what_wtforms_writes(form: Odd, name: str, given: dict[str, Any]):
    field = form[name]
    given = {**(field.render_kw or {}), **given}
    assert PullDown()(field, **given) == Select()(field, **given)
    assert isinstance(field.widget, PullDown)


def test_what_looks_alike_is_not_written_alike(app: Flask):
    with app.test_request_context():
        for word, number in (("", 1), (ODD, 2), ("", 2), (ODD, 1)):
            form = Odd(data={"word": word, "number": number})
            for given in ({"size": 1}, {"size": True}, {"size": "1"}, {"title": "<b>"}, {"title": SAFE}):
                for field in (form.word, form.number):
                    assert PullDown()(field, **given) == Select()(field, **given)


@pytest.mark.parametrize("given", [{}, {"class_": "plain units"}])
def test_boxes_to_tick_are_what_wtforms_writes(form: Odd, given: dict[str, Any]):
    assert TickList()(form.ticked, **given) == ListWidget(prefix_label=False)(form.ticked, **given)


@pytest.mark.parametrize(
    "given",
    [
        {
            "name": "a",
            "value": ODD,
            "required": True,
            "hidden": False,
            "data_many_words": 1,
            "aria_label": "",
            "for_": "b",
        },
        {"value": Markup('"<b>"'), "id": "x"},  # because: what is marked as safe is written as it is, by WTForms, too
        {},
    ],
)
def test_attributes_are_what_wtforms_writes(app: Flask, given: dict[str, Any]):
    with app.test_request_context():
        assert attributes(**given) == html_params(**given)


def test_what_was_typed_does_not_break_out_of_its_field(form: Odd):
    assert str(form.typed()) == f'<input id="typed" name="typed" type="text" value="{Markup.escape(ODD)}">'

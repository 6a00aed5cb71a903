"""Filters of lists: what they offer, how they are written, and what they say in words."""

from __future__ import annotations

import pytest
from flask import Flask, render_template_string
from flask_babel import force_locale
from wtforms import Form, SearchField, SelectChoice, SelectField

from admin_panel.filters import DAY, SEARCH, Filter, indented, named, pull_down, unit_filter, worded
from admin_panel.listing import Listing
from records.models import Position
from records.queries.member_filters import WITHOUT_UNIT
from records.queries.units import Choice
from tests.forms import read

ODD = "“<b a='x' b=\"y\">&amp; %s {0}”"
TOP, BELOW = Choice(1, "Station", 0, ("Station",), None), Choice(2, ODD, 1, ("Station", ODD), 1)
TOOLBAR = """{% from "records/components/listing.html" import toolbar %}{{ toolbar(listing, "List", exports=false) }}"""


@pytest.mark.parametrize("chosen", ["", "a", ODD, "of nobody"])
def test_a_pull_down_is_what_a_form_writes(app: Flask, chosen: str):
    options = [("", "All"), ("a", ODD), (ODD, "b")]

    class Beside(Form):
        word = SelectField(ODD, choices=[SelectChoice(*each) for each in options])

    with app.test_request_context():
        written = render_template_string(
            "{{ pull_down('word', 'word', options, chosen) }}", options=(*options,), chosen=chosen
        )
        assert written == str(Beside(data={"word": chosen}).word())


def test_the_line_of_tools_shows_each_filter_as_it_is_asked(app: Flask):
    fields = [
        Filter(SEARCH, "Search", kind=SEARCH, value=ODD),
        pull_down("state", "State", [("", "All"), ("used", ODD)], "used"),
        Filter("first", "From", kind=DAY, value="2027-03-21"),
        Filter("who", "Done by", kind="text", value=ODD),
    ]
    asked = {"search": ODD, "state": "used", "first": "2027-03-21", "who": ODD, "tab": "a&b"}

    class Beside(Form):
        search = SearchField(render_kw={"autocomplete": "off", "maxlength": 200, "placeholder": ""})

    with app.test_request_context("/"):
        listing = Listing("pages.sign_in", fields, asked, kept=["tab"], besides=[("member", "Member", "Mia")])
        page = render_template_string(TOOLBAR, listing=listing)
        found = read(page)
        assert str(Beside(data={"search": ODD}).search()) in page
        assert [each.attrs["value"] for each in found.all("input") if each.attrs["name"] == "who"] == [ODD]
        assert [each.attrs["value"] for each in found.all("input") if each.attrs["name"] == "tab"] == ["a&b"]
        assert [(each.label, each.words) for each in listing.chips] == [
            ("Search", ODD), ("State", ODD), ("From", "21 Mar 2027"), ("Done by", ODD), ("Member", "Mia")
        ]  # fmt: skip
        assert listing.narrowing == 4
        assert listing.cleared.endswith("?tab=a%26b")
        for chip, name in zip(listing.chips, ("search", "state", "first", "who", "member"), strict=True):
            assert f"{name}=" not in chip.address


def test_an_address_of_a_list_is_that_of_url_for(app: Flask):
    asked = {"search": ODD, "unit": "1", "state": "", "number": 7}
    with app.test_request_context("/"):
        listing = Listing("pages.sign_in", [], asked, files="pages.sign_in")
        said = {name: value for name, value in asked.items() if value}
        assert listing.address() == app.url_for("pages.sign_in", **said)
        assert listing.address(unit="", after="x=") == app.url_for("pages.sign_in", search=ODD, number=7, after="x=")
        assert listing.file("csv") == app.url_for("pages.sign_in", format="csv", **said)


def test_units_stand_beneath_each_other_and_without_one_is_for_those_who_see_all(app: Flask):
    assert indented([TOP, BELOW]) == (("1", "Station"), ("2", f"\u2003{ODD}"))
    with app.test_request_context():
        for language, everything, without in (("en", "All", "Without a unit"), ("es", "Todos", "Sin unidad")):
            with force_locale(language):
                wide = unit_filter([TOP, BELOW], "2", may_lack_unit=True)
                near = unit_filter([TOP, BELOW], "2", may_lack_unit=False)
            assert wide.options == (("", everything), *indented([TOP, BELOW]), (WITHOUT_UNIT, without))
            assert near.options == wide.options[:-1]
            assert wide.words_of("2") == ODD
            assert wide.words_of("99") == "99"
    renamed = Choice(2, "Engine", 1, ("Station", "Engine"), 1)
    assert indented([TOP, renamed]) != indented([TOP, BELOW])


def test_words_and_records_are_offered_by_value_and_id():
    assert worded({"a": 1}) == (("a", "1"),)
    assert named([Position(id=3, name=ODD)]) == (("3", ODD),)

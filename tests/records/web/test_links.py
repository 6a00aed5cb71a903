"""Addresses as templates ask for them."""

from __future__ import annotations

import pytest
from flask import Flask, url_for

from records.web.links import address, each_address


@pytest.mark.parametrize("root", ["", "/training", "/100%s"])
def test_templates_get_the_addresses_of_the_present_root(app: Flask, root: str):
    for _again in range(2):
        with app.test_request_context("/portfolio/", base_url=f"http://localhost{root}"):
            assert address("pages.sign_in") == url_for("pages.sign_in")
            assert address(".overview") == url_for("portal.overview")
            assert address("profile.show", member_id=7) == url_for("profile.show", member_id=7)
            assert each_address("profile.summary", "member_id") % 7 == url_for("profile.summary", member_id=7)

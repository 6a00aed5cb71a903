"""The badges of standings: each as its macro writes it, in the language that is asked for."""

from __future__ import annotations

import pytest
from flask_babel import force_locale

from records.models import Standing
from records.web.badges import standing_badge


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_badge_is_written_in_the_language_of_the_page(app, language):
    with app.test_request_context(), force_locale(language):
        macros = app.jinja_env.get_template("records/components/badges.html").module
        written = {each: standing_badge(each) for each in Standing}
        assert written == {each: macros.standing_badge(each) for each in Standing}
    assert len(set(written.values())) == len(Standing)
    assert (">Expired<" in written[Standing.EXPIRED]) == (language == "en")

"""What both faces open: signing in, one's own account, scans, the logo, health; and verifying, open to anybody."""

from __future__ import annotations

from flask import Blueprint, Flask

from records import sessions, signin
from records.queries import reviewers


def init_app(app: Flask) -> None:
    from records.pages import (  # noqa: I001  # because: one a line would make a long function of a list
        account, acting, calendar, confirming, faces, health, letting_in, logo, personal_data, scans, second_factor,
        sign_on, signing_in, theme, verifying,
    )  # fmt: skip

    blueprint = Blueprint("pages", __name__, template_folder="../templates")
    for module in (
        account, acting, calendar, health, letting_in, logo, personal_data, scans, second_factor, sign_on, signing_in,
        theme, verifying,
    ):  # fmt: skip
        module.add_to(blueprint)
    app.register_blueprint(blueprint)
    app.jinja_env.globals.update(
        signed_in=signin.signed_in,
        current_actor=signin.current_actor,
        request_id=signin.request_id,
        chosen_face=faces.chosen_face,
        organization_logo=logo.has_logo,
        administrators=reviewers.administrators,
        chosen_theme=theme.chosen_theme,
        page_colours=theme.PAGE_COLOURS,
    )
    app.before_request(acting.open_the_portal_only)
    app.before_request(second_factor.set_up_first)
    confirming.init_app(app)
    app.after_request(_touch)


def _touch(response):  # type: ignore[no-untyped-def]  # because: Flask's own signature
    sessions.touch()
    return response

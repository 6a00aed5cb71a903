"""The two faces, and in which of them a person is. The choice is kept in their session."""

from __future__ import annotations

from flask import session

from records import signin

PORTAL, BACK_OFFICE = "portal", "admin"


def chosen_face() -> str:
    """BACK_OFFICE for staff who did not choose the learner workspace; PORTAL for everybody else.

    Pages of both faces (account, scan, errors) show the navigation of this one: `<face>/navigation.html`.
    """
    if signin.current_actor().is_staff and session.get("face") != PORTAL:
        return BACK_OFFICE
    return PORTAL

"""The cookie of a session travels back when something in it changed."""

from __future__ import annotations


def test_pages_that_change_nothing_of_a_session_send_no_cookie(cast, browse):
    client = browse(cast.ada)
    for page in ("/admin/members/", "/portfolio/"):  # the second face is kept in the cookie
        assert "Set-Cookie" in client.get(page).headers
        assert "Set-Cookie" not in client.get(page).headers

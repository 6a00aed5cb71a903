"""What Flask-Admin would do by itself, and must not do here.

That its entries do not exist, whatever is sent to them: tests/test_access_attacks.py. That a forged form is 400 and no
way elsewhere, too. That errors of the database show no SQL: tests/records/web/test_errors.py.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from flask import Flask
from flask_admin.model import BaseModelView

from admin_panel.base import StaffView
from admin_panel.views.home import HomeView
from tests.cast import Cast
from tests.forms import read

ROOT = Path(__file__).parents[2]


def test_nothing_of_it_is_used_but_its_frame() -> None:
    """No scaffolded form, file field, look-up, filter or export: those share files between rows, delete before commit,
    flash SQL, search every row, load everything."""
    used = set()
    for path in ROOT.glob("admin_panel/**/*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("flask_admin"):
                used |= {f"{node.module}.{each.name}" for each in node.names}
            elif isinstance(node, ast.Import):
                assert not any(each.name.startswith("flask_admin") for each in node.names)
    assert used == {"flask_admin.Admin", "flask_admin.AdminIndexView", "flask_admin.BaseView", "flask_admin.expose",
                    "flask_admin.menu.BaseMenu", "flask_admin.theme.Bootstrap4Theme"}  # fmt: skip


def test_no_view_is_scaffolded_from_a_model_and_each_is_closed_by_default(app: Flask) -> None:
    """Unscoped look-ups and `get_one`, editable lists, bulk actions, exports and flashed SQL all come of those."""
    [admin] = app.extensions["admin"]
    assert len(admin._views) > 5
    for view in admin._views:
        assert isinstance(view, StaffView)
        assert not isinstance(view, BaseModelView)
        assert type(view)._handle_view is StaffView._handle_view
        assert type(view)._run_view is StaffView._run_view


def test_each_view_has_an_entry_in_the_menu_or_lies_under_one(app: Flask) -> None:
    [admin] = app.extensions["admin"]
    in_menu = {view.endpoint for view in admin._views if not view.lies_under}
    assert {view.lies_under for view in admin._views} - {""} <= in_menu


@pytest.mark.parametrize(
    ("path", "entry"),
    [
        ("/admin/requirements/coverage/", "Requirements"),
        ("/admin/requirements/exemptions/", "Requirements"),
        ("/admin/renewals/proposed/", "Renewals"),
        ("/admin/merges/", "User Management"),
        ("/admin/views/", "Reports"),
    ],
)
def test_the_menu_says_which_entry_a_page_lies_under(cast: Cast, browse, path: str, entry: str) -> None:
    page = read(browse(cast.ada).get(path).text)
    assert [each.text.strip() for each in page.one("nav", aria_label="Main").all("a", aria_current="page")] == [entry]


def test_a_type_error_of_a_view_is_not_hidden_by_calling_it_again() -> None:
    calls = []

    def view(_self: object) -> None:
        calls.append(1)
        raise TypeError

    with pytest.raises(TypeError):
        HomeView()._run_view(view)
    assert calls == [1]


@pytest.mark.parametrize(
    "question", ["page=99999999999999999999", "id=1,2", "url=http://[", "sort=%00", "page_size=-1"]
)
def test_addresses_that_made_it_fail_are_answered(cast: Cast, browse, question: str) -> None:
    client = browse(cast.ada)
    for path in (
        "/admin/",
        "/admin/members/",
        f"/admin/members/{cast.max.id}",
        "/admin/imports/",
        "/admin/audit-trail/",
    ):
        assert client.get(f"{path}?{question}").status_code == 200


def test_its_own_style_sheets_are_not_loaded(cast: Cast, browse) -> None:
    page = browse(cast.ada).get("/admin/members/").text
    assert "bootstrap" not in page
    assert "/admin/static/" not in page


def test_none_of_its_styles_and_scripts_are_served_or_linked(cast: Cast, browse) -> None:
    client = browse(cast.ada)
    for path in (
        "admin/css/bootstrap4/admin.css",
        "vendor/jquery.min.js",
        "vendor/select2/select2.min.js",
    ):
        assert client.get(f"/admin/static/{path}").status_code == 404
        assert client.get(f"/static/admin/{path}").status_code == 404
    for path in ("/admin/", "/admin/members/", "/admin/audit-trail/", "/admin/reports/"):
        page = client.get(path).text.lower()
        for word in ("bootstrap", "jquery", "select2", "admin/static"):
            assert word not in page

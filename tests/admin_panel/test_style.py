"""The page of components: in development only, and every component on it renders."""

from __future__ import annotations

from admin_panel.views.style import EXAMPLES, ICONS
from config import Settings
from records.web.static import _folder
from tests.cast import Cast
from tests.clients import SignedClient
from tests.conftest import upgrade
from wsgi import create_app


def made(environment, data_dir):
    return create_app(Settings(environment=environment, secret_key="x" * 32, data_dir=data_dir, jobs_url="memory://"))


def rules(application):
    return {str(rule) for rule in application.url_map.iter_rules()}


def test_it_exists_in_development_only(app, tmp_path):
    assert "/admin/style" not in rules(app)
    assert "/admin/style" not in rules(made("production", tmp_path))


def test_it_shows_every_component_with_its_call(tmp_path):
    application = made("development", tmp_path)
    upgrade(application)
    with application.app_context():
        client = SignedClient(application)
        client.enter(Cast.enter().ada)
        page = client.get("/admin/style")
    assert page.status_code == 200
    for name in EXAMPLES:
        assert f'id="style-{name}"' in page.text
    assert "{% call page_head(" in page.text
    folder = _folder("admin_panel").parents[1] / "templates" / "admin_panel" / "style"
    assert {path.stem for path in folder.glob("*.html")} == set(EXAMPLES)


def test_it_shows_every_icon_of_the_sprite():
    sprite = (_folder("records") / "icons.svg").read_text()
    assert set(ICONS) == {part.partition('"')[0] for part in sprite.split('<symbol id="')[1:]}

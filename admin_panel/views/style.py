"""Every component in every state, for whoever builds pages. It exists in development only."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from flask import current_app, request, url_for
from flask_admin import expose
from flask_babel import gettext, lazy_gettext
from wtforms import BooleanField, DateField, Form, SelectField, StringField, TextAreaField

from admin_panel.base import CoordinatorView
from records import clock
from records.models import AuditKind, Preview, Standing, State, StoredFile, VirusScan

EXAMPLES = ("colours", "type", "icons", "buttons", "page_head", "tabs", "steps", "section", "badges", "fields",
            "error_summary", "notes", "empty", "dialog", "table", "progress", "file_list", "timeline")  # fmt: skip
COLOURS = ("page", "surface", "surface-2", "line", "line-strong", "text", "text-soft", "accent", "accent-strong",
           "accent-soft", "danger", "danger-soft", "warn", "warn-soft", "good", "good-soft", "info",
           "info-soft")  # fmt: skip
ICONS = ("home", "people", "badge", "tree", "gear", "import", "upload", "download", "trash", "eye", "plus", "search",
         "list", "menu", "file", "print", "clock", "person", "out", "check", "up", "down", "left", "right", "undo",
         "renew", "key", "alert", "info", "mail", "credit", "folder", "close", "qr", "calendar", "copy", "chart",
         "sun", "moon", "screen", "keyboard", "camera", "turn-left", "turn-right", "beside")  # fmt: skip


@dataclass(frozen=True)
class Example:
    """A template that shows one component; `source` is what stands in it."""

    name: str

    @property
    def template(self) -> str:
        return f"admin_panel/style/{self.name}.html"

    @property
    def source(self) -> str:
        environment = current_app.jinja_env
        assert environment.loader is not None
        return environment.loader.get_source(environment, self.template)[0]


class StyleForm(Form):
    title = StringField(lazy_gettext("Certificate title"))
    expires_on = DateField(lazy_gettext("Expires"))
    type = SelectField(lazy_gettext("Certification type"), choices=["EMT-Basic", "Paramedic"])
    note = TextAreaField(lazy_gettext("Note"))
    agreed = BooleanField(lazy_gettext("Works outdoors"))


class StyleView(CoordinatorView):
    icon = "eye"
    first_page = "show"
    lies_under = "admin"

    @expose("/style")
    def show(self) -> str:
        sides = ("light", "dark")
        return str(
            self.render(
                "admin_panel/style.html",
                examples=[Example(name) for name in EXAMPLES],
                colours=COLOURS,
                icons=ICONS,
                forms={side: StyleForm(prefix=f"{side}-") for side in sides},
                refused={side: _refused(side) for side in sides},
                listing=SimpleNamespace(address=lambda **asked: url_for(".show", **asked)),
                falls=request.args.get("sort") == "-name",
                **_records(),
            )
        )


def _refused(side: str) -> StyleForm:
    form = StyleForm(prefix=f"{side}-refused-")
    form.title.errors = [gettext("Enter a title.")]
    return form


def _records() -> dict[str, Any]:
    """What looks like records to the macros."""
    clean, waiting, infected = (
        StoredFile(kind="image/png", size=220_000, preview=Preview.WAITING, virus_scan=each, virus="Eicar-Test")
        for each in (VirusScan.CLEAN, VirusScan.UNSCANNED, VirusScan.INFECTED)
    )
    clean.tells_place = True
    files = {"front.png": clean, "back.png": waiting, "letter.png": infected}
    told = {"at": clock.now(), "who": "Jordan Reyes", "administrator": "", "words": ""}
    happened = (AuditKind.CERTIFICATE_SUBMITTED, AuditKind.CERTIFICATE_APPROVED)
    return {
        "standings": list(Standing),
        "certificates": [SimpleNamespace(state=state, is_expired=lambda _today: False) for state in State],
        "scans": [SimpleNamespace(id=1, name=name, rotation=0, stored_file=stored) for name, stored in files.items()],
        "history": [SimpleNamespace(kind=kind, **told) for kind in happened],
    }

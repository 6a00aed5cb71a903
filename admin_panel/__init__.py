"""Face 2, for staff: a Flask-Admin back office. This file reads like its menu."""

from __future__ import annotations

from flask import Blueprint, Flask
from flask_admin import Admin
from flask_admin.theme import Bootstrap4Theme
from flask_babel import lazy_gettext

from records.web.headers import csp_nonce


def init_app(app: Flask) -> None:
    from admin_panel.views.audit_trail import AuditTrailView
    from admin_panel.views.certification import CertificationView
    from admin_panel.views.certification_types import CertificationTypesView
    from admin_panel.views.home import HomeView
    from admin_panel.views.members import MembersView
    from admin_panel.views.profile import ProfileView
    from admin_panel.views.register_imports import RegisterImportsView
    from admin_panel.views.scans import ScansView
    from admin_panel.views.settings import SettingsView
    from admin_panel.views.units import UnitsView
    from admin_panel.views.uploads import UploadsView

    app.register_blueprint(Blueprint("admin_panel", __name__, template_folder="templates"))
    admin = Admin(
        name="Certfolio",
        url="/admin",
        theme=Bootstrap4Theme(base_template="admin_panel/layout.html"),
        index_view=HomeView(),
        csp_nonce_generator=csp_nonce,
    )
    administration = lazy_gettext("Administration")
    admin.add_view(
        MembersView(
            name=lazy_gettext("User Management"), endpoint="members", url="/admin/members", category=administration
        )
    )
    admin.add_view(
        CertificationTypesView(
            name=lazy_gettext("Certification Types"),
            endpoint="certification_types",
            url="/admin/certification-types",
            category=administration,
        )
    )
    admin.add_view(
        RegisterImportsView(
            name=lazy_gettext("Bring in a register"),
            endpoint="imports",
            url="/admin/imports",
            category=administration,
        )
    )
    admin.add_view(UnitsView(name=lazy_gettext("Units"), endpoint="units", url="/admin/units", category=administration))
    admin.add_view(
        AuditTrailView(name="Audit trail", endpoint="audit_trail", url="/admin/audit-trail", category=administration)
    )
    admin.add_view(SettingsView(name=lazy_gettext("Settings"), endpoint="settings", url="/admin/settings"))
    admin.add_view(ProfileView(name="Profile", endpoint="profile", url="/admin/members"))
    admin.add_view(CertificationView(name="Certification", endpoint="certification", url="/admin/certifications"))
    admin.add_view(ScansView(name="Scans", endpoint="scans", url="/admin/scans"))
    admin.add_view(UploadsView(name="Upload", endpoint="uploads", url="/admin"))
    admin.init_app(app)
    app.jinja_env.globals["back_office_menu"] = admin.menu

"""Face 2, for staff: a Flask-Admin back office. This file reads like its menu."""

from __future__ import annotations

from flask import Blueprint, Flask
from flask_admin import Admin, BaseView
from flask_admin.theme import Bootstrap4Theme
from flask_babel import lazy_gettext as _

from admin_panel import navigation
from records.web.headers import csp_nonce


def init_app(app: Flask) -> None:
    from admin_panel.views.home import HomeView

    app.register_blueprint(Blueprint("admin_panel", __name__, template_folder="templates"))
    admin = Admin(
        name="Certfolio",
        url="/admin",
        theme=Bootstrap4Theme(base_template="admin_panel/layout.html"),
        index_view=HomeView(),
        csp_nonce_generator=csp_nonce,
    )
    admin.add_views(*_menu(), *_pages())
    if app.config["ENVIRONMENT"] == "development":
        from admin_panel.views.style import StyleView

        admin.add_view(StyleView(endpoint="style", url="/admin"))
    admin.init_app(app)
    navigation.init_app(app, admin)


def _menu() -> list[BaseView]:
    from admin_panel.views.approvals import ApprovalsView as Approvals
    from admin_panel.views.audit_trail import AuditTrailView as AuditTrail
    from admin_panel.views.certification_types import CertificationTypesView as CertificationTypes
    from admin_panel.views.credit_types import CreditTypesView as CreditTypes
    from admin_panel.views.matrix import MatrixView as Matrix
    from admin_panel.views.members import MembersView as Members
    from admin_panel.views.positions import PositionsView as Positions
    from admin_panel.views.register_imports import RegisterImportsView as RegisterImports
    from admin_panel.views.renewals import RenewalsView as Renewals
    from admin_panel.views.reports import ReportsView as Reports
    from admin_panel.views.settings import SettingsView as Settings
    from admin_panel.views.units import UnitsView as Units

    inside = {"category": _("Administration")}
    return [
        Members(name=_("User Management"), endpoint="members", url="/admin/members", **inside),
        CertificationTypes(
            name=_("Certification Types"), endpoint="certification_types", url="/admin/certification-types", **inside
        ),
        CreditTypes(name=_("Credit Types"), endpoint="credit_types", url="/admin/credit-types", **inside),
        Units(name=_("Units"), endpoint="units", url="/admin/units", **inside),
        Positions(name=_("Positions"), endpoint="positions", url="/admin/positions", **inside),
        RegisterImports(name=_("Bring in a register"), endpoint="imports", url="/admin/imports", **inside),
        Approvals(name=_("Approvals"), endpoint="approvals", url="/admin/approvals"),
        Matrix(name=_("Requirements"), endpoint="matrix", url="/admin/requirements"),
        Renewals(name=_("Renewals"), endpoint="renewals", url="/admin/renewals"),
        Reports(name=_("Reports"), endpoint="reports", url="/admin/reports"),
        AuditTrail(name=_("Audit trail"), endpoint="audit_trail", url="/admin/audit-trail"),
        Settings(name=_("Settings"), endpoint="settings", url="/admin/settings"),
    ]


def _pages() -> list[BaseView]:
    """Pages that the others lead to."""
    from admin_panel.views.background import BackgroundView
    from admin_panel.views.certification import CertificationView
    from admin_panel.views.coverage import CoverageView
    from admin_panel.views.exemptions import ExemptionsView
    from admin_panel.views.exports import ExportsView
    from admin_panel.views.finding import FindingView
    from admin_panel.views.renewal_proposals import RenewalProposalsView
    from admin_panel.views.requirements import RequirementsView
    from admin_panel.views.saved_views import SavedViewsView
    from admin_panel.views.scans import ScansView
    from admin_panel.views.sign_on import SignOnView
    from admin_panel.views.uploads import UploadsView

    return [
        *_pages_of_members(),
        CoverageView(endpoint="coverage", url="/admin/requirements/coverage"),
        RequirementsView(endpoint="requirements", url="/admin/requirements/rules"),
        CertificationView(endpoint="certification", url="/admin/certifications"),
        ExemptionsView(endpoint="exemptions", url="/admin/requirements/exemptions"),
        RenewalProposalsView(endpoint="proposals", url="/admin/renewals/proposed"),
        SavedViewsView(endpoint="views", url="/admin/views"),
        ExportsView(endpoint="exports", url="/admin/exports"),
        ScansView(endpoint="scans", url="/admin/scans"),
        UploadsView(endpoint="uploads", url="/admin"),
        SignOnView(endpoint="sign_on", url="/admin"),
        BackgroundView(endpoint="background", url="/admin"),
        FindingView(endpoint="finding", url="/admin"),
    ]


def _pages_of_members() -> list[BaseView]:
    from admin_panel.views.erasing import ErasingView
    from admin_panel.views.login_as import LogInAsView
    from admin_panel.views.member_requirements import MemberRequirementsView
    from admin_panel.views.members_at_once import MembersAtOnceView
    from admin_panel.views.merges import MergesView
    from admin_panel.views.profile import ProfileView

    inside = {"url": "/admin/members"}
    return [
        MembersAtOnceView(endpoint="members_at_once", **inside),
        ProfileView(endpoint="profile", **inside),
        LogInAsView(endpoint="login_as", **inside),
        ErasingView(endpoint="erasing", **inside),
        MemberRequirementsView(endpoint="member_requirements", **inside),
        MergesView(endpoint="merges", url="/admin"),
    ]

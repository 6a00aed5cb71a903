"""Every page of the application: each GET rule of its URL map that answers with a page has its rows here.

A row says who opens it, what stands for the names in its address, and what is sent to see its errors. The walk over
every page and the screenshots read it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from records.queries.reports import REPORTS
from tests.browser.content import ADMINISTRATOR, FOUNDER, MEMBER, TWOFOLD

CONTENT, EMPTY, ERRORS = "content", "empty", "errors"
VISITOR = ""

# What answers a GET and is no page, and why.
NO_PAGE = {
    "/": "leads to a face",
    "/admin/approvals/export": "a file",
    "/admin/audit-trail/export": "a file",
    "/admin/exports/<int:export_id>/download": "a file",
    "/admin/find": "JSON",
    "/portfolio/find": "JSON",
    "/admin/imports/<int:import_id>/download": "a file",
    "/admin/certification-types/export": "a file",
    "/admin/credit-types/export": "a file",
    "/admin/members/export": "a file",
    "/admin/positions/export": "a file",
    "/admin/reports/<report>/export": "a file",
    "/admin/requirements/export": "a file",
    "/admin/units/export": "a file",
    "/admin/uploads/<int:upload_id>/file/<int:file_id>": "a file",
    "/admin/uploads/<int:upload_id>/file/<int:file_id>/preview": "a picture",
    "/calendar/<token>.ics": "a feed",
    "/healthz": "for machines",
    "/login/code": "opens halfway through signing in alone: tests/browser/test_signing_in.py",
    "/logo": "a picture",
    "/member/<int:member_id>/scans/download": "a file",
    "/metrics": "for machines",
    "/portfolio/credits/export": "a file",
    "/readyz": "for machines",
    "/sign-on/<address>/start": "leads to the provider",
    "/scan/<int:scan_id>/download": "a file",
    "/scan/<int:scan_id>/file": "a file",
    "/scan/<int:scan_id>/preview": "a picture",
    "/scan/<int:scan_id>/thumbnail": "a picture",
}
# What refuses or fails, each with a page of its own.
FAILURES = (403, 404, 409, 413, 422, 429, 500, 503, 507)


@dataclass(frozen=True)
class Page:
    """`named` says what of the content stands for a name in the address, where it is not that of this name.

    `wrong` is typed into the form that has these fields, and sent, to see its errors.
    """

    rule: str
    by: str = ADMINISTRATOR
    named: Mapping[str, str] = field(default_factory=dict)
    wrong: Mapping[str, str] | None = None
    query: str = ""
    status: int = 200

    @property
    def name(self) -> str:
        """For tests and files, such as "admin-members-member"."""
        words = [part.strip("<>").rpartition(":")[2].removesuffix("_id") for part in self.rule.strip("/").split("/")]
        return "-".join([*words, *self.named.values(), *([self.query] if self.query else [])]).replace("=", "-")

    def address(self, content: Mapping[str, object]) -> str:
        path = self.rule
        for part in self.rule.split("/"):
            if part.startswith("<"):
                name = part.strip("<>").rpartition(":")[2]
                called = self.named.get(name, name)
                path = path.replace(part, str(content.get(called, called)))
        return path + (f"?{self.query}" if self.query else "")

    def may_be_empty(self) -> bool:
        """Whether somebody whose organization has nothing yet opens it: it is about no record, and not for visitors."""
        return self.by in (ADMINISTRATOR, MEMBER) and "<" not in self.rule and not self.query


@dataclass(frozen=True)
class Visit:
    """A page in one of its states, by whoever sees it so."""

    page: Page
    state: str = CONTENT

    @property
    def by(self) -> str:
        return FOUNDER if self.state == EMPTY else self.page.by

    @property
    def status(self) -> int:
        """That of the answer that brings it."""
        return 422 if self.state == ERRORS else self.page.status

    def __str__(self) -> str:
        return self.page.name if self.state == CONTENT else f"{self.page.name} {self.state}"


NO_NAME = {"name": ""}
MAIN = ("login", "portfolio", "portfolio-certificates-new", "portfolio-credits", "admin", "admin-members",
        "admin-members-member", "admin-reports-report-expiring", "admin-settings")  # fmt: skip
OWN_CERTIFICATE = "/portfolio/certificates/<int:certificate_id>"
OWN_CERTIFICATION = "/portfolio/certifications/<int:certification_id>"
PAGES = (
    # Signing in, and what opens without it.
    Page("/login", VISITOR, wrong={"email": "ada@lakeside.example", "password": "wrong"}),
    Page("/reset", VISITOR, wrong={"email": ""}),
    Page("/reset/<secret>", VISITOR, {"secret": "reset"}, {"password": "short"}),
    Page("/invitation/<secret>", VISITOR, {"secret": "invitation"}, {"password": "short"}),
    Page("/email/<any(old, new):which>/<secret>", VISITOR, {"secret": "old_email"}),
    Page("/verify", VISITOR),
    Page("/verify", VISITOR, query="code=nonsense", status=404),
    Page("/verify/<code>", VISITOR),
    Page("/choose", TWOFOLD),
    Page("/sign-on", VISITOR, wrong={"address": "nobody"}),
    Page("/sign-on/<address>", VISITOR),
    Page("/sign-on/<address>/back", VISITOR, status=403),
    Page("/account", wrong={"current": "wrong", "password": "short"}),
    Page("/account/second-factor", wrong={"current": "wrong"}),
    # The portal.
    Page("/portfolio/", MEMBER),
    Page("/portfolio/calendar", MEMBER),
    Page("/portfolio/certificates", MEMBER),
    *(
        Page(OWN_CERTIFICATE, MEMBER, {"certificate_id": f"{state}_certificate"})
        for state in ("pending", "changes_requested", "approved", "declined", "withdrawn", "revoked")
    ),
    Page(OWN_CERTIFICATE + "/edit", MEMBER, {"certificate_id": "pending_certificate"}, {"title": "", "credits": "x"}),
    Page(OWN_CERTIFICATE + "/proof", MEMBER, {"certificate_id": "approved_certificate"}, {"ends_on": "2001-01-01"}),
    Page("/portfolio/certificates/new", MEMBER, wrong={"title": "", "credits": "x"}),
    Page("/portfolio/certifications", MEMBER),
    *(
        Page(OWN_CERTIFICATION, MEMBER, {"certification_id": called})
        for called in ("certification_id", "expired_certification", "suspended_certification", "revoked_certification")
    ),
    Page(OWN_CERTIFICATION + "/proof", MEMBER, wrong={"ends_on": "2001-01-01"}),
    Page(OWN_CERTIFICATION + "/renew", MEMBER, wrong={"expires_on": ""}),
    Page("/portfolio/credits", MEMBER),
    Page("/portfolio/credits/proof", MEMBER, wrong={"ends_on": "2001-01-01"}),
    Page("/portfolio/messages", MEMBER),
    Page("/portfolio/proofs", MEMBER),
    Page("/portfolio/proofs/<int:proof_id>", MEMBER),
    Page("/portfolio/requirements", MEMBER),
    Page("/portfolio/viewers", MEMBER),
    Page("/scan/<int:scan_id>", MEMBER),
    # The back office.
    Page("/admin/"),
    Page("/admin/approvals/"),
    Page("/admin/approvals/<int:certificate_id>", wrong={"credits": "x", "reason": ""}),
    *(
        Page("/admin/approvals/<int:certificate_id>", ADMINISTRATOR, {"certificate_id": f"{state}_certificate"})
        for state in ("changes_requested", "approved", "declined", "withdrawn", "revoked")
    ),
    Page("/admin/approvals/<int:certificate_id>/summary"),
    Page("/admin/audit-trail/"),
    Page("/admin/audit-trail/<int:event_id>/summary"),
    Page("/admin/certification-types/"),
    Page("/admin/certification-types/<int:type_id>", wrong={"name": "", "stages_before": "x"}),
    Page("/admin/certification-types/<int:type_id>", ADMINISTRATOR, {"type_id": "retired_type"}),
    Page("/admin/certification-types/<int:type_id>/summary"),
    Page("/admin/certification-types/start"),
    Page("/admin/certification-types/new", wrong={"name": "", "stages_before": "x"}),
    Page("/admin/certifications/<int:certification_id>", wrong={"issued_on": "2030-01-01", "expires_on": "2001-01-01"}),
    Page(
        "/admin/certifications/<int:certification_id>", ADMINISTRATOR, {"certification_id": "suspended_certification"}
    ),
    Page("/admin/credit-types/"),
    Page("/admin/credit-types/<int:credit_type_id>", wrong={"name": "", "goal": "x"}),
    Page("/admin/credit-types/new", wrong={"name": "", "goal": "x"}),
    Page("/admin/gaps"),
    Page("/admin/months"),
    Page("/admin/imports/", wrong={"file": ""}),
    Page("/admin/imports/<int:import_id>", ADMINISTRATOR, {"import_id": "applied_import"}),
    Page("/admin/imports/<int:import_id>/check", ADMINISTRATOR, {"import_id": "checked_import"}),
    Page("/admin/imports/<int:import_id>/map", wrong={"column-0": "", "column-4": ""}),
    Page("/admin/members/"),
    Page("/admin/members/", query="search=nobody"),
    Page("/admin/members/<int:member_id>", wrong={"family_name": "", "email": "x"}),
    Page("/admin/members/<int:member_id>/deleted"),
    Page(
        "/admin/members/<int:member_id>/erase",
        ADMINISTRATOR,
        {"member_id": "deactivated_member"},
        wrong={"confirmed": "x"},
    ),
    Page("/admin/members/<int:member_id>", ADMINISTRATOR, {"member_id": "erased_member"}),
    Page("/admin/members/<int:member_id>/merge", ADMINISTRATOR, {"member_id": "kept_member"}),
    Page("/admin/members/<int:member_id>/merge/<int:other_id>", ADMINISTRATOR, {"member_id": "kept_member"}),
    Page("/admin/members/<int:member_id>/requirements"),
    Page("/admin/members/<int:member_id>/summary"),
    Page("/admin/members/<int:member_id>/upload", wrong={"files": ""}),
    Page("/admin/members/new", wrong={"family_name": "", "email": "x"}),
    Page("/admin/merges/"),
    Page("/admin/positions/", wrong=NO_NAME),
    Page("/admin/positions/<int:position_id>", wrong=NO_NAME),
    Page("/admin/renewals/"),
    Page("/admin/renewals/<int:batch_id>"),
    Page("/admin/renewals/new", wrong={"type_id": "", "do": "members"}),
    Page("/admin/renewals/new", query="type=1", wrong={"do": "dates"}),
    Page("/admin/renewals/proposed/"),
    Page("/admin/renewals/proposed/<int:proposal_id>", wrong={"expires_on": "", "issued_on": "2030-01-01"}),
    Page("/admin/renewals/proposed/<int:proposal_id>", ADMINISTRATOR, {"proposal_id": "decided_proposal"}),
    Page("/admin/renewals/proposed/<int:proposal_id>/summary"),
    Page("/admin/reports/", wrong=NO_NAME),
    *(
        Page("/admin/reports/<report>", ADMINISTRATOR, {"report": report}, NO_NAME if report == "expiring" else None)
        for report in REPORTS
    ),
    Page("/admin/reports/<report>/print", ADMINISTRATOR, {"report": "expiring"}),
    Page("/admin/requirements/"),
    Page("/admin/requirements/coverage/"),
    Page("/admin/requirements/exemptions/"),
    Page("/admin/requirements/exemptions/new", wrong={"reason": "", "save": "1"}),
    Page("/admin/requirements/rules/"),
    Page("/admin/requirements/rules/<int:requirement_id>", wrong=NO_NAME),
    Page("/admin/requirements/rules/<int:requirement_id>/summary"),
    Page("/admin/requirements/rules/new", wrong=NO_NAME),
    Page("/admin/requirements/tally"),
    Page("/admin/settings/", wrong={"name": "", "largest_file": "-1"}),
    Page("/admin/settings/background"),
    Page("/admin/settings/sign-on", wrong={"issuer": "x", "address": "two words"}),
    Page("/admin/units/", wrong=NO_NAME),
    Page("/admin/units/<int:unit_id>", wrong=NO_NAME),
    Page("/admin/uploads/<int:upload_id>", wrong={}),
    Page("/admin/views/"),
    Page("/admin/exports/"),
    Page("/admin/exports/of/<page>"),
    Page("/admin/exports/<int:export_id>"),
    Page("/admin/exports/<int:export_id>", named={"export_id": "running_export"}),
    Page("/admin/exports/<int:export_id>", named={"export_id": "failed_export"}),
)


def _visits() -> Iterator[Visit]:
    """Every page in every state that it has."""
    for page in PAGES:
        yield Visit(page)
        if page.may_be_empty():
            yield Visit(page, EMPTY)
        if page.wrong is not None:
            yield Visit(page, ERRORS)


VISITS = tuple(_visits())

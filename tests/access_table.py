"""Who may open what: one row for every address and method of the application.

The words of a row, in the order of PERSONAS, say what each gets:

- `open`: the page or its action; what the request asks for may still be wrong (422) or come too late (409)
- `login`: the way to the sign-in page
- `choose`: the way to the choice of a member
- `403`, `404`: the role does not allow it, or the asker may not know of it

A record that an address names is of the fire department: Max's certification, scan and upload, Ada's import.
"""

from __future__ import annotations

PERSONAS = (
    "visitor",
    "max",  # whose record it is
    "mia",  # another member
    "carl",  # coordinates the whole organization
    "sven",  # coordinates South, where Max is not
    "ada",  # administers
    "ken",  # administers another organization
)

ALL = "open open open open open open open"
ACCOUNTS = "login open open open open open open"  # whoever is signed in
STAFF = "login 403 403 open open open open"
ADMINISTRATORS = "login 403 403 403 403 open open"
WHOLE_SCOPE = "login 403 403 open 403 open open"  # administrators, and coordinators of the whole organization
THIS_ADMINISTRATOR = "login 403 403 403 403 open 404"  # a record, for administrators of its organization
THIS_WHOLE_SCOPE = "login 403 403 open 403 open 404"  # a record, likewise
IN_SCOPE = "login 403 403 open 404 open 404"  # Max's records in the back office
ADAS_OWN = "login 403 403 404 404 open 404"  # what Ada began and nobody else continues
MAX_AND_IN_SCOPE = "login open 404 open 404 open 404"  # Max's scans, for himself and for those who look after him
MAX = "login open 404 404 404 404 404"  # Max's pages in the portal

TABLE: dict[tuple[str, str], str] = {
    ("/", "GET"): ACCOUNTS,
    ("/account", "GET"): ACCOUNTS,
    ("/account/email", "POST"): ACCOUNTS,
    ("/account/language", "POST"): ACCOUNTS,
    ("/account/password", "POST"): ACCOUNTS,
    ("/account/sessions", "POST"): ACCOUNTS,
    ("/admin/", "GET"): STAFF,
    # Carl and Sven have not been granted to review: tests/admin_panel/test_approvals.py tries those who have.
    ("/admin/approvals/", "GET"): ADMINISTRATORS,
    ("/admin/approvals/<int:certificate_id>", "GET"): THIS_ADMINISTRATOR,
    ("/admin/approvals/<int:certificate_id>/approve", "POST"): THIS_ADMINISTRATOR,
    ("/admin/approvals/<int:certificate_id>/decline", "POST"): THIS_ADMINISTRATOR,
    ("/admin/approvals/<int:certificate_id>/request-changes", "POST"): THIS_ADMINISTRATOR,
    ("/admin/approvals/<int:certificate_id>/revoke", "POST"): THIS_ADMINISTRATOR,
    ("/admin/approvals/approve", "POST"): ADMINISTRATORS,
    ("/admin/approvals/export", "GET"): ADMINISTRATORS,
    ("/admin/approvals/texts/<int:text_id>/forget", "POST"): THIS_ADMINISTRATOR,
    ("/admin/audit-trail/", "GET"): ADMINISTRATORS,
    ("/admin/audit-trail/export", "GET"): ADMINISTRATORS,
    ("/admin/certification-types/export", "GET"): STAFF,
    ("/admin/certification-types/several", "POST"): WHOLE_SCOPE,
    ("/admin/credit-types/export", "GET"): ADMINISTRATORS,
    ("/admin/positions/export", "GET"): ADMINISTRATORS,
    ("/admin/units/export", "GET"): ADMINISTRATORS,
    ("/admin/certification-types/", "GET"): STAFF,
    ("/admin/certification-types/<int:type_id>", "GET"): THIS_WHOLE_SCOPE,
    ("/admin/certification-types/<int:type_id>", "POST"): THIS_WHOLE_SCOPE,
    ("/admin/certification-types/<int:type_id>/delete", "POST"): THIS_WHOLE_SCOPE,
    ("/admin/certification-types/<int:type_id>/reinstate", "POST"): THIS_WHOLE_SCOPE,
    ("/admin/certification-types/<int:type_id>/retire", "POST"): THIS_WHOLE_SCOPE,
    ("/admin/certification-types/new", "GET"): WHOLE_SCOPE,
    ("/admin/certification-types/new", "POST"): WHOLE_SCOPE,
    ("/admin/certification-types/start", "GET"): WHOLE_SCOPE,
    ("/admin/certification-types/start", "POST"): WHOLE_SCOPE,
    ("/admin/certifications/<int:certification_id>", "GET"): IN_SCOPE,
    ("/admin/certifications/<int:certification_id>", "POST"): IN_SCOPE,
    ("/admin/certifications/<int:certification_id>/files", "POST"): IN_SCOPE,
    ("/admin/certifications/<int:certification_id>/files/one", "POST"): IN_SCOPE,
    ("/admin/certifications/<int:certification_id>/snooze", "POST"): IN_SCOPE,
    ("/admin/certifications/<int:certification_id>/snooze/end", "POST"): IN_SCOPE,
    ("/admin/credit-types/", "GET"): ADMINISTRATORS,
    ("/admin/credit-types/<int:credit_type_id>", "GET"): THIS_ADMINISTRATOR,
    ("/admin/credit-types/<int:credit_type_id>", "POST"): THIS_ADMINISTRATOR,
    ("/admin/credit-types/<int:credit_type_id>/delete", "POST"): THIS_ADMINISTRATOR,
    ("/admin/credit-types/<int:credit_type_id>/reinstate", "POST"): THIS_ADMINISTRATOR,
    ("/admin/credit-types/<int:credit_type_id>/retire", "POST"): THIS_ADMINISTRATOR,
    ("/admin/credit-types/new", "GET"): ADMINISTRATORS,
    ("/admin/credit-types/new", "POST"): ADMINISTRATORS,
    ("/admin/find", "GET"): STAFF,
    ("/admin/first-steps/bring-back", "POST"): ADMINISTRATORS,
    ("/admin/first-steps/put-away", "POST"): ADMINISTRATORS,
    ("/admin/gaps", "GET"): STAFF,
    ("/admin/imports/", "GET"): STAFF,
    ("/admin/imports/", "POST"): STAFF,
    ("/admin/imports/<int:import_id>", "GET"): ADAS_OWN,
    ("/admin/imports/<int:import_id>/answers", "POST"): ADAS_OWN,
    ("/admin/imports/<int:import_id>/apply", "POST"): ADAS_OWN,
    ("/admin/imports/<int:import_id>/check", "GET"): ADAS_OWN,
    ("/admin/imports/<int:import_id>/discard", "POST"): ADAS_OWN,
    ("/admin/imports/<int:import_id>/download", "GET"): ADAS_OWN,
    ("/admin/imports/<int:import_id>/map", "GET"): ADAS_OWN,
    ("/admin/imports/<int:import_id>/map", "POST"): ADAS_OWN,
    ("/admin/imports/<int:import_id>/reading", "POST"): ADAS_OWN,
    ("/admin/imports/<int:import_id>/undo", "POST"): ADAS_OWN,
    ("/admin/members/", "GET"): STAFF,
    ("/admin/members/<int:member_id>", "GET"): IN_SCOPE,
    ("/admin/members/<int:member_id>", "POST"): IN_SCOPE,
    ("/admin/members/<int:member_id>/certifications/restore", "POST"): IN_SCOPE,
    ("/admin/members/<int:member_id>/deactivate", "POST"): THIS_ADMINISTRATOR,
    ("/admin/members/<int:member_id>/deleted", "GET"): THIS_ADMINISTRATOR,
    ("/admin/members/<int:member_id>/end-sessions", "POST"): THIS_ADMINISTRATOR,
    ("/admin/members/<int:member_id>/invite", "POST"): THIS_ADMINISTRATOR,
    ("/admin/members/<int:member_id>/log-in-as", "POST"): THIS_ADMINISTRATOR,
    ("/admin/members/<int:member_id>/reactivate", "POST"): THIS_ADMINISTRATOR,
    ("/admin/members/<int:member_id>/reset", "POST"): THIS_ADMINISTRATOR,
    ("/admin/members/<int:member_id>/upload", "GET"): IN_SCOPE,
    ("/admin/members/<int:member_id>/upload", "POST"): IN_SCOPE,
    ("/admin/members/<int:member_id>/upload/files", "POST"): IN_SCOPE,
    ("/admin/members/<int:member_id>/merge", "GET"): THIS_ADMINISTRATOR,
    ("/admin/members/<int:member_id>/merge/<int:other_id>", "GET"): THIS_ADMINISTRATOR,
    ("/admin/members/<int:member_id>/merge/<int:other_id>", "POST"): THIS_ADMINISTRATOR,
    ("/admin/merges/", "GET"): ADMINISTRATORS,
    ("/admin/merges/<int:merge_id>/undo", "POST"): THIS_ADMINISTRATOR,
    ("/admin/members/new", "GET"): ADMINISTRATORS,
    ("/admin/members/new", "POST"): ADMINISTRATORS,
    ("/admin/members/<int:member_id>/requirements", "GET"): IN_SCOPE,
    ("/admin/requirements/", "GET"): STAFF,
    ("/admin/requirements/coverage/", "GET"): STAFF,
    ("/admin/requirements/export", "GET"): STAFF,
    ("/portfolio/requirements", "GET"): ACCOUNTS,
    # The report is "expiring": tests/admin_panel/test_reports.py tries those that are not for all staff.
    ("/admin/reports/", "GET"): STAFF,
    ("/admin/reports/<report>", "GET"): STAFF,
    ("/admin/reports/<report>/export", "GET"): STAFF,
    ("/admin/reports/<report>/print", "GET"): STAFF,
    # Views are of the report, too.
    ("/admin/views/", "GET"): STAFF,
    ("/admin/views/of/<page>", "POST"): STAFF,
    ("/admin/views/<int:view_id>", "POST"): ADAS_OWN,
    ("/admin/views/<int:view_id>/delete", "POST"): ADAS_OWN,
    ("/admin/members/export", "GET"): STAFF,
    ("/admin/members/several", "POST"): ADMINISTRATORS,  # a file of ticked ones is for all staff
    ("/admin/positions/", "GET"): ADMINISTRATORS,
    ("/admin/positions/", "POST"): ADMINISTRATORS,
    ("/admin/positions/<int:position_id>", "GET"): THIS_ADMINISTRATOR,
    ("/admin/positions/<int:position_id>", "POST"): THIS_ADMINISTRATOR,
    ("/admin/positions/<int:position_id>/delete", "POST"): THIS_ADMINISTRATOR,
    ("/admin/positions/<int:position_id>/merge", "POST"): THIS_ADMINISTRATOR,
    ("/admin/requirements/exemptions/", "GET"): STAFF,
    ("/admin/requirements/exemptions/<int:exemption_id>/withdraw", "POST"): THIS_ADMINISTRATOR,
    ("/admin/requirements/exemptions/new", "GET"): ADMINISTRATORS,
    ("/admin/requirements/exemptions/new", "POST"): ADMINISTRATORS,
    ("/admin/requirements/rules/", "GET"): STAFF,
    ("/admin/requirements/rules/<int:requirement_id>", "GET"): "login 403 403 open open open 404",
    ("/admin/requirements/rules/<int:requirement_id>", "POST"): THIS_ADMINISTRATOR,
    ("/admin/requirements/rules/<int:requirement_id>/delete", "POST"): THIS_ADMINISTRATOR,
    ("/admin/requirements/rules/<int:requirement_id>/reinstate", "POST"): THIS_ADMINISTRATOR,
    ("/admin/requirements/rules/<int:requirement_id>/retire", "POST"): THIS_ADMINISTRATOR,
    ("/admin/requirements/rules/new", "GET"): ADMINISTRATORS,
    ("/admin/requirements/rules/new", "POST"): ADMINISTRATORS,
    ("/admin/renewals/", "GET"): STAFF,
    ("/admin/renewals/<int:batch_id>", "GET"): ADAS_OWN,
    ("/admin/renewals/<int:batch_id>/undo", "POST"): ADAS_OWN,
    ("/admin/renewals/new", "GET"): STAFF,
    ("/admin/renewals/new", "POST"): STAFF,
    ("/admin/renewals/new/files", "POST"): STAFF,
    ("/admin/renewals/proposed/", "GET"): STAFF,
    ("/admin/renewals/proposed/<int:proposal_id>", "GET"): IN_SCOPE,
    ("/admin/renewals/proposed/<int:proposal_id>/accept", "POST"): IN_SCOPE,
    ("/admin/renewals/proposed/<int:proposal_id>/decline", "POST"): IN_SCOPE,
    ("/admin/scans/<int:scan_id>/delete", "POST"): IN_SCOPE,
    ("/admin/scans/<int:scan_id>/restore", "POST"): IN_SCOPE,
    ("/admin/settings/", "GET"): ADMINISTRATORS,
    ("/admin/settings/", "POST"): ADMINISTRATORS,
    ("/admin/settings/logo", "POST"): ADMINISTRATORS,
    ("/admin/settings/logo/remove", "POST"): ADMINISTRATORS,
    ("/admin/settings/reviewers", "POST"): ADMINISTRATORS,
    ("/admin/units/", "GET"): ADMINISTRATORS,
    ("/admin/units/", "POST"): ADMINISTRATORS,
    ("/admin/units/<int:unit_id>", "GET"): THIS_ADMINISTRATOR,
    ("/admin/units/<int:unit_id>", "POST"): THIS_ADMINISTRATOR,
    ("/admin/units/<int:unit_id>/delete", "POST"): THIS_ADMINISTRATOR,
    ("/admin/units/<int:unit_id>/merge", "POST"): THIS_ADMINISTRATOR,
    ("/admin/uploads/<int:upload_id>", "GET"): ADAS_OWN,
    ("/admin/uploads/<int:upload_id>", "POST"): ADAS_OWN,
    ("/admin/uploads/<int:upload_id>/discard", "POST"): ADAS_OWN,
    ("/admin/uploads/<int:upload_id>/file/<int:file_id>", "GET"): ADAS_OWN,
    ("/admin/uploads/<int:upload_id>/file/<int:file_id>/preview", "GET"): ADAS_OWN,
    ("/choose", "GET"): ACCOUNTS,
    ("/choose", "POST"): "login 404 404 404 404 404 404",  # of nobody
    ("/email/<any(old, new):which>/<secret>", "GET"): ALL,
    (
        "/email/<any(old, new):which>/<secret>",
        "POST",
    ): "open 404 404 404 404 404 404",  # whoever comes first uses the link up
    ("/healthz", "GET"): ALL,
    ("/invitation/<secret>", "GET"): ALL,
    ("/invitation/<secret>", "POST"): ALL,
    ("/login", "GET"): ALL,
    ("/login", "POST"): ALL,
    ("/logo", "GET"): "login 404 404 404 404 404 404",  # it has none
    ("/logout", "POST"): "login login login login login login login",  # and back to it
    ("/member/<int:member_id>/scans/download", "GET"): MAX_AND_IN_SCOPE,
    ("/portfolio/", "GET"): ACCOUNTS,
    ("/portfolio/certificates", "GET"): ACCOUNTS,
    ("/portfolio/certificates/<int:certificate_id>", "GET"): MAX,
    ("/portfolio/certificates/<int:certificate_id>/edit", "GET"): MAX,
    ("/portfolio/certificates/<int:certificate_id>/edit", "POST"): MAX,
    ("/portfolio/certificates/<int:certificate_id>/withdraw", "POST"): MAX,
    ("/portfolio/certificates/files", "POST"): ACCOUNTS,
    ("/portfolio/certificates/new", "GET"): ACCOUNTS,
    ("/portfolio/certificates/new", "POST"): "login open open open open open 403",  # Ken's has no credit type
    ("/portfolio/certifications", "GET"): ACCOUNTS,
    ("/portfolio/certifications/<int:certification_id>", "GET"): MAX,
    ("/portfolio/certifications/<int:certification_id>/acknowledge", "POST"): MAX,
    ("/portfolio/certifications/<int:certification_id>/renew", "GET"): MAX,
    ("/portfolio/certifications/<int:certification_id>/renew", "POST"): MAX,
    ("/portfolio/certifications/<int:certification_id>/renew/files", "POST"): MAX,
    ("/portfolio/messages", "GET"): ACCOUNTS,
    ("/portfolio/messages/<int:message_id>/acknowledge", "POST"): MAX,
    ("/portfolio/messages/mail", "POST"): ACCOUNTS,
    ("/portfolio/messages/read", "POST"): ACCOUNTS,
    ("/portfolio/credits", "GET"): ACCOUNTS,
    ("/portfolio/credits/export", "GET"): ACCOUNTS,
    ("/portfolio/credits/transcript", "POST"): ACCOUNTS,
    ("/portfolio/find", "GET"): ACCOUNTS,
    ("/portfolio/renewals/<int:proposal_id>/withdraw", "POST"): MAX,
    ("/readyz", "GET"): ALL,
    ("/reset", "GET"): ALL,
    ("/reset", "POST"): ALL,
    ("/reset/<secret>", "GET"): ALL,
    ("/reset/<secret>", "POST"): ALL,
    ("/return", "POST"): ACCOUNTS,  # where nobody is logged in as another, it comes too late
    ("/scan/<int:scan_id>", "GET"): MAX_AND_IN_SCOPE,
    ("/scan/<int:scan_id>/download", "GET"): MAX_AND_IN_SCOPE,
    ("/scan/<int:scan_id>/file", "GET"): MAX_AND_IN_SCOPE,
    ("/scan/<int:scan_id>/preview", "GET"): MAX_AND_IN_SCOPE,
    ("/theme", "POST"): ALL,
    ("/verify", "GET"): ALL,
    ("/verify/<code>", "GET"): ALL,
    # What is handed out: Max's proof, and the address of his calendar.
    ("/calendar/<token>.ics", "GET"): ALL,
    ("/portfolio/calendar", "GET"): ACCOUNTS,
    ("/portfolio/calendar/<any(own, scope):kind>/end", "POST"): MAX,  # nobody else has one
    ("/portfolio/calendar/<any(own, scope):kind>/make", "POST"): ACCOUNTS,
    ("/portfolio/certificates/<int:certificate_id>/proof", "GET"): MAX,
    ("/portfolio/certificates/<int:certificate_id>/proof", "POST"): MAX,
    ("/portfolio/certifications/<int:certification_id>/proof", "GET"): MAX,
    ("/portfolio/certifications/<int:certification_id>/proof", "POST"): MAX,
    ("/portfolio/credits/proof", "GET"): ACCOUNTS,
    ("/portfolio/credits/proof", "POST"): ACCOUNTS,
    ("/portfolio/proofs", "GET"): ACCOUNTS,
    ("/portfolio/proofs/<int:proof_id>", "GET"): MAX,
    ("/portfolio/proofs/<int:proof_id>/withdraw", "POST"): MAX,
}

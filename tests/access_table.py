"""Who may open what: one row for every address and method of the application.

The words of a row, in the order of PERSONAS, say what each gets who sends a request that is otherwise valid
(tests/valid_requests.py):

- `open`: the page, or its action, and the action has happened
- `login`: the way to the sign-in page
- `403`, `404`: the role does not allow it, or the asker may not know of it
- `409`, `422`: it is theirs to do, but comes too late, or there is nothing that it could be done with

A record that an address names is of the fire department: Max's certification, scan and upload, Ada's import. What
another word of the matrix in tests/authz_matrix.py asks for, is answered there. HEAD is answered as GET. All other
methods, OPTIONS too, are answered 405 to everybody.
"""

from __future__ import annotations

PERSONAS = (
    "visitor",
    "max",  # whose record it is
    "mia",  # another member
    "carl",  # coordinates the whole organization
    "rita",  # coordinates North, where Max is, and was granted to review
    "nora",  # coordinates North
    "sven",  # coordinates South, where Max is not
    "ada",  # administers
    "acting",  # Ada, logged in as Max
    "dan",  # deactivated, with a session that was open
    "other_max",  # a member of another organization
    "ken",  # administers that one
)

# fmt: off
#                  visitor max  mia  carl rita nora sven ada  acting dan  other_max ken
ALL =             "open  open open open open open open open open  open  open open"
ACCOUNTS =        "login open open open open open open open 403   login open open"  # whoever is signed in
PORTAL =          "login open open open open open open open open  login open open"  # and whoever acts for them
STAFF =           "login 403  403  open open open open open 403   login 403  open"
REVIEWERS =       "login 403  403  403  open 403  403  open 403   login 403  open"
ADMINISTRATORS =  "login 403  403  403  403  403  403  open 403   login 403  open"
WHOLE_SCOPE =     "login 403  403  open 403  403  403  open 403   login 403  open"  # and coordinators of everything
# A record, for those of its organization only:
THIS_ADMINISTRATOR = "login 403  403  403  403  403  403  open 403   login 403  404"
THIS_WHOLE_SCOPE = "login 403  403  open 403  403  403  open 403   login 403  404"
THIS_FOR_STAFF =  "login 403  403  open open open open open 403   login 403  404"
# Max's records:
IN_SCOPE =        "login 403  403  open open open 404  open 403   login 403  404"  # in the back office
IN_REVIEW =       "login 403  403  403  open 403  403  open 403   login 403  404"  # his external certificate
SCANS =           "login open 404  open open open 404  open open  login 404  404"  # for him and who looks after him
MAX =             "login open 404  404  404  404  404  404  open  login 404  404"  # his pages in the portal
HIMSELF =         "login open 404  404  404  404  404  404  403   login 404  404"  # what nobody does for him
# What Ada began and nobody else continues:
ADAS_OWN =        "login 403  403  404  404  404  404  open 403   login 403  404"
LINKS =           "open  open open open open open open open 403   open  open open"  # who has a mailed link, too
# fmt: on

TABLE: dict[tuple[str, str], str] = {
    ("/", "GET"): PORTAL,
    ("/account", "GET"): ACCOUNTS,
    ("/account/data", "POST"): ACCOUNTS,
    ("/account/email", "POST"): ACCOUNTS,
    ("/account/language", "POST"): ACCOUNTS,
    ("/account/second-factor", "GET"): ACCOUNTS,
    ("/account/second-factor/begin", "POST"): ACCOUNTS,
    ("/account/second-factor/codes", "POST"): ACCOUNTS,
    ("/account/second-factor/off", "POST"): ACCOUNTS,
    ("/account/second-factor/on", "POST"): ACCOUNTS,
    ("/account/password", "POST"): ACCOUNTS,
    ("/account/sessions", "POST"): ACCOUNTS,
    ("/admin/", "GET"): STAFF,
    ("/admin/approvals/", "GET"): REVIEWERS,
    ("/admin/approvals/<int:certificate_id>", "GET"): IN_REVIEW,
    ("/admin/approvals/<int:certificate_id>/approve", "POST"): IN_REVIEW,
    ("/admin/approvals/<int:certificate_id>/decline", "POST"): IN_REVIEW,
    ("/admin/approvals/<int:certificate_id>/request-changes", "POST"): IN_REVIEW,
    ("/admin/approvals/<int:certificate_id>/revoke", "POST"): THIS_ADMINISTRATOR,
    ("/admin/approvals/<int:certificate_id>/summary", "GET"): IN_REVIEW,
    ("/admin/approvals/approve", "POST"): IN_REVIEW,  # of Max's
    ("/admin/approvals/export", "GET"): REVIEWERS,
    ("/admin/approvals/texts/<int:text_id>/forget", "POST"): IN_REVIEW,  # of all reviewers
    ("/admin/audit-trail/", "GET"): ADMINISTRATORS,
    ("/admin/audit-trail/<int:event_id>/summary", "GET"): THIS_ADMINISTRATOR,
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
    ("/admin/certification-types/<int:type_id>/summary", "GET"): THIS_FOR_STAFF,
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
    ("/admin/gaps/again", "POST"): STAFF,
    ("/admin/months/again", "POST"): STAFF,
    ("/admin/months", "GET"): STAFF,
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
    ("/admin/members/<int:member_id>/data", "POST"): THIS_ADMINISTRATOR,
    ("/admin/members/<int:member_id>/deactivate", "POST"): THIS_ADMINISTRATOR,
    ("/admin/members/<int:member_id>/deleted", "GET"): THIS_ADMINISTRATOR,
    ("/admin/members/<int:member_id>/end-sessions", "POST"): THIS_ADMINISTRATOR,
    ("/admin/members/<int:member_id>/erase", "GET"): THIS_ADMINISTRATOR,
    ("/admin/members/<int:member_id>/erase", "POST"): THIS_ADMINISTRATOR,
    ("/admin/members/<int:member_id>/forget-sign-on", "POST"): THIS_ADMINISTRATOR,
    ("/admin/members/<int:member_id>/invite", "POST"): THIS_ADMINISTRATOR,
    ("/admin/members/<int:member_id>/log-in-as", "POST"): THIS_ADMINISTRATOR,
    (
        "/admin/members/<int:member_id>/reactivate",
        "POST",
    ): "login login 403 403 403 403 403 open login login 403 404",  # Max is deactivated
    ("/admin/members/<int:member_id>/reset", "POST"): THIS_ADMINISTRATOR,
    ("/admin/members/<int:member_id>/reset-second-factor", "POST"): THIS_ADMINISTRATOR,
    ("/admin/members/<int:member_id>/summary", "GET"): IN_SCOPE,
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
    ("/portfolio/requirements", "GET"): PORTAL,
    # The report is "expiring": tests/admin_panel/test_reports.py tries those that are not for all staff.
    ("/admin/reports/", "GET"): STAFF,
    ("/admin/reports/<report>", "GET"): STAFF,
    ("/admin/reports/<report>/again", "POST"): STAFF,
    ("/admin/reports/<report>/export", "GET"): STAFF,
    ("/admin/reports/<report>/print", "GET"): STAFF,
    ("/admin/exports/", "GET"): STAFF,
    ("/admin/exports/<int:export_id>", "GET"): ADAS_OWN,
    ("/admin/exports/<int:export_id>/again", "POST"): ADAS_OWN,
    ("/admin/exports/<int:export_id>/cancel", "POST"): ADAS_OWN,
    ("/admin/exports/<int:export_id>/download", "GET"): ADAS_OWN,
    ("/admin/exports/of/<page>", "GET"): STAFF,
    ("/admin/exports/of/<page>", "POST"): STAFF,
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
    (
        "/admin/requirements/exemptions/new",
        "POST",
    ): "login 403 403 403 403 403 403 open 403 login 403 422",  # Ken has no requirement
    ("/admin/requirements/rules/", "GET"): STAFF,
    ("/admin/requirements/rules/<int:requirement_id>", "GET"): THIS_FOR_STAFF,
    ("/admin/requirements/rules/<int:requirement_id>", "POST"): THIS_ADMINISTRATOR,
    ("/admin/requirements/rules/<int:requirement_id>/delete", "POST"): THIS_ADMINISTRATOR,
    ("/admin/requirements/rules/<int:requirement_id>/reinstate", "POST"): THIS_ADMINISTRATOR,
    ("/admin/requirements/rules/<int:requirement_id>/retire", "POST"): THIS_ADMINISTRATOR,
    ("/admin/requirements/rules/<int:requirement_id>/summary", "GET"): THIS_FOR_STAFF,
    ("/admin/requirements/rules/new", "GET"): ADMINISTRATORS,
    ("/admin/requirements/rules/new", "POST"): ADMINISTRATORS,
    ("/admin/requirements/tally", "GET"): STAFF,
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
    ("/admin/renewals/proposed/<int:proposal_id>/summary", "GET"): IN_SCOPE,
    ("/admin/scans/<int:scan_id>/delete", "POST"): IN_SCOPE,
    ("/admin/scans/<int:scan_id>/restore", "POST"): IN_SCOPE,
    ("/admin/settings/", "GET"): ADMINISTRATORS,
    ("/admin/settings/", "POST"): ADMINISTRATORS,
    ("/admin/settings/background", "GET"): ADMINISTRATORS,
    ("/admin/settings/background/<job>/run", "POST"): ADMINISTRATORS,
    ("/admin/settings/logo", "POST"): ADMINISTRATORS,
    ("/admin/settings/logo/remove", "POST"): ADMINISTRATORS,
    ("/admin/settings/reviewers", "POST"): THIS_ADMINISTRATOR,  # of Carl
    ("/admin/settings/sign-on", "GET"): ADMINISTRATORS,
    ("/admin/settings/sign-on", "POST"): ADMINISTRATORS,
    ("/admin/settings/sign-on/try", "POST"): THIS_ADMINISTRATOR,  # Ken's has none to try
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
    ("/choose", "POST"): ACCOUNTS,
    ("/email/<any(old, new):which>/<secret>", "GET"): LINKS,
    ("/email/<any(old, new):which>/<secret>", "POST"): LINKS,
    ("/healthz", "GET"): ALL,
    ("/invitation/<secret>", "GET"): LINKS,
    ("/invitation/<secret>", "POST"): LINKS,
    ("/login", "GET"): ALL,
    ("/login", "POST"): ALL,
    ("/login/code", "GET"): ACCOUNTS,  # who is not halfway begins at the beginning; who is in, goes on
    ("/login/code", "POST"): ACCOUNTS,
    ("/logo", "GET"): "login 404 404 404 404 404 404 404 404 login 404 404",  # it has none
    ("/metrics", "GET"): "404  404  404  404  404  404  404  404  403  404  404  404",  # for whom no token was set
    ("/logout", "POST"): ALL,
    ("/member/<int:member_id>/scans/download", "GET"): SCANS,
    ("/portfolio/", "GET"): PORTAL,
    ("/portfolio/certificates", "GET"): PORTAL,
    ("/portfolio/certificates/<int:certificate_id>", "GET"): MAX,
    ("/portfolio/certificates/<int:certificate_id>/edit", "GET"): MAX,
    ("/portfolio/certificates/<int:certificate_id>/edit", "POST"): MAX,
    ("/portfolio/certificates/<int:certificate_id>/withdraw", "POST"): MAX,
    ("/portfolio/certificates/files", "POST"): PORTAL,
    ("/portfolio/certificates/new", "GET"): PORTAL,
    (
        "/portfolio/certificates/new",
        "POST",
    ): "login open open open open open open open open login 403 403",  # Ken's has no credit type
    ("/portfolio/certifications", "GET"): PORTAL,
    ("/portfolio/certifications/<int:certification_id>", "GET"): MAX,
    ("/portfolio/certifications/<int:certification_id>/acknowledge", "POST"): HIMSELF,
    ("/portfolio/certifications/<int:certification_id>/renew", "GET"): MAX,
    ("/portfolio/certifications/<int:certification_id>/renew", "POST"): MAX,
    ("/portfolio/certifications/<int:certification_id>/renew/files", "POST"): MAX,
    ("/portfolio/messages", "GET"): PORTAL,
    ("/portfolio/messages/<int:message_id>/acknowledge", "POST"): HIMSELF,
    ("/portfolio/messages/mail", "POST"): ACCOUNTS,
    ("/portfolio/messages/read", "POST"): ACCOUNTS,
    ("/portfolio/credits", "GET"): PORTAL,
    ("/portfolio/credits/export", "GET"): PORTAL,
    ("/portfolio/credits/transcript", "POST"): ACCOUNTS,
    ("/portfolio/find", "GET"): PORTAL,
    ("/portfolio/renewals/<int:proposal_id>/withdraw", "POST"): MAX,
    ("/portfolio/viewers", "GET"): PORTAL,
    ("/readyz", "GET"): ALL,
    ("/reset", "GET"): LINKS,
    ("/reset", "POST"): LINKS,
    ("/reset/<secret>", "GET"): LINKS,
    ("/reset/<secret>", "POST"): LINKS,
    ("/return", "POST"): "login 409 409 409 409 409 409 409 open login 409 409",  # where nobody is logged in as another
    ("/scan/<int:scan_id>", "GET"): SCANS,
    ("/scan/<int:scan_id>/download", "GET"): SCANS,
    ("/scan/<int:scan_id>/file", "GET"): SCANS,
    ("/scan/<int:scan_id>/preview", "GET"): SCANS,
    ("/scan/<int:scan_id>/thumbnail", "GET"): SCANS,
    ("/scan/<int:scan_id>/turn", "POST"): "login 403 404 open open open 404 open 403 login 404 404",
    ("/sign-on", "GET"): LINKS,
    ("/sign-on", "POST"): LINKS,
    # That of the fire department, whose provider is not there. Who is signed in goes home.
    ("/sign-on/<address>", "GET"): LINKS,
    ("/sign-on/<address>/back", "GET"): "403 open open open open open open open 403 403 open open",
    ("/sign-on/<address>/start", "GET"): "503 open open open open open open open 403 503 open open",
    ("/theme", "POST"): ALL,
    ("/verify", "GET"): ALL,
    ("/verify/<code>", "GET"): ALL,
    # What is handed out: Max's proof, and the address of his calendar.
    ("/calendar/<token>.ics", "GET"): ALL,
    ("/portfolio/calendar", "GET"): PORTAL,
    ("/portfolio/calendar/<any(own, scope):kind>/end", "POST"): HIMSELF,  # nobody else has one
    ("/portfolio/calendar/<any(own, scope):kind>/make", "POST"): ACCOUNTS,
    ("/portfolio/certificates/<int:certificate_id>/proof", "GET"): HIMSELF,
    ("/portfolio/certificates/<int:certificate_id>/proof", "POST"): HIMSELF,
    ("/portfolio/certifications/<int:certification_id>/proof", "GET"): HIMSELF,
    ("/portfolio/certifications/<int:certification_id>/proof", "POST"): HIMSELF,
    ("/portfolio/credits/proof", "GET"): ACCOUNTS,
    ("/portfolio/credits/proof", "POST"): ACCOUNTS,
    ("/portfolio/proofs", "GET"): PORTAL,
    ("/portfolio/proofs/<int:proof_id>", "GET"): HIMSELF,
    ("/portfolio/proofs/<int:proof_id>/withdraw", "POST"): HIMSELF,
}


def words(rule: str, method: str) -> dict[str, str]:
    """What each persona gets."""
    return dict(zip(PERSONAS, TABLE[rule, method].split(), strict=True))


def open_to(rule: str, method: str) -> str:
    """One to whom it is open: Ada where she is among them, and where it is open to nobody."""
    found = words(rule, method)
    return next((each for each in ("ada", "max", *PERSONAS) if found[each] == "open"), "ada")

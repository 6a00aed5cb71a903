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
    ("/account/password", "POST"): ACCOUNTS,
    ("/account/sessions", "POST"): ACCOUNTS,
    ("/admin/", "GET"): STAFF,
    ("/admin/audit-trail/", "GET"): ADMINISTRATORS,
    ("/admin/certification-types/", "GET"): STAFF,
    ("/admin/certification-types/<int:type_id>", "GET"): THIS_WHOLE_SCOPE,
    ("/admin/certification-types/<int:type_id>", "POST"): THIS_WHOLE_SCOPE,
    ("/admin/certification-types/<int:type_id>/delete", "POST"): THIS_WHOLE_SCOPE,
    ("/admin/certification-types/<int:type_id>/reinstate", "POST"): THIS_WHOLE_SCOPE,
    ("/admin/certification-types/<int:type_id>/retire", "POST"): THIS_WHOLE_SCOPE,
    ("/admin/certification-types/new", "GET"): WHOLE_SCOPE,
    ("/admin/certification-types/new", "POST"): WHOLE_SCOPE,
    ("/admin/certifications/<int:certification_id>", "GET"): IN_SCOPE,
    ("/admin/certifications/<int:certification_id>", "POST"): IN_SCOPE,
    ("/admin/certifications/<int:certification_id>/files", "POST"): IN_SCOPE,
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
    ("/admin/members/<int:member_id>/reactivate", "POST"): THIS_ADMINISTRATOR,
    ("/admin/members/<int:member_id>/reset", "POST"): THIS_ADMINISTRATOR,
    ("/admin/members/<int:member_id>/upload", "GET"): IN_SCOPE,
    ("/admin/members/<int:member_id>/upload", "POST"): IN_SCOPE,
    ("/admin/members/new", "GET"): ADMINISTRATORS,
    ("/admin/members/new", "POST"): ADMINISTRATORS,
    ("/admin/scans/<int:scan_id>/delete", "POST"): IN_SCOPE,
    ("/admin/scans/<int:scan_id>/restore", "POST"): IN_SCOPE,
    ("/admin/settings/", "GET"): ADMINISTRATORS,
    ("/admin/settings/", "POST"): ADMINISTRATORS,
    ("/admin/settings/logo", "POST"): ADMINISTRATORS,
    ("/admin/settings/logo/remove", "POST"): ADMINISTRATORS,
    ("/admin/static/<path:filename>", "GET"): ALL,
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
    ("/portfolio/certifications", "GET"): ACCOUNTS,
    ("/portfolio/certifications/<int:certification_id>", "GET"): MAX,
    ("/readyz", "GET"): ALL,
    ("/reset", "GET"): ALL,
    ("/reset", "POST"): ALL,
    ("/reset/<secret>", "GET"): ALL,
    ("/reset/<secret>", "POST"): ALL,
    ("/scan/<int:scan_id>", "GET"): MAX_AND_IN_SCOPE,
    ("/scan/<int:scan_id>/download", "GET"): MAX_AND_IN_SCOPE,
    ("/scan/<int:scan_id>/file", "GET"): MAX_AND_IN_SCOPE,
    ("/scan/<int:scan_id>/preview", "GET"): MAX_AND_IN_SCOPE,
}

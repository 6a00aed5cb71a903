"""The matrix of who may do what, action by action, and where each of its cells is answered.

The cells are of PERSONAS in tests/access_table.py and in its words; what may be either stands with a slash between. A
row is answered by rows of that table (a row with "no" has no address there), by tests, or by the reason why there is
no such thing here. Where a row of the table reads otherwise than its cell, `differs` says for whom and what they get,
and `because` why: what DOMAIN says goes before what the matrix says.
"""

from __future__ import annotations

from dataclasses import dataclass

OTHER_METHODS = "tests/test_access_attacks.py::test_no_address_takes_another_method"
BESIDES = "tests/test_routes_access.py::test_each_person_gets_what_the_table_says"
NOT_ONES_OWN = "tests/test_access_attacks.py::test_what_is_not_ones_own_reads_like_what_does_not_exist"
SCAFFOLDED = "tests/test_access_attacks.py::test_no_view_has_an_entry_that_it_does_not_use"
READING = "tests/test_routes_access.py::test_reading_changes_no_record_and_shows_nothing_of_others"
STATES = "tests/test_authz_matrix.py::test_a_cell_of_another_state"


@dataclass(frozen=True)
class Asked:
    what: str
    cells: str
    rows: tuple[str, ...] = ()
    differs: str = ""
    because: str = ""
    tests: tuple[str, ...] = ()


MATRIX: dict[str, Asked] = {
    "AZ001": Asked(
        "session: login page", "open open open open open open open open open open open open", rows=("GET /login",)
    ),
    "AZ002": Asked(
        "session: log in (valid creds)",
        "open open open open open open open open 403 422 open open",
        rows=("POST /login",),
        differs="acting open, dan open",
        because="who is signed in is led home; and the request has Mia's password, not the deactivated one's",
        tests=(
            "tests/records/pages/test_signing_in.py::test_a_deactivated_member_is_out_at_the_next_request_and_stays_out",
        ),
    ),
    "AZ003": Asked(
        "session: log out",
        "open open open open open open open open open open open open",
        rows=("POST /logout",),
        tests=("tests/records/test_signin.py::test_signing_out_kills_every_copy_of_the_cookie",),
    ),
    "AZ004": Asked(
        "session: log out by GET",
        "405 405 405 405 405 405 405 405 405 405 405 405",
        rows=("no GET /logout",),
        tests=(OTHER_METHODS,),
    ),
    "AZ005": Asked(
        "account: view own profile",
        "login open open open open open open open open login open open",
        rows=("GET /portfolio/",),
    ),
    "AZ006": Asked(
        "account: change own password/e-mail",
        "login open open open open open open open 403 login open open",
        rows=(
            "POST /account/password",
            "POST /account/email",
        ),
        tests=(
            "tests/records/pages/test_signing_in.py::test_a_changed_password_kills_every_older_cookie_also_the_changers_own",
        ),
    ),
    "AZ007": Asked(
        "account: request password reset",
        "open open open open open open open open 403 open open open",
        rows=("POST /reset",),
    ),
    "AZ008": Asked(
        "account: view another member profile (portal id in URL)",
        "login open 404 403 403 403 403 403 open login 404 404",
        because="the portal has no page about another member",
    ),
    "AZ009": Asked(
        "certification (own): list names + expiry + scans",
        "login open open open open open open open open login open open",
        rows=("GET /portfolio/certifications",),
        tests=(READING,),
    ),
    "AZ010": Asked(
        "certification (own): details",
        "login open 404 404 404 404 404 404 open login 404 404",
        rows=("GET /portfolio/certifications/<int:certification_id>",),
        tests=(NOT_ONES_OWN,),
    ),
    "AZ011": Asked(
        "certification (own): create",
        "login 403/405 403/405 403/405 403/405 403/405 403/405 403/405 403/405 login 403/405 403/405",
        rows=("no POST /portfolio/certifications",),
        tests=(OTHER_METHODS,),
    ),
    "AZ012": Asked(
        "certification (own): edit",
        "login 403/405 404 403/405 403/405 403/405 403/405 403/405 403/405 login 404 404",
        rows=("no POST /portfolio/certifications/<int:certification_id>",),
        tests=(OTHER_METHODS,),
    ),
    "AZ013": Asked(
        "certification (own): delete",
        "login 403/405 404 403/405 403/405 403/405 403/405 403/405 403/405 login 404 404",
        because="there is no such request",
    ),
    "AZ014": Asked(
        "certification scan: view/download/print own (member scan)",
        "login open 404 open open open 404 open open login 404 404",
        rows=(
            "GET /scan/<int:scan_id>",
            "GET /scan/<int:scan_id>/file",
            "GET /scan/<int:scan_id>/download",
            "GET /member/<int:member_id>/scans/download",
        ),
    ),
    "AZ015": Asked(
        "certification scan: HEAD / Range (member scan)",
        "login open 404 open open open 404 open open login 404 404",
        rows=("GET /scan/<int:scan_id>/file",),
        tests=(
            READING,
            NOT_ONES_OWN,
        ),
    ),
    "AZ016": Asked(
        "certification scan: thumbnail/preview (member scan)",
        "login open 404 open open open 404 open open login 404 404",
        rows=(
            "GET /scan/<int:scan_id>/thumbnail",
            "GET /scan/<int:scan_id>/preview",
        ),
        tests=(NOT_ONES_OWN,),
    ),
    "AZ017": Asked(
        "certification scan: download after file deleted (deleted)",
        "login 404 404 404 404 404 404 404 404 login 404 404",
        tests=(STATES,),
    ),
    "AZ018": Asked(
        "certification scan: upload by member",
        "login 403/405 404 403/405 403/405 403/405 403/405 403/405 403/405 login 404 404",
        because="there is no such request",
    ),
    "AZ019": Asked(
        "back office: index", "login 403 403 open open open open open 403 login 403 open", rows=("GET /admin/",)
    ),
    "AZ020": Asked(
        "back office: static assets",
        "open open open open open open open open open open open open",
        because="none of Flask-Admin's files are served",
        tests=("tests/admin_panel/test_traps.py::test_none_of_its_styles_and_scripts_are_served_or_linked",),
    ),
    "AZ021": Asked(
        "member: list",
        "login 403 403 open open open open open 403 login 403 open",
        rows=("GET /admin/members/",),
        tests=(READING,),
    ),
    "AZ022": Asked(
        "member: search/sort/filter/page",
        "login 403 403 open open open open open 403 login 403 open",
        rows=("GET /admin/members/",),
        tests=(READING,),
    ),
    "AZ023": Asked(
        "member: details",
        "login 403 403 open open open 404 open 403 login 403 404",
        rows=(
            "GET /admin/members/<int:member_id>",
            "GET /admin/members/<int:member_id>/summary",
        ),
        tests=(NOT_ONES_OWN,),
    ),
    "AZ024": Asked(
        "member: edit form",
        "login 403 403 open open open 404 open 403 login 403 404",
        rows=("GET /admin/members/<int:member_id>",),
    ),
    "AZ025": Asked(
        "member: update profile fields",
        "login 403 403 403/open 403/open 403/open 404 open 403 login 403 404",
        rows=("POST /admin/members/<int:member_id>",),
        tests=("tests/admin_panel/test_profile.py::test_posting_identity_or_role_as_a_coordinator_is_refused",),
    ),
    "AZ026": Asked(
        "member: grant/revoke role, incl. Training Coordinator",
        "login 403 403 403 403 403 403 open 403 login 403 404",
        differs="sven 404",
        because="out of scope is not found, whatever is sent",
        tests=(STATES,),
    ),
    "AZ027": Asked(
        "member: change own role",
        "login 403 403 403 403 403 403 403 403 login 403 403",
        tests=(
            "tests/records/services/test_profiles.py::test_ones_own_role_stays",
            BESIDES,
        ),
    ),
    "AZ028": Asked(
        "member: move to another organisation", "login 403 403 403 403 403 403 403 403 login 403 404", tests=(BESIDES,)
    ),
    "AZ029": Asked(
        "member: create", "login 403 403 403 403 403 403 open 403 login 403 open", rows=("POST /admin/members/new",)
    ),
    "AZ030": Asked(
        "member: deactivate",
        "login 403 403 403 403 403 403 open 403 login 403 404",
        rows=("POST /admin/members/<int:member_id>/deactivate",),
    ),
    "AZ031": Asked(
        "member: delete",
        "login 403 403 403 403 403 403 open 403 login 403 404",
        because="members are never deleted",
        tests=(SCAFFOLDED,),
    ),
    "AZ032": Asked(
        "member: bulk action delete",
        "login 403 403 403 403 403 403 open 403 login 403 404",
        rows=("POST /admin/members/several",),
        differs="ken open",
        because="it deactivates, as members are never deleted; and Ken deactivates his own",
        tests=("tests/admin_panel/test_members_at_once.py",),
    ),
    "AZ033": Asked(
        "member: inline edit",
        "login 403 403 403/404 403/404 403/404 403/404 open/404 403 login 403 404",
        because="there is no such request",
        tests=(SCAFFOLDED,),
    ),
    "AZ034": Asked(
        "member: autocomplete",
        "login 403 403 open open open open open 403 login 403 open",
        rows=("GET /admin/find",),
        tests=(READING,),
    ),
    "AZ035": Asked(
        "member: export CSV",
        "login 403 403 open open open open open 403 login 403 open",
        rows=("GET /admin/members/export",),
        tests=(READING,),
    ),
    "AZ036": Asked(
        "certification type: list",
        "login 403 403 open open open open open 403 login 403 open",
        rows=("GET /admin/certification-types/",),
        tests=(READING,),
    ),
    "AZ037": Asked(
        "certification type: create",
        "login 403 403 open open 403 403 open 403 login 403 open",
        rows=("POST /admin/certification-types/new",),
        differs="rita 403",
        because="Rita was granted to review, and covers units: types need the whole organization",
    ),
    "AZ038": Asked(
        "certification type: edit",
        "login 403 403 open open 403 403 open 403 login 403 404",
        rows=("POST /admin/certification-types/<int:type_id>",),
        differs="rita 403",
        because="as AZ037",
    ),
    "AZ039": Asked(
        "certification type: delete unused (unused)",
        "login 403 403 open open 403 403 open 403 login 403 404",
        rows=("POST /admin/certification-types/<int:type_id>/delete",),
        differs="rita 403",
        because="as AZ037",
    ),
    "AZ040": Asked(
        "certification type: delete in use (in use)",
        "login 403 403 409 409 403 403 409 403 login 403 404",
        differs="rita 403",
        because="as AZ037",
        tests=(STATES,),
    ),
    "AZ041": Asked(
        "certification: add one or several (+) (expires given)",
        "login 403 403 open open open 404 open 403 login 403 404",
        rows=("POST /admin/members/<int:member_id>",),
        tests=(NOT_ONES_OWN,),
    ),
    "AZ042": Asked(
        "certification: add without Expires (expires missing)",
        "login 403 403 422 422 422 404 422 403 login 403 404",
        tests=(STATES,),
    ),
    "AZ043": Asked(
        "certification: add with type of another org (type foreign)",
        "login 403 403 422 422 422 404 422 403 login 403 404",
        tests=(STATES,),
    ),
    "AZ044": Asked(
        "certification: edit issued/expires/number",
        "login 403 403 open open open 404 open 403 login 403 404",
        rows=("POST /admin/certifications/<int:certification_id>",),
    ),
    "AZ045": Asked(
        "certification: delete (several ticks)",
        "login 403 403 open open open 404 open 403 login 403 404",
        tests=(STATES,),
    ),
    "AZ046": Asked(
        "certification: list/details/export",
        "login 403 403 open open open open open 403 login 403 open/404",
        rows=("GET /admin/certifications/<int:certification_id>",),
        differs="sven 404",
        because="one of a member out of scope is not found",
        tests=(NOT_ONES_OWN,),
    ),
    "AZ047": Asked(
        "certification: coordinator edits own or an administrator's certification (target = self/admin)",
        "login 403 403 403/open 403/open 403/open 403/404 open 403 login 403 404",
        tests=("tests/admin_panel/test_certification.py::test_who_may_not_change_it_may_not_reach_it",),
    ),
    "AZ048": Asked(
        "scan upload: choose files (step 1)",
        "login 403 403 open open open 404 open 403 login 403 404",
        rows=("POST /admin/members/<int:member_id>/upload",),
    ),
    "AZ049": Asked(
        "scan upload: associate + submit (step 2) (token of actor)",
        "login 403 403 open open open 404 open 403 login 403 404",
        rows=("POST /admin/uploads/<int:upload_id>",),
        differs="carl 404, rita 404, nora 404",
        because="the upload is Ada's",
        tests=("tests/admin_panel/test_uploads.py::test_who_may_open_the_wizard_for_whom",),
    ),
    "AZ050": Asked(
        "scan upload: use another staff member's staged token (token of other)",
        "login 403 403 404 404 404 404 404 403 login 403 404",
        rows=("POST /admin/uploads/<int:upload_id>",),
        differs="ada open",
        because="the upload is Ada's",
        tests=("tests/admin_panel/test_uploads.py::test_another_persons_upload_answers_404_at_every_address",),
    ),
    "AZ051": Asked(
        "scan upload: upload for member of another org",
        "login 403 403 404 404 404 404 404 403 login 403 open",
        tests=(NOT_ONES_OWN,),
    ),
    "AZ052": Asked(
        "certification scan: delete file only",
        "login 403 403 open open open 404 open 403 login 403 404",
        rows=("POST /admin/scans/<int:scan_id>/delete",),
    ),
    "AZ053": Asked(
        "certification scan: delete file by GET",
        "405/login 405 405 405 405 405 405 405 405 405/login 405 405",
        rows=("no GET /admin/scans/<int:scan_id>/delete",),
        tests=(OTHER_METHODS,),
    ),
    "AZ054": Asked(
        "credit type: list/create/edit/delete",
        "login 403 403 403 403 403 403 open 403 login 403 open/404",
        rows=(
            "GET /admin/credit-types/",
            "POST /admin/credit-types/new",
            "GET /admin/credit-types/<int:credit_type_id>",
            "POST /admin/credit-types/<int:credit_type_id>",
            "POST /admin/credit-types/<int:credit_type_id>/delete",
        ),
    ),
    "AZ055": Asked(
        "credit type: choose in own submission (foreign or inactive type)",
        "login 422 422 422 422 422 422 422 422 login 422 422",
        differs="other_max 403, ken 403",
        because="Hillside Clinic has no credit type",
        tests=(STATES,),
    ),
    "AZ056": Asked(
        "external certificate: list (type/status filter)",
        "login open open open open open open open open login open open",
        rows=("GET /portfolio/certificates",),
        tests=(READING,),
    ),
    "AZ057": Asked(
        "external certificate: submit (uploads permitted)",
        "login open open open open open open open open login open open",
        rows=("POST /portfolio/certificates/new",),
        differs="other_max 403, ken 403",
        because="Hillside Clinic has no credit type",
    ),
    "AZ058": Asked(
        "external certificate: submit when not permitted / no credit types (permission off)",
        "login 403 403 403 403 403 403 403 403 login 403 403",
        tests=("tests/portal/test_submitting.py::test_where_none_is_taken_the_page_says_whom_to_ask",),
    ),
    "AZ059": Asked(
        "external certificate: submit for another user (user_id in body)",
        "login open open open open open open open open login open open",
        tests=(BESIDES,),
    ),
    "AZ060": Asked(
        "external certificate: create through back office",
        "login 403 403 403 403 403 403 403/405 403 login 403 403/405",
        because="there is no such request",
        tests=(SCAFFOLDED,),
    ),
    "AZ061": Asked(
        "external certificate: details (any)",
        "login open 404 404 404 404 404 404 open login 404 404",
        rows=("GET /portfolio/certificates/<int:certificate_id>",),
        tests=(NOT_ONES_OWN,),
    ),
    "AZ062": Asked(
        "external certificate: edit (pending)",
        "login open 404 404 404 404 404 404 open login 404 404",
        rows=("POST /portfolio/certificates/<int:certificate_id>/edit",),
    ),
    "AZ063": Asked(
        "external certificate: edit (approved)", "login 409 404 404 404 404 404 404 409 login 404 404", tests=(STATES,)
    ),
    "AZ064": Asked(
        "external certificate: withdraw/delete (pending)",
        "login open 404 404 404 404 404 404 open login 404 404",
        rows=("POST /portfolio/certificates/<int:certificate_id>/withdraw",),
    ),
    "AZ065": Asked(
        "external certificate: withdraw/delete (approved)",
        "login 409 404 404 404 404 404 404 409 login 404 404",
        tests=(STATES,),
    ),
    "AZ066": Asked(
        "external certificate: replace file (approved)",
        "login 409 404 404 404 404 404 404 409 login 404 404",
        because="files are replaced by an edit",
        tests=(STATES,),
    ),
    "AZ067": Asked(
        "external certificate: edit/resubmit (rejected)",
        "login 409 404 404 404 404 404 404 409 login 404 404",
        tests=(STATES,),
    ),
    "AZ068": Asked(
        "external certificate: View Certificate (download) (approved)",
        "login open 404 403 open 403 403 open open login 404 404",
        differs="sven 404",
        because="one of a member out of scope is not found",
        tests=(STATES,),
    ),
    "AZ069": Asked(
        "external certificate: View Certificate (download) (pending)",
        "login open 404 403 open 403 403 open open login 404 404",
        differs="sven 404",
        because="one of a member out of scope is not found",
        tests=(STATES,),
    ),
    "AZ070": Asked(
        "review queue: list pending",
        "login 403 403 403 open 403 403 open 403 login 403 open",
        rows=("GET /admin/approvals/",),
        tests=(READING,),
    ),
    "AZ071": Asked(
        "review: approve (pending)",
        "login 403 403 403 open 403 403 open 403 login 403 404",
        rows=("POST /admin/approvals/<int:certificate_id>/approve",),
        tests=(NOT_ONES_OWN,),
    ),
    "AZ072": Asked(
        "review: approve own submission (pending, owner=actor)",
        "login - - 403 403 403 403 403 403 login - -",
        tests=(
            "tests/admin_panel/test_approvals.py::test_own_ones_have_no_tick_box_and_the_page_leads_to_granting_a_reviewer",
        ),
    ),
    "AZ073": Asked(
        "review: approve again (approved)", "login 403 403 403 409 403 403 409/open 403 login 403 404", tests=(STATES,)
    ),
    "AZ074": Asked(
        "review: reject with reason (pending)",
        "login 403 403 403 open 403 403 open 403 login 403 404",
        rows=("POST /admin/approvals/<int:certificate_id>/decline",),
    ),
    "AZ075": Asked(
        "review: reject after approve / approve after reject (decided)",
        "login 403 403 403 409 403 403 409 403 login 403 404",
        tests=(STATES,),
    ),
    "AZ076": Asked(
        "review: bulk approve (mixed)",
        "login 403 403 403 open 403 403 open 403 login 403 404",
        rows=("POST /admin/approvals/approve",),
    ),
    "AZ077": Asked(
        "review: edit approved by admin form / ajax (approved)",
        "login 403 403 403 403 403 403 409 403 login 403 404",
        because="there is no such request",
        tests=(
            SCAFFOLDED,
            "tests/admin_panel/test_approvals.py::test_what_is_decided_is_read_only",
        ),
    ),
    "AZ078": Asked(
        "review: learner forges status=approved / credits_awarded in own form",
        "login open - - - - - - open login - -",
        tests=(BESIDES,),
    ),
    "AZ079": Asked(
        "credits: own dashboard",
        "login open open open open open open open open login open open",
        rows=("GET /portfolio/credits",),
    ),
    "AZ080": Asked(
        "credits: adjust ledger",
        "login 403 403 403 403 403 403 403/405 403 login 403 403/405",
        because="there is no such request",
        tests=(SCAFFOLDED,),
    ),
    "AZ081": Asked(
        "impersonation: start on active learner of own org",
        "login 403 403 403 403 403 403 open 403 login 403 404",
        rows=("POST /admin/members/<int:member_id>/log-in-as",),
    ),
    "AZ082": Asked(
        "impersonation: start on administrator / coordinator (target staff)",
        "login 403 403 403 403 403 403 open/403 403 login 403 404",
        tests=("tests/admin_panel/test_login_as.py::test_nobody_may_be_entered_who_must_not_be",),
    ),
    "AZ083": Asked(
        "impersonation: start on self / deactivated",
        "login 403 403 403 403 403 403 409 403 login 403 404",
        tests=("tests/admin_panel/test_login_as.py::test_nobody_may_be_entered_who_must_not_be",),
    ),
    "AZ084": Asked(
        "impersonation: start by GET",
        "405/login 405 405 405 405 405 405 405 405 405/login 405 405",
        rows=("no GET /admin/members/<int:member_id>/log-in-as",),
        tests=(OTHER_METHODS,),
    ),
    "AZ085": Asked(
        "impersonation: stop (active)", "login 409 409 409 409 409 409 409 open login 409 409", rows=("POST /return",)
    ),
    "AZ086": Asked(
        "impersonation: any /admin route while impersonating (active)",
        "- - - - - - - - 403 - - -",
        tests=("tests/test_authz_matrix.py::test_nothing_of_the_back_office_opens_to_who_is_logged_in_as_another",),
    ),
    "AZ087": Asked(
        "organisation: settings, activate Certification Tracking Module",
        "login 403 403 403 403 403 403 open 403 login 403 404",
        rows=("POST /admin/settings/",),
        differs="ken open",
        because="its address names no organization: Ken changes his own",
    ),
    "AZ088": Asked(
        "organisation: use certification routes when the module is off (module off)",
        "login 404/403 404/403 404/403 404/403 404/403 404/403 404/403 404/403 login 404/403 -",
        tests=(
            "tests/admin_panel/test_uploads.py::test_with_the_module_off_the_wizard_is_gone",
            "tests/admin_panel/test_approvals.py::test_with_the_module_off_the_screens_are_gone",
        ),
    ),
    "AZ089": Asked(
        "audit log: list/details/export",
        "login 403 403 403 403 403 403 open 403 login 403 open",
        rows=(
            "GET /admin/audit-trail/",
            "GET /admin/audit-trail/export",
        ),
        tests=(READING,),
    ),
    "AZ090": Asked(
        "audit log: create/edit/delete/action/ajax",
        "login 403/405 403/405 403/405 403/405 403/405 403/405 403/405 403/405 login 403/405 403/405",
        rows=("no POST /admin/audit-trail/",),
        tests=(
            OTHER_METHODS,
            SCAFFOLDED,
        ),
    ),
    "AZ091": Asked(
        "file keys: guess/enumerate (missing)",
        "login 404 404 404 404 404 404 404 404 login 404 404",
        tests=(NOT_ONES_OWN,),
    ),
    "AZ092": Asked(
        "health: liveness/readiness",
        "open open open open open open open open open open open open",
        rows=(
            "GET /healthz",
            "GET /readyz",
        ),
    ),
    "AZ093": Asked(
        "error pages: unknown route",
        "404 404 404 404 404 404 404 404 404 404 404 404",
        tests=("tests/records/web/test_errors.py::test_a_page_that_does_not_exist_is_not_found",),
    ),
    "AZ094": Asked(
        "every rule: OPTIONS/HEAD",
        "- - - - - - - - - - - -",
        because="HEAD is answered as GET; OPTIONS is 405 for everybody",
        tests=(
            READING,
            OTHER_METHODS,
        ),
    ),
    "AZ095": Asked(
        "every rule: unlisted rule in url_map",
        "- - - - - - - - - - - -",
        tests=(
            "tests/test_routes_access.py::test_every_address_has_its_row",
            OTHER_METHODS,
        ),
    ),
}

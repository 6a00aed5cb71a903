"""The words for background work."""

from __future__ import annotations

from flask_babel import lazy_gettext

from records.models import ExportFailure, JobFailure

JOB_WORDS = {
    "send_reminders": lazy_gettext("Notices of expiry and weekly digests"),
    "announce_submissions": lazy_gettext("Telling reviewers what was submitted"),
    "announce_proposals": lazy_gettext("Telling staff which renewals were proposed"),
    "send_messages": lazy_gettext("Sending mail"),
    "scan_for_viruses": lazy_gettext("Scanning files for viruses"),
    "draw_previews": lazy_gettext("Drawing previews"),
    "write_exports": lazy_gettext("Writing long exports"),
    "count_figures": lazy_gettext("Counting figures over many members"),
    "seal": lazy_gettext("Sealing the audit trail"),
    "keep_rules": lazy_gettext("Rules for keeping records"),
    "sweep": lazy_gettext("Clearing up"),
}

FAILURE_WORDS = {
    JobFailure.DATABASE: lazy_gettext("The database did not answer."),
    JobFailure.STORAGE: lazy_gettext("Files could not be read or written."),
    JobFailure.STORAGE_FULL: lazy_gettext("There is no room left for files."),
    JobFailure.CUT_SHORT: lazy_gettext("It was cut short: the worker that ran it ended. It goes on from where it was."),
    JobFailure.UNEXPECTED: lazy_gettext("Something unexpected went wrong. The server's log says more."),
}

EXPORT_FAILURE_WORDS = {
    ExportFailure.REFUSED: lazy_gettext("You may not see this list any more, or what it tells of is switched off."),
    ExportFailure.TOO_LARGE: lazy_gettext("The file became too large. Choose more filters."),
    ExportFailure.STORAGE_FULL: lazy_gettext("There is no room left for files."),
    ExportFailure.CUT_SHORT: lazy_gettext("It was cut short several times. Tell whoever runs Certfolio."),
    ExportFailure.UNEXPECTED: lazy_gettext("Something unexpected went wrong. The server's log says more."),
}

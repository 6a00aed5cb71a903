"""The reports, each a question with filters, and the rows that answer it. Figures and the lists behind them are made of
the same conditions."""

from __future__ import annotations

from records.errors import NotFound
from records.models import Actor, Standing
from records.queries.binding import asked_for_rules
from records.queries.reports import credit_sums, expiry, holdings, notices
from records.queries.reports.activity import BY_ACTOR, BY_KIND, activity
from records.queries.reports.frame import Asked, Listed, Page, Paged, Report, Rows, Sums
from records.queries.reports.gaps import missing
from records.queries.reports.periods import AHEAD, BEHIND, Preset
from records.queries.reports.turnaround import turnaround

__all__ = ["REPORTS", "Asked", "Listed", "Page", "Paged", "Report", "Rows", "Sums", "offered", "report_named"]

REPORTS = {
    report.name: report
    for report in (
        Report(
            "expiring",
            expiry.expiring,
            presets=AHEAD,
            ids=("unit", "type"),
            choices={"renewed": (expiry.UNRENEWED, expiry.ALL)},
            tracks=True,
        ),
        Report(
            "expired",
            holdings.expired,
            presets=(Preset.EVER, Preset.LAST_30, Preset.LAST_90, Preset.THIS_YEAR, Preset.LAST_YEAR, Preset.OWN_DATES),
            ids=("unit", "type"),
            tracks=True,
        ),
        Report("missing", missing, ids=("unit", "requirement", "type"), tracks=True, asks=asked_for_rules),
        Report(
            "standing",
            holdings.standing_by_unit_and_type,
            ids=("unit", "type"),
            choices={"group": (holdings.BY_TYPE, holdings.BY_UNIT, holdings.BY_BOTH)},
            tracks=True,
        ),
        Report(
            "standing-by-member",
            holdings.standing_by_member,
            ids=("unit", "type"),
            choices={"standing": (holdings.ANY, *Standing)},
            tracks=True,
        ),
        Report(
            "turnaround",
            turnaround,
            presets=(Preset.LAST_90, *(each for each in BEHIND if each != Preset.LAST_90)),
            takes=True,
            open_to=lambda by: by.reviews,
        ),
        Report(
            "credits",
            credit_sums.credit_sums,
            presets=(Preset.THIS_YEAR, *(each for each in BEHIND if each != Preset.THIS_YEAR)),
            ids=("unit", "credit_type"),
            choices={
                "group": (credit_sums.BY_UNIT, credit_sums.BY_TYPE, credit_sums.BY_MONTH, credit_sums.BY_YEAR),
                "people": (credit_sums.ACTIVE, credit_sums.EVERYONE),
            },
            takes=True,
        ),
        Report(
            "notices",
            notices.notices,
            presets=BEHIND,
            ids=("unit", "type"),
            choices={
                "stage": (notices.ANY, *notices.Stage),
                "told": (notices.ANY, *notices.Told),
                "answered": (notices.ANY, *notices.Answered),
            },
            tracks=True,
        ),
        Report(
            "activity",
            activity,
            presets=BEHIND,
            choices={"group": (BY_ACTOR, BY_KIND)},
            open_to=lambda by: by.administers,
        ),
    )
}


def report_named(name: str, *, by: Actor) -> Report:
    """Raises NotFound, NotAllowed, ModuleOff."""
    by.require_staff()
    report = REPORTS.get(name)
    if report is None:
        raise NotFound()
    report.require(by)
    return report


def offered(*, by: Actor) -> list[Report]:
    """Those that the asker may open now, in order. Raises NotAllowed."""
    by.require_staff()
    return [report for report in REPORTS.values() if report.is_offered_to(by)]

"""A learner's credits: totals, the ledger's entries behind them, exports, and the transcript."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from io import BytesIO

from flask import Blueprint, Response, render_template, request, send_file, session
from flask_babel import gettext, lazy_gettext

from records import signin
from records.models import CreditKind
from records.models.credit_entry import EntryKind
from records.pages.faces import PORTAL
from records.pages.guards import member_required, this_member, this_organization
from records.queries.credit_months import Month, asked_for_months, months_of
from records.queries.credit_types import likely_credit_kinds
from records.queries.credits import (
    Entry,
    Filter,
    SpanChoice,
    asked_for_entries,
    asked_for_totals,
    entries_of,
    totals_of,
)
from records.queries.external_certificates import why_none_are_taken
from records.queries.keyset import Cursor
from records.queries.messages import asked_for_unread
from records.queries.reviewers import administrators
from records.reading.ahead import read_ahead
from records.services import transcripts
from records.tables import CSV, MIME, XLSX, Cell, written
from records.web.charts import BarChart, Value, bar_chart
from records.web.limits import exports
from records.web.words import credits as credit_words
from records.web.words import moment, month_names, today

KIND_WORDS = {EntryKind.AWARD: lazy_gettext("Award"), EntryKind.REVERSAL: lazy_gettext("Reversal")}


def add_to(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/credits", "credits", credits)
    blueprint.add_url_rule("/credits/export", "credits_export", export)
    blueprint.add_url_rule("/credits/transcript", "make_transcript", make_transcript, methods=["POST"])


@member_required
def credits() -> str:
    """Totals by credit type, and the entries that the address asks for."""
    session["face"] = PORTAL
    member, on = this_member(), today()
    after = Cursor.read(request.args.get("after", ""), date)
    likely = _chosen({each.id for each in likely_credit_kinds()})
    entries = asked_for_entries(member, likely, on=on, after=after)
    unread = asked_for_unread(by=signin.current_actor())
    questions = *asked_for_totals(member, on=on), asked_for_months(member, on=on), *entries, unread
    with read_ahead(*questions, planned_once=True):
        totals, months = totals_of(member, on=on), months_of(member, on=on)
        chosen, refusal = _chosen({total.type.id for total in totals}), why_none_are_taken()
        return render_template(
            "portal/credits.html",
            totals=totals,
            types=tuple((each.type.id, each.type.name) for each in totals),
            charts={each.type.id: _chart(each.type, months[each.type.id]) for each in totals if each.type.id in months},
            chosen=chosen,
            chosen_type=next((each.type for each in totals if each.type.id == chosen.credit_type_id), None),
            entries=entries_of(member, chosen, on=on, after=after),
            takes_certificates=this_organization().takes_external_certificates,
            refusal=refusal,
            people=administrators() if refusal else [],
        )


@member_required
@exports
def export() -> Response:
    """The same entries as a file; anything but XLSX is asked for as CSV."""
    member, on = this_member(), today()
    kind = XLSX if request.args.get("format") == XLSX else CSV
    known = {total.type.id for total in totals_of(member, on=on)}
    entries = entries_of(member, _chosen(known), on=on, most=None).rows
    title = gettext("Credits")
    header = [gettext("Counts on"), gettext("Credit type"), gettext("Unit"), gettext("Certificate"), gettext("Issuer"),
              gettext("Certificate number"), gettext("Entry"), gettext("Credits"), gettext("Recorded")]  # fmt: skip
    content = written(kind, header, map(_row, entries), title=title)
    name = f"{title} {member.name} {on.isoformat()}.{kind}"
    return send_file(BytesIO(content), mimetype=MIME[kind], as_attachment=True, download_name=name)


@member_required
def make_transcript() -> Response:
    """A new transcript with a code of its own. Raises ExternalCertificatesOff."""
    from portal.transcript import drawn  # because: only this page needs fonts

    made = transcripts.make(by=signin.current_actor())
    name = f"{gettext('Transcript')} {made.holder} {made.made_on.isoformat()}.pdf"
    return send_file(BytesIO(drawn(made)), mimetype="application/pdf", as_attachment=True, download_name=name)


def _chosen(known: set[int]) -> Filter:
    """What the address asks for; what it cannot mean counts as everything. `known`: ids of credit types."""
    asked, span = request.args.get("type", type=int), request.args.get("span", "")
    return Filter(
        credit_type_id=asked if asked in known else None,
        span=SpanChoice(span) if span in set(SpanChoice) else SpanChoice.ALL_TIME,
    )


def _chart(type_: CreditKind, months: Sequence[Month]) -> BarChart:
    """Month by month, the present one marked."""
    title = gettext("%(name)s by month, in %(unit)s", name=type_.name, unit=type_.unit)
    words = {amount: credit_words(amount) for amount in {each.credits for each in months}}
    values = [
        Value(name, f"{name} {each.first.year}", each.credits, words[each.credits], is_marked=each is months[-1])
        for each, name in zip(months, month_names(each.first for each in months), strict=True)
    ]
    return bar_chart(title, (gettext("Month"), gettext("Credits")), values)


def _row(entry: Entry) -> list[Cell]:
    return [
        entry.counts_on, entry.credit_type.name, entry.credit_type.unit, entry.title, entry.issuer, entry.number,
        str(KIND_WORDS[EntryKind(entry.kind)]), entry.amount, moment(entry.created_at),
    ]  # fmt: skip

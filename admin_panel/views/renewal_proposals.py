"""Renewals that members propose: the list of them, and the decision on one with its files before one's eyes."""

from __future__ import annotations

from flask import Response as Answer
from flask import redirect, request, url_for
from flask_admin import expose
from flask_babel import gettext
from werkzeug.wrappers import Response

from admin_panel.base import CoordinatorView
from admin_panel.forms.renewal_proposal import AcceptForm, DeclineForm
from admin_panel.messages import report
from admin_panel.short_lists import state_listing
from records import signin
from records.errors import FileChanged, InvalidInput, ReasonRequired, Refusal, Stale
from records.errors.renewals import OwnProposal, ProposalDecided, RenewedMeanwhile, TypeRetiredMeanwhile
from records.models import ProposalState, RenewalProposal
from records.pages.forms import show_refusal
from records.queries.renewal_proposals import proposal_for, proposals, proposals_waiting
from records.queries.short_lists import ShortWanted
from records.services import renewal_proposals
from records.web.words import refusal_text

# What stays on the page, with the sentence above it and what was typed.
_TYPED = ("issued_on", "expires_on", "number", "reason")
_KINDLY = (FileChanged, OwnProposal, ProposalDecided, RenewedMeanwhile, Stale, TypeRetiredMeanwhile)


class RenewalProposalsView(CoordinatorView):
    needs_certification_tracking = True
    icon = "renew"
    first_page = "list"
    lies_under = "renewals"

    @expose("/")
    def list(self) -> str:
        by, state = signin.current_actor(), request.args.get("state", "")
        state = state if state in set(ProposalState) else ProposalState.PROPOSED
        wanted = ShortWanted.read(request.args, ProposalState)
        after, before = (request.args.get(name, type=int) for name in ("after", "before"))
        return str(
            self.render(
                "admin_panel/renewal_proposals.html",
                found=proposals(state, by=by, search=wanted.search, after=after, before=before),
                listing=state_listing("proposals.list", wanted),
                state=state,
                states=[*ProposalState],
                waiting=proposals_waiting(by=by),
            )
        )

    @expose("/<int:proposal_id>")
    def show(self, proposal_id: int) -> Response:
        return self._page(proposal_for(proposal_id, by=signin.current_actor()))

    @expose("/<int:proposal_id>/summary")
    def summary(self, proposal_id: int) -> str:
        by = signin.current_actor()
        proposal = proposal_for(proposal_id, by=by)
        may_decide = proposal.is_open and proposal.may_be_decided_by(by)
        return self.render_summary(
            "admin_panel/summaries/proposal.html", proposal=proposal, member=proposal.member, may_decide=may_decide
        )

    @expose("/<int:proposal_id>/accept", methods=["POST"])
    def accept(self, proposal_id: int) -> Response:
        by, form = signin.current_actor(), AcceptForm(request.form)
        proposal = proposal_for(proposal_id, by=by)
        title, name = proposal.title, proposal.member.name
        try:
            renewal_proposals.accept(proposal, form.entry(), version=form.version.data or 0, by=by)
        except InvalidInput as refusal:
            show_refusal(form, refusal)
            return self._page(proposal_for(proposal_id, by=by), refusal.status, accepting=form)
        except _KINDLY as refusal:
            return self._conflict(proposal_id, refusal, accepting=form)
        report(gettext("The renewal of “%(title)s” of %(name)s is recorded.", title=title, name=name))
        return redirect(url_for(".list"))

    @expose("/<int:proposal_id>/decline", methods=["POST"])
    def decline(self, proposal_id: int) -> Response:
        by, form = signin.current_actor(), DeclineForm(request.form)
        proposal = proposal_for(proposal_id, by=by)
        title, name = proposal.title, proposal.member.name
        try:
            reason, version = form.reason.data or "", form.version.data or 0
            renewal_proposals.decline(proposal, reason=reason, version=version, by=by)
        except ReasonRequired as refusal:
            show_refusal(form, refusal)
            return self._page(proposal_for(proposal_id, by=by), refusal.status, declining=form)
        except _KINDLY as refusal:
            return self._conflict(proposal_id, refusal, declining=form)
        report(gettext("The renewal of “%(title)s” of %(name)s is declined.", title=title, name=name))
        return redirect(url_for(".list"))

    def _conflict(
        self,
        proposal_id: int,
        refusal: Refusal,
        *,
        accepting: AcceptForm | None = None,
        declining: DeclineForm | None = None,
    ) -> Response:
        """Somebody was first, or something has come between: as it stands now, and what was typed with it."""
        proposal = proposal_for(proposal_id, by=signin.current_actor())
        for form in (accepting, declining):
            if form is not None:
                form.version.raw_data, form.version.data = None, proposal.version
        return self._page(
            proposal, refusal.status, accepting=accepting, declining=declining, conflict=refusal_text(refusal)
        )

    def _page(
        self,
        proposal: RenewalProposal,
        status: int = 200,
        *,
        accepting: AcceptForm | None = None,
        declining: DeclineForm | None = None,
        conflict: str = "",
    ) -> Response:
        html = self.render(
            "admin_panel/renewal_proposal.html",
            proposal=proposal,
            accepting=accepting or AcceptForm.of(proposal),
            declining=declining or DeclineForm(data={"version": proposal.version}),
            conflict=conflict,
            typed=" · ".join(request.form[name] for name in _TYPED if request.form.get(name, "").strip()),
            may_decide=proposal.may_be_decided_by(signin.current_actor()),
        )
        return Answer(str(html), status, mimetype="text/html")

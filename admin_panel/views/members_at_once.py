"""User Management, many at once: what is done with ticked members, and the list as a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from flask import redirect, request, url_for
from flask_admin import expose
from flask_babel import gettext, ngettext
from werkzeug.wrappers import Response

from admin_panel.base import CoordinatorView
from admin_panel.exporting import list_file, rows_file, rows_table
from admin_panel.messages import report_many
from admin_panel.reports.layout import Column, Kind
from records import signin
from records.database import found
from records.models import Actor, Member
from records.pages.fields import ids_in
from records.queries.member_filters import Activity, Wanted
from records.queries.members import PAGE, every_member, how_many_members
from records.services import invitations, members
from records.services.many import each
from records.tables import Table, reads
from records.web.limits import exports
from records.web.words import role_word

Doing = Callable[[Member, Actor], object]


class MembersAtOnceView(CoordinatorView):
    """Whatever changes a member is for administrators; a file holds what its reader may see."""

    icon = "people"
    first_page = "export"
    lies_under = "members"

    @expose("/export")
    @exports
    def export(self) -> Response:
        """Everybody whom the filters find."""
        return list_file("members", request.args)

    @expose("/several", methods=["POST"])
    def several(self) -> Response:
        by, what = signin.current_actor(), request.values.get("do", "")
        ids = ids_in(request.values.getlist("chosen"))[:PAGE]
        if what == "export":
            wanted = Wanted.read({**request.args, "activity": Activity.ALL})
            return rows_file(gettext("Members"), _columns(), lambda: every_member(wanted, by=by, only=ids))
        by.require_administrator()
        doing = _DOING.get(what)
        if doing is None or not ids:
            report_many({}, done="", name=str)
            return _back()
        names: dict[int, str] = {}

        def act(member_id: int) -> None:
            member = found(Member, member_id)
            names[member_id] = member.name
            doing(member, by)

        outcome = each(ids, act)
        done = [member_id for member_id, refusal in outcome.items() if refusal is None]
        undo = url_for(".several", do=_UNDONE_BY[what], chosen=done) if done and what in _UNDONE_BY else None
        report_many(outcome, done=_said(what, len(done)), name=lambda member_id: names[member_id], undo=undo)
        return _back()


def _invite(member: Member, by: Actor) -> None:
    invitations.invite(member, by=by)


def _unit(member: Member, by: Actor) -> None:
    chosen = ids_in([request.form.get("unit", "")])
    members.assign_unit(member, chosen[0] if chosen else None, by=by)


def _position(verb: Callable[..., bool], member: Member, by: Actor) -> None:
    verb(member, next(iter(ids_in([request.form.get("position", "")])), 0), by=by)


_DOING: dict[str, Doing] = {
    "invite": _invite,
    "unit": _unit,
    "give-position": partial(_position, members.give_position),
    "take-position": partial(_position, members.take_position),
    "deactivate": lambda member, by: members.deactivate(member, by=by),
    "reactivate": lambda member, by: members.reactivate(member, by=by),
}
_UNDONE_BY = {"deactivate": "reactivate"}


def _said(what: str, number: int) -> str:
    return {
        "invite": lambda: ngettext("%(num)d member was invited.", "%(num)d members were invited.", number),
        "unit": lambda: ngettext("The unit of %(num)d member is set.", "The unit of %(num)d members is set.", number),
        "give-position": lambda: ngettext(
            "%(num)d member serves in the position now.", "%(num)d members serve in the position now.", number
        ),
        "take-position": lambda: ngettext(
            "%(num)d member no longer serves in the position.",
            "%(num)d members no longer serve in the position.",
            number,
        ),
        "deactivate": lambda: ngettext(
            "%(num)d member is deactivated and signed out everywhere.",
            "%(num)d members are deactivated and signed out everywhere.",
            number,
        ),
        "reactivate": lambda: ngettext("%(num)d member is active again.", "%(num)d members are active again.", number),
    }[what]()


def _back() -> Response:
    """To the page of the list that the ticks were made on."""
    wanted = Wanted.read(request.args)
    place: dict[str, Any] = {**wanted.asked(), "after": wanted.after or None, "before": wanted.before or None}
    return redirect(url_for("members.list", **place))


def _columns() -> list[Column]:
    return [
        Column(gettext("Name"), lambda member: member.listed_name),
        Column(gettext("Number"), lambda member: member.number),
        Column(gettext("Unit"), lambda member: member.unit.name if member.unit else ""),
        Column(gettext("Role"), lambda member: role_word(member.role)),
        Column(gettext("E-mail"), lambda member: member.email),
        Column(gettext("Joined"), lambda member: member.joined_on, Kind.DAY),
        Column(gettext("Invited"), lambda member: member.invited_at, Kind.MOMENT),
        Column(gettext("Last seen"), lambda member: member.last_seen_at, Kind.MOMENT),
        Column(gettext("Deactivated"), lambda member: member.deactivated_at, Kind.MOMENT),
    ]


@reads("members")
def _table(fields: Mapping[str, str], by: Actor) -> Table:
    wanted = Wanted.read(fields)
    return rows_table(
        gettext("Members"),
        _columns(),
        every_member(wanted, by=by),
        lambda most: how_many_members(wanted, by=by, most=most),
    )

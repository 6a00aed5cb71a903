"""Members to choose from in a form: those that were chosen, and those that a search found. Nothing typed is lost."""

from __future__ import annotations

from collections.abc import Iterable

from flask_babel import gettext
from werkzeug.datastructures import MultiDict
from wtforms import SelectChoice

from records.models import Actor, Member
from records.queries.member_picks import FoundMembers, members_with


def is_searching(typed: MultiDict[str, str]) -> bool:
    """Whether the form was sent to find members: by its button, or by Enter while a name was typed."""
    return "search" in typed or bool("save" not in typed and typed.get("find", "").strip())


def choices(chosen: Iterable[int], found: FoundMembers, *, by: Actor) -> list[SelectChoice]:
    """Those chosen, whoever is found besides."""
    members = list(members_with(chosen, by=by))
    known = {member.id for member in members}
    news = [member for member in found.members if member.id not in known]
    return [SelectChoice(each.id, member_word(each)) for each in [*members, *news]]


def member_word(member: Member) -> str:
    """A member as a list of choices tells them from others of that name."""
    number = gettext("No. %(number)s", number=member.number) if member.number else ""
    gone = "" if member.is_active else gettext("deactivated")
    return " · ".join(filter(None, [member.listed_name, member.unit.name if member.unit else "", number, gone]))

"""Search or jump to: a member, a certification type, a page, an action, as far as the asker's role and scope go."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Response, request, url_for
from flask_admin import expose
from flask_admin.menu import BaseMenu
from flask_babel import gettext

from admin_panel.base import CoordinatorView
from records import signin
from records.models import Actor, CertificationType, Member
from records.pages.finding import Kind, Place, answer, fitting
from records.pages.guards import this_organization
from records.queries.certification_types import active_types
from records.queries.member_picks import found_members


class FindingView(CoordinatorView):
    icon = "search"
    first_page = "find"
    lies_under = "admin"

    @expose("/find")
    def find(self) -> Response:
        by, text = signin.current_actor(), request.args.get("q", "")
        types = active_types() if this_organization().tracks_certifications else []
        return answer(
            [
                Kind(gettext("Members"), [_member(each) for each in found_members(text, by=by).members]),
                Kind(
                    gettext("Certification Types"),
                    fitting([_type(each, by=by) for each in types], text) if text.strip() else [],
                ),
                Kind(gettext("Actions"), fitting(_actions(by), text)),
                Kind(gettext("Pages"), fitting(_pages(self.admin.menu()), text)),
            ],
            text,
        )


def _member(member: Member) -> Place:
    about = " · ".join(filter(None, (member.number, member.unit.name if member.unit else "", member.email)))
    return Place(member.listed_name, url_for("profile.show", member_id=member.id), "person", about)


def _type(type_: CertificationType, *, by: Actor) -> Place:
    """To its own page for those who may change it; to who holds it for all others."""
    if by.may_change_certification_types:
        return Place(type_.name, url_for("certification_types.show", type_id=type_.id), "badge")
    return Place(type_.name, url_for("coverage.show", count=f"type-{type_.id}"), "badge", gettext("Coverage"))


def _actions(by: Actor) -> Iterator[Place]:
    organization = this_organization()
    if by.administers:
        yield Place(gettext("New member"), url_for("members.new"), "plus")
    yield Place(gettext("Bring in a register"), url_for("imports.list"), "import")
    if organization.tracks_certifications:
        yield Place(gettext("Renew for many members"), url_for("renewals.new"), "renew")
        if by.may_change_certification_types:
            yield Place(gettext("New certification type"), url_for("certification_types.new"), "plus")
    if organization.takes_external_certificates:
        yield Place(gettext("Add certificate"), url_for("portal.new_certificate"), "plus", gettext("Learner Workspace"))


def _pages(menu: list[BaseMenu]) -> Iterator[Place]:
    """What the menu shows this asker, in its order."""
    for item in menu:
        if item.is_category():
            yield from _pages(item.get_children())
        elif item.is_accessible() and item.is_visible():
            yield Place(str(item.name), item.get_url(), item._view.icon)

"""A requirement as a sentence: who must hold what, from when."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from babel.lists import format_list
from flask_babel import gettext, lazy_gettext, lazy_pgettext, ngettext

from records.models import CertificationKind, CertificationType, CreditKind, CreditType, Rule
from records.queries.exemptions import Phase
from records.queries.requirements import RuleRow
from records.web.languages import locale_code
from records.web.words import credits, day

RULE_WORDS = {
    Rule.ALL: lazy_gettext("All of them"),
    Rule.ANY: lazy_gettext("Any one of them"),
    Rule.AT_LEAST: lazy_gettext("At least so many of them"),
}

PHASE_WORDS = {
    Phase.CURRENT: lazy_gettext("Exempt now"),
    Phase.COMING: lazy_gettext("Not yet"),
    Phase.ENDED: lazy_pgettext("exemption", "Ended"),
    Phase.WITHDRAWN: lazy_pgettext("exemption", "Withdrawn"),
}


def sentence(row: RuleRow) -> str:
    """Such as "Driver in Station North and below must hold all of: CPR, Forklift licence, from 1 Jan 2026."."""
    asked = row.requirement
    said = gettext("%(who)s must %(what)s, from %(day)s", who=who(row), what=what(row), day=day(asked.from_on))
    if asked.newcomer_days:
        said = ngettext(
            "%(said)s, with %(num)d day of grace for newcomers",
            "%(said)s, with %(num)d days of grace for newcomers",
            asked.newcomer_days,
            said=said,
        )
    return said + "."


def who(row: RuleRow) -> str:
    if row.requirement.binds_everyone:
        return gettext("Everyone")
    units, positions = _either(row.units), _either(row.positions)
    parts = []
    if units and positions:
        parts.append(gettext("%(positions)s in %(units)s and below", positions=positions, units=units))
    elif units:
        parts.append(gettext("Members of %(units)s and below", units=units))
    elif positions:
        parts.append(gettext("Everyone who serves as %(positions)s", positions=positions))
    named = _named(row)
    if named and parts:
        return gettext("%(who)s, and besides %(members)s,", who=parts[0], members=named)
    return named or "".join(parts)


def what(row: RuleRow) -> str:
    asked = row.requirement
    return what_is_asked(row.types, asked.rule, asked.at_least, row.credit_type, asked.credits)


def what_is_asked(
    types: Sequence[CertificationType | CertificationKind],
    rule: str,
    at_least: int | None,
    credit_type: CreditType | CreditKind | None,
    amount: Decimal | None,
) -> str:
    """Such as "hold all of: CPR, Forklift licence"; with a credit type, so much of it is to be earned."""
    names = ", ".join(type_word(each) for each in types)
    if credit_type is not None:
        return gettext("earn %(credits)s %(unit)s of %(type)s in each period", credits=credits(amount),
                       unit=credit_type.unit, type=credit_type.name)  # fmt: skip
    if len(types) == 1:
        return gettext("hold %(type)s", type=names)
    if rule == Rule.ANY:
        return gettext("hold any of: %(types)s", types=names)
    if rule == Rule.AT_LEAST:
        return gettext("hold at least %(number)s of: %(types)s", number=at_least, types=names)
    return gettext("hold all of: %(types)s", types=names)


def type_word(type_: CertificationType | CertificationKind) -> str:
    return gettext("%(name)s (retired)", name=type_.name) if type_.is_retired else type_.name


def _named(row: RuleRow) -> str:
    """The members that it names, as far as the reader may know them, and how many more."""
    more = row.member_count - len(row.members)
    names = list(row.members)
    if more:
        others = ngettext("%(num)d other member", "%(num)d other members", more)
        names.append(others if names else ngettext("%(num)d member by name", "%(num)d members by name", more))
    return format_list(names, style="standard", locale=locale_code()) if names else ""


def _either(names: Sequence[str]) -> str:
    return format_list(list(names), style="or", locale=locale_code()) if names else ""

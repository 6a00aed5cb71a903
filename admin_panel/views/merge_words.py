"""What went over in a merge, or stays after its undoing, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from flask_babel import gettext, lazy_gettext, ngettext

from records.queries.twins import Likeness

LIKENESS_WORDS = {
    Likeness.NAME: lazy_gettext("Same name"),
    Likeness.EMAIL: lazy_gettext("Similar e-mail"),
    Likeness.NUMBER: lazy_gettext("Same number"),
    Likeness.CERTIFICATION: lazy_gettext("Same certification number"),
}
_FIELD_WORDS = {
    "given_name": lazy_gettext("Given name"),
    "family_name": lazy_gettext("Family name"),
    "suffix": lazy_gettext("Suffix"),
    "number": lazy_gettext("Member number"),
    "email": lazy_gettext("E-mail"),
    "joined_on": lazy_gettext("Joined"),
    "unit_id": lazy_gettext("Unit"),
    "positions": lazy_gettext("Positions"),
}
_COUNTED: dict[str, Callable[[int], str]] = {
    "certification": lambda n: ngettext("%(num)d certification", "%(num)d certifications", n),
    "external_certificate": lambda n: ngettext("%(num)d external certificate", "%(num)d external certificates", n),
    "scan": lambda n: ngettext("%(num)d file", "%(num)d files", n),
    "credit_entry": lambda n: ngettext("%(num)d entry of credits", "%(num)d entries of credits", n),
    "transcript": lambda n: ngettext("%(num)d transcript", "%(num)d transcripts", n),
    "reminder": lambda n: ngettext("%(num)d notice of expiry", "%(num)d notices of expiry", n),
    "message": lambda n: ngettext("%(num)d message", "%(num)d messages", n),
    "renewal_proposal": lambda n: ngettext("%(num)d proposed renewal", "%(num)d proposed renewals", n),
    "proof": lambda n: ngettext("%(num)d proof handed out", "%(num)d proofs handed out", n),
    "requirement_member": lambda n: ngettext("named in %(num)d requirement", "named in %(num)d requirements", n),
    "exemption": lambda n: ngettext("%(num)d exemption", "%(num)d exemptions", n),
    "calendar_feed": lambda n: ngettext("%(num)d calendar address", "%(num)d calendar addresses", n),
    "saved_view": lambda n: ngettext("%(num)d saved view", "%(num)d saved views", n),
    "upload": lambda n: ngettext("%(num)d upload under way", "%(num)d uploads under way", n),
}


def counted(counts: Mapping[str, int]) -> list[str]:
    """Counts by table, in the order of the words above."""
    return [word(counts[table]) for table, word in _COUNTED.items() if counts.get(table)]


def stayed(counts: Mapping[str, int], fields: Iterable[str], *, account_is_back: bool, name: str) -> list[str]:
    """Sentences on what undoing left with the member called `name`."""
    lines = [gettext("Changed since, so it stays with %(name)s: %(what)s.", name=name, what=what)
             for what in counted(counts)]  # fmt: skip
    words = [str(_FIELD_WORDS[each]) for each in fields]
    if words:
        lines.append(gettext("Changed or taken since, so it stays as it is: %(fields)s.", fields=", ".join(words)))
    if not account_is_back:
        lines.append(gettext("The account stays with %(name)s: it was changed since.", name=name))
    return lines

"""A first proposal for a mapping, from the words of the header and of the status column. A person confirms it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from records.models.text import folded
from records.registers.dates import ShortYears
from records.registers.mapping import DATES, NAMES, Field, IdentifyBy, Mapping, StatusMeaning
from records.registers.rows import PROBLEM
from records.registers.survey import Survey

_EXACT = {
    Field.FULL_NAME: "name, full name, member, member name, employee, employee name, person, holder, licensee, "
                     "license holder, learner, student, student name, participant, nom, nombre",
    Field.GIVEN_NAME: "first name, given name, given names, first, forename, fname, firstname, vorname, prenom",
    Field.MIDDLE_NAME: "middle name, middle, middle initial, mi, mname, middlename",
    Field.FAMILY_NAME: "last name, family name, surname, last, lname, lastname, nachname, familienname, apellidos",
    Field.SUFFIX: "suffix, name suffix, generation",
    Field.MEMBER_NUMBER: "member number, member no, member id, member num, employee number, employee id, employee no, "
                         "personnel number, staff number, staff id, badge, badge number, badge no, personalnummer, "
                         "unique id, id",
    Field.EMAIL: "email, e mail, email address, e mail address, mail, mail address",
    Field.UNIT: "unit, station, department, dept, team, division, battalion, organizational unit, abteilung",
    Field.JOINED: "joined, joined on, join date, hire date, date of hire, hired, member since, employed since, "
                  "start date",
    Field.TYPE: "certification, certifications, certificate, type, certification type, certificate type, "
                "certification name, certificate name, license type, licence type, license, licence, credential, "
                "credential type, qualification, training, course, skill, class",
    Field.ISSUED: "issued, issued on, issue date, date issued, licensed since, certified on, effective, "
                  "effective date, valid from, completed, completed on, completion date, original license date, "
                  "original issue date, first issued, ausgestellt am",
    Field.EXPIRES: "expires, expires on, expiry, expiry date, expiration, expiration date, exp date, exp, expire date, "
                   "valid until, valid to, valid through, valid thru, renewal date, due date, gultig bis",
    Field.NUMBER: "license number, licence number, license no, licence no, certification number, certification num, "
                  "certificate number, certification no, certificate no, cert number, cert no, cert num, number, num, "
                  "no, registration number, credential number, permit number, license id, certificate id",
    Field.STATUS: "status, license status, licence status, certification status, standing",
    Field.STATUS_SINCE: "status date, status since, status as of",
}  # fmt: skip
_BY_WORDS = {name.strip(): held for held, names in _EXACT.items() for name in names.split(",")}

_HELD = {"license", "licence", "certification", "certificate", "cert", "credential", "registration", "permit", "card"}
_NUMBERING = {"number", "no", "num", "nr", "id"}


def guessed(survey: Survey, *, statuses_of: str | None = None) -> Mapping:
    """A mapping for a file that looks so; `statuses_of` names another status column than the likeliest."""
    columns = _columns(survey.header)
    mapping = Mapping(columns=columns, identify_by=identified_by(columns.values()))
    dates = [name for name, held in columns.items() if held in DATES]
    return Mapping(
        columns=columns,
        identify_by=mapping.identify_by,
        statuses=guessed_statuses(survey, statuses_of or mapping.column_of(Field.STATUS)),
        date_order=survey.date_order(dates),
        short_years=ShortYears.REFUSE,
    )


def guessed_statuses(survey: Survey, name: str | None) -> dict[str, StatusMeaning]:
    column = survey.column(name)
    return {word: _meaning(word) for word in (column.words or {}) if word} if column else {}


def identified_by(fields: Iterable[Field]) -> IdentifyBy | None:
    held = set(fields)
    if Field.MEMBER_NUMBER in held:
        return IdentifyBy.MEMBER_NUMBER
    if Field.EMAIL in held:
        return IdentifyBy.EMAIL
    return IdentifyBy.NAME if held & NAMES and Field.NUMBER in held else None


def _columns(header: list[str]) -> dict[str, Field]:
    """Each field once: exact words come before rules of thumb, columns further left before others."""
    columns: dict[str, Field] = {}
    for guess in (_exact, _by_rule):
        for name in header:
            held = guess(_words(name)) if name not in columns and name != PROBLEM else None
            if held and held not in columns.values():
                columns[name] = held
    if {Field.GIVEN_NAME, Field.FAMILY_NAME} & set(columns.values()):
        columns = {name: held for name, held in columns.items() if held is not Field.FULL_NAME}
    return {name: columns[name] for name in header if name in columns}


def _words(name: str) -> str:
    return " ".join(re.sub(r"[\W_]+", " ", folded(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name))).split())


def _exact(words: str) -> Field | None:
    return _BY_WORDS.get(words)


def _by_rule(words: str) -> Field | None:
    said = set(words.split())
    if any(word.startswith("expir") for word in said) or said >= {"valid", "until"} or {"exp", "date"} <= said:
        return Field.EXPIRES
    if "status" in said:
        return Field.STATUS
    if said & _HELD and said & _NUMBERING:
        return Field.NUMBER
    if said & _HELD and said & {"type", "name", "title", "level"}:
        return Field.TYPE
    if any(word.startswith("issue") for word in said) and not said & {"by", "number"}:
        return Field.ISSUED
    return Field.EMAIL if "email" in said else None


def _meaning(word: str) -> StatusMeaning:
    said = folded(word)
    if said.startswith(("revok", "cancel", "widerruf")):
        return StatusMeaning.REVOKED
    if said.startswith("suspend"):
        return StatusMeaning.SUSPENDED
    if said.startswith(("delet", "deceas", "void", "duplicate", "dead", "died")):
        return StatusMeaning.LEAVE_OUT
    return StatusMeaning.AS_IT_IS

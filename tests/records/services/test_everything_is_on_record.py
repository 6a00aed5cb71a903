"""Every verb writes its audit event in its own transaction, and every kind of event is written by something."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from records.models import AuditKind

RECORDS = Path(__file__).parents[3] / "records"

# Verbs that write no event, and why.
_STAGED = "what waits to be sent is no record yet, and goes by itself after a day; sending it is an event"
_OVER = "what goes was never a record, or is bytes that no row refers to; scans that go are events"
_LETTERS = "a message is its own record of what was told to whom, and when"
NO_EVENT = {
    **dict.fromkeys(("scans.stage", "submissions.stage", "submissions.restage", "renewal_proposals.stage",
                     "renewal_batches.stage", "renewal_batches.restage", "files.take_in"), _STAGED),
    **dict.fromkeys((f"uploads.{each}" for each in ("stage", "start", "leave_out", "discard")), _STAGED),
    **dict.fromkeys((f"register_imports.{each}" for each in ("start", "read_again", "check", "answer", "discard")),
                    "a register that is looked over changes nothing; bringing it in is an event"),
    **dict.fromkeys(("sweeps.forget_uploads", "sweeps.forget_imports", "sweeps.forget_files"), _OVER),
    **dict.fromkeys(("announcing.announce", "digests.send", "proposal_digests.announce_proposals",
                     "submission_digests.announce_submissions", "reminders.remind", "reminding.run",
                     "reminding.run_for", "reminding.send_reminders"), _LETTERS),
    "second_factors.begin": "a secret that is drawn is no factor yet; proving it is an event",
    "messages.read_all": "what of one's own letters one has read is nobody else's",
    "calendar_feeds.note_read": "how often a calendar was read, noted on its row",
    "verifying.note_seen": "how often a proof was seen, noted on its row; a refused code is an event",
    "previews.draw_previews": "a picture of bytes that stay as they are",
    **dict.fromkeys(("figures.ask", "figures.count_anew", "figures.count_figures"),
                    "figures that are kept are no record: they follow from what stands"),
    "sealing.seal": "it seals the events themselves",
}  # fmt: skip


@cache
def module(name: str) -> ast.Module | None:
    """Of one of `records`, such as "records.services.units"; None where it is a package or none of ours."""
    path = RECORDS.parent / f"{name.replace('.', '/')}.py"
    return ast.parse(path.read_text()) if path.exists() else None


@cache
def functions(name: str) -> dict[str, ast.FunctionDef | ast.ClassDef]:
    """Those of a service, and its classes."""
    tree = module(name) if name.startswith("records.services.") else None
    return {each.name: each for each in tree.body if isinstance(each, ast.FunctionDef | ast.ClassDef)} if tree else {}


@cache
def imported(name: str) -> dict[str, tuple[str, str]]:
    """By the name that a module knows it by: the module it is from, and its name there ("" for a module itself)."""
    known: dict[str, tuple[str, str]] = {}
    for each in ast.walk(module(name) or ast.Module([], [])):
        if isinstance(each, ast.ImportFrom) and each.module and each.module.startswith("records"):
            for alias in each.names:
                whole = f"{each.module}.{alias.name}"
                known[alias.asname or alias.name] = (whole, "") if module(whole) else (each.module, alias.name)
    return known


def called(name: str, function: ast.AST) -> Iterator[tuple[str, str]]:
    """What a function names of services' functions, as module and name, but the jobs that it wakes."""
    known = imported(name)
    for each in walked(function):
        if isinstance(each, ast.Name) and each.id in functions(name):
            yield name, each.id
        elif isinstance(each, ast.Name) and known.get(each.id, ("", ""))[1]:
            yield known[each.id]
        elif isinstance(each, ast.Attribute) and isinstance(each.value, ast.Name):
            where, what = known.get(each.value.id, ("", "."))
            if not what:
                yield where, each.attr


def walked(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "wake":
        return
    yield node
    for each in ast.iter_child_nodes(node):
        yield from walked(each)


def reached(name: str, function: str, seen: set[tuple[str, str]]) -> Iterator[ast.AST]:
    """The function and all that it calls, however deep."""
    if (name, function) in seen or function not in functions(name):
        return
    seen.add((name, function))
    body = functions(name)[function]
    yield body
    for where, what in called(name, body):
        yield from reached(where, what, seen)


def verbs() -> Iterator[tuple[str, str]]:
    """Public functions of services with a transaction of their own, or in what they alone call."""
    for path in sorted((RECORDS / "services").glob("*.py")):
        name = f"records.services.{path.stem}"
        for function in functions(name):
            is_verb = isinstance(functions(name)[function], ast.FunctionDef) and not function.startswith("_")
            if is_verb and any(map(opens_transaction, reached(name, function, set()))):
                yield name, function


def opens_transaction(function: ast.AST) -> bool:
    return any(
        isinstance(item.context_expr, ast.Call) and getattr(item.context_expr.func, "id", "") == "transaction"
        for each in ast.walk(function)
        if isinstance(each, ast.With)
        for item in each.items
    )


def writes_event(function: ast.AST) -> bool:
    return any(
        isinstance(each, ast.Attribute) and each.attr == "of" and getattr(each.value, "id", "") == "AuditEvent"
        for each in ast.walk(function)
    )


def test_every_verb_writes_an_event_or_says_why_not():
    silent = {
        f"{name.removeprefix('records.services.')}.{function}"
        for name, function in verbs()
        if not any(map(writes_event, reached(name, function, set())))
    }
    assert silent == NO_EVENT.keys()


def test_every_kind_of_event_is_written_by_something():
    names = {
        each.attr
        for folder in ("services", "pages")
        for path in (RECORDS / folder).glob("*.py")
        for each in ast.walk(ast.parse(path.read_text()))
        if isinstance(each, ast.Attribute) and getattr(each.value, "id", "") == "AuditKind"
    }
    assert names == set(AuditKind.__members__)

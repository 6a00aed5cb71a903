"""The proof that no event of the trail was changed, taken away or put elsewhere since it was sealed.

It reads lines (`audit_chains.lines`), from the database or from a file, and trusts no column, trigger or index: only
that nobody finds another text with the same SHA-256. It asks nothing of the times of events: a clock may be set back.
Whoever can rewrite the whole database can rewrite a chain from some number on, or cut it off there: that shows against
heads that were noted elsewhere (`noted`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from records.models.sealing import PERSONAL, digest_of_detail, hash_of
from records.queries.audit_chains import Head, Line

_MOST_NAMED = 100


class Fault(StrEnum):
    CHANGED = "event_changed"
    MISSING = "event_missing"
    OUT_OF_ORDER = "event_out_of_order"
    UNLINKED = "event_unlinked"
    HALF_SEALED = "event_half_sealed"
    DETAIL_CHANGED = "detail_changed"
    DETAIL_MISSING = "detail_missing"
    HEAD_DIFFERS = "head_differs"
    HEAD_MISSING = "head_missing"


@dataclass(frozen=True)
class Break:
    """`record` is the event ("audit_event 17"), or the chain; `detail` is for whoever looks into it, in English."""

    kind: Fault
    record: str
    detail: str


@dataclass
class Chain:
    """What was found of one chain.

    `waiting` events are not sealed yet; the oldest of them is from `waiting_since` (text), '' where none waits.
    `erased` details are empty, of those `erased_in_part` something is left, which nothing vouches for any more.
    Of very many `breaks` the first are named, and `faults` counts all by kind.
    """

    head: Head = field(default_factory=Head)
    sealed: int = 0
    waiting: int = 0
    waiting_since: str = ""
    erased: int = 0
    erased_in_part: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    breaks: list[Break] = field(default_factory=list)
    noted: dict[int, str] = field(default_factory=dict)

    @property
    def is_whole(self) -> bool:
        return not self.faults

    def take(self, line: Line) -> None:
        """The next line of the chain."""
        event = line["event"]
        record = f"audit_event {event['id']}"
        if event["sequence"] is None:
            self._wait(line, record)
        else:
            self._link(line, record)
        self._detail(event["detail_digest"], line["detail"], record)

    def end(self) -> None:
        """No line comes any more: heads that were noted and never met are missing."""
        for sequence in sorted(self.noted):
            detail = f"number {sequence} was noted, and the chain has no such event: it ends at {self.head.sequence}"
            self._broken(Fault.HEAD_MISSING, "the chain", detail)

    def _wait(self, line: Line, record: str) -> None:
        event = line["event"]
        if event["sealed_at"] or event["previous_hash"] or line["hash"]:
            self._broken(Fault.HALF_SEALED, record, "it has a seal, and no number")
            return
        self.waiting += 1
        self.waiting_since = min(self.waiting_since or event["at"], event["at"])

    def _link(self, line: Line, record: str) -> None:
        event, due = line["event"], self.head.sequence + 1
        number = event["sequence"]
        self.sealed += 1
        if number > due:
            gone = f"number {due} is" if number == due + 1 else f"numbers {due} to {number - 1} are"
            self._broken(Fault.MISSING, record, f"{gone} missing before number {number}")
        elif number < due:
            self._broken(Fault.OUT_OF_ORDER, record, f"number {number} comes where number {due} is due")
        elif event["previous_hash"] != self.head.hash:
            detail = f"number {number} does not follow number {due - 1}: exchanged, or in another order"
            self._broken(Fault.UNLINKED, record, detail)
        if hash_of(event) != line["hash"]:
            self._broken(Fault.CHANGED, record, f"number {number} is not as it was sealed")
        noted = self.noted.pop(number, line["hash"])
        if noted != line["hash"]:
            self._broken(Fault.HEAD_DIFFERS, record, f"another hash was noted for number {number}")
        self.head = Head(number, str(line["hash"]))

    def _detail(self, digest: str, detail: Mapping[str, Any] | None, record: str) -> None:
        if detail is None:
            self._broken(Fault.DETAIL_MISSING, record, "its detail is gone")
        elif detail["erased_at"]:
            self.erased += 1
            self.erased_in_part += any(detail[name] for name in PERSONAL if name != "salt")
        elif digest_of_detail(detail) != digest:
            self._broken(Fault.DETAIL_CHANGED, record, "its detail is not the one that it was written with")

    def _broken(self, kind: Fault, record: str, detail: str) -> None:
        self.faults[kind] += 1
        if len(self.breaks) < _MOST_NAMED:
            self.breaks.append(Break(kind, record, detail))


def verify(lines: Iterable[Line], noted: Mapping[int | None, Sequence[Head]] | None = None) -> dict[int | None, Chain]:
    """By chain, what was found. The lines of each chain come in the order of their numbers, those of several mixed or
    one after the other. `noted` are heads that each chain once had.
    """
    found: dict[int | None, Chain] = defaultdict(Chain)
    for organization_id, heads in (noted or {}).items():
        found[organization_id].noted = {head.sequence: head.hash for head in heads}
    for line in lines:
        found[line["event"]["organization_id"]].take(line)
    for chain in found.values():
        chain.end()
    return dict(found)

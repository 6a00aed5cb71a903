"""Texts that break programs: some of our own and, where CORPUS_DIR is set, public lists of them."""

from __future__ import annotations

import json
import os
from itertools import count
from pathlib import Path

# Would be an element, an attribute, a template, a format, and something else once it is decoded twice.
MARK = """<x-canary canary="1" onload=z>'"`{{7103*7}}%s{0.__class__}&amp;lt;%2526"""
COMPUTED = "49721"  # what {{7103*7}} would come to

_OWN = [
    MARK, "'; DROP TABLE member; --", "' OR '1'='1", "\0", "a\0b", "\ud800", "\u202egnp.exe", "\u2028", "%00",
    "%2e%2e%2f", "99999999999999999999", "-1", "1e309", "NaN", "1,2", "1_000", "\u0663", "0001-01-01", "2026-02-30",
    "10000-01-01", "2026-01-01'--", "(((a+)+)+$", "[", "\\", "%", "_", "x\r\nBcc: eve@evil.example", "${7103*7}",
    "%s%n{0.__class__}", "http://[", "//evil.example", "/\\evil.example", "javascript:alert(1)", "../../etc/passwd",
    "$(touch pwn)", "--help", "=1+1", "true", "null", "[]", "{}", " ", "", "\ufeff", "x" * 1001, "\U0001f3c5" * 300,
]  # fmt: skip
ELSEWHERE = [
    "//evil.example", "////evil.example", "/\\evil.example", "/\t/evil.example", "http:evil.example", "//[", "http://[x",
    "https://evil.example/", " javascript:alert(1)", "data:text/html,x", "/%09/evil.example", "\x1b///evil.example",
    "\0//evil.example", "//localhost@evil.example", "/..//evil.example", "//\uff0fevil.example", "file:///etc/passwd",
]  # fmt: skip


def _listed(*names: str) -> list[str]:
    root = os.environ.get("CORPUS_DIR")
    if not root:
        return []
    texts: list[str] = []
    for path in sorted(path for name in names for path in Path(root, "bad", "lists").glob(name)):
        text = path.read_text(errors="replace")
        texts += json.loads(text) if path.suffix == ".json" else text.splitlines()
    return texts


def texts() -> list[str]:
    """Each once; the own ones first."""
    return list(dict.fromkeys(_OWN + _listed("*.json", "*XSS*.txt", "directory_traversal.txt")))


def ways_elsewhere() -> list[str]:
    return list(dict.fromkeys(ELSEWHERE + _listed("redirect_targets*.json", "openredirects.txt")))


class InTurn:
    """Gives the texts one by one, over and over: what is asked of it often sees them all."""

    def __init__(self, of: list[str], first: int = 0) -> None:
        self._of, self._at = of, count(first)

    def next(self) -> str:
        return self._of[next(self._at) % len(self._of)]

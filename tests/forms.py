"""Reading a page's forms as a browser does: what it would send, and what stands on the page."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

_VOID = {"input", "img", "br", "hr", "meta", "link", "use", "path"}


@dataclass
class Element:
    tag: str
    attrs: dict[str, str]
    parent: Element | None = None
    nodes: list[Element | str] = field(default_factory=list)

    @property
    def children(self) -> list[Element]:
        return [node for node in self.nodes if isinstance(node, Element)]

    def all(self, tag: str | None = None, **attrs: str | None) -> list[Element]:
        """Descendants with this tag and these attributes (`_` for `-`; None: present)."""
        wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attrs.items()}
        return [each for each in self._walk() if each.fits(tag, wanted)]

    def one(self, tag: str | None = None, **attrs: str | None) -> Element:
        found = self.all(tag, **attrs)
        assert len(found) == 1, f"{len(found)} of {tag} {attrs}"
        return found[0]

    def fits(self, tag: str | None, attrs: dict[str, str | None]) -> bool:
        if tag is not None and self.tag != tag:
            return False
        return all(name in self.attrs and value in (None, self.attrs[name]) for name, value in attrs.items())

    @property
    def text(self) -> str:
        return " ".join(self._text().split())

    def within(self, tag: str) -> bool:
        return self.parent is not None and (self.parent.tag == tag or self.parent.within(tag))

    def _text(self) -> str:
        return "".join(node if isinstance(node, str) else node._text() for node in self.nodes)

    def _walk(self) -> Any:
        for child in self.children:
            yield child
            yield from child._walk()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = self.here = Element("", {})

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs}, self.here)
        self.here.nodes.append(element)
        if tag not in _VOID:
            self.here = element

    def handle_endtag(self, tag: str) -> None:
        walk: Element | None = self.here
        while walk is not None and walk.tag != tag:
            walk = walk.parent
        if walk is not None and walk.parent is not None:
            self.here = walk.parent

    def handle_data(self, data: str) -> None:
        self.here.nodes.append(data)


def read(html: str) -> Element:
    reader = _Reader()
    reader.feed(html)
    return reader.root


def filled(page: Element, **attrs: str) -> dict[str, list[str]]:
    """What the page's form would send without a press of any named button."""
    return values_of(page.one("form", **attrs))


def values_of(form: Element) -> dict[str, list[str]]:
    sent: dict[str, list[str]] = {}
    for control in form.all():
        name = control.attrs.get("name")
        if not name or control.within("template") or "disabled" in control.attrs:
            continue
        if control.tag == "input" and _is_sent(control):
            sent.setdefault(name, []).append(control.attrs.get("value", "on"))
        elif control.tag == "textarea":
            sent.setdefault(name, []).append(control._text().strip("\r\n"))
        elif control.tag == "select":
            options = control.all("option")
            chosen = [option for option in options if "selected" in option.attrs] or options[:1]
            sent[name] = [option.attrs.get("value", option.text) for option in chosen]
    return sent


def _is_sent(control: Element) -> bool:
    kind = control.attrs.get("type", "text")
    return kind not in ("submit", "button", "file") and (
        kind not in ("checkbox", "radio") or "checked" in control.attrs
    )

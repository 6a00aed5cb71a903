"""What a page costs to open: the bytes that travel, compressed as they are, and what is asked for."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Page as Tab


@dataclass
class Weight:
    """`bytes` counts heads and bodies as they travelled; what a cache answers weighs nothing."""

    bytes: int = 0
    asked: Counter[str] = field(default_factory=Counter)

    @property
    def asked_twice(self) -> list[str]:
        return [address for address, times in self.asked.items() if times > 1]


def weigh(tab: Tab, address: str) -> Weight:
    """Open the page and wait until all of it is there."""
    weight = Weight()

    def asked(event: dict[str, Any]) -> None:
        weight.asked[event["request"]["url"]] += 1

    def arrived(event: dict[str, Any]) -> None:
        weight.bytes += int(event["encodedDataLength"])

    wire = tab.context.new_cdp_session(tab)
    wire.send("Network.enable")
    wire.on("Network.requestWillBeSent", asked)
    wire.on("Network.loadingFinished", arrived)
    tab.goto(address, wait_until="networkidle")
    wire.detach()
    return weight

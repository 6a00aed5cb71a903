"""Whether a text is an address of a server, as settings name them."""

from __future__ import annotations

from urllib.parse import urlparse


def is_address(url: str, *schemes: str) -> bool:
    """Whether `url` is SCHEME://HOST, with a port that exists where it has one."""
    try:
        address = urlparse(url)
        return address.scheme in schemes and bool(address.hostname) and address.port != 0
    except ValueError:
        return False


def is_origin(url: str) -> bool:
    """Whether `url` is http://HOST or https://HOST, and nothing more."""
    return is_address(url, "http", "https") and url.count("/") == 2 and not set(url) & set("@?#")

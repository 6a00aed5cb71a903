"""What every answer of the application has to say in its headers, over https."""

from __future__ import annotations

import re

from werkzeug.test import TestResponse

HTTPS = {
    "base_url": "https://localhost",
    "headers": {"Origin": "https://evil.example", "Referer": "https://localhost/"},
}
ALWAYS = {
    "X-Content-Type-Options": {"nosniff"},
    "Referrer-Policy": {"same-origin", "no-referrer"},
    "Cross-Origin-Opener-Policy": {"same-origin"},
    "Cross-Origin-Resource-Policy": {"same-origin"},
    "Permissions-Policy": {"camera=(self), geolocation=(), microphone=(), payment=(), usb=()"},
    "Strict-Transport-Security": {"max-age=63072000; includeSubDomains"},
}
FRAMED = "application/pdf"  # our pages show a PDF in a frame


def what_is_wrong(answer: TestResponse, *, is_static: bool = False) -> list[str]:
    """Everything about its headers that is not as it should be on https."""
    headers = answer.headers
    wrong = [f"{name}: {headers.get(name)}" for name, allowed in ALWAYS.items() if headers.get(name) not in allowed]
    policy = dict(part.strip().partition(" ")[::2] for part in headers.get("Content-Security-Policy", "").split(";"))
    wrong += [f"{key} is not 'none'" for key in ("default-src",) if policy.get(key) != "'none'"]
    shown = "inline" in headers.get("Content-Disposition", "inline")
    framed_by = "'self'" if answer.mimetype == FRAMED and shown else "'none'"
    wrong += [] if policy.get("frame-ancestors") == framed_by else [f"framed by {policy.get('frame-ancestors')}"]
    if answer.mimetype == "text/html":
        wrong += [f"{name} {policy.get(name)}" for name in ("base-uri", "object-src") if policy.get(name) != "'none'"]
        wrong += [] if re.fullmatch(r"'nonce-[\w-]{22}'", policy.get("script-src", "")) else ["script-src"]
        wrong += [word for word in ("unsafe", "*", "http:") if word in headers["Content-Security-Policy"]]
    kept = headers.get("Cache-Control", "")
    if not is_static and "no-store" not in kept and (answer.mimetype != "text/calendar" or "private" not in kept):
        wrong.append(f"Cache-Control: {kept}")
    wrong += [name for name, _ in headers if name.startswith("Access-Control-") or name in ("Server", "X-Powered-By")]
    wrong += [each for each in headers.getlist("Set-Cookie") if not ("HttpOnly" in each and "SameSite" in each)]
    if (
        (answer.mimetype or "").startswith("text/")
        and answer.content_length
        and not re.search(r'charset="?utf-8', answer.content_type)
    ):
        wrong.append(answer.content_type)
    return wrong

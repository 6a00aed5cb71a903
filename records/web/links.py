"""Addresses that leave the program: on paper, in a QR code, in a calendar. They begin with PUBLIC_URL."""

from __future__ import annotations

from typing import Any

from flask import Flask, current_app, url_for


def init_app(app: Flask) -> None:
    app.jinja_env.globals.update(public_address=public_address, proof_address=proof_address)


def public_address(endpoint: str, **values: Any) -> str:
    """The whole address of a page, whatever the request's own Host says."""
    return str(current_app.config["PUBLIC_URL"]) + url_for(endpoint, **values)


def proof_address(code: str) -> str:
    """Where anybody verifies this code, however it is grouped."""
    return public_address("pages.verified", code=code.replace("-", ""))

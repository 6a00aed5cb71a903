"""Requests that our own scripts send: they ask for JSON, and get facts and sentences instead of pages."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, make_response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

JSON = "application/json"


def wants_json() -> bool:
    return request.accept_mimetypes.best == JSON


def go_on(location: str) -> AnyResponse:
    """A script that sent a form learns where to go on, and leaves the message for that page."""
    return answer(201, location=location) if wants_json() else redirect(location)


def answer(status: int, **facts: Any) -> Response:
    return make_response(jsonify(**facts), status)

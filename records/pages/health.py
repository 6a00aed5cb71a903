"""Whether the process lives, and whether it can serve."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify
from sqlalchemy.exc import SQLAlchemyError

from records.database import database_is_current


def add_to(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/healthz", "healthz", healthz)
    blueprint.add_url_rule("/readyz", "readyz", readyz)


def healthz() -> Response:
    return jsonify(status="ok")


def readyz() -> tuple[Response, int, dict[str, str]]:
    """200 where the database answers at the newest migration, else 503."""
    try:
        ready = database_is_current()
    except SQLAlchemyError:
        ready = False
    if ready:
        return jsonify(status="ready"), 200, {}
    return jsonify(status="not ready"), 503, {"Retry-After": "10"}

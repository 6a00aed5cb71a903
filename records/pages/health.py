"""Whether the process lives, whether it can serve, and how it fares: for machines."""

from __future__ import annotations

import hmac

from flask import Blueprint, Response, abort, current_app, jsonify, request
from sqlalchemy.exc import SQLAlchemyError

from records.versions import database_is_ready
from records.web import metrics


def add_to(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/healthz", "healthz", healthz)
    blueprint.add_url_rule("/readyz", "readyz", readyz)
    blueprint.add_url_rule("/metrics", "metrics", numbers)


def healthz() -> Response:
    """200 from a process that lives. It asks nothing else, so that none is ended because a part is down."""
    return jsonify(status="ok")


def readyz() -> tuple[Response, int, dict[str, str]]:
    """200 where the database answers, and stands at this version's newest migration or a later one; else 503. Files
    that are out of reach are no reason: all other pages work."""
    try:
        ready = database_is_ready()
    except SQLAlchemyError:
        ready = False
    if ready:
        return jsonify(status="ready"), 200, {}
    return jsonify(status="not ready"), 503, {"Retry-After": "10"}


def numbers() -> Response:
    """For Prometheus, with the token of the settings as its bearer; 404 for everybody else."""
    token = current_app.config["METRICS_TOKEN"]
    given = request.authorization
    bearer = given.token if given is not None and given.type == "bearer" and given.token else ""
    if not token or not hmac.compare_digest(bearer.encode(), token.encode()):
        abort(404)
    return Response(metrics.in_text(), content_type=metrics.CONTENT_TYPE)

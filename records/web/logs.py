"""One structured line a request, with its id; no names, tokens or form values."""

from __future__ import annotations

import logging
import sys
import time
from contextlib import suppress

import structlog
from flask import Flask, Response, g, request

from records import signin

log = structlog.get_logger("certfolio.request")


class _Outlet:
    """Standard output. Where it leads to a full disk or to nobody, lines are lost, and no request fails over them."""

    def write(self, text: str) -> None:
        with suppress(OSError):
            sys.stdout.write(text)

    def flush(self) -> None:
        with suppress(OSError):
            sys.stdout.flush()


def init_app(app: Flask) -> None:
    structlog.configure(
        processors=[
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[app.config["LOG_LEVEL"]]),
        logger_factory=structlog.PrintLoggerFactory(_Outlet()),  # type: ignore[arg-type]  # because: it needs only these two
    )
    app.before_request(_begin)
    app.after_request(_end)


def _begin() -> None:
    g.began = time.perf_counter()


def _end(response: Response) -> Response:
    response.headers["X-Request-Id"] = signin.request_id()
    if request.endpoint not in ("pages.healthz", "pages.readyz"):
        log.info(
            "request",
            id=signin.request_id(),
            method=request.method,
            endpoint=request.endpoint or "",
            status=response.status_code,
            milliseconds=round((time.perf_counter() - g.get("began", time.perf_counter())) * 1000, 1),
        )
    return response

"""Logs: one line of JSON on standard error for whatever the product or a library says, and one for each request.

A line tells when, how grave, who speaks, and in which request (`id`) or run of a job (`job`, `run`). It holds no
names, tokens or form values: of a failure it says which kind it was and where, never in which words, because the text
of an exception holds the value that was wrong.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import Any

import structlog
from flask import Flask, Response, g, request
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import EventDict, WrappedLogger

from records import signin

OURS = ("certfolio", "records", "portal", "admin_panel")
log = structlog.get_logger("certfolio.request")


def init_app(app: Flask) -> None:
    _configure(app.config["LOG_LEVEL"])
    app.before_request(_begin)
    app.after_request(_end)


class _StandardError(logging.Handler):
    """Writes to standard error as it stands at that moment."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(self.format(record) + "\n")
        except Exception:  # because: what cannot be said must not fail what was being done
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:
        """Names who spoke, not what was said."""
        with suppress(OSError, ValueError):
            sys.stderr.write(json.dumps({"event": "unsaid", "logger": record.name}) + "\n")


def _configure(level: str) -> None:
    """Our own modules speak from `level` on, libraries from WARNING: below it they tell what they were given."""
    shared: list[Any] = [
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.contextvars.merge_contextvars,
        _add_request,
    ]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    handler = _StandardError()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _without_words,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [each for each in root.handlers if not isinstance(each, _StandardError)] + [handler]
    root.setLevel(logging.WARNING)
    for name in OURS:
        logging.getLogger(name).setLevel(level)
    server = logging.getLogger("_granian")  # it set itself up before it loaded us
    server.handlers, server.propagate = [], True
    logging.captureWarnings(True)
    if sys.excepthook is sys.__excepthook__:  # else somebody wants to know by themselves
        sys.excepthook = _uncaught
    if threading.excepthook is threading.__excepthook__:
        threading.excepthook = lambda raised: _uncaught(raised.exc_type, raised.exc_value, raised.exc_traceback)


def _uncaught(kind: type[BaseException], error: BaseException | None, where: TracebackType | None) -> None:
    """What nobody caught ends a command or a thread, and is said like all else."""
    log.critical("uncaught", exc_info=(kind, error, where))


def _add_request(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    if number := signin.request_id():
        event["id"] = number
    return event


_dissected = ExceptionDictTransformer(show_locals=False, use_rich=False)


def _without_words(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """In place of an exception, the chain of its causes: the kind of each, and where it was raised."""
    event.pop("stack_info", None)
    raised: Any = event.pop("exc_info", None)
    if raised:
        event["exception"] = [
            {
                "type": each["exc_type"],
                "frames": [f"{frame['filename']}:{frame['lineno']} {frame['name']}" for frame in each["frames"]],
            }
            for each in _dissected(raised if isinstance(raised, tuple) else sys.exc_info())
        ]
    return event


def _begin() -> None:
    g.began = time.perf_counter()


def _end(response: Response) -> Response:
    response.headers["X-Request-Id"] = signin.request_id()
    if request.endpoint not in ("pages.healthz", "pages.readyz", "pages.metrics"):
        log.info(
            "request",
            method=request.method,
            endpoint=request.endpoint or "",
            status=response.status_code,
            milliseconds=round((time.perf_counter() - g.get("began", time.perf_counter())) * 1000, 1),
        )
    return response

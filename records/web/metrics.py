"""Numbers for Prometheus: requests by endpoint, jobs, and whether the parts that everything stands on answer.

Each process counts into a file of its own in `DATA_DIR/metrics`, and whichever is asked adds all of this machine's up.
Nothing here says who asked for what: addresses, ids and names are left out.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask, Response, current_app, g, request
from sqlalchemy.exc import SQLAlchemyError

from records import jobs, turns
from records.database import db
from records.errors import StorageUnavailable
from records.storage import storage

if TYPE_CHECKING:
    from prometheus_client.core import GaugeMetricFamily

_FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # where the library looks, when it is imported
_METHODS = frozenset({"GET", "HEAD", "POST"})
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def folder(app: Flask) -> Path:
    return Path(app.config["DATA_DIR"]) / "metrics"


def init_app(app: Flask) -> None:
    """Nothing is counted, nor even imported, without a token for who may read it."""
    if not app.config["METRICS_TOKEN"]:
        return
    folder(app).mkdir(mode=0o700, parents=True, exist_ok=True)
    os.environ.setdefault(_FOLDER, str(folder(app)))
    app.after_request(_counting())


def _counting() -> Callable[[Response], Response]:
    from prometheus_client import CollectorRegistry, Counter, Histogram

    mine = CollectorRegistry()
    seconds = Histogram(
        "certfolio_request_seconds", "How long answers took, in seconds.", ["endpoint"], buckets=_SECONDS, registry=mine
    )
    answers = Counter(
        "certfolio_requests", "Answers, by what was asked for.", ["endpoint", "method", "status"], registry=mine
    )

    def count(response: Response) -> Response:
        endpoint = request.endpoint or ""
        method = request.method if request.method in _METHODS else "other"
        answers.labels(endpoint, method, str(response.status_code)).inc()
        seconds.labels(endpoint).observe(time.perf_counter() - g.get("began", time.perf_counter()))
        return response

    return count


def in_text() -> bytes:
    """All numbers, as Prometheus reads them."""
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.multiprocess import MultiProcessCollector

    registry = CollectorRegistry()
    MultiProcessCollector(registry, str(folder(current_app)))  # type: ignore[no-untyped-call]  # because: the library brings no types for it
    registry.register(_Standing())
    return generate_latest(registry)


class _Standing:
    """How things stand at the moment they are asked for, the same on all machines."""

    def describe(self) -> list[GaugeMetricFamily]:
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        try:
            about_jobs = list(_about_jobs())
        except SQLAlchemyError:
            db.session.rollback()
            about_jobs = []
        yield _gauge("certfolio_database_up", "Whether the database answers.", {"": bool(about_jobs)}, by="")
        yield _gauge("certfolio_storage_up", "Whether the storage of files answers.", {"": _storage_answers()}, by="")
        yield from about_jobs


def _about_jobs() -> Iterator[GaugeMetricFamily]:
    """Raises SQLAlchemyError."""
    names = jobs.registered().keys()
    states = turns.states(names)
    running, succeeded = dict.fromkeys(names, 0), dict.fromkeys(names, 0.0)
    for each in states:
        running[each.name] += turns.runs_now(each)
        succeeded[each.name] = max(succeeded[each.name], _seconds(each.succeeded_at))
    firsts = [each for each in states if each.place == 0]
    yield _gauge("certfolio_job_running", "How many workers run the job.", running)
    yield _gauge("certfolio_job_waiting", "How much waits for the job.", jobs.how_many_wait())
    yield _gauge("certfolio_job_success_timestamp_seconds", "When it last came to its end; 0: never.", succeeded)
    yield _gauge("certfolio_job_due_timestamp_seconds", "When it is to run next.",
                 {each.name: _seconds(each.due_at) for each in firsts})  # fmt: skip
    yield _gauge("certfolio_job_failures", "How many times in a row it failed.",
                 {each.name: each.failures for each in firsts})  # fmt: skip


def _seconds(instant: datetime | None) -> float:
    return instant.timestamp() if instant else 0.0


def _storage_answers() -> bool:
    try:
        storage().is_empty()
    except (StorageUnavailable, OSError):
        return False
    return True


def _gauge(name: str, words: str, values: Mapping[str, float], *, by: str = "job") -> GaugeMetricFamily:
    from prometheus_client.core import GaugeMetricFamily

    gauge = GaugeMetricFamily(name, words, labels=[by] if by else [])
    for label, value in values.items():
        gauge.add_metric([label] if by else [], float(value))
    return gauge

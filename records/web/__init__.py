"""What every page of both faces shares: headers, static files, limits, words, errors, one CSRF protection."""

from __future__ import annotations

from flask import Flask
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from records.web import (
    badges,
    clearance_words,
    compression,
    cookies,
    errors,
    form_markup,
    headers,
    languages,
    limits,
    links,
    logs,
    metrics,
    multipart,
    origins,
    static,
    templates,
    words,
)

csrf = CSRFProtect()


def init_app(app: Flask) -> None:
    templates.init_app(app)  # before all that adds words to templates
    logs.init_app(app)
    metrics.init_app(app)
    compression.init_app(app)
    multipart.init_app()
    limits.init_app(app)  # before CSRF, which reads the form
    cookies.init_app(app)
    origins.init_app(app)
    csrf.init_app(app)
    limits.count_files(app)
    headers.init_app(app)
    languages.init_app(app)
    words.init_app(app)
    badges.init_app(app)
    clearance_words.init_app(app)
    links.init_app(app)
    errors.init_app(app)
    form_markup.init_app(app)
    static.init_app(app)
    if hops := app.config["TRUSTED_PROXIES"]:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]  # because: Flask's documented way to add middleware

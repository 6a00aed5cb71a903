"""The roof: puts the two faces on the shared layer. Opens nothing, prints nothing, migrates nothing."""

from __future__ import annotations

import gc

gc.disable()  # until all is there: an import makes much, and hardly any garbage that Python would look for in vain

from flask import Flask

import admin_panel
import portal
import records
from config import Settings

gc.freeze()  # nor will any of it be garbage before the end
gc.enable()

_NEW_OBJECTS = 10_000  # which Python makes before it looks for garbage; without our word, 700


def create_app(settings: Settings | None = None) -> Flask:
    """The whole application. Raises BadSettings, which names each bad setting."""
    settings = settings or Settings.read()
    app = Flask("certfolio", static_folder=None)
    app.config.update(settings.for_flask())
    # The same program with other addresses, for whoever carries everything there.
    app.extensions["elsewhere"] = lambda **others: create_app(settings.changed(**others))
    records.init_app(app)
    portal.init_app(app)
    admin_panel.init_app(app)
    return app


def __getattr__(name: str) -> Flask:
    """`wsgi:app` for the server, made at first use: importing this module for `create_app` reads no settings."""
    if name != "app":
        raise AttributeError(name)
    app = create_app()
    globals()["app"] = app
    # What the program consists of stays, and what a page is made of mostly goes by itself: looking through it again and
    # again for garbage costs much.
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS)
    return app

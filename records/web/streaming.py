"""Answers that go on after their request: pieces that are read from the database as they are sent.

The pieces come in a context of their own, with a session and a transaction of its own, that is closed once they are at
an end, break off, or nobody takes them any more; whichever thread the server asks for them in.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextvars import copy_context

import structlog
from flask import current_app, g
from flask.globals import request_ctx

from records import signin
from records.database import db, read_as_of_one_instant

log = structlog.get_logger("certfolio.error")


class Pieces(Iterator[bytes]):
    """The pieces of an answer. The first is there at once: what refuses it is raised here, and becomes a page.

    `pieces` gets called in the new context, where the same person is signed in. Whatever breaks off later is logged
    and raised once `last_words` are sent, which must say that something is missing: not every server cuts the
    connection then.
    """

    def __init__(self, pieces: Callable[[], Iterator[bytes]], *, last_words: bytes) -> None:
        self._context = copy_context()
        self._pieces = _apart(pieces, last_words)
        db.session.rollback()  # this request needs its connection no longer
        self._first: bytes | None = self._context.run(next, self._pieces, b"")

    def __next__(self) -> bytes:
        first, self._first = self._first, None
        return self._context.run(next, self._pieces) if first is None else first

    def close(self) -> None:
        """Whoever sends the pieces calls it at their end, also where it comes early."""
        self._context.run(self._pieces.close)

    def __del__(self) -> None:
        self.close()  # of an answer that nobody sends, such as one to HEAD


def _apart(pieces: Callable[[], Iterator[bytes]], last_words: bytes) -> Generator[bytes]:
    app, asked, request_id = current_app._get_current_object(), request_ctx.copy(), signin.request_id()  # type: ignore[attr-defined]  # because: a proxy's own
    with app.app_context(), asked:
        g.request_id = request_id
        read_as_of_one_instant()
        signin.signed_in()  # which chooses the organization
        coming = pieces()
        yield next(coming, b"")
        try:
            yield from coming
        except Exception as error:  # because: half an answer must not look whole, whatever it was that broke it off
            log.error("broken", error=type(error).__name__, exc_info=True)
            yield last_words
            raise

"""Uploaded bytes arrive as they were sent.

Werkzeug's parser (3.1.9, its issue 3285) adds a stray CR to a file or field when a chunk ends right behind the
first "-" of a closing delimiter: for files that come in pieces of 64 KiB, one in some ten thousand. Here it
looks at one byte more before it gives data away.
"""

from __future__ import annotations

from werkzeug import formparser
from werkzeug.sansio.multipart import MultipartDecoder


class WholeDecoder(MultipartDecoder):
    def _last_partial_boundary_index(self, data: bytes | bytearray) -> int:
        """Where the data ends that surely belongs to the part: at a line break that may begin a delimiter."""
        longest = len(b"\r\n--" + self.boundary + b"-")
        begin = max(0, len(data) - longest)
        breaks = [at for at in (data.rfind(b"\r", begin), data.rfind(b"\n", begin)) if at >= 0]
        return min(breaks, default=len(data))


def init_app() -> None:
    formparser.MultipartDecoder = WholeDecoder  # type: ignore[attr-defined]  # because: its parser offers no other way in

"""Forms as browsers send them."""

from __future__ import annotations

import re
from collections.abc import Mapping

_BOUNDARY = "form-of-a-benchmark"
TYPE = f"multipart/form-data; boundary={_BOUNDARY}"


def with_file(fields: Mapping[str, str], file: bytes) -> bytes:
    """A body of the `TYPE`: the fields, and in `files` a PDF."""
    heads = [f'Content-Disposition: form-data; name="{name}"\r\n\r\n{value}' for name, value in fields.items()]
    head = 'Content-Disposition: form-data; name="files"; filename="scan.pdf"\r\nContent-Type: application/pdf\r\n\r\n'
    line = f"--{_BOUNDARY}\r\n"
    text = "".join(f"{line}{each}\r\n" for each in heads)
    return b"".join([f"{text}{line}{head}".encode(), file, f"\r\n--{_BOUNDARY}--\r\n".encode()])


def value_of(page: str, name: str) -> str:
    """What the page's first field of this name says, "" where there is none."""
    found = re.search(rf'name="{name}"[^>]*value="([^"]+)"', page)
    return found[1] if found else ""

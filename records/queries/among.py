"""Being one of many values, which are given as one: a statement with a mark for each is written anew for every number
of them, and that costs more than looking the rows up."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, String, Text, any_, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY

from records.database import is_sqlite


def among(column: Any, values: Iterable[int] | Iterable[str]) -> ColumnElement[bool]:
    """Whether the column's value is one of these; each is looked up by the column's index."""
    given = list(values)
    if is_sqlite():
        return column.in_(select(func.json_each(literal(json.dumps(given))).table_valued("value").c.value))
    kind = Text() if isinstance(column.type, String) else BigInteger()
    return column == any_(literal(given, ARRAY(kind)))

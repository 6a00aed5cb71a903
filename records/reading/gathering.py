"""All rows of a question as one value of another."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class all_of(FunctionElement[Any]):  # because: it is called as a function
    """These columns of all rows, in their order, as a list of lists (None or empty without rows): as JSON, the one kind
    of list that both databases know."""

    inherit_cache = True
    type = JSON()


@compiles(all_of)
def _on_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    return f"json_group_array(json_array({compiler.process(element.clauses, **options)}))"


@compiles(all_of, "postgresql")
def _on_postgresql(element: Any, compiler: Any, **options: Any) -> str:
    return f"json_agg(json_build_array({compiler.process(element.clauses, **options)}))"

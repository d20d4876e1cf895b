"""The rows of ``all_events`` as ``-o json`` has them, computed without SQL: every column and every nested field."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlglot import exp

from due_cli.sql import files
from due_cli.sql.transpile import parse
from tests.queries.reference import Filed, Rows


def rows(events: Iterable[Filed]) -> Rows:
    """The rows, in no order."""
    declared = parse(files.query("tables", "all_events").sql).this.expressions
    found: Rows = []
    for event in events:
        given: Any = event.row
        row = {column.name: _whole(given.get(column.name), column.kind) for column in declared}
        found.append({**row, "ingest_timestamp": event.hour.isoformat(timespec="milliseconds") + "Z"})
    return found


def _whole(value: Any, kind: exp.DataType) -> Any:
    """A value with everything that its type has; what is missing is NULL."""
    if value is None:
        return None
    if kind.this == exp.DataType.Type.STRUCT:
        return {field.name: _whole(value.get(field.name), field.kind) for field in kind.expressions}
    if kind.this == exp.DataType.Type.ARRAY:
        return [_whole(item, kind.expressions[0]) for item in value]
    if kind.this == exp.DataType.Type.MAP:
        return {key: _whole(item, kind.expressions[1]) for key, item in value.items()}
    return float(value) if kind.this == exp.DataType.Type.DOUBLE else value

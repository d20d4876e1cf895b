"""Folders of Parquet that due did not write, made of the events of a database that it did."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.commands import Due
from tests.local.footers import TODAY, Layout, relaid
from tests.local.looking import Row
from tests.queries.filing import AWS_COLUMNS

OWN_COLUMNS = ("event_id", "source", "occurred_at", "metric_values", "details")

# What becomes of a field: another one, or none; the path names it from its column on.
Change = Callable[[str, pa.Field], pa.Field | None]


def unchanged(path: str, field: pa.Field) -> pa.Field | None:
    """The table's own schema."""
    return field


def without(*paths: str) -> Change:
    """The schema of a time when some fields were not there yet."""
    return lambda path, field: None if path in paths else field


def own_files(database: Path) -> list[Path]:
    """The files that due wrote, in the order of their hours."""
    return sorted((database / "events").rglob("due-*.parquet"))


def tables_of(database: Path) -> list[tuple[str, pa.Table]]:
    """The events of a database without due's columns, by the folder of their hour."""
    found = []
    for file in own_files(database):
        table = pq.read_table(file, partitioning=None)
        found.append((file.parent.relative_to(database).as_posix(), table.select(range(AWS_COLUMNS))))
    return found


def schema_of(table: pa.Table, change: Change) -> pa.Schema:
    """The schema of a table, changed."""
    return pa.schema(_fields("", list(table.schema), change))


def written(table: pa.Table, path: Path, change: Change = unchanged, layout: Layout = TODAY) -> Path:
    """A table as a file of another writer."""
    schema = schema_of(table, change)
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(table.to_pylist(), schema=schema), path, store_schema=False)
    relaid(path, layout)
    return path


def copied(database: Path, place: Path, change: Change = unchanged, layout: Layout = TODAY) -> Path:
    """The events of a database as another writer would have left them: one file an hour, and no database yet."""
    for folder, table in tables_of(database):
        written(table, place / folder / "part-0.parquet", change, layout)
    return place


def set_up(due: Due, place: Path) -> Path:
    """A folder made a database."""
    due("setup", "--local", str(place)).done()
    return place


def in_order(rows: Sequence[Row]) -> list[Row]:
    """Rows in an order that is always the same."""
    return sorted(rows, key=lambda row: json.dumps(row, sort_keys=True))


def shared_rows(due: Due, database: Path, table: str = "all_events") -> list[Row]:
    """The rows of the table or a view in all columns that the AWS solution has too."""
    found = due.rows("query", f"SELECT * FROM {table}", "--local", str(database))
    return in_order([{name: value for name, value in row.items() if name not in OWN_COLUMNS} for row in found])


def pruned(row: Row, *paths: str) -> Row:
    """A row in which the fields at some paths are NULL, also those in each item of a list."""
    again: Row = json.loads(json.dumps(row))
    for path in paths:
        _prune(again, path.split("."))
    return again


def _prune(value: Any, path: list[str]) -> None:
    if isinstance(value, list):
        for item in value:
            _prune(item, path)
    elif isinstance(value, dict) and path[0] in value:
        if len(path) == 1:
            value[path[0]] = None
        else:
            _prune(value[path[0]], path[1:])


def prints(place: Path) -> dict[str, tuple[str, int]]:
    """What would show that a file below a folder was touched: its bytes, and when they were written."""
    return {
        path.relative_to(place).as_posix(): (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
        for path in place.rglob("*")
        if path.is_file()
    }


def _fields(above: str, fields: Sequence[pa.Field], change: Change) -> list[pa.Field]:
    found = []
    for field in fields:
        path = f"{above}{field.name}"
        kept = change(path, field)
        if kept is not None:
            found.append(pa.field(kept.name, _kind(path, kept.type, change), kept.nullable))
    return found


def _kind(path: str, kind: pa.DataType, change: Change) -> pa.DataType:
    """A type with the fields inside it changed; the items of lists are never NULL, as two levels need it."""
    if pa.types.is_struct(kind):
        return pa.struct(_fields(f"{path}.", [kind.field(index) for index in range(kind.num_fields)], change))
    if pa.types.is_list(kind):
        return pa.list_(pa.field("item", _kind(path, kind.value_type, change), nullable=False))
    return kind

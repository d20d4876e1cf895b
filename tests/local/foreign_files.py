"""Parquet files of other writers, made from the events of a database of due's."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tests.commands import Due
from tests.local.database import Row
from tests.local.parquet_layouts import STANDARD, Layout, set_layout
from tests.queries.filing import AWS_COLUMNS

OWN_COLUMNS = ("event_id", "source", "occurred_at", "metric_values", "details")

# The field to write in place of one, or None for no field; the path starts with the column.
Change = Callable[[str, pa.Field], pa.Field | None]


def unchanged(path: str, field: pa.Field) -> pa.Field | None:
    """The table's own schema."""
    return field


def without(*paths: str) -> Change:
    """The table's schema without some fields."""
    return lambda path, field: None if path in paths else field


def own_files(database: Path) -> list[Path]:
    """The files written by due, in the order of their hours."""
    return sorted((database / "events").rglob("due-*.parquet"))


def tables_of(database: Path) -> list[tuple[str, pa.Table]]:
    """The events of a database without due's columns, by the folder of their hour."""
    return [(folder, table.select(range(AWS_COLUMNS))) for folder, table in hours_of(database)]


def hours_of(database: Path) -> list[tuple[str, pa.Table]]:
    """The rows of due's own files, by the folder of their hour, those of a day by that of each row."""
    found = []
    for file in own_files(database):
        table = pq.read_table(file, partitioning=None)
        folder = file.parent.relative_to(database).as_posix()
        if "ingest_timestamp" not in table.column_names:
            found.append((folder, table))
            continue
        hours = table["ingest_timestamp"]
        for hour in sorted(set(hours.to_pylist())):
            rows = table.filter(pc.equal(hours, pa.scalar(hour, hours.type))).drop_columns(["ingest_timestamp"])
            found.append((f"{folder}/{hour:%H}", rows))
    return found


def schema_of(table: pa.Table, change: Change) -> pa.Schema:
    """The schema of a table, changed."""
    return pa.schema(_fields("", list(table.schema), change))


def write(table: pa.Table, path: Path, change: Change = unchanged, layout: Layout = STANDARD) -> Path:
    """Write a table as another writer would."""
    schema = schema_of(table, change)
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(table.to_pylist(), schema=schema), path, store_schema=False)
    set_layout(path, layout)
    return path


def write_copy(database: Path, place: Path, change: Change = unchanged, layout: Layout = STANDARD) -> Path:
    """Write the events of a database as another writer would, one file an hour; the folder is not set up."""
    for folder, table in tables_of(database):
        write(table, place / folder / "part-0.parquet", change, layout)
    return place


def set_up(due: Due, place: Path) -> Path:
    """Make a folder a database."""
    due("setup", "--local", str(place)).done()
    return place


def in_order(rows: Sequence[Row]) -> list[Row]:
    """Rows in an order that depends only on their content."""
    return sorted(rows, key=lambda row: json.dumps(row, sort_keys=True))


def shared_rows(due: Due, database: Path, table: str = "all_events") -> list[Row]:
    """The rows of the table or a view in all columns that the AWS solution has too."""
    selected = due.rows("query", f"SELECT * FROM {table}", "--local", str(database))
    return in_order([{name: value for name, value in row.items() if name not in OWN_COLUMNS} for row in selected])


def without_values(row: Row, *paths: str) -> Row:
    """A copy of a row in which the fields at some paths are NULL, also those in each item of a list."""
    copy: Row = json.loads(json.dumps(row))
    for path in paths:
        _set_null(copy, path.split("."))
    return copy


def _set_null(value: Any, path: list[str]) -> None:
    if isinstance(value, list):
        for item in value:
            _set_null(item, path)
    elif isinstance(value, dict) and path[0] in value:
        if len(path) == 1:
            value[path[0]] = None
        else:
            _set_null(value[path[0]], path[1:])


def fingerprints(place: Path) -> dict[str, tuple[str, int]]:
    """The digest and modification time of every file below a folder."""
    return {
        path.relative_to(place).as_posix(): (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
        for path in place.rglob("*")
        if path.is_file()
    }


def _fields(prefix: str, fields: Sequence[pa.Field], change: Change) -> list[pa.Field]:
    changed = []
    for field in fields:
        path = f"{prefix}{field.name}"
        new = change(path, field)
        if new is not None:
            changed.append(pa.field(new.name, _type(path, new.type, change), new.nullable))
    return changed


def _type(path: str, kind: pa.DataType, change: Change) -> pa.DataType:
    """A type with its nested fields changed; the items of lists are never NULL, as lists of two levels need it."""
    if pa.types.is_struct(kind):
        return pa.struct(_fields(f"{path}.", [kind.field(index) for index in range(kind.num_fields)], change))
    if pa.types.is_list(kind):
        return pa.list_(pa.field("item", _type(path, kind.value_type, change), nullable=False))
    return kind

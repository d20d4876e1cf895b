"""Columns of a Parquet file that Athena cannot read as the table's: it converts less than a folder does.

It finds columns and fields by name; a missing one is NULL. A whole number or a float may have fewer bytes than the
table's; of any other type, such as a timestamp for milliseconds or a map for a struct, each query of the column fails.

Source: Amazon Athena user guide, "Handle schema updates"; Trino's Parquet reader (ColumnReaderFactory).
"""

from __future__ import annotations

import io

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from duckdb.sqltypes import DuckDBPyType

from due_cli.local.conversions import Field, fields
from due_cli.local.folder import PARQUET_MAGIC
from due_cli.sql import files, transpile
from due_cli.sql.files import TABLE

_MOST_DIGITS = 18  # of a decimal number that is stored as a whole one


def unreadable_columns(tail: bytes) -> list[str] | int | None:
    """The columns and fields of a file that Athena cannot read, each with its type; ``tail`` is the file's end.

    None for a file that is not Parquet, and the number of bytes that are needed where the footer begins before them.
    """
    if not tail.endswith(PARQUET_MAGIC):
        return None
    length = int.from_bytes(tail[-8:-4], "little") + 8
    if length > len(tail):
        return length
    try:
        schema = pq.read_schema(io.BytesIO(PARQUET_MAGIC + tail[-length:]))
    except (pa.ArrowException, OSError):
        return None
    table = transpile.column_types(files.query("tables", TABLE).sql)
    columns = [(name, duckdb.type(kind)) for name, kind in table.items()]
    return _unreadable([(field.name, field.type) for field in schema], columns, "")


def _unreadable(source: list[tuple[str, pa.DataType]], target: list[Field], within: str) -> list[str]:
    """Those of some columns, or of the fields of a struct of the name ``within``."""
    given = {name.lower(): kind for name, kind in source}
    return [
        text
        for name, kind in target
        if name.lower() in given
        for text in _mismatches(given[name.lower()], kind, f"{within}{name}")
    ]


def _mismatches(source: pa.DataType, target: DuckDBPyType, name: str) -> list[str]:
    """The column itself, or those of its fields that do not fit."""
    types = pa.types
    fits = False
    if target.id == "struct" and types.is_struct(source):
        return _unreadable([(field.name, field.type) for field in source], fields(target), f"{name}.")
    if target.id == "map" and types.is_map(source):
        kinds = {"key": source.key_type, "value": source.item_type}
        return _unreadable(list(kinds.items()), fields(target), f"{name}.")
    if target.id == "list" and (types.is_list(source) or types.is_large_list(source)):
        return _mismatches(source.value_type, fields(target)[0][1], name)
    if target.id == "varchar":
        fits = types.is_string(source) or types.is_large_string(source) or types.is_binary(source)
    elif target.id in ("bigint", "integer"):
        fits = types.is_integer(source) and source != pa.uint64()
        fits = fits or (types.is_decimal(source) and source.scale == 0 and source.precision <= _MOST_DIGITS)
    elif target.id == "double":
        fits = types.is_float64(source) or types.is_float32(source)
    elif target.id == "boolean":
        fits = types.is_boolean(source)
    return [] if fits or types.is_null(source) else [f"{name} ({_name_of(source)})"]


def _name_of(kind: pa.DataType) -> str:
    """A type in a word: ``struct`` and not its fifty fields."""
    return str(kind).partition("<")[0] if pa.types.is_nested(kind) else str(kind)

"""Results for programs that read Arrow: its tables, data frames of pandas, Parquet files."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from due_cli.core.errors import DueError
from due_cli.core.results import ColumnType, Table, TypeKind, Value
from due_cli.render.data import plain, require_distinct, text

if TYPE_CHECKING:
    import pandas

_BATCH_ROWS = 20_000  # of a group of rows in a Parquet file, and so in memory
_NESTED = ("list", "map", "struct", "json")
_TYPES = {
    "boolean": pa.bool_(),
    "integer": pa.int64(),
    "double": pa.float64(),
    "text": pa.string(),
    "bytes": pa.binary(),
    "date": pa.date32(),
    "time": pa.time64("us"),
    "timestamp": pa.timestamp("us", "UTC"),
    "json": pa.string(),
}
# Of a column whose type nobody tells: the first whose classes all of its values have.
_CLASSES: Sequence[tuple[TypeKind, tuple[type, ...]]] = (
    ("boolean", (bool,)),
    ("integer", (int,)),
    ("double", (int, float)),
    ("timestamp", (datetime,)),
    ("date", (date,)),
    ("time", (time,)),
    ("bytes", (bytes,)),
    ("json", (dict, list, tuple)),
)


def arrow_table(table: Table) -> pa.Table:
    """The rows as an Arrow table."""
    table = _typed(table)
    return pa.Table.from_batches(_batches(table), _schema(table))


def data_frame(table: Table) -> pandas.DataFrame:
    """The rows as a data frame; maps, lists and structs as the objects that they are in Python."""
    import pandas

    table = _typed(table)
    rows = list(table.rows)
    nullable = {pa.int64(): pandas.Int64Dtype(), pa.bool_(): pandas.BooleanDtype()}
    columns = {}
    for at, (name, kind) in enumerate(zip(table.columns, table.types, strict=True)):
        values = [row[at] for row in rows]
        if kind.kind in _NESTED:
            columns[name] = pandas.Series(values, dtype=object)
        else:
            columns[name] = _array(name, kind, values).to_pandas(types_mapper=nullable.get)
    return pandas.DataFrame(columns, columns=list(table.columns))


def write_parquet(table: Table, file: Path) -> int:
    """Write the rows to a Parquet file, which is there whole or not at all; return how many.

    Raises :class:`DueError` where it cannot be written.
    """
    require_distinct(table.columns)
    if file.exists() and not file.is_file():
        raise DueError(f"--to: {file} is not a file", "name a file, which is replaced, or a new one")
    table = _typed(table)
    schema, written = _schema(table), 0
    new = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with new.open("wb") as stream, pq.ParquetWriter(stream, schema, compression="zstd") as writer:
            for batch in _batches(table):
                writer.write_batch(batch)
                written += batch.num_rows
        new.replace(file)
    except OSError as error:
        if error.filename not in (None, str(new)):
            raise
        raise DueError(f"--to: {file}: {(error.strerror or str(error)).lower()}") from None
    finally:
        new.unlink(missing_ok=True)
    return written


def _typed(table: Table) -> Table:
    """A table with the types of its columns."""
    if table.types:
        return table
    rows = list(table.rows)
    return replace(table, rows=rows, types=[_type_of([row[at] for row in rows]) for at in range(len(table.columns))])


def _type_of(values: Sequence[Value]) -> ColumnType:
    present = [value for value in values if value is not None]
    kinds = (kind for kind, classes in _CLASSES if present and all(isinstance(value, classes) for value in present))
    return ColumnType(next(kinds, "text"))


def _schema(table: Table) -> pa.Schema:
    return pa.schema([(name, _arrow_type(kind)) for name, kind in zip(table.columns, table.types, strict=True)])


def _arrow_type(kind: ColumnType) -> pa.DataType:
    parts = [(name, _arrow_type(part)) for name, part in kind.parts]
    if kind.kind == "struct":
        return pa.struct(parts)
    if kind.kind == "map":
        return pa.map_(*(part for _, part in parts))
    return pa.list_(parts[0][1]) if kind.kind == "list" else _TYPES[kind.kind]


def _batches(table: Table) -> Iterator[pa.RecordBatch]:
    rows, schema = iter(table.rows), _schema(table)
    while batch := list(islice(rows, _BATCH_ROWS)):
        columns = zip(table.columns, table.types, zip(*batch, strict=True), strict=True)
        yield pa.record_batch([_array(*column) for column in columns], schema=schema)


def _array(name: str, kind: ColumnType, values: Sequence[Value]) -> pa.Array:
    try:
        return pa.array(list(map(_converter(kind), values)), _arrow_type(kind))
    except (pa.ArrowException, OverflowError, TypeError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise DueError(
            f"column {name} has a value that Arrow cannot hold: {reason}", f"cast it: CAST({name} AS varchar) AS {name}"
        ) from None


def _converter(kind: ColumnType) -> Callable[[Value], object]:
    """The function that makes of a value what Arrow takes for its type."""
    convert = _CONVERTERS.get(kind.kind)
    parts = {name: _converter(part) for name, part in kind.parts}

    def nested(value: Value) -> object:
        if isinstance(value, Mapping):
            if kind.kind == "struct":
                return {name: part(value.get(name)) for name, part in parts.items()}
            key, item = parts.values()
            return [(key(name), item(one)) for name, one in value.items()]
        if isinstance(value, (list, tuple)):
            (item,) = parts.values()
            return [item(one) for one in value]
        return value

    if kind.parts:
        return nested
    if convert is None:
        return _same
    return lambda value: None if value is None else convert(value)


def _same(value: Value) -> object:
    return value


def _double(value: Value) -> float:
    return float(value)  # type: ignore[arg-type]  # a number, or pa.array says what is wrong


_CONVERTERS: Mapping[str, Callable[[Value], object]] = {
    "double": _double,
    "text": text,
    "json": lambda value: json.dumps(plain(value), ensure_ascii=False),
}

"""Folders of synthetic events, as ``due ingest`` would have filed them: hourly Parquet files named by the state.

The rows are made by DuckDB in bulk (``sql/``); ingesting ten million raw records would take the better part of an hour.
"""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.bench_run import AS_OF, BenchRun, grouped, log
from due_cli.core.progress import Silent
from due_cli.local.engine import canonical_columns, statement
from due_cli.local.folder import Folder, Span
from due_cli.local.setup import set_up
from due_cli.local.state import SQL as STATE_SQL
from due_cli.local.state import DataFile, open_state
from due_cli.sql import files

HOURS_A_MONTH = 30 * 24
HOUR_MS = 3_600_000
_SQL = Path(__file__).with_name("sql")
_EVENTS_A_MESSAGE = 3.04
_ROW_GROUP = 16_384
_ROWS_IN_MEMORY = 100_000
_BEFORE_HOURS = 48  # messages sent before the first hour have events in it
_STATEMENT = "-- name: "
_MAP = re.compile(r"MAP\((\w+), (\w+)\)")


@dataclass(frozen=True, slots=True)
class Month:
    """One month of a data set: how many events, and the hour (since the epoch) that it ends before."""

    events: int
    until: int

    @property
    def since(self) -> int:
        """The first hour."""
        return self.until - HOURS_A_MONTH


def last_hour() -> int:
    """The hour (since the epoch) before which every data set ends."""
    return int(AS_OF.replace(tzinfo=UTC).timestamp()) // 3600


def folder_of(bench: BenchRun, events: int, months: int) -> Folder:
    """A folder of about so many events, spread evenly over months that end at :data:`AS_OF`."""
    parts = [Path(__file__), *sorted(_SQL.glob("*.sql"))]
    schema = files.query("tables", "all_events").sql + files.statements(STATE_SQL)["schema"]

    def write(path: Path) -> None:
        folder = Folder(path)
        set_up(folder, "due_eventdb", None, Silent())
        for back in range(months):
            _fill(folder, Month(events // months, last_hour() - back * HOURS_A_MONTH))
            log(f"  {back + 1} of {months} months, {grouped(rows_of(folder))} events")

    folder = Folder(bench.cached(f"events-{events}-{months}", [*parts, schema], write))
    set_up(folder, "due_eventdb", None, Silent())
    return folder


def last_month_of(bench: BenchRun, whole: Folder, events: int) -> Folder:
    """A folder with the last month of another one's events: the very same files."""

    def write(path: Path) -> None:
        part = Folder(path)
        set_up(part, "due_eventdb", None, Silent())
        with open_state(whole) as state:
            kept = state.data_files(last_hour() - HOURS_A_MONTH, last_hour())
        for file in kept:
            target = part.root / file.path
            target.parent.mkdir(parents=True, exist_ok=True)
            os.link(whole.root / file.path, target)
        _register(part, kept)

    folder = Folder(bench.cached(f"last-month-{events}", [str(whole.root), Path(__file__)], write))
    set_up(folder, "due_eventdb", None, Silent())
    return folder


def rows_of(folder: Folder) -> int:
    """How many events a folder holds."""
    with open_state(folder) as state:
        return sum(file.rows for file in state.data_files())


def statements(name: str) -> dict[str, str]:
    """The statements of a file of ``sql/``, each under its ``-- name:`` line."""
    pieces = (_SQL / f"{name}.sql").read_text("utf-8").split(_STATEMENT)[1:]
    return {piece.partition("\n")[0].strip(): piece.partition("\n")[2] for piece in pieces}


def _fill(folder: Folder, month: Month) -> None:
    with open_state(folder) as state:
        columns = canonical_columns(state)
    place = folder.private / "making"
    with duckdb.connect() as connection:
        settings = statement("settings", threads=2, memory="4GB", temporary=str(place))
        connection.execute(settings.replace("preserve_insertion_order = false", "preserve_insertion_order = true"))
        _make_events(connection, month)
        rows = (_SQL / "rows.sql").read_text("utf-8")
        selected = ", ".join(f'CAST("{name}" AS {_entries(kind)}) AS "{name}"' for name, kind in columns.items())
        schema = connection.sql(f"SELECT {_typed_nulls(columns)}").to_arrow_table().schema
        sql = f"SELECT {selected}, filed FROM ({rows})"
        step = max(1, _ROWS_IN_MEMORY * HOURS_A_MONTH // month.events)
        written: list[DataFile] = []
        for first in range(month.since, month.until, step):
            hours = range(first, min(first + step, month.until))
            written += _write_hours(connection, folder, sql, schema, hours)
    _register(folder, written)


def _make_events(connection: duckdb.DuckDBPyConnection, month: Month) -> None:
    sql = statements("events")
    hours = HOURS_A_MONTH + _BEFORE_HOURS
    messages = int(month.events / _EVENTS_A_MESSAGE * hours / HOURS_A_MONTH)
    begin = (month.since - _BEFORE_HOURS) * HOUR_MS
    connection.execute(sql["chance"])
    connection.execute(sql["entry"])
    values = {"first": begin // 100, "messages": messages, "begin": begin, "span": hours * HOUR_MS}
    connection.execute(sql["message"], values)
    connection.execute(sql["event"], {"filed_from": month.since * HOUR_MS, "filed_until": month.until * HOUR_MS})


def _write_hours(
    connection: duckdb.DuckDBPyConnection, folder: Folder, sql: str, schema: pa.Schema, hours: range
) -> Iterator[DataFile]:
    """The files of some hours, laid out as due's own writer does."""
    bounds = {"first": hours.start * HOUR_MS, "last": hours.stop * HOUR_MS}
    table: pa.Table = connection.sql(sql, params=bounds).to_arrow_table().combine_chunks()
    filed = pc.divide(table["filed"], HOUR_MS)
    table = _with_maps(table.drop_columns(["filed"]), schema)
    for hour in hours:
        rows = table.filter(pc.equal(filed, hour))
        path = folder.span_folder(Span(hour)) / f"due-{uuid.uuid5(uuid.NAMESPACE_OID, str(hour)).hex}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(rows, path, compression="snappy", row_group_size=_ROW_GROUP)
        yield DataFile(folder.relative(path), hour, rows.num_rows, path.stat().st_size)


def _register(folder: Folder, written: list[DataFile]) -> None:
    with open_state(folder, write=True) as state, state.transaction():
        for file in written:
            state.run("add_file", file.path, file.hour, file.rows, file.bytes)
        state.run("set_meta", "batch", "1")


# DuckDB makes a map in microseconds and a list of entries (structs) in nanoseconds; in Arrow the two have the same
# layout. So the rows are made with lists, which become maps here.
def _entries(kind: str) -> str:
    """A DuckDB type with lists of entries in the place of its maps."""
    return _MAP.sub(r'STRUCT("key" \1, "value" \2)[]', kind)


def _typed_nulls(columns: Mapping[str, str]) -> str:
    """A SELECT list whose Arrow schema is the table's."""
    return ", ".join(f'CAST(NULL AS {kind}) AS "{name}"' for name, kind in columns.items())


def _with_maps(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """The table with the types of a schema that differs from its own in maps alone."""
    return pa.Table.from_arrays(
        [_as(table[field.name].combine_chunks(), field.type) for field in schema], schema=schema
    )


def _as(array: pa.Array, kind: pa.DataType) -> pa.Array:
    if array.type == kind:
        return array
    if pa.types.is_map(kind):
        inner = pc.struct_field(array.values, "key"), pc.struct_field(array.values, "value")
        return pa.MapArray.from_arrays(array.offsets, *inner, type=kind, mask=pc.is_null(array))
    if pa.types.is_list(kind):
        values = _as(array.values, kind.value_type)
        return pa.ListArray.from_arrays(array.offsets, values, type=kind, mask=pc.is_null(array))
    if pa.types.is_struct(kind):
        fields = [kind.field(place) for place in range(kind.num_fields)]
        children = [_as(pc.struct_field(array, field.name), field.type) for field in fields]
        return pa.StructArray.from_arrays(children, fields=fields, mask=pc.is_null(array))
    return array.cast(kind)

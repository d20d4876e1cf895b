"""Folders of made-up events, as ``due ingest`` would have filed them: hourly Parquet files named by the state.

The rows are made by DuckDB in bulk (``sql/``); ingesting ten million raw records would take the better part of an hour.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.arrow import entries, typed_nulls, with_maps
from benchmarks.setting import AS_OF, Setting, count, say
from due_cli.core.progress import Silent
from due_cli.local.engine import canonical_columns, statement
from due_cli.local.folder import Folder
from due_cli.local.setup import set_up
from due_cli.local.state import SQL as STATE_SQL
from due_cli.local.state import DataFile, open_state
from due_cli.sql import files

HOURS_A_MONTH = 30 * 24
HOUR_MS = 3_600_000
_SQL = Path(__file__).with_name("sql")
_EVENTS_A_MESSAGE = 3.04
_ROW_GROUP = 16_384
_HELD_ROWS = 100_000
_BEFORE_HOURS = 48  # messages sent before the first hour have events in it
_STATEMENT = "-- name: "


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
    """The hour, since the epoch, that every data set ends before."""
    return int(AS_OF.replace(tzinfo=UTC).timestamp()) // 3600


def folder_of(setting: Setting, events: int, months: int) -> Folder:
    """A folder of about so many events, spread evenly over months that end at :data:`AS_OF`."""
    parts = [Path(__file__), *sorted(_SQL.glob("*.sql"))]
    schema = files.query("tables", "all_events").sql + files.statements(STATE_SQL)["schema"]

    def make(path: Path) -> None:
        folder = Folder(path)
        set_up(folder, "due_eventdb", None, Silent())
        for back in range(months):
            _fill(folder, Month(events // months, last_hour() - back * HOURS_A_MONTH))
            say(f"  {back + 1} of {months} months, {count(rows_of(folder))} events")

    folder = Folder(setting.made_once(f"events-{events}-{months}", [*parts, schema], make))
    set_up(folder, "due_eventdb", None, Silent())
    return folder


def last_month_of(setting: Setting, whole: Folder, events: int) -> Folder:
    """A folder with the last month of another one's events: the very same files."""

    def make(path: Path) -> None:
        part = Folder(path)
        set_up(part, "due_eventdb", None, Silent())
        with open_state(whole) as state:
            kept = state.data_files(last_hour() - HOURS_A_MONTH, last_hour())
        for file in kept:
            target = part.root / file.path
            target.parent.mkdir(parents=True, exist_ok=True)
            os.link(whole.root / file.path, target)
        _register(part, kept)

    folder = Folder(setting.made_once(f"last-month-{events}", [str(whole.root), Path(__file__)], make))
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
        selected = ", ".join(f'CAST("{name}" AS {entries(kind)}) AS "{name}"' for name, kind in columns.items())
        schema = connection.sql(f"SELECT {typed_nulls(columns)}").to_arrow_table().schema
        sql = f"SELECT {selected}, filed FROM ({rows})"
        step = max(1, _HELD_ROWS * HOURS_A_MONTH // month.events)
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
    table = with_maps(table.drop_columns(["filed"]), schema)
    for hour in hours:
        rows = table.filter(pc.equal(filed, hour))
        path = folder.hour_folder(hour) / f"due-{uuid.uuid5(uuid.NAMESPACE_OID, str(hour)).hex}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(rows, path, compression="snappy", row_group_size=_ROW_GROUP)
        yield DataFile(folder.relative(path), hour, rows.num_rows, path.stat().st_size)


def _register(folder: Folder, written: list[DataFile]) -> None:
    with open_state(folder, write=True) as state, state.transaction():
        for file in written:
            state.run("add_file", file.path, file.hour, file.rows, file.bytes)
        state.run("set_meta", "batch", "1")

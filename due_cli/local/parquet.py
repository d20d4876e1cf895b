"""Rows to Parquet files: buffered by hour, spilled to disk as JSON, written to the staging folder by DuckDB."""

from __future__ import annotations

import re
import shutil
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from due_cli.events.model import Row
from due_cli.ingest.batch import decode_row
from due_cli.local.engine import connect, statement, text_list, text_literal, translate_errors
from due_cli.local.folder import Folder, Span, is_day_file
from due_cli.local.memory import release_free_memory

_BUFFER_BYTES = 24 * 1024 * 1024
_GROUP_BYTES = 8 * 1024 * 1024
_MERGED_EVENTS = 10_000  # held at a time, each with all its deliveries
Merge = Callable[[list[Row]], tuple[int, bytes]]  # of deliveries of one event the hour and line of its row
_EVENT_ID = re.compile(rb'"event_id":"([\w-]{22})"')

INGEST_TIMESTAMP = "ingest_timestamp"  # the hour of a row's arrival; a column of a day's file
_ROW_GROUP_ROWS = 16_384
_SORTED_ROWS = 2 * _ROW_GROUP_ROWS  # of a day, at a time: all of a larger day would not fit into memory,
_TABLE_BYTES = 16 * 1024 * 1024  # nor would so many rows that are large
_BATCH_ROWS = 2_048
_PARALLEL_GROUPS = 2
_FETCH_ROWS = 1_000
_GROUP_MEMORY = "160MB"
_MESSAGE_FIELDS = ("email_channel", "mail_event", "mail", "message_id")  # of the column facets
# Statistics where a query may skip rows by them; those of fifty columns would be most of a small file.
_STATISTICS = [
    "event_type",
    "event_timestamp",
    "arrival_timestamp",
    "occurred_at",
    "source",
    ".".join(("facets", *_MESSAGE_FIELDS)),
    INGEST_TIMESTAMP,
]
_MIN_OBJECT_BYTES = 1024 * 1024  # DuckDB holds buffers of twice the largest line for each thread


@dataclass(frozen=True, slots=True)
class SpilledGroup:
    """JSON lines with the rows of one hour or day after the other: (its span, number of rows) in order.

    They are in several files where they are many: DuckDB holds more of a large one. No line has more than ``largest``
    bytes.
    """

    paths: tuple[Path, ...]
    parts: tuple[tuple[Span, int], ...]
    bytes: int
    largest: int


@dataclass(frozen=True, slots=True)
class StagedFile:
    """A complete Parquet file in the staging folder, and its final path."""

    staged: Path
    final: Path
    span: Span
    rows: int


class Spill:
    """Rows by hour, in memory up to a limit and beyond it in the staging folder; one for each commit of an ingest."""

    def __init__(self, folder: Folder, name: str) -> None:
        self._path = folder.staging / name
        self._buffers: dict[int, list[bytes]] = defaultdict(list)
        self._buffered = 0
        self._flushed: set[int] = set()
        self._counts: Counter[int] = Counter()
        self._repeated: dict[int, set[str]] = defaultdict(set)
        self.bytes = 0
        self.largest = 0

    def add(self, hour: int, line: bytes) -> None:
        """Add one row."""
        size = len(line) + 1
        self._buffers[hour].append(line)
        self._counts[hour] += 1
        self._buffered += size
        self.bytes += size
        self.largest = max(self.largest, size)
        if self._buffered > _BUFFER_BYTES:
            self._flush()

    def add_delivery(self, hour: int, event_id: str, line: bytes) -> None:
        """Add a delivery of an event that is to be merged with the others under the same hour."""
        self._repeated[hour].add(event_id)
        self.add(hour, line)

    def deliveries(self) -> Iterator[tuple[int, dict[str, list[Row]]]]:
        """The events with deliveries to be merged, by hour, so many at a time that they fit into memory."""
        for hour in sorted(self._repeated):
            for deliveries in self._deliveries(hour):
                yield hour, deliveries

    def groups(self, merge: Merge, span_of: Callable[[int], Span]) -> Iterator[SpilledGroup]:
        """The rows by hour or day, as ``span_of`` an hour says, several small ones in one file, so that each file is
        worth a query.

        Deliveries of one event are merged by ``merge``, which returns the line and its hour, the same or an earlier
        one: so hours are in descending order. The caller removes the files.
        """
        if self._flushed:
            self._flush()  # what is buffered of a large ingest would be beside what writing takes
        hours = [-hour for hour in {*self._buffers, *self._flushed}]
        heapify(hours)
        number = 0
        while hours:
            number += 1
            self._path.mkdir(parents=True, exist_ok=True)
            counts: Counter[Span] = Counter()
            paths: list[Path] = []
            span, size, file_size = None, 0, 0
            while hours and (size < _GROUP_BYTES or span_of(-hours[0]) == span):
                if not paths or file_size >= _GROUP_BYTES:
                    paths.append(self._path / f"group-{number}-{len(paths)}.json")
                    file_size = 0
                hour = -heappop(hours)
                span = span_of(hour)
                with paths[-1].open("ab") as file:
                    counts[span] += self._write(hour, file, merge, hours)
                    size += file.tell() - file_size
                    file_size = file.tell()
            yield SpilledGroup(tuple(paths), tuple((+counts).items()), size, self.largest)

    def clear(self) -> None:
        """Remove every row."""
        shutil.rmtree(self._path, ignore_errors=True)
        self._buffers.clear()
        self._flushed.clear()
        self._counts.clear()
        self._repeated.clear()
        self._buffered = self.bytes = self.largest = 0

    def _flush(self) -> None:
        self._path.mkdir(parents=True, exist_ok=True)
        for hour, lines in self._buffers.items():
            with (self._path / f"{hour}.json").open("ab") as file:
                file.writelines(line + b"\n" for line in lines)
        self._flushed.update(self._buffers)
        self._buffers.clear()
        self._buffered = 0
        release_free_memory()

    def _write(self, hour: int, target: BinaryIO, merge: Merge, hours: list[int]) -> int:
        """Write the rows of an hour, each event once; return their number.

        ``hours`` is the heap of the hours that are still to be written.
        """
        if hour not in self._repeated:
            if hour in self._flushed:
                with (self._path / f"{hour}.json").open("rb") as file:
                    shutil.copyfileobj(file, target)
            if lines := self._buffers.get(hour):
                target.writelines(line + b"\n" for line in lines)
            return self._counts[hour]
        count = 0
        repeated = self._repeated[hour]
        for line in self._lines(hour):
            if _event_id(line, repeated) is None:
                target.write(line)
                count += 1
        for deliveries in self._deliveries(hour):
            for rows in deliveries.values():
                own_hour, line = merge(rows)
                if own_hour < hour:
                    if own_hour not in self._counts:
                        heappush(hours, -own_hour)
                    self.add(own_hour, line)
                else:
                    target.write(line + b"\n")
                    self.largest = max(self.largest, len(line) + 1)
                    count += 1
        return count

    def _deliveries(self, hour: int) -> Iterator[dict[str, list[Row]]]:
        repeated = sorted(self._repeated[hour])
        for start in range(0, len(repeated), _MERGED_EVENTS):
            chosen = set(repeated[start : start + _MERGED_EVENTS])
            deliveries: dict[str, list[Row]] = defaultdict(list)
            for line in self._lines(hour):
                if event_id := _event_id(line, chosen):
                    deliveries[event_id].append(decode_row(line))
            yield deliveries

    def _lines(self, hour: int) -> Iterator[bytes]:
        if hour in self._flushed:
            with (self._path / f"{hour}.json").open("rb") as file:
                yield from file
        for line in self._buffers.get(hour, ()):
            yield line + b"\n"


def _event_id(line: bytes, chosen: set[str]) -> str | None:
    """The event id of a row if it is one of some; the sender may have a key of the same name in a map."""
    if not any(found.decode() in chosen for found in _EVENT_ID.findall(line)):
        return None
    event_id = decode_row(line)["event_id"]
    return event_id if event_id in chosen else None


def write_groups(
    folder: Folder, groups: Iterable[SpilledGroup], columns: dict[str, str]
) -> Iterator[tuple[SpilledGroup, list[StagedFile]]]:
    """Write one file for each hour of each group, in order; the group's own file is removed.

    Two groups are written at a time, each by a DuckDB of its own: one reads the JSON of one query after the other.
    """
    spec = "{" + ", ".join(f"{text_literal(name)}: {text_literal(kind)}" for name, kind in columns.items()) + "}"

    def write(group: SpilledGroup) -> tuple[SpilledGroup, list[StagedFile]]:
        connection = idle.pop() if idle else connections.enter_context(_insertion_order(folder))
        largest = max(group.largest + 1, _MIN_OBJECT_BYTES)
        relations = (
            connection.sql(statement("spilled_rows", file=text_literal(str(path)), columns=spec, largest=largest))
            for path in group.paths
        )
        with translate_errors():
            files = list(_write_group(relations, folder, group))
        idle.append(connection)
        for path in group.paths:
            path.unlink()
        release_free_memory()
        return group, files

    idle: list[duckdb.DuckDBPyConnection] = []
    with ExitStack() as connections, ThreadPoolExecutor(_PARALLEL_GROUPS) as pool:
        pending: deque[Future[tuple[SpilledGroup, list[StagedFile]]]] = deque()
        for group in groups:
            pending.append(pool.submit(write, group))
            if len(pending) > _PARALLEL_GROUPS:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()


@contextmanager
def _insertion_order(folder: Folder) -> Iterator[duckdb.DuckDBPyConnection]:
    with connect(folder, _GROUP_MEMORY, threads=1) as connection:
        connection.execute(statement("in_order"))
        yield connection


def _write_group(
    relations: Iterable[duckdb.DuckDBPyRelation], folder: Folder, group: SpilledGroup
) -> Iterator[StagedFile]:
    readers = (relation.to_arrow_reader(_BATCH_ROWS) for relation in relations)
    first = next(readers)
    batches = chain(first, chain.from_iterable(readers))
    rest: list[pa.RecordBatch] = []

    def take(count: int) -> Iterator[pa.RecordBatch]:
        while count:
            batch = rest.pop() if rest else next(batches)
            if batch.num_rows > count:
                rest.append(batch.slice(count))
            yield batch.slice(0, count)
            count -= min(count, batch.num_rows)

    for span, count in group.parts:
        yield _write(folder, span, take(count), first.schema)


def write_merged(
    connection: duckdb.DuckDBPyConnection, folder: Folder, span: Span, paths: list[str], excluded_events: list[str]
) -> StagedFile:
    """Write the rows of several files of one hour or day to one, without the events of the ids ``excluded_events``."""
    files = text_list([str(folder.root / path) for path in paths])
    if excluded_events:
        relation = connection.sql(statement("own_rows_without", files=files), params={"ids": excluded_events})
    else:
        relation = connection.sql(statement("own_rows", files=files))
    return write_rows(folder, span, relation)


def write_rows(folder: Folder, span: Span, relation: duckdb.DuckDBPyRelation) -> StagedFile:
    """Write the rows of a relation to the file of an hour, or of a day."""
    reader = relation.to_arrow_reader(_BATCH_ROWS)
    return _write(folder, span, reader, reader.schema)


def stored_rows(
    connection: duckdb.DuckDBPyConnection, folder: Folder, paths: list[str], event_ids: list[str]
) -> Iterator[tuple[str, Row]]:
    """The rows of some events in files written by due, each with the path of its file."""
    for same_columns in ([path for path in paths if is_day_file(path) == in_day] for in_day in (True, False)):
        if not same_columns:
            continue
        files = text_list([str(folder.root / path) for path in same_columns])
        for row in fetched_rows(connection.execute(statement("own_rows_of", files=files), {"ids": event_ids})):
            path: Any = row.pop("filename")  # type: ignore[typeddict-item]  # not the table's
            yield folder.relative(Path(path)), row


def fetched_rows(cursor: duckdb.DuckDBPyConnection) -> Iterator[Row]:
    """The rows of a statement that selects the table's columns, as their records gave them."""
    columns = [column[0] for column in cursor.description or []]
    while rows := cursor.fetchmany(_FETCH_ROWS):
        for values in rows:
            row: Any = _without_nulls(dict(zip(columns, values, strict=True)))
            row.pop(INGEST_TIMESTAMP, None)
            yield row


def _without_nulls(value: Any) -> Any:
    """A row or a part of it as its record gave it: a column that is NULL is left out."""
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value


def _write(folder: Folder, span: Span, batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> StagedFile:
    """Write rows to a file; that of a day is sorted, and has the hour of each row, which is its path's otherwise."""
    columns = [name for name in schema.names if span.is_day or name != INGEST_TIMESTAMP]
    final = folder.new_file(span)
    staged = folder.staging / final.name
    rows = 0
    with pq.ParquetWriter(
        staged,
        pa.schema([schema.field(name) for name in columns]),
        compression="zstd" if span.is_day else "snappy",
        write_statistics=_STATISTICS,
        store_schema=False,
    ) as writer:
        for table in _tables(batches, schema, _SORTED_ROWS if span.is_day else _ROW_GROUP_ROWS):
            writer.write_table(_sorted(table) if span.is_day else table.select(columns), _ROW_GROUP_ROWS)
            rows += table.num_rows
    return StagedFile(staged, final, span, rows)


def _tables(batches: Iterable[pa.RecordBatch], schema: pa.Schema, size: int) -> Iterator[pa.Table]:
    """The rows in tables of about ``size`` rows, fewer where they are large."""
    collected: list[pa.RecordBatch] = []
    count = held = 0
    for batch in batches:
        collected.append(batch)
        count += batch.num_rows
        held += batch.nbytes
        if count >= size or held >= _TABLE_BYTES:
            yield pa.Table.from_batches(collected, schema)
            collected, count, held = [], 0, 0
    if collected:
        yield pa.Table.from_batches(collected, schema)


def _sorted(table: pa.Table) -> pa.Table:
    """The rows by event type and message, which compress better so; the rest of the order makes it the only one."""
    keys = {name: table[name] for name in ("event_type", "occurred_at", "event_id")}
    keys["message"] = pc.struct_field(table["facets"].combine_chunks(), list(_MESSAGE_FIELDS))
    order = ("event_type", "message", "occurred_at", "event_id")
    indices = pc.sort_indices(pa.table(keys), sort_keys=[(name, "ascending") for name in order])
    return table.take(indices)

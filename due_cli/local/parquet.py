"""Rows to Parquet files: buffered by hour, spilled to disk as JSON, written to the staging folder by DuckDB."""

from __future__ import annotations

import re
import shutil
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from due_cli.ingest.batch import StagedRow, rank_of
from due_cli.local.engine import connect, statement, text_list, text_literal, translate_errors
from due_cli.local.folder import Folder

_BUFFER_BYTES = 48 * 1024 * 1024
_GROUP_BYTES = 12 * 1024 * 1024
_EVENT_ID = re.compile(rb'"event_id":"([\w-]{22})"')

_ROW_GROUP_ROWS = 16_384
_PARALLEL_GROUPS = 2
_GROUP_MEMORY = "160MB"
# Statistics where a query may skip rows by them; those of fifty columns would be most of a small file.
_STATISTICS = [
    "event_type",
    "event_timestamp",
    "arrival_timestamp",
    "occurred_at",
    "source",
    "facets.email_channel.mail_event.mail.message_id",
]
_MIN_OBJECT_BYTES = 1024 * 1024  # DuckDB holds buffers of twice the largest line for each thread


@dataclass(frozen=True, slots=True)
class SpilledGroup:
    """A file of JSON lines with the rows of one hour after the other: (hour, number of rows) in order."""

    path: Path
    hours: tuple[tuple[int, int], ...]
    bytes: int


@dataclass(frozen=True, slots=True)
class StagedFile:
    """A complete Parquet file in the staging folder, and its final path."""

    staged: Path
    final: Path
    hour: int
    rows: int


class Spill:
    """Rows by hour, in memory up to a limit and beyond it in the staging folder; one for each commit of an ingest."""

    def __init__(self, folder: Folder) -> None:
        self._path = folder.staging / "rows"
        self._buffers: dict[int, list[bytes]] = defaultdict(list)
        self._buffered = 0
        self._flushed: set[int] = set()
        self._counts: Counter[int] = Counter()
        self._replaced: dict[int, set[tuple[bytes, bytes]]] = defaultdict(set)
        self.bytes = 0
        self.largest = 0

    def add(self, row: StagedRow) -> None:
        """Add one row."""
        size = len(row.line) + 1
        self._buffers[row.hour].append(row.line)
        self._counts[row.hour] += 1
        self._buffered += size
        self.bytes += size
        self.largest = max(self.largest, size)
        if self._buffered > _BUFFER_BYTES:
            self._flush()

    def replace(self, hour: int, event_id: str, rank: bytes) -> None:
        """Leave out a row that was added: a fuller delivery of the same event replaces it."""
        self._replaced[hour].add((event_id.encode(), rank))

    def groups(self) -> Iterator[SpilledGroup]:
        """The hours in order, several small ones in one file, so that each file is worth a query.

        The caller removes the files.
        """
        hours = sorted({*self._buffers, *self._flushed})
        number = 0
        while hours:
            number += 1
            path = self._path / f"group-{number}.json"
            self._path.mkdir(parents=True, exist_ok=True)
            group: list[tuple[int, int]] = []
            with path.open("wb") as file:
                while hours and file.tell() < _GROUP_BYTES:
                    hour = hours.pop(0)
                    count = self._write(hour, file)
                    if count:
                        group.append((hour, count))
                size = file.tell()
            yield SpilledGroup(path, tuple(group), size)

    def clear(self) -> None:
        """Remove every row."""
        shutil.rmtree(self._path, ignore_errors=True)
        self._buffers.clear()
        self._flushed.clear()
        self._counts.clear()
        self._replaced.clear()
        self._buffered = self.bytes = self.largest = 0

    def _flush(self) -> None:
        self._path.mkdir(parents=True, exist_ok=True)
        for hour, lines in self._buffers.items():
            with (self._path / f"{hour}.json").open("ab") as file:
                file.write(b"\n".join(lines) + b"\n")
        self._flushed.update(self._buffers)
        self._buffers.clear()
        self._buffered = 0

    def _write(self, hour: int, target: BinaryIO) -> int:
        """Write the rows of an hour without those that were replaced; return their number."""
        replaced = self._replaced.get(hour)
        if replaced:
            count = 0
            for line in self._lines(hour):
                if not _is_replaced(line, replaced):
                    target.write(line)
                    count += 1
            return count
        if hour in self._flushed:
            with (self._path / f"{hour}.json").open("rb") as file:
                shutil.copyfileobj(file, target)
        if lines := self._buffers.get(hour):
            target.write(b"\n".join(lines) + b"\n")
        return self._counts[hour]

    def _lines(self, hour: int) -> Iterator[bytes]:
        if hour in self._flushed:
            with (self._path / f"{hour}.json").open("rb") as file:
                yield from file
        for line in self._buffers.get(hour, ()):
            yield line + b"\n"


def _is_replaced(line: bytes, replaced: set[tuple[bytes, bytes]]) -> bool:
    match = _EVENT_ID.search(line)
    return match is not None and (match[1], rank_of(line.rstrip(b"\n"))) in replaced


def write_groups(
    folder: Folder, groups: Iterable[SpilledGroup], columns: dict[str, str], largest: int
) -> Iterator[tuple[SpilledGroup, list[StagedFile]]]:
    """Write one file for each hour of each group, in order; the group's own file is removed.

    Two groups are written at a time, each by a DuckDB of its own: one reads the JSON of one query after the other.
    """
    spec = "{" + ", ".join(f"{text_literal(name)}: {text_literal(kind)}" for name, kind in columns.items()) + "}"

    def write(group: SpilledGroup) -> tuple[SpilledGroup, list[StagedFile]]:
        query = statement(
            "spilled_rows",
            file=text_literal(str(group.path)),
            columns=spec,
            largest=max(largest + 1, _MIN_OBJECT_BYTES),
        )
        connection = idle.pop() if idle else connections.enter_context(_insertion_order(folder))
        with translate_errors():
            files = list(_write_group(connection.sql(query), folder, group))
        idle.append(connection)
        group.path.unlink()
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


def _write_group(rows: duckdb.DuckDBPyRelation, folder: Folder, group: SpilledGroup) -> Iterator[StagedFile]:
    reader = rows.to_arrow_reader(_ROW_GROUP_ROWS)
    if len(group.hours) == 1:
        yield _write(folder, group.hours[0][0], reader, reader.schema)
        return
    table = reader.read_all()
    start = 0
    for hour, count in group.hours:
        yield _write(folder, hour, table.slice(start, count).to_batches(), table.schema)
        start += count


def write_merged(
    connection: duckdb.DuckDBPyConnection, folder: Folder, hour: int, paths: list[str], excluded_events: list[str]
) -> StagedFile:
    """Write the rows of several files of one hour to one file, without the events of the ids ``excluded_events``."""
    files = text_list([str(folder.root / path) for path in paths])
    if excluded_events:
        relation = connection.sql(statement("own_rows_without", files=files), params={"ids": excluded_events})
    else:
        relation = connection.sql(statement("own_rows", files=files))
    reader = relation.to_arrow_reader(_ROW_GROUP_ROWS)
    return _write(folder, hour, reader, reader.schema)


def _write(folder: Folder, hour: int, batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> StagedFile:
    final = folder.new_file(hour)
    staged = folder.staging / final.name
    rows = 0
    with pq.ParquetWriter(
        staged, schema, compression="snappy", write_statistics=_STATISTICS, store_schema=False
    ) as writer:
        for table in _row_groups(batches, schema):
            writer.write_table(table)
            rows += table.num_rows
    return StagedFile(staged, final, hour, rows)


def _row_groups(batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.Table]:
    group: list[pa.RecordBatch] = []
    count = 0
    for batch in batches:
        group.append(batch)
        count += batch.num_rows
        if count >= _ROW_GROUP_ROWS:
            yield pa.Table.from_batches(group, schema)
            group, count = [], 0
    if group:
        yield pa.Table.from_batches(group, schema)

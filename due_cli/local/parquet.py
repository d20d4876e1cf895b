"""Writes the Parquet files of a local folder: new rows by hour, and small files merged into one."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from due_cli.local.engine import connected, statement, text_list, text_literal, translate_errors
from due_cli.local.folder import Folder
from due_cli.local.spill import SpilledGroup
from due_cli.local.state import DataFile

_BATCH_ROWS = 16_384
_AT_ONCE = 2
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
_SMALLEST_OBJECT = 1024 * 1024  # DuckDB holds buffers of twice the largest line for each thread


@dataclass(frozen=True, slots=True)
class Written:
    """A Parquet file that is complete in the staging place, and where it is to stand."""

    staged: Path
    final: Path
    hour: int
    rows: int

    def put(self, folder: Folder) -> DataFile:
        """Moves the file into place; it counts once the state names it."""
        size = self.staged.stat().st_size
        self.final.parent.mkdir(parents=True, exist_ok=True)
        self.staged.replace(self.final)
        return DataFile(folder.relative(self.final), self.hour, self.rows, size)


def write_groups(
    folder: Folder, groups: Iterable[SpilledGroup], columns: dict[str, str], largest: int
) -> Iterator[tuple[SpilledGroup, list[Written]]]:
    """The files of each group, one for each of its hours, in order; the group's own file is removed.

    Two groups are written at a time, each by a DuckDB of its own: one reads the JSON of one query after the other.
    """
    spec = "{" + ", ".join(f"{text_literal(name)}: {text_literal(kind)}" for name, kind in columns.items()) + "}"

    def write(group: SpilledGroup) -> tuple[SpilledGroup, list[Written]]:
        query = statement(
            "staged_rows",
            file=text_literal(str(group.path)),
            columns=spec,
            largest=max(largest + 1, _SMALLEST_OBJECT),
        )
        connection = idle.pop() if idle else connections.enter_context(_in_order(folder))
        with translate_errors():
            files = list(_write_group(connection.sql(query), folder, group))
        idle.append(connection)
        group.path.unlink()
        return group, files

    idle: list[duckdb.DuckDBPyConnection] = []
    with ExitStack() as connections, ThreadPoolExecutor(_AT_ONCE) as pool:
        waiting: deque[Future[tuple[SpilledGroup, list[Written]]]] = deque()
        for group in groups:
            waiting.append(pool.submit(write, group))
            if len(waiting) > _AT_ONCE:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


@contextmanager
def _in_order(folder: Folder) -> Iterator[duckdb.DuckDBPyConnection]:
    with connected(folder, _GROUP_MEMORY, threads=1) as connection:
        connection.execute(statement("in_order"))
        yield connection


def _write_group(rows: duckdb.DuckDBPyRelation, folder: Folder, group: SpilledGroup) -> Iterator[Written]:
    reader = rows.to_arrow_reader(_BATCH_ROWS)
    if len(group.hours) == 1:
        yield _write(folder, group.hours[0][0], reader, reader.schema)
        return
    table = reader.read_all()
    start = 0
    for hour, count in group.hours:
        yield _write(folder, hour, table.slice(start, count).to_batches(), table.schema)
        start += count


def write_merged(
    connection: duckdb.DuckDBPyConnection, folder: Folder, hour: int, paths: list[str], without: list[str]
) -> Written:
    """The rows of several files of one hour as one file, less the events whose ids are ``without``."""
    listed = text_list([str(folder.root / path) for path in paths])
    if without:
        relation = connection.sql(statement("own_rows_without", files=listed), params={"ids": without})
    else:
        relation = connection.sql(statement("own_rows", files=listed))
    reader = relation.to_arrow_reader(_BATCH_ROWS)
    return _write(folder, hour, reader, reader.schema)


def _write(folder: Folder, hour: int, batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> Written:
    final = folder.new_file(hour)
    staged = folder.staging / final.name
    rows = 0
    with pq.ParquetWriter(
        staged, schema, compression="snappy", write_statistics=_STATISTICS, store_schema=False
    ) as writer:
        for table in _row_groups(batches, schema):
            writer.write_table(table)
            rows += table.num_rows
    return Written(staged, final, hour, rows)


def _row_groups(batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.Table]:
    held: list[pa.RecordBatch] = []
    count = 0
    for batch in batches:
        held.append(batch)
        count += batch.num_rows
        if count >= _BATCH_ROWS:
            yield pa.Table.from_batches(held, schema)
            held, count = [], 0
    if held:
        yield pa.Table.from_batches(held, schema)

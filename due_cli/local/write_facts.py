"""Writes the facts of messages of closed days, from the events."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from due_cli.core.errors import DueError
from due_cli.core.progress import Progress
from due_cli.local import facts
from due_cli.local.all_events import define_all_events, event_files
from due_cli.local.engine import INGEST_MEMORY, connect, statement, translate, translate_errors
from due_cli.local.facts import DAY
from due_cli.local.folder import Folder, file_error
from due_cli.local.state import State
from due_cli.sql import messages

_LEAST_EVENTS = 50_000  # that a writer stores facts of: to read the events of fewer takes no time
_TOGETHER = 150_000  # events whose facts are made at a time, in bounded memory
_PART = "due_part(message_id) = :part"  # of the messages of a larger day
_BYTES_AN_EVENT = 50  # of a file of another writer, whose rows are not counted
_BATCH_ROWS = 16_384


def write_missing(folder: Folder, state: State, progress: Progress, *, everything: bool = False) -> None:
    """Store the facts of closed days that have none of their present events, and remove those of earlier events.

    Days with files of other writers alone are left out, and nothing is stored while few events are without, unless
    ``everything``. The caller holds the writer lock. What fails is only a note: reports read the events.
    """
    try:
        _write_missing(folder, state, progress, everything=everything)
    except (OSError, DueError) as error:
        reason = error if isinstance(error, DueError) else file_error(error, folder.root)
        progress.note(f"facts of messages were not stored: {reason.message}")


def _write_missing(folder: Folder, state: State, progress: Progress, *, everything: bool) -> None:
    events = event_files(state)
    digests = facts.digests(folder, events)
    facts.remove_stale(folder, digests)
    sizes = dict.fromkeys(digests, 0)
    for file in events.own:
        sizes[file.hour // DAY] += file.rows
    own = {day for day, rows in sizes.items() if rows}
    for path, hour in events.foreign:
        sizes[hour // DAY] += (folder.root / path).stat().st_size // _BYTES_AN_EVENT
    end = folder.first_open_hour() // DAY
    missing = [day for day in facts.missing_days(folder, digests) if day < end and (everything or day in own)]
    if not everything and sum(sizes[day] for day in missing) < _LEAST_EVENTS:
        return
    progress.start("Storing facts of messages", len(missing))
    try:
        for days in _groups(missing, sizes):
            parts = -(-sum(sizes[day] for day in days) // _TOGETHER) or 1
            _write_days(folder, state, {day: digests[day] for day in days}, parts)
            progress.advance(len(days))
    finally:
        progress.finish()


def _groups(days: Sequence[int], sizes: dict[int, int]) -> Iterator[list[int]]:
    """Days in order, so many together that one statement has their events in memory."""
    group: list[int] = []
    for day in days:
        if group and sum(sizes[one] for one in group) + sizes[day] > _TOGETHER:
            yield group
            group = []
        group.append(day)
    if group:
        yield group


def _write_days(folder: Folder, state: State, digests: dict[int, str], parts: int) -> None:
    first, last = min(digests) * DAY, (max(digests) + 1) * DAY
    hours = {hour for day in digests for hour in range(day * DAY, (day + 1) * DAY)}
    bounds = {"read_from": _time(first), "until": _time(last)}
    folder.facts.mkdir(exist_ok=True)
    written: list[str] = []
    with connect(folder, INGEST_MEMORY) as connection, translate_errors():
        define_all_events(connection, state, (first, last), hours=hours)
        connection.execute(statement("part_of_messages", parts=parts))
        for family in messages.families():
            sql = translate(state, messages.day_facts(family, _PART))
            rows = (connection.sql(sql, params={**bounds, "part": part}) for part in range(parts))
            written += _write_family(folder, family, rows, digests)
    _sync(folder, written)
    for name in written:
        (folder.facts / f"{name}.partial").replace(folder.facts / name)


def _write_family(
    folder: Folder, family: str, parts: Iterable[duckdb.DuckDBPyRelation], digests: dict[int, str]
) -> list[str]:
    """Write a file for each day, under a temporary name; return their names."""
    writers: dict[int, pq.ParquetWriter] = {}
    schema = pa.schema([])
    with ExitStack() as stack:
        for rows in parts:
            reader = rows.to_arrow_reader(_BATCH_ROWS)
            schema = reader.schema.remove(reader.schema.get_field_index("day"))
            for batch in reader:
                days = pc.divide(pc.cast(batch["day"], pa.timestamp("s")).cast(pa.int64()), DAY * 3600)
                for day in sorted(pc.unique(days).to_pylist()):
                    if day not in writers:
                        name = facts.name_of(family, day, digests[day])
                        writers[day] = stack.enter_context(_writer(folder, name, schema))
                    part = pa.Table.from_batches([batch]).filter(pc.equal(days, day))
                    writers[day].write_table(part.drop_columns(["day"]))
    names = {day: facts.name_of(family, day, digest, is_empty=day not in writers) for day, digest in digests.items()}
    for day in digests.keys() - writers.keys():
        _writer(folder, names[day], schema).close()
    return list(names.values())


def _writer(folder: Folder, name: str, schema: pa.Schema) -> pq.ParquetWriter:
    path = folder.facts / f"{name}.partial"
    return pq.ParquetWriter(path, schema, compression="zstd", write_statistics=["message_id"])


def _sync(folder: Folder, names: list[str]) -> None:
    if folder.durable and names:
        os.sync()


def _time(hour: int) -> datetime:
    return datetime.fromtimestamp(hour * 3600, UTC).replace(tzinfo=None)

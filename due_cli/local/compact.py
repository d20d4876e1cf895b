"""Compaction: each closed day's files become one, sorted and better compressed, in the folder of the day.

A query that began before reads the files that it listed; one that begins after reads the new one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import duckdb

from due_cli.core.errors import DueError
from due_cli.core.progress import Progress
from due_cli.local import parquet
from due_cli.local.all_events import define_all_events
from due_cli.local.data_files import publish, remove_retired
from due_cli.local.engine import INGEST_MEMORY, connect, statement, translate_errors
from due_cli.local.folder import Folder, Span, day_span, file_error
from due_cli.local.state import DataFile, State

_MANY_FILES = 8  # fewer that came after a day was compacted are left beside its file,
_SMALL_PART = 8  # unless they have this part of its rows: it would be written again for every late event


def loose_days(folder: Folder, state: State) -> Iterator[tuple[Span, list[DataFile]]]:
    """The closed days that have more than one file, or one of an hour, with their files."""
    first_open = folder.first_open_hour()
    days: dict[Span, list[DataFile]] = defaultdict(list)
    for file in state.data_files(0, first_open):
        days[day_span(file.hour)].append(file)
    return ((day, files) for day, files in days.items() if len(files) > 1 or not files[0].span.is_day)


def worthwhile_days(folder: Folder, state: State) -> list[tuple[Span, list[DataFile]]]:
    """Those of which an ingest rewrites the file: many files, or many rows beside the largest file of the day."""
    return [(day, files) for day, files in loose_days(folder, state) if _is_worthwhile(files)]


def compact_after_ingest(folder: Folder, state: State, progress: Progress) -> None:
    """Compact what is worth it; a failure is only a note, because the rows are stored already."""
    try:
        compact_days(folder, state, worthwhile_days(folder, state), progress)
    except (OSError, DueError) as error:
        reason = error if isinstance(error, DueError) else file_error(error, folder.root)
        progress.note(f"closed days were not compacted: {reason.message}")


def compact_days(
    folder: Folder, state: State, days: Sequence[tuple[Span, list[DataFile]]], progress: Progress
) -> list[DataFile]:
    """Compact days, each in a commit of its own; returns the new files."""
    if not days:
        return []
    written = []
    progress.start("Compacting", sum(file.rows for _, files in days for file in files))
    with connect(folder, INGEST_MEMORY) as connection, translate_errors():
        for day, files in days:
            written.append(_compact_day(folder, state, connection, day, files))
            remove_retired(folder, state)
            progress.advance(sum(file.rows for file in files))
    progress.finish()
    return written


def _compact_day(
    folder: Folder, state: State, connection: duckdb.DuckDBPyConnection, day: Span, files: list[DataFile]
) -> DataFile:
    define_all_events(connection, state, own_files=[file.path for file in files])
    staged = parquet.write_rows(folder, day, connection.sql(statement("every_event")))
    expected = sum(file.rows for file in files)
    if staged.rows != expected:
        raise DueError(f"expected {expected:,} rows, read {staged.rows:,}", folder.command("doctor"))
    with state.transaction():
        (published,) = publish(folder, state, [staged])
        for file in files:
            state.run("retire_file", file.path)
    return published


def _is_worthwhile(files: list[DataFile]) -> bool:
    largest = max((file.rows for file in files if file.span.is_day), default=0)
    return len(files) >= _MANY_FILES or (sum(file.rows for file in files) - largest) * _SMALL_PART >= largest

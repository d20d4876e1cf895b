"""``due compact --adopted``: files that due did not write become files of days, and are kept aside.

Their rows stay as queries show them, but for events that are there more than once: these become one row, merged as
deliveries are. The commit that lists the new file says which files it replaces; they are not read from then on, and are
moved below ``replaced/`` once no query reads them.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import chain
from pathlib import Path

import duckdb

from due_cli.core.errors import DueError
from due_cli.core.progress import Progress
from due_cli.ingest.batch import encode_row, key_of, stage
from due_cli.local import parquet
from due_cli.local.all_events import define_all_events
from due_cli.local.data_files import fault, mark_seen, move_original, publish, remove_retired
from due_cli.local.engine import INGEST_MEMORY, connect, statement, translate_errors
from due_cli.local.folder import Folder, Span, day_span
from due_cli.local.rows import RowWriter
from due_cli.local.state import ReplacedFile, State
from due_cli.local.statuses import merge_recomputed, recompute_statuses

_FETCH_ROWS = 10_000
_Stamp = tuple[int, int]  # the size of a file, and when it was changed


def adopted_days(folder: Folder, state: State) -> dict[Span, list[str]]:
    """The files of other writers in closed days, by day."""
    days: dict[Span, list[str]] = defaultdict(list)
    first_open = folder.first_open_hour()
    for path, hour in state.foreign_files(None, first_open):
        if hour < first_open:
            days[day_span(hour)].append(path)
    return days


def replace_adopted(folder: Folder, state: State, progress: Progress) -> tuple[int, int]:
    """Write the rows of such files to files of days; returns how many files of how many bytes were replaced."""
    days = adopted_days(folder, state)
    number = size = 0
    if not days:
        return number, size
    progress.start("Rewriting adopted files", sum(map(len, days.values())))
    with connect(folder, INGEST_MEMORY) as connection, translate_errors():
        for day, paths in days.items():
            size += _replace_day(folder, state, connection, day, paths, progress)
            number += len(paths)
            remove_retired(folder, state)
            progress.advance(len(paths))
    progress.finish()
    return number, size


def _replace_day(
    folder: Folder,
    state: State,
    connection: duckdb.DuckDBPyConnection,
    day: Span,
    paths: list[str],
    progress: Progress,
) -> int:
    stamps = _stamps(folder, paths)
    define_all_events(connection, state, day.bounds, own_files=[], others=True)
    identified = statement("identified")
    repeated = _repeated(state, connection.execute(statement("events_with_ids", identified=identified)))
    with state.transaction():
        rows = RowWriter(folder, state, lambda _: None)  # statuses are those of all rows, below
        relation = connection.sql(statement("events_without", identified=identified), params={"ids": repeated})
        rest = parquet.write_rows(folder, day, relation)
        published = publish(folder, state, [rest] if rest.rows else [])
        for file in published:
            mark_seen(folder, state, file)
        cursor = connection.execute(statement("events_of", identified=identified), {"ids": repeated})
        for row in parquet.fetched_rows(cursor):
            rows.add(stage(row, encode_row(row), 0))
        published += publish(folder, state, rows.write(progress))
        recompute_statuses(folder, state, progress, published)
        merge_recomputed(state)
        if _stamps(folder, adopted_days(folder, state).get(day, [])) != stamps:
            raise DueError(f"files of {folder.span_folder(day)} changed meanwhile", folder.command("compact --adopted"))
        state.run_many("set_replaced", ((path, *stamp) for path, stamp in stamps.items()))
        state.run_many("delete_foreign_file", ((path,) for path in paths))
    return sum(size for size, _ in stamps.values())


def _repeated(state: State, cursor: duckdb.DuckDBPyConnection) -> list[str]:
    """The ids of the events that are there twice, or in a file of due's too."""
    met: set[str] = set()
    repeated: set[str] = set()
    while rows := cursor.fetchmany(_FETCH_ROWS):
        for event_id, event_time in rows:
            if event_id in met or state.one("seen", key_of(event_id, event_time)) is not None:
                repeated.add(event_id)
            met.add(event_id)
    return sorted(repeated)


def _stamps(folder: Folder, paths: list[str]) -> dict[str, _Stamp]:
    found = {}
    for path in paths:
        status = (folder.root / path).stat()
        found[path] = (status.st_size, status.st_mtime_ns)
    return found


def restore_replaced(folder: Folder, state: State) -> None:
    """Move replaced files back to where they were."""
    for file in state.replaced_files():
        move_original(folder.replaced / file.path, folder.root / file.path, file)
    _remove_folders(folder.replaced)


def kept_originals(folder: Folder, state: State) -> list[ReplacedFile]:
    """The replaced files that are still kept."""
    return [file for file in state.replaced_files() if any(file.is_at(path) for path in _places(folder, file))]


def original_paths(folder: Folder, state: State) -> list[Path]:
    """Where these are."""
    return [path for file in state.replaced_files() for path in _places(folder, file) if file.is_at(path)]


def delete_originals(folder: Folder, state: State) -> list[ReplacedFile]:
    """Delete the replaced files, if those that have their rows are in order; returns what was deleted."""
    files = kept_originals(folder, state)
    for own in state.data_files() if files else ():
        if wrong := fault(folder, own):
            raise DueError(f"{own.path}: {wrong}; the originals stay", folder.command("doctor"))
    remove_retired(folder, state)  # those that a reader had are moved too
    for file in files:
        path = folder.replaced / file.path
        if file.is_at(path):
            path.unlink()
    _remove_folders(folder.replaced)
    return files


def _places(folder: Folder, file: ReplacedFile) -> tuple[Path, Path]:
    return folder.root / file.path, folder.replaced / file.path


def _remove_folders(root: Path) -> None:
    """Remove a folder and those below it as far as they are empty."""
    folders = sorted((path for path in root.rglob("*") if path.is_dir()), reverse=True) if root.is_dir() else []
    for path in chain(folders, [root] if root.is_dir() else []):
        if not any(path.iterdir()):
            path.rmdir()

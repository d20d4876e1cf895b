"""What a writer does beside its own work: clears what killed ones left, removes replaced files, merges small ones."""

from __future__ import annotations

import shutil

from due_cli.core.errors import DueError
from due_cli.core.progress import Progress
from due_cli.local import parquet, placement
from due_cli.local.engine import INGEST_MEMORY, connected, translate_errors
from due_cli.local.folder import Folder, denied
from due_cli.local.state import DataFile, State

_MERGE_FILES = 8  # so many small files of an hour are merged into one
_SMALL_BYTES = 32 * 1024 * 1024


def clear_leftovers(folder: Folder, state: State) -> None:
    """Removes what a killed ingest left: its staging place, files that no commit names, files that were replaced."""
    placement.clear(folder, state)
    folder.staging.mkdir(parents=True, exist_ok=True)
    remove_retired(folder, state)


def remove_retired(folder: Folder, state: State) -> None:
    """Removes files that were replaced and what killed queries left, unless a reader is at work: then the next does."""
    with folder.alone() as alone:
        if not alone:
            return
        for (path,) in state.rows("retired_files").fetchall():
            placement.remove(folder, str(path))
            state.run("forget_file", path)
        for leftover in folder.private.glob(f"{folder.query_work.name}*"):
            shutil.rmtree(leftover, ignore_errors=True)


def merge_small_files(folder: Folder, state: State, progress: Progress) -> None:
    """Merges the small files of each hour that has many; readers see either the old ones or the new one.

    What cannot be merged stays as it is: the rows are filed already, and that must not look like a failure.
    """
    hours = [int(hour) for (hour,) in state.rows("crowded_hours", _SMALL_BYTES, _MERGE_FILES)]
    for hour in hours:
        small = [file for file in state.data_files(hour, hour + 1) if file.bytes < _SMALL_BYTES]
        try:
            _merge(folder, state, hour, small)
        except OSError as error:
            progress.note(f"small files were not merged: {denied(error, folder.root).message}")
        except DueError as error:
            progress.note(f"small files were not merged: {error.message}")
    remove_retired(folder, state)


def _merge(folder: Folder, state: State, hour: int, small: list[DataFile]) -> None:
    with connected(folder, INGEST_MEMORY) as connection, translate_errors():
        written = parquet.write_merged(connection, folder, hour, [file.path for file in small], [])
    expected = sum(file.rows for file in small)
    if written.rows != expected:
        raise DueError(f"{expected:,} rows were expected and {written.rows:,} found", folder.command("doctor"))
    with state.transaction():
        for file in placement.place(folder, [written]):
            state.run("add_file", file.path, file.hour, file.rows, file.bytes)
        for file in small:
            state.run("retire_file", file.path)

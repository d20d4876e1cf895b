"""The Parquet files written by due: publish new ones, retire replaced ones, merge small ones, adopt existing ones.

A file counts once the state lists it. Before the first of several is moved into place, a journal in the staging folder
names them; the next writer removes those that no commit listed. So a file that is neither in the journal nor in the
state was put there by a user, and due does not remove it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from due_cli.core.errors import DueError
from due_cli.core.progress import Progress
from due_cli.events.times import LATEST
from due_cli.ingest.batch import encode_row, key_of, stage
from due_cli.local import parquet
from due_cli.local.engine import INGEST_MEMORY, connect, translate_errors
from due_cli.local.folder import Folder, Span, file_error, is_day_file, is_own
from due_cli.local.parquet import StagedFile
from due_cli.local.rows import RowWriter
from due_cli.local.state import DataFile, ReplacedFile, State
from due_cli.local.statuses import merge_recomputed, recompute_statuses

_JOURNAL = "placing"  # in the staging folder: the paths of the files that are being moved into place
_REPLACING = "replacing"  # the setting that says whether a commit promised replacements
_MAX_SINGLE_SYNCS = 16
_MERGE_FILES = 8  # an hour with so many small files has them merged into one
_SMALL_BYTES = 32 * 1024 * 1024
_ANY_BYTES = 2**62
_UNKNOWN_DIGEST = b""  # of a row that was not read: any later delivery is compared with it
_ADOPTED_BATCH = 0  # of no ingest
_BATCH_ROWS = 50_000
_HOUR_MICROS = 3_600_000_000
MISSING = "is missing"


def publish(folder: Folder, state: State, files: list[StagedFile]) -> list[DataFile]:
    """Move files into place, durably, and list them in the state; they count with its next commit."""
    if not files:
        return []
    with (folder.staging / _JOURNAL).open("a", encoding="utf-8") as journal:
        journal.writelines(f"{folder.relative(file.final)}\n" for file in files)
        journal.flush()
        if folder.durable:
            os.fsync(journal.fileno())
    published = [_move(folder, file) for file in files]
    if folder.durable:
        _sync([file.final for file in files])
    for file in published:
        state.run("add_file", *file)
    return published


def _move(folder: Folder, file: StagedFile) -> DataFile:
    size = file.staged.stat().st_size
    file.final.parent.mkdir(parents=True, exist_ok=True)
    file.staged.replace(file.final)
    return DataFile(folder.relative(file.final), file.span.hour, file.rows, size)


def _sync(files: list[Path]) -> None:
    """Have the system write files to the disk, and the folders that list them: those up to ``events/`` may be new."""
    if len(files) > _MAX_SINGLE_SYNCS:
        os.sync()
        return
    for path in dict.fromkeys((*files, *(parent for file in files for parent in list(file.parents)[:5]))):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def clear_staging(folder: Folder, state: State) -> None:
    """Remove the staging folder, and the files that were moved out of it for a commit that never happened."""
    for path in _journal(folder):
        if state.one("is_listed", path) is None:
            remove(folder, path)
    shutil.rmtree(folder.staging, ignore_errors=True)


def clean_up(folder: Folder, state: State) -> None:
    """Remove what a killed ingest left behind: its staging folder, files of no commit, replaced files."""
    clear_staging(folder, state)
    folder.staging.mkdir(parents=True, exist_ok=True)
    remove_retired(folder, state)


def remove_retired(folder: Folder, state: State) -> None:
    """Remove replaced files and what killed queries left behind, and move those of other writers aside.

    While there are readers, the next writer does it.
    """
    with folder.no_readers() as no_readers:
        if no_readers:
            remove_replaced(folder, state)


def remove_replaced(folder: Folder, state: State) -> None:
    """Do so now, and finish what a killed erasure has left; the caller knows that nobody reads."""
    finish_erasure(folder, state)
    retired = state.rows("retired_files").fetchall()
    for (path,) in retired:
        remove(folder, str(path))
    if retired:
        with state.transaction():  # one commit: each waits for the disk
            state.run_many("delete_file", retired)
    for file in state.replaced_files():
        if not file.moved:
            move_original(folder.root / file.path, folder.replaced / file.path, file)
            remove_empty(folder, (folder.root / file.path).parent)
            state.run("set_moved", file.path)
    for temporary in folder.private.glob(f"{folder.query_temp_prefix.name}*"):
        shutil.rmtree(temporary, ignore_errors=True)


def promise_replacements(folder: Folder, state: State) -> None:
    """Have the next commit decide that the files of ``folder.replacements`` take the places of those of their names."""
    if folder.durable:
        _sync([path for path in folder.replacements.rglob("*") if path.is_file()])
    state.run("set_meta", _REPLACING, "1")


def finish_erasure(folder: Folder, state: State) -> None:
    """Put files in the places that a commit promised them, an empty one for a file that goes."""
    if state.meta(_REPLACING):
        for path in folder.replacements.rglob("*"):
            if not path.is_file():
                continue
            place = folder.root / path.relative_to(folder.replacements)
            if path.stat().st_size:
                path.replace(place)
            else:
                remove(folder, folder.relative(place))
                state.run("delete_foreign_file", folder.relative(place))
                path.unlink()
    shutil.rmtree(folder.replacements, ignore_errors=True)
    state.run("delete_meta", _REPLACING)


def move_original(source: Path, target: Path, file: ReplacedFile) -> None:
    """Move a replaced file, unless it is not there any more or something else is at its new place."""
    if file.is_at(source) and not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        source.replace(target)


def remove(folder: Folder, path: str) -> None:
    """Remove a file written by due, and the folders of its hour, day, month and year that are empty then."""
    file = folder.root / path
    file.unlink(missing_ok=True)
    remove_empty(folder, file.parent)


def remove_empty(folder: Folder, path: Path) -> None:
    """Remove a folder below ``events/`` and its parents as far as they are empty."""
    with suppress(OSError):
        while path != folder.events:
            with suppress(FileNotFoundError):  # a killed command had removed it, and not its parent
                path.rmdir()
            path = path.parent


def merge_hours(folder: Folder, state: State) -> None:
    """Merge the files of each hour that has several into one; raises where that fails."""
    for (hour,) in state.rows("crowded_hours", _ANY_BYTES, 2).fetchall():
        _merge(folder, state, int(hour), _files_of_hour(state, int(hour)))


def _files_of_hour(state: State, hour: int) -> list[DataFile]:
    """The files that hold this hour alone."""
    return [file for file in state.data_files(hour, hour + 1) if not file.span.is_day]


def merge_small_files(folder: Folder, state: State, progress: Progress) -> None:
    """Merge the small files of each hour that has many; readers see either the old ones or the new one.

    A merge that fails is only a note: the rows are stored already.
    """
    hours = [int(hour) for (hour,) in state.rows("crowded_hours", _SMALL_BYTES, _MERGE_FILES)]
    for hour in hours:
        small = [file for file in _files_of_hour(state, hour) if file.bytes < _SMALL_BYTES]
        try:
            _merge(folder, state, hour, small)
        except (OSError, DueError) as error:
            reason = error if isinstance(error, DueError) else file_error(error, folder.root)
            progress.note(f"small files were not merged: {reason.message}")
    remove_retired(folder, state)


def _merge(folder: Folder, state: State, hour: int, small: list[DataFile]) -> None:
    with connect(folder, INGEST_MEMORY) as connection, translate_errors():
        merged = parquet.write_merged(connection, folder, Span(hour), [file.path for file in small], [])
    expected = sum(file.rows for file in small)
    if merged.rows != expected:
        raise DueError(f"expected {expected:,} rows, read {merged.rows:,}", folder.command("doctor"))
    with state.transaction():
        publish(folder, state, [merged])
        for file in small:
            state.run("retire_file", file.path)


def unlisted(folder: Folder, state: State) -> list[tuple[str, int]]:
    """The files written by due that the state does not list, with their hours; not those that an ingest is moving."""
    listed = {*_journal(folder), *(str(path) for path, _ in state.rows("all_files"))}
    return [(path, hour) for path, hour in folder.parquet_files() if is_own(path) and path not in listed]


def adopt(folder: Folder, state: State, progress: Progress) -> list[DataFile]:
    """List the unlisted files, with their events and statuses: a copy of ``events/``, or files of a lost state.

    A file that cannot be read is skipped with a note. The caller holds the writer lock and has cleaned up. Returns the
    files that were listed.
    """
    files = unlisted(folder, state)
    if not files:
        return []
    progress.start("Reading existing files", len(files))
    adopted: list[DataFile] = []
    with state.transaction():
        rows = RowWriter(folder, state, lambda _: None)  # statuses are those of all rows, below
        for path, hour in files:
            adopted += _adopt_file(folder, state, rows, path, hour, progress)
            progress.advance(1)
        adopted += publish(folder, state, rows.write(progress))
        listed = {file.path for file in state.data_files()}
        adopted = [file for file in adopted if file.path in listed]
        recompute_statuses(folder, state, progress, adopted)
        merge_recomputed(state)
    progress.finish()
    return adopted


def _adopt_file(
    folder: Folder, state: State, rows: RowWriter, path: str, hour: int, progress: Progress
) -> list[DataFile]:
    """List one file; those of its events that a listed file has too are merged with them."""
    try:
        keys = chain.from_iterable(_keys(folder, path, hour))
        repeated = [event for key, event, _ in keys if state.one("seen", key) is not None]
        with pq.ParquetFile(folder.root / path) as opened:
            count = int(opened.metadata.num_rows)
    except (pa.ArrowException, KeyError, OSError, ValueError):
        progress.note(f"skipped {path}: not readable as a file written by due; due doctor says more")
        return []
    file = DataFile(path, hour, count, (folder.root / path).stat().st_size)
    state.run("add_file", *file)
    if not repeated:
        mark_seen(folder, state, file)
        return [file]
    state.run("retire_file", file.path)
    with connect(folder, INGEST_MEMORY) as connection, translate_errors():
        rest = parquet.write_merged(connection, folder, file.span, [path], repeated)
        for _, row in parquet.stored_rows(connection, folder, [path], repeated):
            rows.add(stage(row, encode_row(row), 0))
    published = publish(folder, state, [rest] if rest.rows else [])
    for new in published:
        mark_seen(folder, state, new)
    return published


def mark_seen(folder: Folder, state: State, file: DataFile) -> None:
    """Mark the events of a listed file as seen; which release wrote it, and made its ids, is not known."""
    hours: set[int] = set()
    for keys in _keys(folder, file.path, file.hour):
        state.run_many("set_seen", ((key, _UNKNOWN_DIGEST, hour, _ADOPTED_BATCH) for key, _, hour in keys))
        hours.update(int.from_bytes(key[:4], "big") for key, _, _ in keys)
    state.run_many("add_first_release_hour", ((hour,) for hour in sorted(hours)))


def newest_hour(folder: Folder, file: DataFile) -> int:
    """The newest hour of which a file has rows."""
    if not file.span.is_day:
        return file.hour
    hours = pq.read_table(folder.root / file.path, columns=[parquet.INGEST_TIMESTAMP], partitioning=None)
    newest = pc.max(hours[parquet.INGEST_TIMESTAMP].cast(pa.int64())).as_py()
    return file.hour if newest is None else int(newest) // _HOUR_MICROS


def fault(folder: Folder, file: DataFile, *, read_rows: bool = False) -> str | None:
    """What is wrong with a listed file, or None."""
    path = folder.root / file.path
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        return MISSING
    except OSError as error:
        return f"is not readable: {error.strerror}"
    if size != file.bytes:
        return f"has {size:,} bytes instead of {file.bytes:,}"
    return parquet_fault(folder, file.path, read_rows=read_rows)


def parquet_fault(folder: Folder, path: str, *, read_rows: bool = False) -> str | None:
    """What is wrong with a Parquet file, or None; only its footer is read, if not ``read_rows``."""
    try:
        with pq.ParquetFile(folder.root / path) as file:
            if read_rows:
                for _ in file.iter_batches(_BATCH_ROWS):
                    pass
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            return f"is not readable: {(error.strerror or str(error)).lower()}"
        return f"is damaged: {'its rows are' if read_rows else 'it is'} not as Parquet has them"
    return None


def _journal(folder: Folder) -> list[str]:
    """The files that are being moved into place, or were by a killed ingest."""
    try:
        return (folder.staging / _JOURNAL).read_text("utf-8").splitlines()
    except OSError:
        return []


def _keys(folder: Folder, path: str, hour: int) -> Iterator[list[tuple[bytes, str, int]]]:
    """The events of a file written by due, in batches: (key of the table of seen events, event id, hour).

    The hour is the file's, or that of the row in the file of a day. Rows of other writers may have no id.
    """
    columns = ["event_id", "occurred_at", *([parquet.INGEST_TIMESTAMP] if is_day_file(path) else [])]
    with pq.ParquetFile(folder.root / path) as file:
        for batch in file.iter_batches(_BATCH_ROWS, columns=columns):
            events, times = batch["event_id"].to_pylist(), batch["occurred_at"].to_pylist()
            hours = [hour] * len(events)
            if is_day_file(path):
                hours = [time // _HOUR_MICROS for time in batch[parquet.INGEST_TIMESTAMP].cast(pa.int64()).to_pylist()]
            yield [
                (key_of(event, event_time), event, own)
                for event, event_time, own in zip(events, times, hours, strict=True)
                if event is not None and event_time is not None and 0 <= event_time < LATEST
            ]

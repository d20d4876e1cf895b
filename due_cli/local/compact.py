"""Compaction: each closed day's files become one, sorted and better compressed, in the folder of the day.

A query that began before reads the files that it listed; one that begins after reads the new one.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator, Sequence

import duckdb

from due_cli.core.errors import DueError
from due_cli.core.progress import Progress
from due_cli.core.results import Done, Value, counted, size_text
from due_cli.local import adopted_files, parquet, retention
from due_cli.local.all_events import define_all_events
from due_cli.local.data_files import clean_up, clear_staging, publish, remove_retired
from due_cli.local.engine import INGEST_MEMORY, connect, statement, translate_errors
from due_cli.local.folder import Folder, Span, day_span, file_error
from due_cli.local.memory import share_heaps
from due_cli.local.state import DataFile, State, open_for_writing, open_state
from due_cli.local.write_facts import write_missing

_MANY_FILES = 8  # fewer that came after a day was compacted are left beside its file,
_SMALL_PART = 8  # unless they have this part of its rows: it would be written again for every late event
_SMALLER = 0.7  # of the bytes of files of hours, where no day tells better
_MONTH_HOURS = 30 * 24


def compact(folder: Folder, progress: Progress, *, adopted: bool = False, delete: bool = False) -> Done:
    """Compact every closed day that is not one file, with ``adopted`` those of other writers too.

    With ``delete`` the originals that an earlier call replaced are deleted before.
    """
    folder.require()
    lines: list[str] = []
    with open_for_writing(folder, progress) as state:
        clean_up(folder, state)
        try:
            if delete:
                originals = adopted_files.delete_originals(folder, state)
                size = sum(file.bytes for file in originals)
                lines.append(f"Deleted {counted(len(originals), 'original')} of {size_text(size)}")
            number, size = adopted_files.replace_adopted(folder, state, progress) if adopted else (0, 0)
            gone = retention.apply(folder, state, progress)
            days = list(loose_days(folder, state))
            before = [file for _, files in days for file in files]
            after = compact_days(folder, state, days, progress)
            write_missing(folder, state, progress)
        except OSError as error:
            raise file_error(error, folder.root) from None
        finally:
            clear_staging(folder, state)
    fields = _figures(days, len(after), sum(file.bytes for file in after), gone)
    fields |= {"adopted_files": number, "adopted_bytes": size}
    steps = []
    if number:
        text = f"Wrote {counted(number, 'file')} of {size_text(size)} that due did not write to files of days"
        lines.append(f"{text}; the originals are in {folder.replaced}, and are read no more")
        steps.append("due compact --adopted --yes")
    if not after:
        return Done([*lines, "Every closed day is one file already"], steps, fields)
    rows = counted(sum(file.rows for file in before), "event")
    text = f"Compacted {counted(len(days), 'day')} with {rows}: {_of(before)} to {_of(after)}"
    return Done([*lines, text], steps, fields)


def plan(folder: Folder) -> Done:
    """What :func:`compact` would do, and what a month's reports read before and after; the sizes are estimates."""
    with open_state(folder) as state:
        gone = retention.expired(state)
        days = [(day, files) for day, files in loose_days(folder, state) if not set(files) & set(gone.files)]
        files = [file for file in state.data_files() if file not in set(gone.files)]
        adopted = [folder.root / path for paths in adopted_files.adopted_days(folder, state).values() for path in paths]
    before = [file for _, loose in days for file in loose]
    ratio = _expected_ratio(files, before)
    size = round(sum(file.bytes for file in before) * ratio)
    fields = _figures(days, len(days), size, gone)
    since = int(time.time()) // 3600 - _MONTH_HOURS
    recent = [file for file in files if file.span.end > since]
    loose_recent = [file for file in recent if file in set(before)]
    month_files = len(recent) - len(loose_recent) + sum(day.end > since for day, _ in days)
    month_bytes = sum(file.bytes for file in recent)
    month_after = month_bytes - round(sum(file.bytes for file in loose_recent) * (1 - ratio))
    fields["month"] = {
        "files_before": len(recent),
        "bytes_before": month_bytes,
        "files_after": month_files,
        "bytes_after": month_after,
    }
    lines = [f"deletes {gone.text}, older than they are kept"] if gone.text else []
    adopted_size = sum(path.stat().st_size for path in adopted)
    fields |= {"adopted_files": len(adopted), "adopted_bytes": adopted_size}
    if adopted:
        text = f"{counted(len(adopted), 'file')} of {size_text(adopted_size)} that due did not write stay"
        lines.append(f"{text}; with --adopted their rows are written to files of days, and they are kept beside")
    if not days:
        return Done([*lines, "Every closed day is one file already"], fields=fields)
    return Done(
        [
            *lines,
            f"{counted(len(days), 'closed day')}: {_of(before)} to {len(days):,} of about {size_text(size)}",
            f"the last 30 days, of which reports read what they need: {_of(recent)} to "
            f"{counted(month_files, 'file')} of about {size_text(month_after)}",
        ],
        ("due compact",),
        fields,
    )


def _figures(
    days: Sequence[tuple[Span, list[DataFile]]], files: int, size: int, gone: retention.Expired
) -> dict[str, Value]:
    before = [file for _, loose in days for file in loose]
    return {
        "days": len(days),
        "rows": sum(file.rows for file in before),
        "files_before": len(before),
        "bytes_before": sum(file.bytes for file in before),
        "files_after": files,
        "bytes_after": size,
        "expired_files": len(gone.files),
        "expired_rows": sum(file.rows for file in gone.files),
        "expired_failed_records": gone.failed,
    }


def _expected_ratio(files: list[DataFile], before: list[DataFile]) -> float:
    """The bytes of a row in files of days, of those of a row in the files to be compacted; at most 1."""
    days = [file for file in files if file.span.is_day and file not in set(before)]
    if not days or not before:
        return _SMALLER
    one, other = (sum(file.bytes for file in some) / max(1, sum(file.rows for file in some)) for some in (days, before))
    return min(1.0, one / other) if other else _SMALLER


def _of(files: list[DataFile]) -> str:
    return f"{counted(len(files), 'file')} of {size_text(sum(file.bytes for file in files))}"


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
    share_heaps()
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

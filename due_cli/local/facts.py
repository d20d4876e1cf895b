"""Facts of messages that are stored: Parquet files, each of a family of messages and a day, instead of its events.

A file is named by its day and by a digest of the event files that it stands for, and never changes. So facts of a day
whose events have changed are of another name than is looked for, and are not read; the next writer removes them.
"""

from __future__ import annotations

import hashlib
import os
from collections import defaultdict
from collections.abc import Iterable, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

import pyarrow as pa
import pyarrow.parquet as pq

from due_cli import __version__
from due_cli.local.folder import Folder, file_error
from due_cli.local.state import DataFile
from due_cli.sql import files, messages

DAY = 24  # hours
_SUFFIX, _NO_ROWS = ".parquet", ".empty.parquet"


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFiles:
    """The files with events of some hours: those of due, and those of other writers with their hours."""

    own: Sequence[DataFile]
    foreign: Sequence[tuple[str, int]]

    def without(self, days: Set[int]) -> EventFiles:
        """Those that are not of some days (since the epoch)."""
        return EventFiles(
            own=[file for file in self.own if file.hour // DAY not in days],
            foreign=[(path, hour) for path, hour in self.foreign if hour // DAY not in days],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFacts:
    """Days (since the epoch) whose facts are stored, and the files of each family, by their full paths."""

    days: frozenset[int]
    files: dict[str, list[str]]


def stored(folder: Folder, events: EventFiles, window: tuple[int, int], families: Iterable[str]) -> StoredFacts:
    """The facts of those whole days of a window (hours) that are stored, of the events as they are."""
    names = _stored_names(folder)
    paths: dict[str, list[str]] = {family: [] for family in families}
    days = set()
    for day, digest in (digests(folder, events) if names else {}).items():
        if not window[0] <= day * DAY <= window[1] - DAY:
            continue
        found = {family: _found(family, day, digest, names) for family in paths}
        if all(found.values()):
            days.add(day)
            for family, name in found.items():
                paths[family].append(str(folder.facts / str(name)))
    return StoredFacts(days=frozenset(days), files={family: _with_rows(found) for family, found in paths.items()})


def _with_rows(paths: list[str]) -> list[str]:
    """The files that have rows, or one that has their columns."""
    return [path for path in paths if not path.endswith(_NO_ROWS)] or paths[:1]


def digests(folder: Folder, events: EventFiles) -> dict[int, str]:
    """The digest of the event files of each day, which is another one where any of them has changed."""
    lines: dict[int, list[str]] = defaultdict(list)
    for file in events.own:
        lines[file.hour // DAY].append(f"{file.path}\0{file.bytes}")
    root = str(folder.root)
    for path, hour in events.foreign:
        try:
            status = os.stat(f"{root}/{path}")  # noqa: PTH116  of thousands of files
        except OSError as error:
            raise file_error(error, folder.root) from None
        lines[hour // DAY].append(f"{path}\0{status.st_size}\0{status.st_mtime_ns}")
    return {
        day: hashlib.sha256("\n".join([_definition(), *sorted(found)]).encode()).hexdigest()[:32]
        for day, found in lines.items()
    }


def name_of(family: str, day: int, digest: str, *, is_empty: bool = False) -> str:
    """The name of a file of facts."""
    return f"{_beginning(family, day)}{digest}{_NO_ROWS if is_empty else _SUFFIX}"


def missing_days(folder: Folder, digests_of_days: dict[int, str]) -> list[int]:
    """The days whose facts are not all stored, in order; the digests are those of their event files."""
    names = _stored_names(folder)
    return [
        day
        for day, digest in sorted(digests_of_days.items())
        if not all(_found(family, day, digest, names) for family in messages.families())
    ]


def broken(folder: Folder) -> list[str]:
    """The names of the stored files that are not readable."""
    found = []
    for name in sorted(_stored_names(folder)):
        try:
            pq.read_metadata(folder.facts / name)
        except (pa.ArrowException, OSError):
            found.append(name)
    return found


def remove(folder: Folder, names: Iterable[str]) -> None:
    """Remove stored files; the events tell what they told."""
    for name in names:
        (folder.facts / name).unlink(missing_ok=True)


def remove_all(folder: Folder) -> None:
    """Remove the stored facts of every day, at once; the caller has made sure that there are no readers."""
    remove(folder, _stored_names(folder))


def remove_stale(folder: Folder, expected: dict[int, str]) -> None:
    """Remove what stands for other events than those of these digests; while there are readers, the next writer does.

    So do files that a killed writer left.
    """
    known = {
        name_of(family, day, digest, is_empty=is_empty)
        for family in messages.families()
        for day, digest in expected.items()
        for is_empty in (False, True)
    }
    stale = _stored_names(folder) - known
    if not stale:
        return
    with folder.no_readers() as no_readers:
        remove(folder, stale if no_readers else ())


@cache
def _definition() -> str:
    """What facts are: those that another release or another statement made are not looked for."""
    table = files.query("tables", "all_events").sql
    return "\n".join([__version__, table, *map(messages.day_facts, messages.families())])


def _stored_names(folder: Folder) -> frozenset[str]:
    with suppress(FileNotFoundError):
        return frozenset(os.listdir(folder.facts))  # noqa: PTH208  names alone
    return frozenset()


def _found(family: str, day: int, digest: str, names: Set[str]) -> str | None:
    candidates = (name_of(family, day, digest, is_empty=is_empty) for is_empty in (False, True))
    return next((name for name in candidates if name in names), None)


def _beginning(family: str, day: int) -> str:
    return f"{family}-{datetime.fromtimestamp(day * DAY * 3600, UTC):%Y%m%d}-"

"""The rows of an ingest on their way to Parquet: on disk, by hour, so that memory does not grow with the input."""

from __future__ import annotations

import re
import shutil
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from due_cli.ingest.batch import StagedRow, rank_of
from due_cli.local.folder import Folder

_BUFFER_BYTES = 48 * 1024 * 1024
_GROUP_BYTES = 12 * 1024 * 1024
_EVENT_ID = re.compile(rb'"event_id":"([\w-]{22})"')


@dataclass(frozen=True, slots=True)
class SpilledGroup:
    """A file of JSON lines with the rows of one hour after the other: (hour, how many rows) in order."""

    path: Path
    hours: tuple[tuple[int, int], ...]
    bytes: int


class Spill:
    """Rows by hour, in memory and beyond that in the folder's staging place; one for each commit of an ingest."""

    def __init__(self, folder: Folder) -> None:
        self._place = folder.staging / "rows"
        self._buffers: dict[int, list[bytes]] = defaultdict(list)
        self._buffered = 0
        self._flushed: set[int] = set()
        self._counts: Counter[int] = Counter()
        self._replaced: dict[int, set[tuple[bytes, bytes]]] = defaultdict(set)
        self.bytes = 0
        self.largest = 0

    def add(self, row: StagedRow) -> None:
        """Takes one row in."""
        size = len(row.line) + 1
        self._buffers[row.hour].append(row.line)
        self._counts[row.hour] += 1
        self._buffered += size
        self.bytes += size
        self.largest = max(self.largest, size)
        if self._buffered > _BUFFER_BYTES:
            self._flush()

    def replace(self, hour: int, event_id: str, rank: bytes) -> None:
        """Leaves out a row that was added: a fuller delivery of the same event has come."""
        self._replaced[hour].add((event_id.encode(), rank))

    def groups(self) -> Iterator[SpilledGroup]:
        """The hours in order, several small ones together, so that each group is worth a query.

        The files are the caller's to remove.
        """
        hours = sorted({*self._buffers, *self._flushed})
        number = 0
        while hours:
            number += 1
            path = self._place / f"group-{number}.json"
            self._place.mkdir(parents=True, exist_ok=True)
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
        """Forgets everything that was added."""
        shutil.rmtree(self._place, ignore_errors=True)
        self._buffers.clear()
        self._flushed.clear()
        self._counts.clear()
        self._replaced.clear()
        self._buffered = self.bytes = self.largest = 0

    def _flush(self) -> None:
        self._place.mkdir(parents=True, exist_ok=True)
        for hour, lines in self._buffers.items():
            with (self._place / f"{hour}.json").open("ab") as file:
                file.write(b"\n".join(lines) + b"\n")
        self._flushed.update(self._buffers)
        self._buffers.clear()
        self._buffered = 0

    def _write(self, hour: int, target: BinaryIO) -> int:
        """Writes the rows of an hour, less those that were replaced; returns how many they are."""
        replaced = self._replaced.get(hour)
        if replaced:
            count = 0
            for line in self._lines(hour):
                if not _is_one_of(line, replaced):
                    target.write(line)
                    count += 1
            return count
        if hour in self._flushed:
            with (self._place / f"{hour}.json").open("rb") as file:
                shutil.copyfileobj(file, target)
        if lines := self._buffers.get(hour):
            target.write(b"\n".join(lines) + b"\n")
        return self._counts[hour]

    def _lines(self, hour: int) -> Iterator[bytes]:
        if hour in self._flushed:
            with (self._place / f"{hour}.json").open("rb") as file:
                yield from file
        for line in self._buffers.get(hour, ()):
            yield line + b"\n"


def _is_one_of(line: bytes, rows: set[tuple[bytes, bytes]]) -> bool:
    found = _EVENT_ID.search(line)
    return found is not None and (found[1], rank_of(line.rstrip(b"\n"))) in rows

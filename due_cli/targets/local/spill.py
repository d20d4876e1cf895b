"""The rows of an ingest on their way to Parquet: on disk, by hour, so that memory does not grow with the input."""

from __future__ import annotations

import re
import shutil
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from due_cli.ingest.batch import StagedRow, rank_of
from due_cli.targets.local.folder import Folder

_BUFFER_BYTES = 16 * 1024 * 1024
_GROUP_BYTES = 12 * 1024 * 1024
_EVENT_ID = re.compile(rb'"event_id":"([\w-]{22})"')


@dataclass(frozen=True, slots=True)
class SpilledHour:
    """The rows of one hour, as a file of JSON lines."""

    hour: int
    path: Path
    bytes: int


class Spill:
    """JSON lines by hour in the folder's staging place; one for each commit of an ingest."""

    def __init__(self, folder: Folder) -> None:
        self._place = folder.staging / "rows"
        self._buffers: dict[int, list[bytes]] = defaultdict(list)
        self._buffered = 0
        self._replaced: dict[int, set[tuple[bytes, bytes]]] = defaultdict(set)
        self.bytes = 0
        self.largest = 0

    def add(self, row: StagedRow) -> None:
        """Takes one row in."""
        size = len(row.line) + 1
        self._buffers[row.hour].append(row.line)
        self._buffered += size
        self.bytes += size
        self.largest = max(self.largest, size)
        if self._buffered > _BUFFER_BYTES:
            self._flush()

    def replace(self, hour: int, event_id: str, rank: bytes) -> None:
        """Leaves out a row that was added: a fuller delivery of the same event has come."""
        self._replaced[hour].add((event_id.encode(), rank))

    def groups(self) -> Iterator[list[SpilledHour]]:
        """The hours in order, several small ones together, so that each group is worth a query."""
        self._flush()
        group: list[SpilledHour] = []
        size = 0
        for path in sorted(self._place.glob("*.json"), key=lambda path: int(path.stem)):
            hour = int(path.stem)
            if hour in self._replaced:
                self._leave_out(path, self._replaced[hour])
            spilled = SpilledHour(hour, path, path.stat().st_size)
            if not spilled.bytes:
                continue
            if group and size + spilled.bytes > _GROUP_BYTES:
                yield group
                group, size = [], 0
            group.append(spilled)
            size += spilled.bytes
        if group:
            yield group

    def clear(self) -> None:
        """Forgets everything that was added."""
        shutil.rmtree(self._place, ignore_errors=True)
        self._buffers.clear()
        self._replaced.clear()
        self._buffered = self.bytes = self.largest = 0

    def _flush(self) -> None:
        self._place.mkdir(parents=True, exist_ok=True)
        for hour, lines in self._buffers.items():
            with (self._place / f"{hour}.json").open("ab") as file:
                file.write(b"\n".join(lines) + b"\n")
        self._buffers.clear()
        self._buffered = 0

    def _leave_out(self, path: Path, replaced: set[tuple[bytes, bytes]]) -> None:
        kept = path.with_suffix(".kept")
        with path.open("rb") as lines, kept.open("wb") as file:
            for line in lines:
                found = _EVENT_ID.search(line)
                if found is None or (found[1], rank_of(line.rstrip(b"\n"))) not in replaced:
                    file.write(line)
        kept.replace(path)

"""The rows of one commit: new events, and what another delivery of an event adds to its stored row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

from due_cli.core.progress import Progress
from due_cli.events.merging import merge_rows
from due_cli.events.model import Row
from due_cli.ingest.batch import StagedRow, digest_of, encode_row, hour_of, key_of
from due_cli.local import parquet
from due_cli.local.engine import INGEST_MEMORY, canonical_columns, connect, statement, translate_errors
from due_cli.local.folder import Folder, Span, day_span
from due_cli.local.parquet import Spill, StagedFile
from due_cli.local.state import State

_NO_BATCH = 0  # of a row that is in a file, or soon will be


class RowWriter:
    """Rows on their way into Parquet files; ``on_merged`` is called with each row that deliveries were merged to.

    A delivery that says the same as its event's row costs a look into the state. One that differs is merged with the
    row: where both are new before they are written, else by a rewrite of the file that has the row.
    """

    def __init__(self, folder: Folder, state: State, on_merged: Callable[[Row], None]) -> None:
        self._folder, self._state, self._on_merged = folder, state, on_merged
        self._new = Spill(folder, "rows")
        self._deliveries = Spill(folder, "deliveries")
        self._first_open = folder.first_open_hour()
        self._batch = -1

    @property
    def size(self) -> int:
        """The bytes of what is to be written."""
        return self._new.bytes + self._deliveries.bytes

    def begin(self, batch: int) -> None:
        """Begin the commit of a number of its own."""
        self._batch = batch

    def add(self, row: StagedRow) -> bool:
        """Add a row; return whether its event is new."""
        if self._state.run("add_seen", row.key, row.digest, row.hour, self._batch):
            self._new.add(row.hour, row.line)
            return True
        digest, hour, batch = self._state.rows("seen", row.key).fetchone()
        if digest != row.digest:
            spill = self._new if batch == self._batch else self._deliveries
            spill.add_delivery(hour, row.key[4:].decode(), row.line)
        return False

    def write(self, progress: Progress) -> list[StagedFile]:
        """Write the rows to files in the staging folder, and retire those whose rows are in them now."""
        if not self.size:
            return []
        changed = self._merge_into_stored()
        progress.start("Writing Parquet", self._new.bytes)
        staged: list[StagedFile] = []
        groups = self._new.groups(self._merge, self._span_of)
        for group, files in parquet.write_groups(self._folder, groups, canonical_columns(self._state)):
            staged += files
            progress.advance(group.bytes)
        staged += self._without(changed)
        progress.finish()
        self._new.clear()
        self._deliveries.clear()
        return [file for file in staged if file.rows]

    def _span_of(self, hour: int) -> Span:
        """The hour, or its day where that is closed."""
        return day_span(hour) if hour < self._first_open else Span(hour)

    def _merge(self, deliveries: list[Row]) -> tuple[int, bytes]:
        """The line of the row that deliveries of one event are, and its hour."""
        row = merge_rows(*deliveries)
        line, hour = encode_row(row), hour_of(row)
        key = key_of(row["event_id"], row["occurred_at"])
        self._state.run("set_seen", key, digest_of(line), hour, _NO_BATCH)
        self._on_merged(row)
        return hour, line

    def _merge_into_stored(self) -> dict[str, list[str]]:
        """Merge deliveries with the stored rows; returns the ids of the events whose rows change, by file."""
        changed: dict[str, list[str]] = defaultdict(list)
        if not self._deliveries.bytes:
            return changed
        with connect(self._folder, INGEST_MEMORY) as connection, translate_errors():
            for hour, deliveries in self._deliveries.deliveries():
                paths = [file.path for file in self._state.data_files(hour, hour + 1)]
                if not paths:
                    continue  # lost, which due doctor tells
                for path, stored in parquet.stored_rows(connection, self._folder, paths, list(deliveries)):
                    event_id, before = stored["event_id"], encode_row(stored)
                    merged = merge_rows(stored, *deliveries[event_id])
                    if encode_row(merged) == before:
                        key = key_of(event_id, stored["occurred_at"])
                        self._state.run("set_seen", key, digest_of(before), hour, _NO_BATCH)
                    else:
                        changed[path].append(event_id)
                        self._new.add(*self._merge([merged]))
        return changed

    def _without(self, changed: dict[str, list[str]]) -> list[StagedFile]:
        """Files without the rows that were merged with other deliveries, in place of those that have them."""
        if not changed:
            return []
        staged = []
        with connect(self._folder, INGEST_MEMORY, threads=1) as connection, translate_errors():
            connection.execute(statement("in_order"))
            for file in self._state.data_files():
                if event_ids := changed.get(file.path):
                    staged.append(parquet.write_merged(connection, self._folder, file.span, [file.path], event_ids))
                    self._state.run("retire_file", file.path)
        return staged

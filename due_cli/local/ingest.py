"""``due ingest`` into a folder: rows, statuses and failed records, stored in one commit."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from itertools import islice

from due_cli.core.progress import Progress
from due_cli.core.results import IngestSummary, counted
from due_cli.core.signals import signals_deferred
from due_cli.events.model import Row
from due_cli.events.not_records import UnreadableFile
from due_cli.events.status import status_of
from due_cli.ingest import inputs
from due_cli.ingest.batch import (
    Batch,
    Block,
    StagedRow,
    UnreadableRecord,
    digest_id,
    encode_status,
    failed_id,
    file_id,
    merge_encoded,
    read_block,
)
from due_cli.ingest.inputs import InputError, OversizedRecord
from due_cli.ingest.workers import BatchResult, process
from due_cli.local import data_files, parquet_input, retention
from due_cli.local.compact import compact_after_ingest
from due_cli.local.folder import Folder, file_error
from due_cli.local.memory import share_heaps
from due_cli.local.rows import RowWriter
from due_cli.local.state import State, open_for_writing
from due_cli.local.unread import remember_ingested
from due_cli.local.write_facts import write_missing

COMMIT_BYTES = 4 * 1024**3  # spilled rows of this size are stored and committed before more is read
_MAX_BUFFERED_STATUSES = 25_000
_STATUS_CHUNK = 2_000  # small, so that the worker processes do not run out of work meanwhile
_PART_BYTES = 1024 * 1024
_PENDING = "pending"  # the id of an oversized record of which not all was read: one at a time is


def ingest(folder: Folder, state: State, results: Iterable[BatchResult], progress: Progress) -> IngestSummary:
    """Store every record and return the summary; the caller holds the folder's writer lock.

    Everything up to a commit counts together or not at all; a killed ingest is repeated and counts what was committed
    as duplicates. On Ctrl-C and SIGTERM what was read so far is committed; a second one discards it.
    """
    share_heaps()
    data_files.clean_up(folder, state)
    writer = _FolderIngest(folder, state, progress)
    try:
        writer.begin()
        interruption = writer.add_all(results)
        with signals_deferred():
            writer.commit()
        if interruption is not None:
            raise interruption
        data_files.merge_small_files(folder, state, progress)
        retention.apply(folder, state, progress)
        compact_after_ingest(folder, state, progress)
    except BaseException as error:
        state.rollback()
        if isinstance(error, (KeyboardInterrupt, SystemExit)) and folder.durable:
            kept = f"{counted(writer.committed.records, 'record')} kept"
            progress.note(f"{kept}; the same command, with the same input, goes on from there")
        raise
    finally:
        data_files.clear_staging(folder, state)
    return writer.summary


def block_reader(state: State) -> Callable[[Block], Batch]:
    """The work on a block for this folder, which may have rows of due 0.1.0."""
    hours = frozenset(hour for (hour,) in state.rows("first_release_hours"))
    return partial(read_block, first_release_hours=hours) if hours else read_block


def ingest_paths(folder: Folder, paths: list[str], progress: Progress) -> IngestSummary:
    """Ingest files, folders and standard input; raises before anything is read where a path does not exist."""
    folder.require()
    files, in_place = parquet_input.not_in_place(folder, inputs.find_files(paths))
    if in_place:
        progress.note(f"{counted(in_place, 'file')} of {folder.events} skipped: queries read them where they are")
    with (
        open_for_writing(folder, progress) as state,
        closing(process(parquet_input.chunks(folder, state, files), block_reader(state))) as results,
    ):
        progress.start("Ingesting", inputs.total_size(files))
        try:
            summary = ingest(folder, state, results, progress)
        finally:
            progress.finish()
        write_missing(folder, state, progress)
        if not summary.problems:
            remember_ingested(folder, state, [file for file in files if isinstance(file, str)])
        return summary


class _FolderIngest:
    """One ingest: the rows, statuses and failed records since its last commit, and its summary."""

    def __init__(self, folder: Folder, state: State, progress: Progress) -> None:
        self._folder, self._state, self._progress = folder, state, progress
        self._rows = RowWriter(folder, state, self._add_status)
        self._batch = int(state.meta("batch", "0"))
        self._statuses: dict[str, list[bytes]] = {}
        self._oversized: tuple[int, int] | None = None  # of an oversized record so far: number of parts, bytes
        self._digest = hashlib.sha256()
        self.summary = self.committed = IngestSummary()

    def begin(self) -> None:
        """Start the transaction that :meth:`commit` ends."""
        self._batch += 1
        self._state.begin()
        self._state.run("set_meta", "batch", str(self._batch))
        self._rows.begin(self._batch)

    def add_all(self, results: Iterable[BatchResult]) -> KeyboardInterrupt | SystemExit | None:
        """Add results, each as a whole, to their end or to a signal that ends due, which is returned."""
        is_whole = True
        try:
            for result in results:
                with signals_deferred():
                    is_whole = False
                    self.add(result)
                    is_whole = True
        except (KeyboardInterrupt, SystemExit) as interruption:
            if not is_whole or not self._folder.durable:  # a second signal, or input that is staged for a stack
                raise
            self._discard_oversized()
            return interruption
        return None

    def add(self, result: BatchResult) -> None:
        """Add a batch of records, a part of an oversized one, or a problem with an input; commit a full spill."""
        if isinstance(result, InputError):
            self._progress.note(result.reason)
            self._count(IngestSummary(problems=(result.reason,)))
        elif isinstance(result, OversizedRecord):
            self._add_oversized(result)
        elif isinstance(result, UnreadableFile):
            self._store_failure(UnreadableRecord(result.data, result.reason, result.origin), result)
            self._count(IngestSummary(records=1, failed=1))
            self._progress.advance(result.size, count=1)
        else:
            self._add_batch(*result)
        if self._rows.size > COMMIT_BYTES:
            self.commit()
            self.begin()

    def commit(self) -> None:
        """Write the rows and commit everything since :meth:`begin`."""
        self._store_statuses(len(self._statuses))
        try:
            data_files.publish(self._folder, self._state, self._rows.write(self._progress))
        except OSError as error:
            raise file_error(error, self._folder.root) from None
        self._store_statuses(len(self._statuses))  # of the rows that deliveries were merged to
        self._state.commit()
        self.committed = self.summary

    def _count(self, more: IngestSummary) -> None:
        self.summary = self.summary.plus(more)

    def _add_batch(self, block: Block, batch: Batch) -> None:
        kept, duplicates, rows = self._add_rows(batch.rows)
        duplicate_rows = batch.duplicate_rows + len(batch.rows) - rows
        for failure in batch.failures:
            self._store_failure(failure)
        self._buffer_statuses(batch.statuses)
        self._count(
            IngestSummary(
                records=batch.records,
                kept=kept,
                duplicates=duplicates,
                ignored=batch.ignored,
                failed=len(batch.failures),
                rows=rows,
                duplicate_rows=duplicate_rows,
                nulled=batch.nulled,
            )
        )
        self._progress.advance(len(block.data), count=batch.records)

    def _add_rows(self, rows: list[StagedRow]) -> tuple[int, int, int]:
        """Add rows; return the numbers of kept records, of duplicate records and of new rows."""
        new_records: set[int] = set()
        added = 0
        for row in rows:
            if any(self._state.one("seen", key) is not None for key in row.first_release_keys):
                continue  # stored by due 0.1.0, under the id and with the status that it had then
            if self._rows.add(row):
                new_records.add(row.record)
                added += 1
            if row.status:
                self._buffer_statuses(dict([row.status]))
        return len(new_records), len({row.record for row in rows} - new_records), added

    def _add_status(self, row: Row) -> None:
        if status := status_of(row):
            self._buffer_statuses({status.message_id: encode_status(status)})

    def _store_failure(self, failure: UnreadableRecord, file: UnreadableFile | None = None) -> None:
        """Store a failed record, or the beginning of a file under the id of all of it."""
        identity = failed_id(failure.raw) if file is None else file_id(file.digest)
        self._add_failed(identity, failure.reason, failure.origin, len(failure.raw) if file is None else file.size)
        for start in range(0, len(failure.raw), _PART_BYTES):
            part = failure.raw[start : start + _PART_BYTES]
            self._state.run("add_failed_part", identity, start // _PART_BYTES, part)

    def _add_failed(self, identity: str, reason: str, origin: str, size: int) -> None:
        now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}Z"
        self._state.run("add_failed", identity, reason, now, origin, size)

    def _add_oversized(self, chunk: OversizedRecord) -> None:
        """Store a part of an oversized record under a temporary id: only the last part determines the final one."""
        part, size = self._oversized or (0, 0)
        self._digest.update(chunk.data)
        for start in range(0, len(chunk.data), _PART_BYTES):
            self._state.run("add_failed_part", _PENDING, part, chunk.data[start : start + _PART_BYTES])
            part += 1
        size += len(chunk.data)
        self._oversized = (part, size)
        self._progress.advance(len(chunk.data))
        if chunk.last:
            identity = digest_id(self._digest)
            self._state.run("delete_failed_parts", identity)
            self._state.run("rename_failed_parts", identity, _PENDING)
            self._add_failed(identity, "larger than 4 MB", f"{chunk.origin}:{chunk.line}", size)
            self._count(IngestSummary(records=1, failed=1))
            self._oversized, self._digest = None, hashlib.sha256()

    def _discard_oversized(self) -> None:
        """Discard the parts of an oversized record of which not all was read."""
        self._state.run("delete_failed_parts", _PENDING)
        self._oversized, self._digest = None, hashlib.sha256()

    def _buffer_statuses(self, statuses: dict[str, bytes]) -> None:
        for message, body in statuses.items():
            self._statuses.setdefault(message, []).append(body)
        while len(self._statuses) > _MAX_BUFFERED_STATUSES:
            self._store_statuses(_STATUS_CHUNK)

    def _store_statuses(self, count: int) -> None:
        """Store the oldest of the buffer: the next events of a message mostly follow soon."""
        changed = []
        for message in list(islice(self._statuses, count)):
            bodies = self._statuses.pop(message)
            stored = self._state.one("status", message)
            body = merge_encoded(message, [stored, *bodies] if isinstance(stored, bytes) else bodies)
            if body != stored:
                changed.append((message, body))
        self._state.run_many("set_status", sorted(changed))

"""Ingest into a local folder: pieces in, rows, statuses and failed records kept, one commit for all of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from itertools import islice

from due_cli.core.progress import Progress
from due_cli.core.results import IngestSummary
from due_cli.ingest import inputs
from due_cli.ingest.batch import Batch, Block, Failure, StagedRow, failed_id, identity_of, normalised
from due_cli.ingest.inputs import InputError, OversizedRecord
from due_cli.ingest.stored import folded
from due_cli.ingest.workers import Normalised, batches
from due_cli.local import parquet, placement
from due_cli.local.engine import INGEST_MEMORY, connected, statement, translate_errors
from due_cli.local.folder import Folder, denied
from due_cli.local.housekeeping import clear_leftovers, merge_small_files
from due_cli.local.spill import Spill
from due_cli.local.state import State, writing
from due_cli.local.translate import canonical_columns

COMMIT_BYTES = 4 * 1024**3  # so much of spilled rows is filed and committed before more is read
_STATUSES_HELD = 50_000
_STATUSES_AT_ONCE = 2_000  # so few that the processes beside this one do not run out of work meanwhile
_PART_BYTES = 1024 * 1024


def ingest(folder: Folder, state: State, pieces: Iterable[Normalised], progress: Progress) -> IngestSummary:
    """Files every record of the pieces and returns the account; the caller holds the folder's write lock.

    Everything up to a commit counts together or not at all; a killed ingest is run again and finds what was
    committed as duplicates.
    """
    clear_leftovers(folder, state)
    work = _Ingest(folder, state, progress)
    try:
        work.begin()
        for piece in pieces:
            work.take(piece)
        work.commit()
    except BaseException:
        state.rollback()
        work.undo()
        raise
    merge_small_files(folder, state, progress)
    placement.clear(folder, state)
    return work.account


def ingest_paths(folder: Folder, paths: list[str], progress: Progress) -> IngestSummary:
    """Ingests files, folders and standard input; raises before anything is read where a path is not there."""
    folder.require()
    files = inputs.found(paths)
    with writing(folder, progress) as state, closing(batches(inputs.pieces(files), normalised)) as pieces:
        progress.start("Ingesting", inputs.size_of(files))
        try:
            return ingest(folder, state, pieces, progress)
        finally:
            progress.finish()


class _Ingest:
    """One ingest under way."""

    def __init__(self, folder: Folder, state: State, progress: Progress) -> None:
        self._folder, self._state, self._progress = folder, state, progress
        self._spill = Spill(folder)
        self._batch = int(state.meta("batch", "0"))
        self._statuses: dict[str, list[bytes]] = {}
        self._superseded: dict[int, list[str]] = {}
        self._endless: tuple[str, int, int] | None = None
        self._digest = hashlib.sha256()
        self.account = IngestSummary()

    def begin(self) -> None:
        """Starts what the next commit makes count."""
        self._batch += 1
        self._state.begin()
        self._state.run("set_meta", "batch", str(self._batch))

    def take(self, piece: Normalised) -> None:
        """Takes one piece in."""
        if isinstance(piece, InputError):
            self._progress.note(piece.reason)
            self._count(IngestSummary(problems=(piece.reason,)))
        elif isinstance(piece, OversizedRecord):
            self._take_endless(piece)
        else:
            self._take_batch(*piece)
        if self._spill.bytes > COMMIT_BYTES:
            self.commit()
            self.begin()

    def commit(self) -> None:
        """Files the rows and makes everything taken since the last commit count."""
        self._store_statuses(len(self._statuses))
        try:
            self._file_rows()
        except OSError as error:
            raise denied(error, self._folder.root) from None
        self._state.commit()
        self._spill.clear()
        self._superseded.clear()

    def undo(self) -> None:
        """Removes the files of a commit that did not come about."""
        placement.clear(self._folder, self._state)

    def _count(self, more: IngestSummary) -> None:
        self.account = self.account.plus(more)

    def _take_batch(self, block: Block, batch: Batch) -> None:
        kept, duplicates, rows = self._admit(batch.rows)
        for failure in batch.failures:
            self._keep_failure(failure)
        self._hold_statuses(batch.statuses)
        self._count(
            IngestSummary(batch.records, kept, duplicates, batch.ignored, len(batch.failures), rows, batch.nulled)
        )
        self._progress.advance(len(block.data), count=batch.records)

    def _admit(self, rows: list[StagedRow]) -> tuple[int, int, int]:
        """Spills the rows of new events; returns how many records were kept, how many were not, and the rows."""
        kept: set[int] = set()
        admitted = 0
        for row in rows:
            if self._state.run("add_seen", row.key, row.rank, row.hour, self._batch):
                kept.add(row.record)
                admitted += 1
                self._spill.add(row)
            else:
                self._repeated(row)
        return len(kept), len({row.record for row in rows} - kept), admitted

    def _repeated(self, row: StagedRow) -> None:
        """Another delivery of an event: the fuller one of the two is kept."""
        rank, hour, batch = self._state.rows("seen", row.key).fetchone()
        if rank != row.rank and row.message_id:
            self._state.run("add_variant", row.message_id)
        if rank >= row.rank:
            return
        event_id = row.key[4:].decode()
        if batch == self._batch:
            self._spill.replace(hour, event_id, rank)
        else:
            self._superseded.setdefault(hour, []).append(event_id)
        self._state.run("set_seen", row.key, row.rank, row.hour, self._batch)
        self._spill.add(row)

    def _keep_failure(self, failure: Failure) -> None:
        identity = failed_id(failure.raw)
        self._add_failed(identity, failure.reason, failure.origin, len(failure.raw))
        for start in range(0, len(failure.raw), _PART_BYTES):
            part = failure.raw[start : start + _PART_BYTES]
            self._state.run("add_failed_part", identity, start // _PART_BYTES, part)

    def _add_failed(self, identity: str, reason: str, origin: str, size: int) -> None:
        now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}Z"
        self._state.run("add_failed", identity, reason, now, origin, size)

    def _take_endless(self, piece: OversizedRecord) -> None:
        """Keeps a piece too large to hold as it comes, under a name of its own until its end tells its id."""
        pending = f"pending:{piece.origin}:{piece.line}"
        _, part, size = self._endless or (pending, 0, 0)
        self._digest.update(piece.data)
        for start in range(0, len(piece.data), _PART_BYTES):
            self._state.run("add_failed_part", pending, part, piece.data[start : start + _PART_BYTES])
            part += 1
        self._endless = (pending, part, size + len(piece.data))
        self._progress.advance(len(piece.data))
        if piece.last:
            identity = identity_of(self._digest)
            self._state.run("forget_failed_parts", identity)
            self._state.run("name_failed_parts", identity, pending)
            self._add_failed(identity, "larger than 4 MB", f"{piece.origin}:{piece.line}", self._endless[2])
            self._count(IngestSummary(records=1, failed=1))
            self._endless, self._digest = None, hashlib.sha256()

    def _hold_statuses(self, statuses: dict[str, bytes]) -> None:
        for message, body in statuses.items():
            self._statuses.setdefault(message, []).append(body)
        while len(self._statuses) > _STATUSES_HELD:
            self._store_statuses(_STATUSES_AT_ONCE)

    def _store_statuses(self, most: int) -> None:
        """Stores those that are held longest: the next events of a message mostly follow soon."""
        changed = []
        for message in list(islice(self._statuses, most)):
            bodies = self._statuses.pop(message)
            stored = self._state.one("status", message)
            body = folded(message, [stored, *bodies] if isinstance(stored, bytes) else bodies)
            if body != stored:
                changed.append((message, body))
        self._state.run_many("set_status", sorted(changed))

    def _file_rows(self) -> None:
        if not self._spill.bytes and not self._superseded:
            return
        columns = canonical_columns(self._state)
        self._progress.start("Writing Parquet", self._spill.bytes)
        written: list[parquet.Written] = []
        for group, new in parquet.write_groups(self._folder, self._spill.groups(), columns, self._spill.largest):
            written += new
            self._progress.advance(group.bytes)
        written += self._without_superseded()
        self._progress.finish()
        for file in placement.place(self._folder, [one for one in written if one.rows]):
            self._state.run("add_file", file.path, file.hour, file.rows, file.bytes)

    def _without_superseded(self) -> Iterator[parquet.Written]:
        """The files of earlier commits without the rows that a fuller delivery takes the place of."""
        if not self._superseded:
            return
        with connected(self._folder, INGEST_MEMORY) as connection, translate_errors():
            connection.execute(statement("in_order"))
            for hour, event_ids in self._superseded.items():
                files = [file.path for file in self._state.data_files(hour, hour + 1)]
                if files:
                    yield parquet.write_merged(connection, self._folder, hour, files, event_ids)
                    for path in files:
                        self._state.run("retire_file", path)

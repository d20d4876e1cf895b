"""Ingest into a local folder: pieces in, rows, statuses and failed records kept, one commit for all of it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime

from due_cli.events import merged as merged_status
from due_cli.ingest import inputs
from due_cli.ingest.batch import Batch, Block, Failure, StagedRow
from due_cli.ingest.inputs import Broken, Endless
from due_cli.ingest.stored import decoded, encoded
from due_cli.ingest.workers import Normalised, batches
from due_cli.progress import Progress
from due_cli.results import Account
from due_cli.targets.local import parquet, placement
from due_cli.targets.local.engine import INGEST_MEMORY, connected, explained, statement
from due_cli.targets.local.folder import Folder, denied
from due_cli.targets.local.housekeeping import clear_leftovers, merge_small_files
from due_cli.targets.local.spill import Spill
from due_cli.targets.local.state import State, writing
from due_cli.targets.local.translate import canonical_columns

COMMIT_BYTES = 4 * 1024**3  # so much of spilled rows is filed and committed before more is read
_STATUSES_HELD = 50_000
_PART_BYTES = 1024 * 1024


def ingest(folder: Folder, state: State, normalised: Iterable[Normalised], progress: Progress) -> Account:
    """Files every record of the pieces and returns the account; the caller holds the folder's write lock.

    Everything up to a commit counts together or not at all; a killed ingest is run again and finds what was
    committed as duplicates.
    """
    clear_leftovers(folder, state)
    work = _Ingest(folder, state, progress)
    try:
        work.begin()
        for piece in normalised:
            work.take(piece)
        work.commit()
    except BaseException:
        state.rollback()
        work.undo()
        raise
    merge_small_files(folder, state, progress)
    placement.clear(folder, state)
    return work.account


def ingest_paths(folder: Folder, paths: list[str], progress: Progress) -> Account:
    """Ingests files, folders and standard input; raises before anything is read where a path is not there."""
    folder.require()
    files = inputs.found(paths)
    with writing(folder, progress) as state, closing(batches(inputs.pieces(files))) as normalised:
        progress.start("Ingesting", inputs.size_of(files))
        try:
            return ingest(folder, state, normalised, progress)
        finally:
            progress.finish()


@dataclass(slots=True)
class _Known:
    """What is known of an event: the rank of the row that is kept, its hour, and the commit that filed it."""

    rank: bytes
    hour: int
    batch: int


class _Ingest:
    """One ingest under way."""

    def __init__(self, folder: Folder, state: State, progress: Progress) -> None:
        self._folder, self._state, self._progress = folder, state, progress
        self._spill = Spill(folder)
        self._batch = int(state.meta("batch", "0"))
        self._statuses: dict[str, bytes] = {}
        self._superseded: dict[int, list[str]] = {}
        self._endless: tuple[str, int, int] | None = None
        self._digest = hashlib.sha256()
        self.account = Account()

    def begin(self) -> None:
        """Starts what the next commit makes count."""
        self._batch += 1
        self._state.run("incoming_table")
        self._state.begin()
        self._state.run("set_meta", "batch", str(self._batch))

    def take(self, piece: Normalised) -> None:
        """Takes one piece in."""
        if isinstance(piece, Broken):
            self._progress.note(piece.reason)
            self._count(Account(problems=(piece.reason,)))
        elif isinstance(piece, Endless):
            self._take_endless(piece)
        else:
            self._take_batch(*piece)
        if self._spill.bytes > COMMIT_BYTES:
            self.commit()
            self.begin()

    def commit(self) -> None:
        """Files the rows and makes everything taken since the last commit count."""
        self._store_statuses()
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

    def _count(self, more: Account) -> None:
        self.account = self.account.plus(more)

    def _take_batch(self, block: Block, batch: Batch) -> None:
        kept, duplicates, rows = self._admit(batch.rows)
        for failure in batch.failures:
            self._keep_failure(failure)
        for message, body in batch.statuses.items():
            self._hold_status(message, body)
        self._count(Account(batch.records, kept, duplicates, batch.ignored, len(batch.failures), rows, batch.nulled))
        self._progress.advance(len(block.data), count=batch.records)

    def _admit(self, rows: list[StagedRow]) -> tuple[int, int, int]:
        """Spills the rows of new events; returns how many records were kept, how many were not, and the rows."""
        known = self._known(rows)
        changed: dict[bytes, _Known] = {}
        kept: set[int] = set()
        admitted = 0
        for row in rows:
            before = known.get(row.key)
            now = _Known(row.rank, row.hour, self._batch)
            if before is None:
                kept.add(row.record)
                admitted += 1
            elif row.rank <= before.rank:
                if row.rank != before.rank and row.message_id:
                    self._state.run("add_variant", row.message_id)
                continue
            else:
                self._supersede(row, before)
            known[row.key] = changed[row.key] = now
            self._spill.add(row)
        self._state.run_many("set_seen", ((key, k.rank, k.hour, k.batch) for key, k in changed.items()))
        return len(kept), len({row.record for row in rows} - kept), admitted

    def _known(self, rows: list[StagedRow]) -> dict[bytes, _Known]:
        self._state.run("clear_incoming")
        self._state.run_many("add_incoming", ((row.key,) for row in rows))
        return {key: _Known(rank, hour, batch) for key, rank, hour, batch in self._state.rows("seen_of_incoming")}

    def _supersede(self, row: StagedRow, before: _Known) -> None:
        """A fuller delivery of an event that is filed already takes its place."""
        event_id = base64.urlsafe_b64encode(row.key[4:]).decode()[:22]
        if row.message_id:
            self._state.run("add_variant", row.message_id)
        if before.batch == self._batch:
            self._spill.replace(before.hour, event_id, before.rank)
        else:
            self._superseded.setdefault(before.hour, []).append(event_id)

    def _keep_failure(self, failure: Failure) -> None:
        identity = failed_id(failure.raw)
        self._add_failed(identity, failure.reason, failure.origin, len(failure.raw))
        for start in range(0, len(failure.raw), _PART_BYTES):
            part = failure.raw[start : start + _PART_BYTES]
            self._state.run("add_failed_part", identity, start // _PART_BYTES, part)

    def _add_failed(self, identity: str, reason: str, origin: str, size: int) -> None:
        now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}Z"
        self._state.run("add_failed", identity, reason, now, origin, size)

    def _take_endless(self, piece: Endless) -> None:
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
            identity = _identity(self._digest)
            self._state.run("forget_failed_parts", identity)
            self._state.run("name_failed_parts", identity, pending)
            self._add_failed(identity, "larger than 4 MB", f"{piece.origin}:{piece.line}", self._endless[2])
            self._count(Account(records=1, failed=1))
            self._endless, self._digest = None, hashlib.sha256()

    def _hold_status(self, message: str, body: bytes) -> None:
        held = self._statuses.get(message)
        if held is not None:
            body = encoded(merged_status(decoded(message, held), decoded(message, body)))
        self._statuses[message] = body
        if len(self._statuses) >= _STATUSES_HELD:
            self._store_statuses()

    def _store_statuses(self) -> None:
        store_statuses(self._state, self._statuses)
        self._statuses = {}

    def _file_rows(self) -> None:
        if not self._spill.bytes and not self._superseded:
            return
        columns = canonical_columns(self._state)
        self._progress.start("Writing Parquet", self._spill.bytes)
        with connected(self._folder, INGEST_MEMORY) as connection, explained():
            written: list[parquet.Written] = []
            connection.execute(statement("in_order"))
            for group in self._spill.groups():
                written += parquet.write_group(connection, self._folder, group, columns, self._spill.largest)
                self._progress.advance(group.bytes)
            for hour, event_ids in self._superseded.items():
                files = [file.path for file in self._state.data_files(hour, hour + 1)]
                if files:
                    written.append(parquet.write_merged(connection, self._folder, hour, files, event_ids))
                    for path in files:
                        self._state.run("retire_file", path)
        self._progress.finish()
        for file in placement.place(self._folder, [one for one in written if one.rows]):
            self._state.run("add_file", file.path, file.hour, file.rows, file.bytes)


def store_statuses(state: State, statuses: dict[str, bytes]) -> None:
    """Merges statuses into the store."""
    changed = []
    for message, body in statuses.items():
        stored = state.one("status", message)
        if isinstance(stored, bytes):
            both = merged_status(decoded(message, stored), decoded(message, body))
            body = encoded(both)
            if body == stored:
                continue
        changed.append((message, body))
    state.run_many("set_status", sorted(changed))


def failed_id(raw: bytes) -> str:
    """The id under which a failed record is kept: of its bytes, so that the same record is kept once."""
    return _identity(hashlib.sha256(raw))


def _identity(digest: hashlib._Hash) -> str:
    return base64.b32encode(digest.digest()[:10]).decode().lower()

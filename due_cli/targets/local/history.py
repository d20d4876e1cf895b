"""Events that are in the folder already: adopting due's own files, and computing statuses anew from all events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow.parquet as pq

from due_cli.events import Status, merged
from due_cli.ingest.batch import key_of
from due_cli.ingest.stored import decoded, encoded
from due_cli.progress import Progress
from due_cli.sql import files
from due_cli.targets.local.catalog import define_all_events
from due_cli.targets.local.engine import connected, explained
from due_cli.targets.local.folder import Folder, is_own
from due_cli.targets.local.messages import statuses_of
from due_cli.targets.local.state import State
from due_cli.targets.local.translate import translated

_ADOPTED_RANK = b"\xff" * 8  # how full the row was is not known any more: it stays, whatever comes later
_SEEN_ROWS = 50_000
_STATUSES_HELD = 50_000
_FETCH_ROWS = 2_000


@dataclass(frozen=True, slots=True)
class Adopted:
    """Due's own files that no state named, now named."""

    files: int
    rows: int


def adopt(folder: Folder, state: State, progress: Progress) -> Adopted:
    """Names due's own files of a folder whose state is new (a copy of ``events/``, a lost ``.due``)."""
    if state.one("any_file") is not None or int(state.meta("batch", "0")) > 0:
        return Adopted(0, 0)
    own = [(path, hour) for path, hour in folder.parquet_files() if is_own(path)]
    if not own:
        return Adopted(0, 0)
    progress.start("Reading the files that are there", len(own))
    rows = 0
    with state.transaction():
        for path, hour in own:
            rows += register(folder, state, path, hour)
            progress.advance(1)
        recompute_statuses(folder, state, progress)
        rebuild_statuses(state)
        state.run("set_meta", "batch", "1")
    progress.finish()
    return Adopted(len(own), rows)


def register(folder: Folder, state: State, path: str, hour: int) -> int:
    """Names one file of due's own and marks its events as seen; returns its rows."""
    full = folder.root / path
    file = pq.ParquetFile(full)
    for batch in file.iter_batches(_SEEN_ROWS, columns=["event_id", "occurred_at"]):
        pairs = zip(batch.column(0).to_pylist(), batch.column(1).to_pylist(), strict=True)
        state.run_many("set_seen", ((key_of(event, own_time), _ADOPTED_RANK, hour, 0) for event, own_time in pairs))
    rows = int(file.metadata.num_rows)
    state.run("add_file", path, hour, rows, full.stat().st_size)
    return rows


def recompute_statuses(folder: Folder, state: State, progress: Progress) -> None:
    """Computes the statuses of all messages anew from the rows of due's own files, into ``status_check``."""
    state.run("status_check_table")
    state.run("clear_status_check")
    held: dict[str, Status] = {}
    files = state.data_files()
    progress.start("Reading events", sum(file.rows for file in files))
    for status in _statuses(folder, state, progress):
        known = held.get(status.message_id)
        held[status.message_id] = merged(known, status) if known else status
        if len(held) >= _STATUSES_HELD:
            _put(state, held)
            held = {}
    _put(state, held)
    progress.finish()


def disagreeing(state: State) -> list[str]:
    """The messages whose stored status is not what their events say, after :func:`recompute_statuses`.

    A message of which one event came in two versions may know more than the rows that were kept.
    """
    variants = {str(message) for (message,) in state.rows("variants")}
    return [str(message) for (message,) in state.rows("differing_statuses") if message not in variants]


def rebuild_statuses(state: State) -> None:
    """Puts the recomputed statuses in the place of the stored ones."""
    state.run("clear_statuses")
    state.run("copy_status_check")
    state.run("forget_variants")


def _statuses(folder: Folder, state: State, progress: Progress) -> Iterator[Status]:
    sql = translated(state, files.query("status", "all_messages").sql)
    with connected(folder) as connection, explained():
        define_all_events(connection, state, own_only=True)
        cursor = connection.execute(sql)
        columns = [column[0] for column in cursor.description or []]
        while rows := cursor.fetchmany(_FETCH_ROWS):
            yield from statuses_of(columns, iter(rows))
            progress.advance(len(rows))


def _put(state: State, held: dict[str, Status]) -> None:
    changed = []
    for message, status in held.items():
        known = state.one("checked_status", message)
        both = merged(decoded(message, known), status) if isinstance(known, bytes) else status
        changed.append((message, encoded(both)))
    state.run_many("set_checked_status", sorted(changed))

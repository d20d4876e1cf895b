"""Events that are in the folder already: adopting due's own files, and computing statuses anew from all events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from due_cli.core.progress import Progress
from due_cli.events import Status, merged
from due_cli.ingest.batch import key_of
from due_cli.ingest.stored import decoded, encoded
from due_cli.local import parquet, placement
from due_cli.local.catalog import define_all_events
from due_cli.local.engine import INGEST_MEMORY, connected, translate_errors
from due_cli.local.folder import Folder, is_own
from due_cli.local.state import DataFile, State
from due_cli.local.translate import translated
from due_cli.sql import files
from due_cli.status.timeline import statuses_of

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
    """Names due's own files that the state does not: a copy of ``events/``, what was there before a lost ``.due``.

    The caller holds the write lock and has cleared what killed ingests left. A file that cannot be read is left out;
    ``due doctor`` names it.
    """
    strays = unnamed(folder, state)
    if not strays:
        return Adopted(0, 0)
    progress.start("Reading the files that are there", len(strays))
    added: list[DataFile] = []
    with state.transaction():
        for path, hour in strays:
            added += _adopted(folder, state, path, hour, progress)
            progress.advance(1)
        recompute_statuses(folder, state, progress, added)
        _merge_statuses(state)
    progress.finish()
    return Adopted(len(added), sum(file.rows for file in added))


def unnamed(folder: Folder, state: State) -> list[tuple[str, int]]:
    """The files of due's own that the state does not name, with their hours; an ingest under way has its noted."""
    own = [(path, hour) for path, hour in folder.parquet_files() if is_own(path)]
    known = {*placement.noted(folder), *(str(path) for path, _ in state.rows("known_files"))}
    return [(path, hour) for path, hour in own if path not in known]


def unreadable(folder: Folder, path: str, *, whole: bool = False) -> str | None:
    """What is wrong with a Parquet file, or None; its rows are read too where the ``whole`` is asked for."""
    try:
        with pq.ParquetFile(folder.root / path) as file:
            if whole:
                for _ in file.iter_batches(_SEEN_ROWS):
                    pass
    except (pa.ArrowException, OSError) as error:
        return f"is not readable: {str(error).splitlines()[0]}"
    return None


def register(folder: Folder, state: State, file: DataFile) -> None:
    """Names one file of due's own and marks its events as seen."""
    for keys in _keys(folder, file.path):
        state.run_many("set_seen", ((key, _ADOPTED_RANK, file.hour, 0) for key, _ in keys))
    state.run("add_file", file.path, file.hour, file.rows, file.bytes)


def _adopted(folder: Folder, state: State, path: str, hour: int, progress: Progress) -> list[DataFile]:
    """Names a file, less the events that another has: a merged file and those that it replaced may both be there."""
    try:
        repeated = [event for keys in _keys(folder, path) for key, event in keys if state.one("seen", key) is not None]
        with pq.ParquetFile(folder.root / path) as opened:
            rows = int(opened.metadata.num_rows)
    except (pa.ArrowException, KeyError, OSError, ValueError):
        progress.note(f"{path} is not readable as a file of due's; due doctor says more")
        return []
    file = DataFile(path, hour, rows, (folder.root / path).stat().st_size)
    if not repeated:
        register(folder, state, file)
        return [file]
    state.run("add_file", file.path, file.hour, file.rows, file.bytes)
    state.run("retire_file", file.path)
    with connected(folder, INGEST_MEMORY) as connection, translate_errors():
        rest = parquet.write_merged(connection, folder, hour, [path], repeated)
    kept = placement.place(folder, [rest] if rest.rows else [])
    for one in kept:
        register(folder, state, one)
    return kept


def _keys(folder: Folder, path: str) -> Iterator[list[tuple[bytes, str]]]:
    """The events of a file of due's own, some at a time: what they are known by, and their ids."""
    with pq.ParquetFile(folder.root / path) as file:
        for batch in file.iter_batches(_SEEN_ROWS, columns=["event_id", "occurred_at"]):
            events, times = batch["event_id"].to_pylist(), batch["occurred_at"].to_pylist()
            yield [(key_of(event, event_time), event) for event, event_time in zip(events, times, strict=True)]


def recompute_statuses(folder: Folder, state: State, progress: Progress, chosen: list[DataFile] | None = None) -> None:
    """Computes statuses anew from the rows of due's own files, or the chosen ones, into ``status_check``."""
    state.run("status_check_table")
    state.run("clear_status_check")
    held: dict[str, Status] = {}
    data = state.data_files() if chosen is None else chosen
    progress.start("Reading events", sum(file.rows for file in data))
    for status in _statuses(folder, state, progress, [file.path for file in data]):
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
    differing = [str(message) for (message,) in state.rows("differing_statuses")]
    return [message for message in differing if not (message in variants and _knows_more(state, message))]


def mend_statuses(state: State, messages: list[str], *, rows_lost: bool) -> None:
    """Makes stored statuses what the events say; where rows were lost, what is known beyond them is kept."""
    for message in messages:
        checked = state.one("checked_status", message)
        if rows_lost and _knows_more(state, message):
            state.run("add_variant", message)
        elif checked is None:
            state.run("forget_status", message)
        else:
            state.run("set_status", message, checked)


def _knows_more(state: State, message: str) -> bool:
    """Whether the stored status says all that the events say, and something beyond them."""
    stored, checked = state.one("status", message), state.one("checked_status", message)
    if not isinstance(stored, bytes):
        return False
    try:
        known = decoded(message, stored)
    except (ValueError, TypeError, KeyError, IndexError):
        return False
    return not isinstance(checked, bytes) or encoded(merged(known, decoded(message, checked))) == stored


def _merge_statuses(state: State) -> None:
    for message, checked in state.rows("all_checked_statuses").fetchall():
        stored = state.one("status", message)
        if isinstance(stored, bytes):
            checked = encoded(merged(decoded(message, stored), decoded(message, checked)))
        state.run("set_status", message, checked)


def _statuses(folder: Folder, state: State, progress: Progress, paths: list[str]) -> Iterator[Status]:
    sql = translated(state, files.query("status", "all_messages").sql)
    with connected(folder) as connection, translate_errors():
        define_all_events(connection, state, own=paths)
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

"""Replay of a stack's failed records.

A record is put to the stream first and removed from its object once the stream has it. Killed in between, it is put
again by the next replay; its ``event_id`` makes that change no number.

Of a record that can be read in part, that part is put and the rest stays. Whether the transform had put it, the failure
of the record does not say.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import chain
from typing import NamedTuple

from due_cli.aws.errors import translate_errors
from due_cli.aws.ingest.failed_entries import FailedEntry, Kind, newest, read_objects, remove_entries
from due_cli.aws.ingest.outgoing import fit, single, summarize, with_arrival
from due_cli.aws.pipeline.environment import Deadline
from due_cli.aws.pipeline.status_store import StatusStore
from due_cli.aws.pipeline.stream_limits import pack_rows
from due_cli.aws.services import firehose, s3
from due_cli.aws.services.s3 import ObjectSummary
from due_cli.aws.stack.stack import Stack
from due_cli.core.errors import DueError
from due_cli.core.progress import Progress
from due_cli.core.results import IngestSummary
from due_cli.events.documents import documents
from due_cli.events.model import Envelope
from due_cli.events.wrappers import payload_units
from due_cli.ingest.batch import decode

_ENTRIES_AT_ONCE = 500  # so that the status table is read in bulk
_BYTES_AT_ONCE = 4 * 1024 * 1024


def replay_entries(stack: Stack, ids: set[str] | None, progress: Progress) -> IngestSummary:
    """Put the entries of some ids, or all with None, to the stream, as far as they can be read now."""
    replay = _Replay(stack, ids, progress)
    with closing(firehose.put_records(stack.aws, stack.names.stream, replay.records())) as acknowledged:
        for record in chain.from_iterable(acknowledged):
            if record.end is not None:
                replay.finish_object(record.end)
    return replay.summary


class _ObjectEnd(NamedTuple):
    """The end of an object: the entries to be removed from it, whether anything stays in it, and their summary."""

    object_summary: ObjectSummary
    ids: set[str]
    stays: bool
    summary: IngestSummary


class _ReplayRecord(NamedTuple):
    """A record to be put or, without data, the end of an object."""

    data: bytes
    end: _ObjectEnd | None = None


class _Attempt(NamedTuple):
    """The replay of one entry: whether it leaves the list, what is put for it, and what stays in its place."""

    summary: IngestSummary
    leaves: bool
    data: tuple[bytes, ...] = ()
    remainder: tuple[bytes, ...] = ()


_FAILED = _Attempt(IngestSummary(records=1, failed=1), leaves=False)
_KEPT = _Attempt(IngestSummary(records=1, kept=1), leaves=True)


class _Replay:
    """One replay; ``summary`` is that of the objects that it has finished."""

    def __init__(self, stack: Stack, ids: set[str] | None, progress: Progress) -> None:
        self._stack, self._ids, self._progress = stack, ids, progress
        self._leaves: dict[str, bool] = {}  # by the id of each entry that was tried; its copies share its fate
        self._with_remainder: set[str] = set()
        self.summary = IngestSummary()

    def records(self) -> Iterator[_ReplayRecord]:
        """The records to be put, and the end of each object. What fails again meanwhile waits for another replay."""
        for content, entries in read_objects(self._stack, newest(self._stack)):
            ids: set[str] = set()
            stays, summary = False, IngestSummary()
            for group in _groups(entries):
                for attempt in self._attempts(group):
                    summary = summary.plus(attempt.summary)
                    yield from map(_ReplayRecord, attempt.data)
                leaving = {entry.id for entry in group if self._leaves.get(entry.id)}
                stays = stays or any(entry.id not in leaving - self._with_remainder for entry in group)
                ids |= leaving
            yield _ReplayRecord(b"", _ObjectEnd(content.summary, ids, stays, summary))

    def finish_object(self, end: _ObjectEnd) -> None:
        """Remove from an object what is in the stream by now."""
        if end.ids and end.stays:
            remove_entries(self._stack, end.object_summary, end.ids, self._progress, self._remainder)
        elif end.ids:
            s3.delete_object(self._stack.aws, self._stack.names.bucket, end.object_summary.key)
        self.summary = self.summary.plus(end.summary)
        self._progress.advance(0, count=end.summary.records)

    def _remainder(self, entry: FailedEntry) -> tuple[bytes, ...]:
        return _replay_record(entry).remainder if entry.id in self._with_remainder else ()

    def _attempts(self, group: list[FailedEntry]) -> Iterator[_Attempt]:
        """The replay of each entry that was chosen and not tried yet."""
        chosen = {entry.id: entry for entry in group if self._ids is None or entry.id in self._ids}
        untried = [entry for identity, entry in chosen.items() if identity not in self._leaves]
        refused = self._merge_statuses([entry for entry in untried if entry.status is not None])
        for entry in untried:
            if entry.status is not None:
                attempt = _FAILED if entry.status.message_id in refused else _KEPT
            elif entry.kind is Kind.EVENT:
                attempt = self._invoke(entry)
            else:
                attempt = _replay_record(entry)
            self._leaves[entry.id] = attempt.leaves
            if attempt.remainder:
                self._with_remainder.add(entry.id)
            yield attempt

    def _merge_statuses(self, entries: list[FailedEntry]) -> set[str]:
        """Merge statuses into the status table as the transform does; return the messages that it refused."""
        if not entries:
            return set()
        names, days = self._stack.names, self._stack.options.status_days
        table = StatusStore(self._stack.aws.dynamodb, names.status_table, days, Deadline(None))
        outcome = table.merge(entry.status for entry in entries if entry.status is not None)
        if outcome.refused:
            codes = ", ".join(sorted(outcome.codes))
            self._progress.note(f"{names.status_table} would not take {len(outcome.refused)} statuses ({codes})")
        return {status.message_id for status in outcome.refused}

    def _invoke(self, entry: FailedEntry) -> _Attempt:
        """Call the partition function with an event that it failed on."""
        name = self._stack.names.function("partition")
        payload = json.dumps(entry.event).encode()
        try:
            with translate_errors(f"calling function {name}"):
                response = self._stack.aws.lambda_.invoke(FunctionName=name, Payload=payload)
        except DueError as error:  # the entries beside it can do without the function
            return _Attempt(IngestSummary(records=1, failed=1, problems=(error.message,)), leaves=False)
        return _FAILED if response.get("FunctionError") else _KEPT


def _replay_record(entry: FailedEntry) -> _Attempt:
    """The replay of a record or of rows; nothing is put where nothing new would come of it."""
    summary = entry.summary
    if entry.raw is None or not summary.records:
        return _FAILED
    if not summary.kept:
        return _Attempt(summary, leaves=not summary.failed)
    if summary.failed and (partial := _replay_partly(entry)):
        return partial
    # Rows say themselves when they arrived; a record goes with the time at which the stream had it first.
    is_rows = entry.kind is Kind.ROWS
    data = _stream_rows(entry.raw) if is_rows else _stream_record(with_arrival(entry.raw, entry.received_at))
    if not data:
        return _Attempt(IngestSummary(records=summary.records, failed=summary.records), leaves=False)
    return _Attempt(summary, leaves=True, data=data)


def _stream_record(raw: bytes) -> tuple[bytes, ...]:
    """A record as a stream takes it; nothing where it is too large."""
    data = fit(raw)
    return () if data is None else (data,)


def _stream_rows(raw: bytes) -> tuple[bytes, ...]:
    """Rows as a stream takes them, in several records where they are too many for one; nothing where a row is."""
    if record := _stream_record(raw):
        return record
    packed, too_large = pack_rows((0, document.text + b"\n") for document in documents(raw, decode))
    return () if too_large else tuple(record.data for record in packed)


def _replay_partly(entry: FailedEntry) -> _Attempt | None:
    """The replay of a record of which only a part can be read; None where it must go as a whole."""
    if entry.kind is not Kind.RECORD or entry.raw is None:
        return None
    try:
        document = json.loads(entry.text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict) or "rawData" not in document:
        return None
    summary, data, remainder = IngestSummary(), [], []
    for unit in payload_units(entry.raw, Envelope(received_at=entry.received_at), decode):
        record = single(unit)
        if record is None:
            return None
        record_summary, reason = summarize(record, entry.received_at or entry.failed_at)
        if reason is not None:
            record_summary = IngestSummary(records=1, failed=1)
            remainder.append(json.dumps({**document, "rawData": base64.b64encode(record).decode()}).encode())
        elif record_summary.kept:
            if (fitted := fit(record)) is None:
                return None
            data.append(fitted)
        summary = summary.plus(record_summary)
    return _Attempt(summary, leaves=True, data=tuple(data), remainder=tuple(remainder))


def _groups(entries: Iterable[FailedEntry]) -> Iterator[list[FailedEntry]]:
    group: list[FailedEntry] = []
    size = 0
    for entry in entries:
        group.append(entry)
        size += len(entry.text)
        if len(group) == _ENTRIES_AT_ONCE or size > _BYTES_AT_ONCE:
            yield group
            group, size = [], 0
    if group:
        yield group

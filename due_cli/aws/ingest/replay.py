"""Replay of a stack's failed records.

The records of an object that can be read are published as an input of an ingest is, under the hours at which they
arrived, and removed from the object afterwards. Killed in between, they are published again by the next replay, as the
same objects.

Of a record that can be read in part, that part is published and the rest stays. Whether the transform had put it, the
failure of the record does not say; a second row of an event changes no number.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from due_cli.aws.errors import DENIED_CODES, POLICY_HINT, translate_errors
from due_cli.aws.ingest.failed_entries import (
    STATUS_FOLDER,
    FailedEntry,
    Kind,
    newest,
    read_objects,
    remove_entries,
)
from due_cli.aws.ingest.publish import Publishing, publishing
from due_cli.aws.ingest.wrapping import single
from due_cli.aws.pipeline.environment import Deadline
from due_cli.aws.pipeline.status_store import StatusStore
from due_cli.aws.services import s3
from due_cli.aws.services.s3 import ObjectSummary
from due_cli.aws.stack.stack import Stack
from due_cli.core.errors import DueError, RefusedError
from due_cli.core.progress import Progress
from due_cli.core.results import IngestSummary, counted
from due_cli.events.model import Envelope
from due_cli.events.reading import read
from due_cli.events.status import Status
from due_cli.events.wrappers import payload_units
from due_cli.ingest.batch import Batch, Block, UnreadableRecord, add_reading, decode, encode_row, encode_statuses
from due_cli.ingest.workers import BatchResult

_ENTRIES_AT_ONCE = 500  # so that the status table is read in bulk
_BYTES_AT_ONCE = 4 * 1024 * 1024


def replay_entries(stack: Stack, ids: set[str] | None, progress: Progress) -> IngestSummary:
    """Publish the entries of some ids, or all with None, as far as they can be read now.

    The summary says so where AWS refused the caller a part of that.
    """
    replay = _Replay(stack, ids, progress)
    with publishing(stack, progress) as publication:
        replay.run(publication)
    denied = replay.denied_statuses + publication.denied_statuses
    if denied:
        text = f"{stack.names.status_table} denies writes: the statuses of {counted(denied, 'message')} are kept under"
        replay.summary = replay.summary.plus(IngestSummary(problems=(f"{text} {STATUS_FOLDER}; {POLICY_HINT}",)))
    if denied or replay.is_refused:
        return replay.summary.refused()
    return replay.summary


@dataclass(slots=True, kw_only=True)
class _ObjectReplay:
    """The replay of an object so far: the entries to be removed from it, whether anything stays in it.

    ``summary`` is that of its entries without those whose records are published.
    """

    source: ObjectSummary
    ids: set[str] = field(default_factory=set)
    stays: bool = False
    summary: IngestSummary = field(default_factory=IngestSummary)


class _Readable(NamedTuple):
    """What can be read of an entry: its records, the statuses that stand alone in it, and what must stay of it.

    ``remainder`` is None where what cannot be read cannot be told from the rest.
    """

    batch: Batch
    statuses: list[Status]
    remainder: list[bytes] | None


class _Replay:
    """One replay; ``summary`` is that of the objects that it has finished.

    ``denied_statuses`` counts the messages whose statuses the caller may not write, ``is_refused`` tells whether the
    partition function could not be called.
    """

    def __init__(self, stack: Stack, ids: set[str] | None, progress: Progress) -> None:
        self._stack, self._ids, self._progress = stack, ids, progress
        self._leaves: dict[str, bool] = {}  # by the id of each entry that was tried, for its copies too
        self._with_remainder: set[str] = set()
        self.denied_statuses = 0
        self.is_refused = False
        self.summary = IngestSummary()

    def run(self, publication: Publishing) -> None:
        """Replay every object. What fails again meanwhile waits for another replay."""
        for content, entries in read_objects(self._stack, newest(self._stack)):
            replayed = _ObjectReplay(source=content.summary)
            publication.add(
                self._results(entries, replayed), partial(self._finish_object, replayed), keep_failures=False
            )

    def _results(self, entries: Iterable[FailedEntry], replayed: _ObjectReplay) -> Iterator[BatchResult]:
        """The records of an object that can be read; all else is done at once."""
        for group in _groups(entries):
            chosen = {entry.id: entry for entry in group if self._ids is None or entry.id in self._ids}
            untried = [entry for identity, entry in chosen.items() if identity not in self._leaves]
            alone: list[tuple[FailedEntry, list[Status]]] = []
            for entry in untried:
                if entry.status is not None:
                    alone.append((entry, [entry.status]))
                elif entry.kind is Kind.EVENT:
                    self._settle(entry, replayed, is_done=self._invoke(entry, replayed))
                elif entry.raw is None or not entry.summary.kept:
                    self._leaves[entry.id] = bool(entry.summary.records) and not entry.summary.failed
                    is_read = entry.raw is not None and entry.summary.records
                    replayed.summary = replayed.summary.plus(entry.summary if is_read else _one(is_done=False))
                else:
                    readable = _readable(entry)
                    self._leaves[entry.id] = not readable.batch.failures or readable.remainder is not None
                    if readable.remainder:
                        self._with_remainder.add(entry.id)
                    if readable.statuses:
                        alone.append((entry, readable.statuses))
                    yield Block(entry.origin, 1, b""), readable.batch
            refused = self._merge([status for _, statuses in alone for status in statuses])
            for entry, statuses in alone:
                self._settle(entry, replayed, is_done=not any(status.message_id in refused for status in statuses))
            leaving = {entry.id for entry in group if self._leaves.get(entry.id)}
            replayed.stays = replayed.stays or any(entry.id not in leaving - self._with_remainder for entry in group)
            replayed.ids |= leaving

    def _settle(self, entry: FailedEntry, replayed: _ObjectReplay, *, is_done: bool) -> None:
        """Count an entry that is not published, and let it leave where it is done."""
        self._leaves[entry.id] = is_done and self._leaves.get(entry.id, True)
        replayed.summary = replayed.summary.plus(_one(is_done=is_done))

    def _finish_object(self, replayed: _ObjectReplay, published: IngestSummary) -> None:
        """Remove from an object what is in the stack by now."""
        if replayed.ids and replayed.stays:
            remove_entries(self._stack, replayed.source, replayed.ids, self._progress, self._remainder)
        elif replayed.ids:
            s3.delete_object(self._stack.aws, self._stack.names.bucket, replayed.source.key)
        self.summary = self.summary.plus(replayed.summary).plus(published)
        self._progress.advance(0, count=replayed.summary.records)

    def _remainder(self, entry: FailedEntry) -> Iterable[bytes]:
        return (_readable(entry).remainder or ()) if entry.id in self._with_remainder else ()

    def _merge(self, statuses: list[Status]) -> set[str]:
        """Merge statuses into the status table as the transform does; return the messages that it refused."""
        if not statuses:
            return set()
        names, days = self._stack.names, self._stack.options.status_days
        outcome = StatusStore(self._stack.aws.dynamodb, names.status_table, days, Deadline(None)).merge(statuses)
        if outcome.refused:
            codes = ", ".join(sorted(outcome.codes))
            self._progress.note(f"{names.status_table} would not take {len(outcome.refused)} statuses ({codes})")
            self.denied_statuses += len(outcome.refused) if DENIED_CODES & outcome.codes.keys() else 0
        return {status.message_id for status in outcome.refused}

    def _invoke(self, entry: FailedEntry, replayed: _ObjectReplay) -> bool:
        """Call the partition function with an event that it failed on; whether it succeeds now."""
        name = self._stack.names.function("partition")
        payload = json.dumps(entry.event).encode()
        try:
            with translate_errors(f"calling function {name}"):
                response = self._stack.aws.lambda_.invoke(FunctionName=name, Payload=payload)
        except DueError as error:  # the entries beside it can do without the function
            replayed.summary = replayed.summary.plus(IngestSummary(problems=(error.message,)))
            self.is_refused = self.is_refused or isinstance(error, RefusedError)
            return False
        return "FunctionError" not in response


def _one(*, is_done: bool) -> IngestSummary:
    return IngestSummary(records=1, kept=int(is_done), failed=int(not is_done))


def _readable(entry: FailedEntry) -> _Readable:
    """What can be read of an entry's record or rows: rows say themselves when they arrived."""
    batch, alone = Batch(), list[Status]()
    statuses: list[Status] = []
    remainder: list[bytes] | None = []
    for unit in payload_units(entry.raw or b"", Envelope(received_at=entry.received_at), decode):
        text = single(unit)
        reading = read(unit, encode_row)
        if reading.statuses and not reading.rows:
            alone += [status for status in reading.statuses if status is not None]
            continue
        batch.records += 1
        if add_reading(batch, reading, statuses):
            continue
        batch.failures.append(UnreadableRecord(text or b"", reading.reason or "", entry.origin))
        remainder = None if text is None or remainder is None else [*remainder, _in_place_of(entry, text)]
    batch.statuses = encode_statuses(statuses)
    return _Readable(batch, alone, remainder)


def _in_place_of(entry: FailedEntry, record: bytes) -> bytes:
    """One record of an entry, as the entry stands in its object."""
    if entry.text == entry.raw:
        return record
    return json.dumps({**json.loads(entry.text), "rawData": base64.b64encode(record).decode()}).encode()


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

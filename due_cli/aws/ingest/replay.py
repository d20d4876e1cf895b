"""Bringing failed records of a stack in again.

A record is put to the stream first and taken out of its object once the stream has it. Killed in between, it is put
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
from due_cli.aws.ingest.failed_records import Kind, Leftover, contents, newest, take_out
from due_cli.aws.ingest.outgoing import examined, fitting, received, wrapped
from due_cli.aws.pipeline.environment import Deadline
from due_cli.aws.pipeline.status_store import StatusTable
from due_cli.aws.pipeline.stream_limits import parcels
from due_cli.aws.services import firehose, s3
from due_cli.aws.services.s3 import ObjectSummary
from due_cli.aws.stack.stack import Stack
from due_cli.core.errors import DueError
from due_cli.core.progress import Progress
from due_cli.core.results import IngestSummary
from due_cli.events import Envelope, Unit, documents
from due_cli.events.fields import as_text
from due_cli.events.wrappers import payload_units
from due_cli.ingest.batch import decode

_AT_ONCE = 500  # leftovers looked at together, so that the status table is asked in bulk
_BYTES_AT_ONCE = 4 * 1024 * 1024


def brought_in(stack: Stack, wanted: set[str] | None, progress: Progress) -> IngestSummary:
    """Brings the leftovers of some ids in, or all with None, as far as they can be read now."""
    work = _Replay(stack, wanted, progress)
    with closing(firehose.put_records(stack.aws, stack.names.stream, work.sent())) as acknowledged:
        for sent in chain.from_iterable(acknowledged):
            if sent.read is not None:
                work.clear(sent.read)
    return work.account


class _Read(NamedTuple):
    """An object whose leftovers are on their way: those to be taken out of it, and whether others stay in it."""

    found: ObjectSummary
    ids: set[str]
    stays: bool
    account: IngestSummary


class _Sent(NamedTuple):
    """A record on its way or, without data, the end of an object."""

    data: bytes
    read: _Read | None = None


class _Became(NamedTuple):
    """What became of a leftover: whether it leaves the list, what is put for it, and what stays in its place."""

    account: IngestSummary
    leaves: bool
    data: tuple[bytes, ...] = ()
    left: tuple[bytes, ...] = ()


_FAILED = _Became(IngestSummary(records=1, failed=1), leaves=False)
_KEPT = _Became(IngestSummary(records=1, kept=1), leaves=True)


class _Replay:
    """One replay; ``account`` is that of the objects that it is done with."""

    def __init__(self, stack: Stack, wanted: set[str] | None, progress: Progress) -> None:
        self._stack, self._wanted, self._progress = stack, wanted, progress
        self._leaves: dict[str, bool] = {}  # of each leftover that was tried; its copies share its fate
        self._parted: set[str] = set()  # those that leave something in their place
        self.account = IngestSummary()

    def sent(self) -> Iterator[_Sent]:
        """The records to be put, and the end of each object. What fails again meanwhile waits for another replay."""
        for content, leftovers in contents(self._stack, newest(self._stack)):
            ids: set[str] = set()
            stays, account = False, IngestSummary()
            for part in _in_parts(leftovers):
                for became in self._tried(part):
                    account = account.plus(became.account)
                    yield from map(_Sent, became.data)
                leaving = {one.id for one in part if self._leaves.get(one.id)}
                stays = stays or any(one.id not in leaving or one.id in self._parted for one in part)
                ids |= leaving
            yield _Sent(b"", _Read(content.summary, ids, stays, account))

    def clear(self, read: _Read) -> None:
        """Takes out of an object what is in the stream by now."""
        if read.ids and read.stays:
            take_out(self._stack, read.found, read.ids, self._progress, self._left_of)
        elif read.ids:
            s3.delete_object(self._stack.aws, self._stack.names.bucket, read.found.key)
        self.account = self.account.plus(read.account)
        self._progress.advance(0, count=read.account.records)

    def _left_of(self, leftover: Leftover) -> tuple[bytes, ...]:
        return _of_record(leftover).left if leftover.id in self._parted else ()

    def _tried(self, part: list[Leftover]) -> Iterator[_Became]:
        """What became of each leftover that is wanted and was not tried yet."""
        new = {one.id: one for one in part if self._wanted is None or one.id in self._wanted}
        tried = [one for identity, one in new.items() if identity not in self._leaves]
        refused = self._refused([one for one in tried if one.status is not None])
        for one in tried:
            if one.status is not None:
                became = _FAILED if one.status.message_id in refused else _KEPT
            elif one.kind is Kind.EVENT:
                became = self._invoked(one)
            else:
                became = _of_record(one)
            self._leaves[one.id] = became.leaves
            if became.left:
                self._parted.add(one.id)
            yield became

    def _refused(self, statuses: list[Leftover]) -> set[str]:
        """Merges statuses into the status table as the transform does; the messages that it would not take."""
        if not statuses:
            return set()
        names, days = self._stack.names, self._stack.options.status_days
        table = StatusTable(self._stack.aws.dynamodb, names.status_table, days, Deadline(None))
        outcome = table.take(one.status for one in statuses if one.status is not None)
        if outcome.refused:
            codes = ", ".join(sorted(outcome.codes))
            self._progress.note(f"{names.status_table} would not take {len(outcome.refused)} statuses ({codes})")
        return {status.message_id for status in outcome.refused}

    def _invoked(self, leftover: Leftover) -> _Became:
        """Calls the partition function with an event that it failed on."""
        name = self._stack.names.function("partition")
        payload = json.dumps(leftover.event).encode()
        try:
            with translate_errors(f"calling function {name}"):
                answer = self._stack.aws.lambda_.invoke(FunctionName=name, Payload=payload)
        except DueError as error:  # what is beside it can do without the function
            return _Became(IngestSummary(records=1, failed=1, problems=(error.message,)), leaves=False)
        return _FAILED if answer.get("FunctionError") else _KEPT


def _of_record(leftover: Leftover) -> _Became:
    """What is put for a record or for rows; nothing where nothing new would come of it."""
    inside = leftover.inside
    failed = inside.records - inside.kept - inside.ignored
    if leftover.raw is None or not inside.records:
        return _FAILED
    if not inside.kept:
        return _Became(IngestSummary(records=inside.records, ignored=inside.ignored, failed=failed), leaves=not failed)
    if failed and (parted := _parted(leftover)):
        return parted
    # Rows say themselves when they arrived; a record goes with the time at which the stream had it first.
    is_rows = leftover.kind is Kind.ROWS
    data = _rows(leftover.raw) if is_rows else _record(received(leftover.raw, leftover.received_at))
    if not data:
        return _Became(IngestSummary(records=inside.records, failed=inside.records), leaves=False)
    kept = IngestSummary(inside.records, inside.kept, 0, inside.ignored, failed, inside.rows, inside.nulled)
    return _Became(kept, leaves=True, data=data)


def _record(raw: bytes) -> tuple[bytes, ...]:
    """A record as a stream takes it; nothing where it is too large."""
    data = fitting(raw)
    return () if data is None else (data,)


def _rows(raw: bytes) -> tuple[bytes, ...]:
    """Rows as a stream takes them, in several records where they are too many for one; nothing where a row is."""
    if whole := _record(raw):
        return whole
    packed, too_large = parcels((0, document.text + b"\n") for document in documents(raw, decode))
    return () if too_large else tuple(parcel.data for parcel in packed)


def _parted(leftover: Leftover) -> _Became | None:
    """A record of which only a part can be read; None where it cannot be taken apart, so that it goes as a whole."""
    if leftover.kind is not Kind.RECORD or leftover.raw is None:
        return None
    try:
        document = json.loads(leftover.text)
        units = list(payload_units(leftover.raw, Envelope(received_at=leftover.received_at), decode))
    except Exception:  # a bug of due among them: the transform meets it too, and answers for what is beside it
        return None
    account, put, left = IngestSummary(), [], []
    for unit in units:
        data = _alone(unit)
        if data is None or "rawData" not in document:
            return None
        inside = examined(data, leftover.received_at or leftover.kept_at)
        if inside.reason is not None:
            left.append(json.dumps({**document, "rawData": base64.b64encode(data).decode()}).encode())
        elif inside.kept and (small := fitting(data)) is not None:
            put.append(small)
        elif inside.kept:
            return None
        failed = inside.reason is not None
        kept, rows, nulled = (0, 0, 0) if failed else (inside.kept, inside.rows, inside.nulled)
        account = account.plus(IngestSummary(1, kept, 0, 1 - kept - failed, int(failed), rows, nulled))
    return _Became(account, leaves=True, data=tuple(put), left=tuple(left))


def _alone(unit: Unit) -> bytes | None:
    """One record of several, in wrappers that say what those around it said; None where it cannot be taken out."""
    if unit.raw is not None:
        return wrapped(unit.raw, unit.envelope)
    return None if unit.reason is not None else wrapped(as_text(unit.record).encode(), unit.envelope)


def _in_parts(leftovers: Iterable[Leftover]) -> Iterator[list[Leftover]]:
    part: list[Leftover] = []
    size = 0
    for one in leftovers:
        part.append(one)
        size += len(one.text)
        if len(part) == _AT_ONCE or size > _BYTES_AT_ONCE:
            yield part
            part, size = [], 0
    if part:
        yield part

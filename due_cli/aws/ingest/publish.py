"""A staged input put into a stack: its objects, their partitions, the statuses, the failed records, in this order.

Every step can be repeated: an object is named by its events and written once, a partition that exists is left as it is,
and a status that is merged again stays the same.
"""

from __future__ import annotations

import base64
import gc
import hashlib
import json
import tempfile
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import TypeVar

from due_cli.aws.errors import DENIED_CODES
from due_cli.aws.ingest.bulk import BulkClient
from due_cli.aws.ingest.failed_entries import INGEST_FOLDER, STATUS_FOLDER, TOO_LARGE_FOLDER
from due_cli.aws.ingest.staging import StagedInput, StagingArea, staging_area
from due_cli.aws.ingest.wrapping import file_record
from due_cli.aws.pipeline.environment import Deadline
from due_cli.aws.pipeline.status_store import Outcome, StatusStore
from due_cli.aws.pool import interruptible_pool, pause
from due_cli.aws.services import s3
from due_cli.aws.services.glue import add_partitions, partition_location, partition_locations
from due_cli.aws.stack.names import INGESTED
from due_cli.aws.stack.stack import Stack
from due_cli.core.errors import DueError
from due_cli.core.progress import Progress
from due_cli.core.results import IngestSummary, counted
from due_cli.events.documents import MAX_RECORD_BYTES
from due_cli.events.status import Status
from due_cli.events.status_codec import encode_record
from due_cli.events.times import HOUR
from due_cli.ingest.batch import decode_status
from due_cli.ingest.workers import GC_THRESHOLD, BatchResult
from due_cli.local.memory import release_free_memory, share_heaps
from due_cli.local.state import FailedRecord, State, open_state
from due_cli.sql.files import TABLE

ERROR_CODE = "Ingest.UnreadableRecord"
_DAY = 24 * HOUR
_INPUTS_AT_ONCE, _CALLS_AT_ONCE = 6, 10  # as many together as a client has connections
_STAGED_BYTES = 12 * 1024 * 1024  # beyond that the next input waits until those before it are published
_LOCATION_ROUNDS = 5
_STATUSES_AT_ONCE = 250
_PENDING_PARTS = 12  # of statuses; more than are written at a time
_THROTTLED_SECONDS, _THROTTLED_ROUNDS = 300.0, 200
_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class _HourObject:
    """The Parquet file of one hour, and the name of its object; ``hour`` as the value of a partition."""

    path: Path
    hour: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _PendingInput:
    """A staged input that is being published, and what is to be called when it is."""

    staged: StagedInput
    bytes: int
    future: Future[list[str]]
    finish: Callable[[IngestSummary], None]


class Publisher:
    """Puts staged inputs into a stack; what it calls of AWS is called in the threads of ``pool``.

    ``denied_statuses`` counts the messages whose statuses the caller may not write.
    """

    def __init__(self, stack: Stack, pool: ThreadPoolExecutor) -> None:
        self._stack, self._pool = stack, pool
        self._aws, self._names, self._bucket = stack.aws, stack.names, stack.names.bucket
        self._client = BulkClient(stack.aws)
        self._counting = threading.Lock()
        self.denied_statuses = 0

    def publish(self, staged: StagedInput, *, keep_failures: bool = True) -> list[str]:
        """Put everything of an input into the stack, and return notes for the user.

        ``keep_failures`` writes its failed records too; those of a replay are where they were.
        """
        with open_state(staged.folder) as state:
            self._put_objects(_hour_objects(state))
            notes = self._merge_statuses(state)
            if keep_failures:
                self._write_failures(state, staged)
        return notes

    def _put_objects(self, objects: list[_HourObject]) -> None:
        """Put each object where the partition of its hour is; a partition that is moved meanwhile is followed."""
        database = self._stack.options.database
        done: set[tuple[_HourObject, str]] = set()
        hours = {one.hour for one in objects}
        for _ in range(_LOCATION_ROUNDS if objects else 0):
            locations = partition_locations(self._aws, database, TABLE, hours)
            absent = hours - locations.keys()
            locations.update((hour, partition_location(self._bucket, hour)) for hour in absent)
            missing = [one for one in objects if (one, locations[one.hour]) not in done]
            if not missing and not absent:
                return
            targets = [locations[one.hour] for one in missing]
            list(self._pool.map(self._put, missing, targets))
            done.update(zip(missing, targets, strict=True))
            if absent:
                add_partitions(self._aws, database, TABLE, self._bucket, absent)
        if objects:
            raise DueError(f"partitions of {database}.{TABLE} are being changed", "run the same command again")

    def _put(self, one: _HourObject, location: str) -> None:
        bucket, _, folder = location.removeprefix("s3://").partition("/")
        s3.create_object(self._aws, bucket, f"{folder}{one.name}", one.path)

    def _merge_statuses(self, state: State) -> list[str]:
        """Merge the statuses that are not expired; those that the table refused are kept, and a note says so."""
        codes: set[str] = set()
        count = 0
        with tempfile.TemporaryFile() as refused:
            for outcome in _in_order(self._pool, self._merge_part, _parts(self._live_statuses(state))):
                refused.writelines(map(encode_record, outcome.refused))
                count += len(outcome.refused)
                codes.update(outcome.codes if outcome.refused else ())
            if not count:
                return []
            with self._counting:
                self.denied_statuses += count if DENIED_CODES & codes else 0
            refused.seek(0)
            key = f"{STATUS_FOLDER}{datetime.now(UTC):%Y/%m/%d/%H}/{uuid.uuid4()}.jsonl"
            s3.write_object(self._aws, self._bucket, key, refused)
        reasons = ", ".join(sorted(codes)) or "no valid key"
        what = f"the statuses of {counted(count, 'message')} ({reasons}): kept under {STATUS_FOLDER}"
        return [f"{self._names.status_table} did not take {what}; {self._names.command('failed replay')} merges them"]

    def _live_statuses(self, state: State) -> Iterator[Status]:
        oldest = int(time.time() * 1000) - self._stack.options.status_days * _DAY
        for message, body in state.rows("statuses"):
            status = decode_status(message, body)
            if status.last > oldest:
                yield status

    def _merge_part(self, statuses: list[Status]) -> Outcome:
        deadline = Deadline(None, seconds=_THROTTLED_SECONDS, sleep=pause)
        days, table = self._stack.options.status_days, self._names.status_table
        store = StatusStore(self._client, table, days, deadline, rounds=_THROTTLED_ROUNDS, expect_new=True)
        return store.merge(statuses)

    def _write_failures(self, state: State, staged: StagedInput) -> None:
        """Write the failed records: one object for those of an input, and one for each that is too large for that."""
        large = {identity for (identity,) in state.rows("failed_larger_than", MAX_RECORD_BYTES)}
        large -= staged.unreadable_files.keys()
        for identity in sorted(large):
            self._write(f"{TOO_LARGE_FOLDER}{identity}", _content(state, identity))
        digest, count = hashlib.sha256(), 0
        for (identity,) in state.rows("failed_ids"):
            if identity not in large:
                digest.update(identity.encode())
                count += 1
        if count:
            records = (FailedRecord(*row) for row in state.rows("failed") if row[0] not in large)
            entries = (_entry(record, _raw(state, record, staged)) for record in records)
            self._write(f"{INGEST_FOLDER}{digest.hexdigest()[:32]}.jsonl", entries)

    def _write(self, key: str, parts: Iterable[bytes]) -> None:
        """Write an object of any size, under ``errors/``."""
        with tempfile.TemporaryFile() as body:
            body.writelines(parts)
            body.seek(0)
            s3.write_object(self._aws, self._bucket, key, body)


class Publishing:
    """Inputs on their way into a stack: staged one after the other, and published side by side meanwhile."""

    def __init__(self, area: StagingArea, publisher: Publisher, pool: ThreadPoolExecutor, progress: Progress) -> None:
        self.area, self._publisher, self._pool, self._progress = area, publisher, pool, progress
        self._pending: deque[_PendingInput] = deque()

    @property
    def denied_statuses(self) -> int:
        """How many messages there are whose statuses the caller may not write."""
        return self._publisher.denied_statuses

    def add(
        self, results: Iterable[BatchResult], finish: Callable[[IngestSummary], None], *, keep_failures: bool = True
    ) -> None:
        """Stage an input and have it published; ``finish`` is called with its summary, in order, once it is."""
        while len(self._pending) == _INPUTS_AT_ONCE or sum(one.bytes for one in self._pending) > _STAGED_BYTES:
            self._finish_first()
        staged = self.area.stage(results, self._progress)
        future = self._pool.submit(self._publisher.publish, staged, keep_failures=keep_failures)
        self._pending.append(_PendingInput(staged=staged, bytes=staged.bytes, future=future, finish=finish))
        while self._pending and self._pending[0].future.done():
            self._finish_first()

    def finish(self) -> None:
        """Wait until everything is published."""
        while self._pending:
            self._finish_first()

    def _finish_first(self) -> None:
        pending = self._pending.popleft()
        for note in pending.future.result():
            self._progress.note(note)
        pending.finish(pending.staged.summary)
        pending.staged.remove()
        if pending.bytes > _STAGED_BYTES:
            release_free_memory()


@contextmanager
def publishing(stack: Stack, progress: Progress) -> Iterator[Publishing]:
    """The publication of inputs into a stack; what is under way at the end of the block is waited for."""
    share_heaps()
    # One pool, so that an error ends the inputs and their calls at once; those of the inputs leave room for calls.
    with (
        _collecting_garbage_rarely(),
        staging_area() as area,
        interruptible_pool(_INPUTS_AT_ONCE + _CALLS_AT_ONCE) as pool,
    ):
        publication = Publishing(area, Publisher(stack, pool), pool, progress)
        yield publication
        publication.finish()


@contextmanager
def _collecting_garbage_rarely() -> Iterator[None]:
    """Look for cycles of objects as seldom as the worker processes do: statuses are many objects without any."""
    threshold = gc.get_threshold()
    gc.set_threshold(GC_THRESHOLD)
    try:
        yield
    finally:
        gc.set_threshold(*threshold)


def _hour_objects(state: State) -> list[_HourObject]:
    """The object of each hour that was staged.

    Its name is a digest of its sorted events and their content: the same rows have the same name, and two deliveries of
    one event that differ have two, so that neither replaces the other.
    """
    paths = {file.hour: state.folder.root / file.path for file in state.data_files()}
    objects = []
    for hour, events in groupby(state.rows("seen_by_hour"), key=itemgetter(0)):
        digest = hashlib.sha256()
        for _, key, of_content in events:
            digest.update(key + of_content)
        moment = datetime.fromtimestamp(hour * HOUR // 1000, UTC)
        name = f"{INGESTED}{digest.hexdigest()[:32]}.parquet"
        objects.append(_HourObject(path=paths[hour], hour=f"{moment:%Y-%m-%d %H}:00:00", name=name))
    return objects


def _entry(record: FailedRecord, raw: bytes) -> bytes:
    """A failed record as a line in the form in which Firehose writes one.

    It says nothing of an arrival: a replay files a record under that, and this one has its own time alone.
    """
    entry = {
        "attemptsMade": 1,
        "errorCode": ERROR_CODE,
        "errorMessage": record.reason,
        "attemptEndingTimestamp": int(time.time() * 1000),
        "origin": record.origin,
        "rawData": base64.b64encode(raw).decode(),
    }
    return json.dumps(entry).encode() + b"\n"


def _raw(state: State, record: FailedRecord, staged: StagedInput) -> bytes:
    file = staged.unreadable_files.get(record.id)
    return file_record(file) if file else b"".join(_content(state, record.id))


def _content(state: State, identity: str) -> Iterator[bytes]:
    return (part for (part,) in state.rows("failed_parts", identity))


def _parts(statuses: Iterator[Status]) -> Iterator[list[Status]]:
    while part := list(islice(statuses, _STATUSES_AT_ONCE)):
        yield part


def _in_order(pool: ThreadPoolExecutor, work: Callable[[_Item], _Result], items: Iterable[_Item]) -> Iterator[_Result]:
    """The results of work on items in order, a bounded number of them under way."""
    pending: deque[Future[_Result]] = deque()
    for item in items:
        pending.append(pool.submit(work, item))
        if len(pending) == _PENDING_PARTS:
            yield pending.popleft().result()
    while pending:
        yield pending.popleft().result()

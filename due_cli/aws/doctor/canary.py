"""``due doctor --send-test``: a test record put to the stream and followed to its row in the table.

It is an event of a type of its own, ``_test.due``: the transform treats it as any app's custom event, and no view,
report or status counts it.
"""

from __future__ import annotations

import base64
import json
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from due_cli.aws.doctor.context import mask
from due_cli.aws.errors import translate_errors
from due_cli.aws.pipeline.partitions import hour_text
from due_cli.aws.services import firehose, s3
from due_cli.aws.services.glue import partition_exists
from due_cli.aws.stack.names import ERRORS, EVENTS
from due_cli.aws.stack.stack import Stack
from due_cli.core.errors import DueError
from due_cli.core.progress import Progress, Silent
from due_cli.core.results import Check, Finding
from due_cli.events import rows_of
from due_cli.sql import files
from due_cli.sql.files import TABLE
from due_cli.sql.parameters import Parameter, substitute

TYPE = "_test.due"
# The hops of the record, by the names of their checks.
ACCEPTED, STORED, PARTITIONED, QUERIED = "test: stream", "test: object", "test: partition", "test: row"
_MARGIN_SECONDS = 180.0
_FIRST_SECONDS, _LONGEST_SECONDS = 1.0, 15.0  # between two attempts
_FOLDER = "%Y/%m/%d/%H/"
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class WallClock:
    """The time in seconds, and how to sleep."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True, slots=True)
class CanaryRecord:
    """A test record: its unique id, its bytes, and the id of the row that it becomes."""

    test_id: str
    data: bytes
    event_id: str


def new_record(moment: datetime) -> CanaryRecord:
    """A test record of a moment, with an id of its own."""
    test_id = str(uuid.uuid4())
    record = {"event_type": TYPE, "event_timestamp": int(moment.timestamp() * 1000), "attributes": {"test_id": test_id}}
    data = json.dumps(record).encode() + b"\n"
    return CanaryRecord(test_id, data, rows_of(json.loads(data)).rows[0]["event_id"])


def send(stack: Stack, progress: Progress, clock: WallClock | None = None) -> list[Check]:
    """A check for each hop of the record; the last one names where it got stuck."""
    return list(_Canary(stack, progress, clock or WallClock()).checks())


class _StepFailedError(Exception):
    """The record failed; with its check."""

    def __init__(self, name: str, finding: Finding) -> None:
        super().__init__(finding[1])
        self.check = Check(name, *finding)


class _Canary:
    """A record on its way: objects delivered since, hours that are partitions, objects that were queried."""

    def __init__(self, stack: Stack, progress: Progress, clock: WallClock) -> None:
        self._stack, self._progress, self._clock = stack, progress, clock
        self._aws, self._names, self._command = stack.aws, stack.names, stack.names.command
        self._sent_at = datetime.now(UTC)
        self._record = new_record(self._sent_at)
        self._known_keys: set[str] = set()
        self._stored: set[str] = set()
        self._partitions: set[str] = set()
        self._queried: set[str] = set()

    def checks(self) -> Iterator[Check]:
        """The result of each hop, up to the first that fails."""
        hop = ACCEPTED
        try:
            self._known_keys = set(self._keys())
            self._put()
            began = self._clock.now()
            self._progress.note(f"the stream accepted the test record; it delivers within {self._limit():.0f} s")
            yield Check(ACCEPTED, "ok", f"{self._names.stream} accepted the test record")
            for hop in (STORED, PARTITIONED, QUERIED):
                yield self._wait_for(hop, began)
        except _StepFailedError as stuck:
            yield stuck.check
        except DueError as error:
            yield Check(hop, "problem", error.message, self._command("doctor"))
        finally:
            self._progress.finish()

    def _put(self) -> None:
        stream = self._names.stream
        with translate_errors(f"putting a record to delivery stream {stream} (firehose:PutRecord)"):
            self._aws.firehose.put_record(DeliveryStreamName=stream, Record={"Data": self._record.data})

    def _wait_for(self, hop: str, began: float) -> Check:
        """The check of a hop once the record has passed it; raises where it does not in time."""
        has_passed = {STORED: self._is_stored, PARTITIONED: self._is_partitioned, QUERIED: self._is_in_table}[hop]
        end = max(began + self._limit(), self._clock.now() + _MARGIN_SECONDS)
        self._progress.start(f"Waiting ({hop})", int(end - self._clock.now()))
        pause = _FIRST_SECONDS
        while not has_passed():
            if self._clock.now() >= end:
                raise _StepFailedError(hop, self._stuck(hop, self._clock.now() - began))
            self._clock.sleep(pause)
            self._progress.advance(round(pause))
            pause = min(pause * 1.5, _LONGEST_SECONDS)
        return Check(hop, "ok", f"{self._passed(hop)} after {self._clock.now() - began:.0f} seconds")

    def _is_stored(self) -> bool:
        """Whether anything was delivered since; raises where the record itself failed."""
        new_keys = set(self._keys()) - self._known_keys
        self._stored |= {key for key in new_keys if hour_text(key)}
        for key in new_keys:
            if key.startswith(ERRORS):
                self._known_keys.add(key)
                self._search_errors(key)
        return bool(self._stored)

    def _is_partitioned(self) -> bool:
        """Whether the hours of all delivered objects are partitions."""
        database = self._stack.options.database
        hours = {hour for key in self._stored if (hour := hour_text(key))}
        for hour in hours - self._partitions:
            if partition_exists(self._aws, database, TABLE, hour):
                self._partitions.add(hour)
        return hours <= self._partitions

    def _is_in_table(self) -> bool:
        """Whether Athena finds the row; it is queried again only when new objects were delivered."""
        from due_cli.aws.athena.engine import table

        self._is_stored()
        if not self._is_partitioned() or self._stored <= self._queried:
            return False
        self._queried |= self._stored
        sent_at = self._sent_at.replace(tzinfo=None)
        values: dict[str, Parameter] = {
            "since": sent_at - _HOUR,
            "until": sent_at + 2 * _HOUR,
            "event_id": self._record.event_id,
        }
        sql = substitute(files.query("checks", "test_event").sql, values)
        return any(True for _ in table(self._stack, Silent(), sql).rows)

    def _keys(self) -> Iterator[str]:
        """The objects where the record may arrive: events and failed records of the hours around it."""
        error_folders, _ = s3.list_folder(self._aws, self._names.bucket, ERRORS)
        hour = self._sent_at - _HOUR
        while hour <= datetime.now(UTC) + _HOUR:
            for folder in (EVENTS, *error_folders):
                for summary in s3.list_objects(self._aws, self._names.bucket, f"{folder}{hour.strftime(_FOLDER)}"):
                    yield summary.key
            hour += _HOUR

    def _search_errors(self, key: str) -> None:
        """Raise where an object of failed records holds the one that was sent, with Firehose's reason."""
        objects = s3.list_objects(self._aws, self._names.bucket, key)  # and of any key that begins so
        summaries = (summary for summary in objects if summary.key == key)
        for content in s3.open_objects(self._aws, self._names.bucket, summaries):
            with content.stream as lines:
                for line in lines:
                    if (reason := _reason(line, self._record.test_id)) is not None:
                        text = f"it failed: {reason} ({key})"
                        raise _StepFailedError(STORED, ("problem", text, self._command("failed list")))

    def _limit(self) -> float:
        """Seconds within which the stream delivers."""
        options = self._stack.options
        return options.buffer_seconds + options.status_delay + _MARGIN_SECONDS

    def _passed(self, hop: str) -> str:
        return {
            STORED: f"an object arrived under s3://{self._names.bucket}/{EVENTS}",
            PARTITIONED: f"its hour is a partition ({', '.join(sorted(self._partitions))})",
            QUERIED: f"Athena finds it in {TABLE} (event_id {self._record.event_id})",
        }[hop]

    def _stuck(self, hop: str, seconds: float) -> Finding:
        names = self._names
        tail = f"aws logs tail {names.log_group('partition')} --since 1h --region {names.region}"
        text, fix = {
            STORED: (f"no object arrived under s3://{names.bucket}/{EVENTS}", self._command("doctor")),
            PARTITIONED: ("what arrived is no partition: the partition function did not run, or failed", tail),
            QUERIED: (
                "what arrived has a partition, and Athena does not find the record in it",
                self._command("doctor"),
            ),
        }[hop]
        return "problem", f"{text}, after {seconds:.0f} seconds", fix


def _reason(line: bytes, test_id: str) -> str | None:
    """Why a record failed, from a line that Firehose wrote about it; None for a line of another record."""
    try:
        entry = json.loads(line)
        raw = base64.b64decode(entry["rawData"])
    except (ValueError, KeyError, TypeError):
        return None
    if test_id.encode() not in raw:
        return None
    code, message = firehose.error_of(entry)
    return mask(f"{code or 'no code'}: {message}")

"""``due doctor --send-test``: a marked record put to the stream and followed to its row in the table.

It is an event of a type of its own, ``_test.due``: the transform treats it as any app's custom event, and no view,
report or status counts it.
"""

from __future__ import annotations

import base64
import json
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from due_cli.aws.doctor.context import command, masked
from due_cli.aws.errors import translate_errors
from due_cli.aws.pipeline.partitions import hour_of
from due_cli.aws.services import s3
from due_cli.aws.services.glue import partition_exists
from due_cli.aws.stack.desired import TABLE
from due_cli.aws.stack.names import ERRORS, EVENTS
from due_cli.aws.stack.stack import Stack
from due_cli.core.errors import DueError
from due_cli.core.progress import Progress, Silent
from due_cli.core.results import Check
from due_cli.events import rows_of
from due_cli.sql import files
from due_cli.sql.parameters import Parameter, substitute

TYPE = "_test.due"
ACCEPTED, STORED, FILED, FOUND = "test: stream", "test: object", "test: partition", "test: row"
_TRANSFORM_SECONDS = 60  # the transform's own buffer
_MARGIN_SECONDS = 180.0
_FIRST_SECONDS, _LONGEST_SECONDS = 1.0, 15.0  # between two looks
_FOLDER = "%Y/%m/%d/%H/"
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Waiting:
    """How time passes: ``now`` in seconds, and a pause."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True, slots=True)
class Marked:
    """The record as it is put, and the id of the row that it becomes."""

    mark: str
    data: bytes
    event_id: str


@dataclass(slots=True)
class _Seen:
    """How far the record has come, as far as can be told."""

    stored: set[str] = field(default_factory=set)
    filed: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)


def marked(moment: datetime) -> Marked:
    """A record that no other is like."""
    mark = str(uuid.uuid4())
    record = {"event_type": TYPE, "event_timestamp": int(moment.timestamp() * 1000), "attributes": {"test_id": mark}}
    data = json.dumps(record).encode() + b"\n"
    return Marked(mark, data, rows_of(json.loads(data)).rows[0]["event_id"])


def sent(stack: Stack, progress: Progress, waiting: Waiting | None = None) -> list[Check]:
    """A check for each stretch of the record's way; the last one names where it got stuck."""
    return list(_Passage(stack, progress, waiting or Waiting()).checks())


class _Passage:
    def __init__(self, stack: Stack, progress: Progress, waiting: Waiting) -> None:
        self._stack, self._progress, self._waiting = stack, progress, waiting
        self._sent = datetime.now(UTC)
        self._marked = marked(self._sent)
        self._before: set[str] = set()
        self._seen = _Seen()

    def checks(self) -> Iterator[Check]:
        """What became of the record, hop by hop."""
        hop = ACCEPTED
        try:
            self._before = set(self._keys())
            with translate_errors(
                f"putting a record to delivery stream {self._stack.names.stream} (firehose:PutRecord)"
            ):
                self._stack.aws.firehose.put_record(
                    DeliveryStreamName=self._stack.names.stream, Record={"Data": self._marked.data}
                )
            began = self._waiting.now()
            self._progress.note(f"the stream has taken the test record; it delivers within {self._patience():.0f} s")
            yield Check(ACCEPTED, "ok", f"{self._stack.names.stream} has taken the test record")
            for hop in (STORED, FILED, FOUND):
                yield self._waited(hop, began)
        except _StuckError as stuck:
            yield stuck.check
        except DueError as error:
            yield Check(hop, "problem", error.message, self._command("doctor"))
        finally:
            self._progress.finish()

    def _waited(self, hop: str, began: float) -> Check:
        """The check of a hop once the record passed it; raises where it does not in its time."""
        passed = {STORED: self._is_stored, FILED: self._is_filed, FOUND: self._is_found}[hop]
        end = max(began + self._patience(), self._waiting.now() + _MARGIN_SECONDS)
        self._progress.start(f"Waiting ({hop})", int(end - self._waiting.now()))
        pause = _FIRST_SECONDS
        while not passed():
            if self._waiting.now() >= end:
                raise _StuckError(self._stuck(hop, self._waiting.now() - began))
            self._waiting.sleep(pause)
            self._progress.advance(round(pause))
            pause = min(pause * 1.5, _LONGEST_SECONDS)
        return Check(hop, "ok", f"{self._found(hop)} after {self._waiting.now() - began:.0f} seconds")

    def _is_stored(self) -> bool:
        """Whether anything was delivered since; raises where the record itself was given up."""
        found = set(self._keys()) - self._before
        self._seen.stored |= {key for key in found if hour_of(key)}
        for key in found:
            self._look_into(key)
        return bool(self._seen.stored)

    def _is_filed(self) -> bool:
        """Whether the hours of what was delivered are partitions."""
        database = self._stack.options.database
        hours = {hour for key in self._seen.stored if (hour := hour_of(key))}
        for hour in hours - self._seen.filed:
            if partition_exists(self._stack.aws, database, TABLE, hour):
                self._seen.filed.add(hour)
        return hours <= self._seen.filed

    def _is_found(self) -> bool:
        """Whether Athena finds the row; it is asked again only when there is more to find."""
        from due_cli.aws.athena.engine import table

        self._is_stored()
        if not self._is_filed() or self._seen.stored <= self._seen.asked:
            return False
        self._seen.asked |= self._seen.stored
        sent_at = self._sent.replace(tzinfo=None)
        values: dict[str, Parameter] = {
            "since": sent_at - _HOUR,
            "until": sent_at + 2 * _HOUR,
            "event_id": self._marked.event_id,
        }
        sql = substitute(files.query("checks", "test_event").sql, values)
        return any(True for _ in table(self._stack, Silent(), sql).rows)

    def _keys(self) -> Iterator[str]:
        """What lies where the record may arrive: the hours around it, of the events and of what fails."""
        aws, bucket = self._stack.aws, self._stack.names.bucket
        kinds, _ = s3.list_folder(aws, bucket, ERRORS)
        hour = self._sent - _HOUR
        while hour <= datetime.now(UTC) + _HOUR:
            for place in (EVENTS, *kinds):
                for found in s3.list_objects(aws, bucket, f"{place}{hour.strftime(_FOLDER)}"):
                    yield found.key
            hour += _HOUR

    def _look_into(self, key: str) -> None:
        """Raises where an object of failed records holds the one that was sent, with what Firehose says of it."""
        if not key.startswith(ERRORS):
            return
        self._before.add(key)
        found = [one for one in s3.list_objects(self._stack.aws, self._stack.names.bucket, key) if one.key == key]
        for content in s3.open_objects(self._stack.aws, self._stack.names.bucket, found):
            with content.stream as lines:
                for line in lines:
                    if (reason := _reason(line, self._marked.mark)) is not None:
                        mend = self._command("failed list")
                        raise _StuckError(Check(STORED, "problem", f"it failed on the way: {reason} ({key})", mend))

    def _patience(self) -> float:
        return self._stack.options.buffer_seconds + _TRANSFORM_SECONDS + _MARGIN_SECONDS

    def _found(self, hop: str) -> str:
        hours = ", ".join(sorted(self._seen.filed))
        return {
            STORED: f"an object arrived under s3://{self._stack.names.bucket}/{EVENTS}",
            FILED: f"its hour is a partition ({hours})",
            FOUND: f"Athena finds it in {TABLE} (event_id {self._marked.event_id})",
        }[hop]

    def _stuck(self, hop: str, seconds: float) -> Check:
        names = self._stack.names
        function = f"aws logs tail {names.log_group('partition')} --since 1h --region {names.region}"
        what, mend = {
            STORED: (f"nothing arrived under s3://{names.bucket}/{EVENTS}", self._command("doctor")),
            FILED: ("what arrived is no partition: the partition function did not run, or failed", function),
            FOUND: ("what arrived has a partition, and Athena does not find the record in it", self._command("doctor")),
        }[hop]
        return Check(hop, "problem", f"{what}, after {seconds:.0f} seconds", mend)

    def _command(self, words: str) -> str:
        return command(self._stack.names, words)


class _StuckError(Exception):
    """Where the record stays."""

    def __init__(self, check: Check) -> None:
        super().__init__(check.found)
        self.check = check


def _reason(line: bytes, mark: str) -> str | None:
    """Why a record failed, out of a line that Firehose wrote of it; None for a line of another record."""
    try:
        found = json.loads(line)
        raw = base64.b64decode(found["rawData"])
    except (ValueError, KeyError, TypeError):
        return None
    if mark.encode() not in raw:
        return None
    code = found.get("errorCode") or found.get("lastErrorCode") or found.get("ErrorCode") or "no code"
    message = found.get("errorMessage") or found.get("lastErrorMessage") or found.get("ErrorMessage") or ""
    return masked(f"{code}: {message}")

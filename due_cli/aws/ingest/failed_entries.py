"""Failed records of a stack: the objects in its bucket that hold them, and the entries in these objects.

==========================================  ===========================================================================
prefix                                      content, one JSON document for each entry
==========================================  ===========================================================================
``errors/processing-failed/``               a record that the transform failed, as Firehose received it (``rawData``)
``errors/format-conversion-failed/``        rows that the transform made and Firehose could not convert (``rawData``)
``errors/ingest/``                          records of an input that ``due ingest`` could not read (``rawData``)
``errors/status/``                          the status of a message that the status table would not take
``aws/lambda/async/STACK-partition/``       an event that the partition function failed on for good
``errors/too-large/``                       a record that is too large to be read: the object is the record
==========================================  ===========================================================================

Sources: Firehose developer guide, "Handle failure in data transformation" and "Handling errors for data format
conversion" (whose error codes are spelled in several ways); Lambda developer guide, "Capturing records of asynchronous
invocations".
"""

from __future__ import annotations

import base64
import binascii
import gzip
import heapq
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum, unique
from typing import IO

from due_cli.aws.ingest.wrapping import without_arrival
from due_cli.aws.services import firehose, s3
from due_cli.aws.services.s3 import ObjectContent, ObjectSummary
from due_cli.aws.stack.names import ERRORS
from due_cli.aws.stack.stack import Stack
from due_cli.core.errors import DueError
from due_cli.core.progress import Progress
from due_cli.core.results import IngestSummary
from due_cli.events.compression import GZIP_MAGIC
from due_cli.events.documents import MAX_RECORD_BYTES, Document, documents
from due_cli.events.model import Envelope, Json
from due_cli.events.reading import read
from due_cli.events.status import Status
from due_cli.events.status_codec import decode_record
from due_cli.events.times import millis
from due_cli.events.wrappers import payload_units
from due_cli.ingest import inputs
from due_cli.ingest.batch import Block, decode, encode_row, failed_id
from due_cli.ingest.inputs import OversizedRecord

INGEST_FOLDER, STATUS_FOLDER, TOO_LARGE_FOLDER = (f"{ERRORS}{name}/" for name in ("ingest", "status", "too-large"))
_TOO_LARGE = "larger than 4 MB"
_REFUSED_STATUS = "the status table rejected this status"
_ARRIVALS = ("arrivalTimestamp", "ArrivalTimestamp")
_TIMES = ("attemptEndingTimestamp", "AttemptEndingTimestamp", "timestamp", *_ARRIVALS)
_CONVERSION_KEYS = ("dataCatalogTable", "DataCatalogTable", "sequenceNumber")
_HOUR = re.compile(r"/(\d{4})/(\d\d)/(\d\d)/(?:[^/]*T)?(\d\d)?")
_MOST_WRAPPERS = 8
_LARGE_LINE = "a line that is larger than any record"
_HELD_BYTES = 16 * 1024 * 1024
_ATTEMPTS = 5


@unique
class Kind(Enum):
    """What an entry is, which decides how it is replayed."""

    RECORD = "a record"
    ROWS = "rows"
    STATUS = "a status"
    EVENT = "an event of the partition function"
    OBJECT = "an object"


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedEntry:
    """One entry of an object: ``raw`` as it was received, ``text`` as it stands in the object.

    ``raw`` is None for a whole object, which is not held. ``failed_at`` is epoch ms, ``received_at`` too where it is
    known. ``summary`` says what the transform would make of a record, ``event`` what the partition function was called
    with.
    """

    id: str
    kind: Kind
    reason: str
    failed_at: int
    origin: str
    size: int
    text: bytes
    raw: bytes | None
    received_at: int | None = None
    summary: IngestSummary = field(default_factory=IngestSummary)
    status: Status | None = None
    event: Json = None


Remainder = Callable[[FailedEntry], Iterable[bytes]]  # the documents that stay in the place of an entry


def read_objects(stack: Stack, until: datetime | None = None) -> Iterator[tuple[ObjectContent, Iterator[FailedEntry]]]:
    """Every object, oldest first, and its entries, to be read before the next object is asked for.

    ``until`` leaves out objects that were written later.
    """
    chosen = (summary for summary in _error_objects(stack) if until is None or summary.modified <= until)
    for content in s3.open_objects(stack.aws, stack.names.bucket, chosen):
        with content.stream:
            yield content, read_entries(content)


def read_entries(content: ObjectContent) -> Iterator[FailedEntry]:
    """The entries of an object in order. What is not as AWS writes it is an entry too."""
    summary = content.summary
    if summary.key.startswith(TOO_LARGE_FOLDER):
        entry = _whole_object(summary, _TOO_LARGE, summary.key.rpartition("/")[2])
        # due 0.1.0 put here what was too large for a stream, most of which can be read.
        yield entry if summary.size > MAX_RECORD_BYTES else _read_whole(entry, content)
        return
    within_record = False
    for chunk in inputs.chunks_of(content.stream, summary.key):
        if isinstance(chunk, Block):
            line, counted = chunk.line, 0
            for document in documents(chunk.data, decode):
                line += chunk.data.count(b"\n", counted, document.start)
                counted = document.start
                yield _entry(summary, document, f"{summary.key}:{line}")
            continue
        if not within_record:
            reason = _LARGE_LINE if isinstance(chunk, OversizedRecord) else chunk.reason
            yield _whole_object(summary, reason, _object_id(summary))
        within_record = isinstance(chunk, OversizedRecord) and not chunk.last


def newest(stack: Stack) -> datetime | None:
    """When the last object was written, by the clock of S3; None where there is none."""
    return max((summary.modified for summary in _error_objects(stack)), default=None)


def read_raw(stack: Stack, entry: FailedEntry) -> bytes:
    """An entry byte for byte as it was received."""
    return s3.read_object(stack.aws, stack.names.bucket, entry.origin) if entry.raw is None else entry.raw


def remove_entries(
    stack: Stack, summary: ObjectSummary, ids: set[str], progress: Progress, remainder: Remainder = lambda _: ()
) -> bool:
    """Remove entries from an object, but for the ``remainder`` of each, and the object when nothing is left in it.

    It is written again only as it was read, so two that do this at a time lose nothing of each other's. An object with
    an unreadable part stays as it is until that part is removed too: False, and a note says how.
    """
    aws, bucket = stack.aws, stack.names.bucket
    for _ in range(_ATTEMPTS):
        content = s3.open_object(aws, bucket, summary)
        if content is None:
            return True
        with content.stream, tempfile.SpooledTemporaryFile(_HELD_BYTES) as copy:
            entries = _copy(content, ids, remainder, copy)
            if entries is None:
                progress.note(
                    f"{summary.key} stays as it is, because a part of it cannot be told apart: "
                    f"due failed discard {_object_id(summary)} deletes that part, then run the same command again"
                )
                return False
            if not entries:
                s3.delete_object(aws, bucket, summary.key)
                return True
            copy.seek(0)
            if s3.replace_object(aws, bucket, summary.key, content.etag, copy):
                return True
    raise DueError(f"s3://{bucket}/{summary.key} is being changed by another process", "run the same command again")


def _copy(content: ObjectContent, removed_ids: set[str], remainder: Remainder, into: IO[bytes]) -> int | None:
    """Copy an object without some entries, gzip as gzip; how many were copied, None where they cannot be."""
    is_gzip = content.stream.peek(len(GZIP_MAGIC)).startswith(GZIP_MAGIC)
    copied = 0
    with gzip.GzipFile(fileobj=into, mode="wb", mtime=0) if is_gzip else nullcontext(into) as target:
        for entry in read_entries(content):
            is_removed = entry.id in removed_ids
            if entry.kind is Kind.OBJECT and not is_removed:
                return None
            for text in remainder(entry) if is_removed else (entry.text,):
                target.write(text + b"\n")
                copied += 1
    return copied


def _error_objects(stack: Stack) -> Iterator[ObjectSummary]:
    """List the objects of failed records by the hours in their keys; S3 lists those of one folder in that order."""
    aws, bucket = stack.aws, stack.names.bucket
    folders, loose = s3.list_folder(aws, bucket, ERRORS)
    folders.append(stack.names.failed_events)
    listings = [_by_hour(s3.list_objects(aws, bucket, folder), folder) for folder in folders]
    return heapq.merge(*listings, loose, key=_hour)


def _by_hour(objects: Iterator[ObjectSummary], folder: str) -> Iterator[ObjectSummary]:
    """The objects of a folder by their hours; the keys of some have none, and are few."""
    return iter(sorted(objects, key=_hour)) if folder in (INGEST_FOLDER, TOO_LARGE_FOLDER) else objects


def _hour(summary: ObjectSummary) -> str:
    match = _HOUR.search(summary.key)
    return "".join(part or "00" for part in match.groups()) if match else f"{summary.modified:%Y%m%d%H}"


def _object_id(summary: ObjectSummary) -> str:
    """The id of the entry that stands for the unreadable part of an object."""
    return failed_id(summary.key.encode())


def _whole_object(summary: ObjectSummary, reason: str, identity: str) -> FailedEntry:
    return FailedEntry(
        id=identity,
        kind=Kind.OBJECT,
        reason=reason,
        failed_at=_modified(summary),
        origin=summary.key,
        size=summary.size,
        text=b"",
        raw=None,
    )


def _read_whole(entry: FailedEntry, content: ObjectContent) -> FailedEntry:
    """The entry of an object that is one record, with the record."""
    raw = content.stream.read()
    summary, reason = _summarize(raw, entry.failed_at)
    reason = reason or f"{entry.reason}; it can be read now"
    return replace(entry, kind=Kind.RECORD, reason=reason, text=raw, raw=raw, summary=summary)


def _summarize(payload: bytes, received_at: int) -> tuple[IngestSummary, str | None]:
    """What can be read of a record that a stream received at a time (epoch ms), and the first reason of the rest."""
    summary, reason = IngestSummary(), None
    for unit in payload_units(payload, Envelope(received_at=received_at), decode):
        reading = read(unit, encode_row)
        ignored, failed = int(reading.is_empty), int(reading.reason is not None)
        summary = summary.plus(
            IngestSummary(
                records=1,
                kept=1 - ignored - failed,
                ignored=ignored,
                failed=failed,
                rows=len(reading.rows),
                duplicate_rows=reading.duplicate_rows,
                nulled=reading.nulled,
            )
        )
        reason = reason or reading.reason
    return (summary, reason) if summary.records else (IngestSummary(records=1, failed=1), "empty")


def _entry(summary: ObjectSummary, document: Document, origin: str) -> FailedEntry:
    """The entry of a document. The document's own keys decide its kind: its object may have been moved, or be old."""
    value, text = document.value, document.text
    failed_at = _modified(summary)
    entry = FailedEntry(
        id=failed_id(text),
        kind=Kind.RECORD,
        reason=document.reason or "not in a form that Firehose writes",
        failed_at=failed_at,
        origin=origin,
        size=len(text),
        text=text,
        raw=text,
    )
    if isinstance(value, dict):
        times = (millis(value.get(name)) for name in _TIMES)
        failed_at = next((time for time in times if time is not None), failed_at)
        entry = replace(entry, failed_at=failed_at)
        if isinstance(value.get("rawData"), str):
            return _firehose_failure(entry, value)
        if isinstance(value.get("requestContext"), dict) and "requestPayload" in value:
            return replace(entry, kind=Kind.EVENT, reason=_reason_of_event(value), event=value["requestPayload"])
    try:
        if (status := decode_record(value)) is not None:
            return replace(entry, kind=Kind.STATUS, reason=_REFUSED_STATUS, status=status)
    except ValueError as error:
        entry = replace(entry, reason=f"a status that cannot be read: {error}")
    return replace(entry, summary=_summarize(text, failed_at)[0])


def _firehose_failure(entry: FailedEntry, value: dict[str, Json]) -> FailedEntry:
    """The entry of what Firehose could not transform or convert."""
    firehose_reason = ": ".join(filter(None, firehose.error_of(value))) or "Firehose gives no reason"
    times = (millis(value.get(name)) for name in _ARRIVALS)
    received_at = next((time for time in times if time is not None), None)
    try:
        raw = base64.b64decode(str(value["rawData"]), validate=True)
    except (binascii.Error, ValueError) as error:
        return replace(entry, reason=f"rawData that is not base64: {error}", summary=IngestSummary(records=1, failed=1))
    is_conversion = any(name in value for name in _CONVERSION_KEYS)
    for _ in range(0 if is_conversion else _MOST_WRAPPERS):  # put again, it may have failed again
        raw, earlier = without_arrival(raw)
        if earlier is None:
            break
        received_at = earlier
    summary, reason = _summarize(raw, received_at or entry.failed_at)
    return replace(
        entry,
        id=failed_id(raw),
        kind=Kind.ROWS if is_conversion else Kind.RECORD,
        reason=firehose_reason if is_conversion else reason or f"{firehose_reason}; it can be read now",
        size=len(raw),
        raw=raw,
        received_at=received_at,
        summary=summary,
    )


def _reason_of_event(value: dict[str, Json]) -> str:
    response, context = value.get("responsePayload"), value["requestContext"]
    message = response.get("errorMessage") if isinstance(response, dict) else None
    condition = context.get("condition") if isinstance(context, dict) else None
    return " ".join(f"the partition function failed: {message or condition or 'no reason given'}".split())


def _modified(summary: ObjectSummary) -> int:
    return int(summary.modified.timestamp() * 1000)

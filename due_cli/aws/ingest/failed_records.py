"""What a stack could not bring into the table, as it lies in its bucket: which objects, and the records in them.

==========================================  ===========================================================================
where                                       what, one JSON document each
==========================================  ===========================================================================
``errors/processing-failed/``               a record that the transform failed, as Firehose received it (``rawData``)
``errors/format-conversion-failed/``        rows that the transform made and Firehose could not convert (``rawData``)
``errors/status/``                          the status of a message that the status table would not take
``aws/lambda/async/STACK-partition/``       an event that the partition function failed on for good
``errors/too-large/``                       a record too large for a stream: the object is the record
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
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, unique
from typing import IO

from due_cli.aws.ingest.outgoing import TOO_LARGE, Examined, examined, unwrapped
from due_cli.aws.pipeline.status_item import of_record
from due_cli.aws.services import s3
from due_cli.aws.services.s3 import ObjectContent, ObjectSummary
from due_cli.aws.stack.names import ERRORS
from due_cli.aws.stack.stack import Stack
from due_cli.core.errors import DueError
from due_cli.core.progress import Progress
from due_cli.events import Document, Json, Status, documents
from due_cli.events.times import millis
from due_cli.events.wrappers import GZIP_MAGIC
from due_cli.ingest import inputs
from due_cli.ingest.batch import Block, decode, failed_id
from due_cli.ingest.inputs import InputError, OversizedRecord

TOO_LARGE_FOLDER = f"{ERRORS}too-large/"
_REFUSED_STATUS = "the status table would not take these facts"
_CODES = ("lastErrorCode", "ErrorCode", "errorCode")
_WORDS = ("lastErrorMessage", "ErrorMessage", "errorMessage")
_ARRIVALS = ("arrivalTimestamp", "ArrivalTimestamp")
_TIMES = ("attemptEndingTimestamp", "AttemptEndingTimestamp", "timestamp", *_ARRIVALS)
_OF_CONVERSION = ("dataCatalogTable", "DataCatalogTable", "sequenceNumber")
_HOUR = re.compile(r"/(\d{4})/(\d\d)/(\d\d)/(?:[^/]*T)?(\d\d)?")
_MOST_WRAPPERS = 8
_HELD_BYTES = 16 * 1024 * 1024
_ATTEMPTS = 5


@unique
class Kind(Enum):
    """What a leftover is, which decides how it is brought in."""

    RECORD = "a record"
    ROWS = "rows"
    STATUS = "a status"
    EVENT = "an event of the partition function"
    OBJECT = "an object"


@dataclass(frozen=True, slots=True)
class Leftover:
    """Something that is not in the table: ``raw`` as it was received, ``text`` as it stands in its object.

    ``raw`` is None for a whole object, which is not held. ``kept_at`` is epoch ms, ``received_at`` too where it is
    known. ``inside`` is what the transform would find in a record, ``event`` what the partition function was called
    with.
    """

    id: str
    kind: Kind
    reason: str
    kept_at: int
    origin: str
    size: int
    text: bytes
    raw: bytes | None
    code: str = ""
    received_at: int | None = None
    inside: Examined = field(default_factory=Examined)
    status: Status | None = None
    event: Json = None


LeftOf = Callable[[Leftover], Iterable[bytes]]  # the documents that stay in the place of a leftover


def contents(stack: Stack, until: datetime | None = None) -> Iterator[tuple[ObjectContent, Iterator[Leftover]]]:
    """Every object with leftovers, oldest first, and those in it, to be read before the next object is asked for.

    ``until`` leaves out objects that were written later.
    """
    wanted = (one for one in _found(stack) if until is None or one.modified <= until)
    for content in s3.open_objects(stack.aws, stack.names.bucket, wanted):
        with content.stream:
            yield content, of(content)


def of(content: ObjectContent) -> Iterator[Leftover]:
    """The leftovers of an object in order. What is not as AWS writes it is a leftover too."""
    found = content.summary
    if found.key.startswith(TOO_LARGE_FOLDER):
        yield _object(found, TOO_LARGE, found.key.rpartition("/")[2])
        return
    goes_on = False
    for piece in inputs.pieces_of(content.stream, found.key):
        if isinstance(piece, Block):
            line, counted = piece.line, 0
            for document in documents(piece.data, decode):
                line += piece.data.count(b"\n", counted, document.start)
                counted = document.start
                yield _leftover(found, document, f"{found.key}:{line}")
            continue
        if not goes_on:
            reason = piece.reason if isinstance(piece, InputError) else "a line that is larger than any record"
            yield _object(found, reason, _id_of(found))
        goes_on = isinstance(piece, OversizedRecord) and not piece.last


def newest(stack: Stack) -> datetime | None:
    """When the last object with leftovers was written, by the clock of S3; None where there is none."""
    return max((one.modified for one in _found(stack)), default=None)


def whole(stack: Stack, leftover: Leftover) -> bytes:
    """A leftover byte for byte as it was received."""
    if leftover.raw is not None:
        return leftover.raw
    return s3.read_object(stack.aws, stack.names.bucket, leftover.origin)


def take_out(
    stack: Stack, found: ObjectSummary, ids: set[str], progress: Progress, left_of: LeftOf = lambda _: ()
) -> bool:
    """Takes leftovers out of an object, but for what is ``left_of`` each; it goes when nothing is left in it.

    It is written again only as it was read, so two that do this at a time lose nothing of each other's. An object with
    a part that cannot be told apart stays as it is until that part is taken out too: False, and how is noted.
    """
    aws, bucket = stack.aws, stack.names.bucket
    for _ in range(_ATTEMPTS):
        content = s3.open_object(aws, bucket, found)
        if content is None:
            return True
        with content.stream, tempfile.SpooledTemporaryFile(_HELD_BYTES) as left:
            kept = _copied(content, ids, left_of, left)
            if kept is None:
                progress.note(
                    f"{found.key} stays as it is, because a part of it cannot be told apart: "
                    f"due failed discard {_id_of(found)} deletes that part, then run the same command again"
                )
                return False
            if not kept:
                s3.delete_object(aws, bucket, found.key)
                return True
            left.seek(0)
            if s3.replace_object(aws, bucket, found.key, content.etag, left):
                return True
    raise DueError(f"s3://{bucket}/{found.key} is being changed by somebody else", "run the same command again")


def _copied(content: ObjectContent, without: set[str], left_of: LeftOf, into: IO[bytes]) -> int | None:
    """Copies an object without some leftovers, gzip as gzip; how many were copied, None where they cannot be."""
    is_gzip = content.stream.peek(len(GZIP_MAGIC)).startswith(GZIP_MAGIC)
    copied = 0
    with gzip.GzipFile(fileobj=into, mode="wb", mtime=0) if is_gzip else nullcontext(into) as target:
        for leftover in of(content):
            leaves = leftover.id in without
            if leftover.kind is Kind.OBJECT and not leaves:
                return None
            for text in left_of(leftover) if leaves else (leftover.text,):
                target.write(text + b"\n")
                copied += 1
    return copied


def _found(stack: Stack) -> Iterator[ObjectSummary]:
    """The objects by the hour in their keys; those of one folder are listed in that order."""
    aws, bucket = stack.aws, stack.names.bucket
    folders, loose = s3.list_folder(aws, bucket, ERRORS)
    listings = [s3.list_objects(aws, bucket, folder) for folder in (*folders, stack.names.failed_events)]
    return heapq.merge(*listings, loose, key=_hour)


def _hour(found: ObjectSummary) -> str:
    match = _HOUR.search(found.key)
    return "".join(part or "00" for part in match.groups()) if match else f"{found.modified:%Y%m%d%H}"


def _id_of(found: ObjectSummary) -> str:
    """The id of what in an object cannot be told apart."""
    return failed_id(found.key.encode())


def _object(found: ObjectSummary, reason: str, identity: str) -> Leftover:
    return Leftover(identity, Kind.OBJECT, reason, _modified(found), found.key, found.size, b"", None)


def _leftover(found: ObjectSummary, document: Document, origin: str) -> Leftover:
    """What a document is: by its own keys, because an object may have been moved or be of another time."""
    value, text = document.value, document.text
    kept_at = _modified(found)
    if isinstance(value, dict):
        kept_at = next((at for name in _TIMES if (at := millis(value.get(name))) is not None), kept_at)
        if isinstance(value.get("rawData"), str):
            return _failed(value, text, kept_at, origin)
        if isinstance(value.get("requestContext"), dict) and "requestPayload" in value:
            identity, reason = failed_id(text), _reason_of_event(value)
            return Leftover(
                identity, Kind.EVENT, reason, kept_at, origin, len(text), text, text, event=value["requestPayload"]
            )
    reason = document.reason or "not in a form that Firehose writes"
    try:
        status = of_record(value)
    except ValueError as error:
        status, reason = None, f"a status that cannot be read: {error}"
    kind = Kind.STATUS if status else Kind.RECORD
    reason = _REFUSED_STATUS if status else reason
    inside = Examined() if status else examined(text, kept_at)
    return Leftover(failed_id(text), kind, reason, kept_at, origin, len(text), text, text, inside=inside, status=status)


def _failed(value: dict[str, Json], text: bytes, kept_at: int, origin: str) -> Leftover:
    """What Firehose could not transform or convert."""
    code, words = _first(value, _CODES), _first(value, _WORDS)
    said = ": ".join(filter(None, (code, words))) or "Firehose gives no reason"
    received_at = next((at for name in _ARRIVALS if (at := millis(value.get(name))) is not None), None)
    try:
        raw = base64.b64decode(str(value["rawData"]), validate=True)
    except (binascii.Error, ValueError) as error:
        reason = f"rawData that is not base64: {error}"
        inside = Examined(1, reason=reason)
        return Leftover(
            failed_id(text), Kind.RECORD, reason, kept_at, origin, len(text), text, text, code, inside=inside
        )
    if any(name in value for name in _OF_CONVERSION):
        kind = Kind.ROWS
    else:
        kind = Kind.RECORD
        for _ in range(_MOST_WRAPPERS):  # put again, it may have failed again
            raw, earlier = unwrapped(raw)
            if earlier is None:
                break
            received_at = earlier
    inside = examined(raw, received_at or kept_at)
    reason = said if kind is Kind.ROWS else inside.reason or f"{said}; it can be read now"
    return Leftover(failed_id(raw), kind, reason, kept_at, origin, len(raw), text, raw, code, received_at, inside)


def _reason_of_event(value: dict[str, Json]) -> str:
    answer, context = value.get("responsePayload"), value["requestContext"]
    said = answer.get("errorMessage") if isinstance(answer, dict) else None
    condition = context.get("condition") if isinstance(context, dict) else None
    return " ".join(f"the partition function failed: {said or condition or 'no reason given'}".split())


def _first(value: dict[str, Json], names: tuple[str, ...]) -> str:
    found = next((one for name in names if isinstance(one := value.get(name), str) and one), "")
    return " ".join(found.split())


def _modified(found: ObjectSummary) -> int:
    return int(found.modified.timestamp() * 1000)

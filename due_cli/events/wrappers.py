"""The wrappers around records: SNS, EventBridge, Firehose and Lambda events, arrays, gzip, base64, JSON in strings.

Records are found however they are wrapped: as they were published, as a subscription had them, or as a copy of a
function's event.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import io
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from due_cli.events.documents import MAX_BATCH_BYTES, Decoder, Document, documents
from due_cli.events.model import Envelope, Json, UnreadableError, bug_reason
from due_cli.events.times import millis, seconds

GZIP_MAGIC = b"\x1f\x8b"
_MAX_WRAPPERS = 16
_BARE = Envelope()
# An object with none of these keys is no wrapper, which is how most records come.
_WRAPPING = frozenset("records Records Sns Message detail-type data rawData kinesis body".split())


class Unit(NamedTuple):
    """One record out of its wrappers, or what could not be opened, with the reason.

    ``raw`` is what is kept if it fails: the document as received where it holds one record, else the innermost text
    of this record; None where the document itself is to be kept. ``bug`` names the exception where due is to blame.
    """

    record: Json
    envelope: Envelope
    raw: bytes | None = None
    reason: str | None = None
    bug: str | None = None


def units(document: Document, decode: Decoder) -> list[Unit]:
    """The records of a document; one unit with a reason where it is not JSON. Never raises."""
    if document.reason is not None:
        return [Unit(None, _BARE, document.text, document.reason)]
    if isinstance(document.value, dict) and _WRAPPING.isdisjoint(document.value):
        return [Unit(document.value, _BARE, document.text)]
    try:
        unwrapped = list(_unwrap(document.value, _BARE, decode, 0))
    except Exception as bug:
        return [Unit(None, _BARE, document.text, bug_reason(bug), type(bug).__name__)]
    return [unwrapped[0]._replace(raw=document.text)] if len(unwrapped) == 1 else unwrapped


def payload_units(payload: bytes, envelope: Envelope, decode: Decoder) -> Iterator[Unit]:
    """The records of bytes that a stream carried: text or gzip, one or several. Never raises."""
    try:
        yield from _unwrap_payload(payload, envelope, decode, 0)
    except Exception as bug:
        yield Unit(None, envelope, None, bug_reason(bug), type(bug).__name__)


def _unwrap(value: Json, envelope: Envelope, decode: Decoder, depth: int) -> Iterator[Unit]:
    if depth > _MAX_WRAPPERS:
        yield Unit(None, envelope, None, f"wrapped more than {_MAX_WRAPPERS} times")
    elif isinstance(value, list):
        for item in value:
            yield from _unwrap(item, envelope, decode, depth + 1)
    elif isinstance(value, dict):
        yield from _unwrap_object(value, envelope, decode, depth)
    elif isinstance(value, str) and value.lstrip()[:1] in ("{", "[", '"'):
        yield from _unwrap_payload(value.encode(), envelope, decode, depth)
    else:
        yield Unit(value, envelope)


def _unwrap_object(value: dict[str, Json], envelope: Envelope, decode: Decoder, depth: int) -> Iterator[Unit]:
    records = value.get("records", value.get("Records"))
    if isinstance(records, list) and "event_type" not in value:
        for item in records:
            yield from _unwrap(item, envelope, decode, depth + 1)
    elif isinstance(value.get("Sns"), dict):
        yield from _unwrap(value["Sns"], envelope, decode, depth + 1)
    elif "Message" in value and ("TopicArn" in value or "SignatureVersion" in value) and _is_notification(value):
        inner = envelope.within(sent_at=millis(value.get("Timestamp")))
        yield from _unwrap(value["Message"], inner, decode, depth + 1)
    elif "detail-type" in value and "detail" in value:
        yield from _unwrap(value["detail"], _bus_envelope(value, envelope), decode, depth + 1)
    elif (data := _stream_data(value)) is not None:
        yield from _unwrap_base64(data, _stream_envelope(value, envelope), decode, depth)
    elif isinstance(value.get("kinesis"), dict):
        yield from _unwrap(value["kinesis"], envelope, decode, depth + 1)
    elif isinstance(value.get("body"), str) and ("receiptHandle" in value or "eventSource" in value):
        yield from _unwrap(value["body"], envelope, decode, depth + 1)
    else:
        yield Unit(value, envelope)


def _is_notification(value: dict[str, Json]) -> bool:
    return value.get("Type", "Notification") == "Notification"


def _bus_envelope(value: dict[str, Json], envelope: Envelope) -> Envelope:
    account, source, kind = (value.get(key) for key in ("account", "source", "detail-type"))
    return envelope.within(
        sent_at=millis(value.get("time")),
        account=account if isinstance(account, str) else None,
        bus_source=source if isinstance(source, str) else None,
        detail_type=kind if isinstance(kind, str) else None,
    )


def _stream_data(value: dict[str, Json]) -> str | None:
    """The base64 payload of a Firehose or Kinesis record, or of an object that Firehose left under ``errors/``."""
    for key, beside in (
        ("data", ("recordId", "partitionKey", "sequenceNumber")),
        ("rawData", ("errorCode", "ErrorCode", "lastErrorCode")),
    ):
        data = value.get(key)
        if isinstance(data, str) and any(name in value for name in beside):
            return data
    return None


def _stream_envelope(value: dict[str, Json], envelope: Envelope) -> Envelope:
    arrived = value.get("approximateArrivalTimestamp", value.get("arrivalTimestamp"))
    return envelope.within(received_at=millis(arrived) or seconds(arrived))


def _unwrap_base64(data: str, envelope: Envelope, decode: Decoder, depth: int) -> Iterator[Unit]:
    try:
        payload = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError) as error:
        yield Unit(None, envelope, data.encode(), f"data that is not base64: {error}")
        return
    yield from _unwrap_payload(payload, envelope, decode, depth)


def _unwrap_payload(payload: bytes, envelope: Envelope, decode: Decoder, depth: int) -> Iterator[Unit]:
    if payload.startswith(GZIP_MAGIC):
        try:
            payload = _unzip(payload)
        except UnreadableError as error:
            yield Unit(None, envelope, payload, str(error))
            return
    for document in documents(payload, decode):
        if document.reason is not None:
            yield Unit(None, envelope, document.text, document.reason)
            continue
        inner = list(_unwrap(document.value, envelope, decode, depth + 1))
        for unit in inner:
            raw = unit.raw if unit.raw is not None or len(inner) > 1 else document.text
            yield Unit(unit.record, unit.envelope, raw, unit.reason)


def _unzip(payload: bytes) -> bytes:
    """A gzip payload, no larger than a batch may be, so that a few bytes cannot fill the memory."""
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(payload)) as stream:
            data = stream.read(MAX_BATCH_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise UnreadableError(f"gzip that cannot be read: {error}") from None
    if len(data) > MAX_BATCH_BYTES:
        raise UnreadableError(f"gzip of more than {MAX_BATCH_BYTES // 2**20} MB in one record")
    return data

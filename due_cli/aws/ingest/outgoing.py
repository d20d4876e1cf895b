"""The records of an input as a stream takes them: one record of the stream for each, as it was received.

A document that holds one record goes as it stands, with every wrapper around it: the transform looks through the same
wrappers, so the times at which it was sent and received stay known. The records of a document that holds several
(a Firehose event, a batch of notifications) go one by one, each in wrappers that say what those around it said.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import orjson

from due_cli.aws.pipeline.stream_limits import MAX_RECORD
from due_cli.core.results import IngestSummary
from due_cli.events.documents import documents
from due_cli.events.fields import as_text
from due_cli.events.model import Envelope
from due_cli.events.not_records import FILE_KEY, UnreadableFile
from due_cli.events.reading import Reading, read
from due_cli.events.status_codec import encode
from due_cli.events.times import iso
from due_cli.events.wrappers import Unit, payload_units, units
from due_cli.ingest.batch import Block, decode

TOO_LARGE = f"larger than the {MAX_RECORD // 1024:,} KiB that a stream takes"
_OWN = "due"  # the recordId of wrappers made here
_OWN_START = b'{"recordId":"due",'


class OutgoingRecord(NamedTuple):
    """A record to be put to a stream.

    ``digest`` is of its content, so that of two records with the same one either will do; it is empty where the record
    cannot be read. One that is ``too_large`` cannot be put.
    """

    data: bytes
    rows: int
    nulled: int
    digest: bytes
    too_large: bool = False
    duplicate_rows: int = 0


@dataclass(frozen=True, slots=True)
class OutgoingBatch:
    """The records of a block that are to be put, and how many test pings it has beside them."""

    records: list[OutgoingRecord]
    ignored: int


@dataclass(frozen=True, slots=True)
class PrepareBlock:
    """The work on a block; ``received_at`` (epoch ms) is about when the stream will receive its records."""

    received_at: int

    def __call__(self, block: Block) -> OutgoingBatch:
        """The records of a block as a stream takes them."""
        records: list[OutgoingRecord] = []
        ignored = 0
        for document in documents(block.data, decode):
            document_units = units(document, decode)
            for unit in document_units:
                data = document.text if len(document_units) == 1 else single(unit) or document.text
                reading = read(unit, orjson.dumps, self.received_at)
                if reading.is_empty:
                    ignored += 1
                    continue
                fitted = fit(data)
                record = OutgoingRecord(
                    fitted or data,
                    len(reading.rows),
                    reading.nulled,
                    _digest(reading),
                    too_large=fitted is None,
                    duplicate_rows=reading.duplicate_rows,
                )
                records.append(record)
        return OutgoingBatch(records, ignored)


def _digest(reading: Reading) -> bytes:
    """A hash of what a record holds; nothing where it cannot be read."""
    content = reading.lines or [encode(status).encode() for status in reading.statuses if status]
    return hashlib.blake2b(b"\n".join(content), digest_size=16).digest() if content else b""


def summarize(payload: bytes, received_at: int) -> tuple[IngestSummary, str | None]:
    """What the transform will make of a record that the stream received at a time (epoch ms).

    With it the reason of the first record in it that cannot be read, None where all can.
    """
    summary, reason = IngestSummary(), None
    for unit in payload_units(payload, Envelope(received_at=received_at), decode):
        reading = read(unit, orjson.dumps)
        ignored, failed = int(reading.is_empty), int(reading.reason is not None)
        kept, rows = 1 - ignored - failed, len(reading.rows)
        summary = summary.plus(
            IngestSummary(
                records=1,
                kept=kept,
                ignored=ignored,
                failed=failed,
                rows=rows,
                duplicate_rows=reading.duplicate_rows,
                nulled=reading.nulled,
            )
        )
        reason = reason or reading.reason
    return (summary, reason) if summary.records else (IngestSummary(records=1, failed=1), "empty")


def fit(data: bytes) -> bytes | None:
    """A record as a stream takes it: gzip, which the transform opens, where it is too large; None where that is too."""
    if len(data) <= MAX_RECORD:
        return data
    smaller = gzip.compress(data, mtime=0)
    return smaller if len(smaller) <= MAX_RECORD else None


def file_record(file: UnreadableFile) -> bytes:
    """A record that stands for a file without JSON: the transform fails it with the file's reason."""
    head = base64.b64encode(file.data).decode("ascii")
    about = {"path": file.origin, "size": file.size, "sha256": file.digest, "reason": file.reason, "head": head}
    return _json({FILE_KEY: about})


def single(unit: Unit) -> bytes | None:
    """One record of a document with several, in wrappers with the same envelope; None for a unit that is unreadable."""
    if unit.raw is not None:
        return with_envelope(unit.raw, unit.envelope)
    return None if unit.reason is not None else with_envelope(as_text(unit.record).encode(), unit.envelope)


def with_envelope(text: bytes, envelope: Envelope) -> bytes:
    """A record in wrappers that :mod:`due_cli.events.wrappers` reads back as the same envelope."""
    data = text
    try:
        words = text.decode()
    except UnicodeDecodeError:  # no JSON, so nothing on a bus or from a topic; its bytes must stay
        words = None
    sent_at = None if envelope.sent_at is None else iso(envelope.sent_at)
    on_bus = envelope.bus_source or envelope.detail_type or envelope.account or envelope.region
    if words is not None and on_bus:
        about = {"account": envelope.account, "region": envelope.region, "source": envelope.bus_source}
        data = _json({**about, "detail-type": envelope.detail_type, "time": sent_at, "detail": words})
    elif words is not None and sent_at is not None:
        data = _json({"Type": "Notification", "TopicArn": "", "Timestamp": sent_at, "Message": words})
    return with_arrival(data, envelope.received_at)


def with_arrival(data: bytes, received_at: int | None) -> bytes:
    """A record in a wrapper that says when a stream first received it (epoch ms), where that is known."""
    if received_at is None:
        return data
    encoded = base64.b64encode(data).decode("ascii")
    outer = _json({"recordId": _OWN, "approximateArrivalTimestamp": received_at, "data": encoded})
    return outer if len(outer) <= MAX_RECORD else data


def without_arrival(data: bytes) -> tuple[bytes, int | None]:
    """The record that :func:`with_arrival` put into its wrapper, and the time; any other bytes as they are."""
    if not data.startswith(_OWN_START):
        return data, None
    try:
        outer = json.loads(data)
        return base64.b64decode(outer["data"], validate=True), int(outer["approximateArrivalTimestamp"])
    except (ValueError, KeyError, TypeError):
        return data, None


def _json(value: Mapping[str, object]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()

"""A record of a Firehose batch: what it holds, as rows of ``all_events`` and statuses of messages."""

from __future__ import annotations

import base64
import json
import time
from typing import Any, NamedTuple

from due_cli.events.documents import loads
from due_cli.events.model import Envelope, Row, may_have_empty, without_empty
from due_cli.events.reading import read
from due_cli.events.status import Status
from due_cli.events.times import millis
from due_cli.events.wrappers import payload_units


class StreamRecord(NamedTuple):
    """The content of one record of a stream: its rows as JSON lines and their statuses.

    Of its ``records`` (one or several) ``unreadable`` could not be read; ``bugs`` names the exceptions where due is to
    blame.
    """

    lines: list[bytes]
    statuses: list[Status]
    records: int = 1
    unreadable: int = 1
    bugs: tuple[str, ...] = ()


class ReadingLimits(NamedTuple):
    """What the reading of one record may take: the bytes that it unpacks to (None for any record's), and seconds."""

    unpacked_bytes: int | None = None
    seconds: float = float("inf")


def read_stream_record(record: dict[str, Any], limits: ReadingLimits = ReadingLimits()) -> StreamRecord:  # noqa: B008  frozen
    """Read a Firehose record. Never raises: what cannot be read, or not within ``limits``, is counted.

    Firehose fails the whole batch of an invocation that raises, is killed or takes too long; whatever is wrong with
    one record must not cost those beside it.
    """
    try:
        return _read(record, limits)
    except Exception as bug:
        return StreamRecord([], [], bugs=(type(bug).__name__,))


def _read(record: dict[str, Any], limits: ReadingLimits) -> StreamRecord:
    """Read a record.

    ``approximateArrivalTimestamp`` is when the stream received it (Firehose developer guide, "Data transformation").
    """
    try:
        payload = base64.b64decode(record["data"], validate=True)
    except (ValueError, TypeError, LookupError):
        return StreamRecord([], [])
    end = time.monotonic() + limits.seconds
    envelope = Envelope(received_at=millis(record.get("approximateArrivalTimestamp")))
    lines: list[bytes] = []
    statuses: list[Status] = []
    bugs: list[str] = []
    records = unreadable = 0
    for unit in payload_units(payload, envelope, loads, limits.unpacked_bytes):
        reading = read(unit, encode_row)
        records += 1
        unreadable += reading.reason is not None
        lines += reading.lines
        statuses += (status for status in reading.statuses if status is not None)
        bugs += [reading.bug] if reading.bug is not None else []
        if time.monotonic() > end:
            return StreamRecord([], [])  # due failed replay reads it, with more memory and time
    return StreamRecord(lines, statuses, records, unreadable, tuple(bugs))


def encode_row(row: Row) -> bytes:
    """A row as one line of JSON, which is what the Hive JSON deserializer reads (docs/aws.md)."""
    line = _encode(row)
    return _encode(without_empty(row)) if may_have_empty(line) else line


def _encode(row: Row) -> bytes:
    text = json.dumps(row, separators=(",", ":"), sort_keys=True, ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8") + b"\n"

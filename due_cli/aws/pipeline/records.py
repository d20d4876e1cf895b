"""A record of a Firehose batch: what it holds, as rows of ``all_events`` and statuses of messages."""

from __future__ import annotations

import base64
import json
from typing import Any, NamedTuple

from due_cli.events.documents import loads
from due_cli.events.model import Envelope, Row
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


def read_stream_record(record: dict[str, Any]) -> StreamRecord:
    """Read a Firehose record. Never raises: what cannot be read is counted.

    ``approximateArrivalTimestamp`` is when the stream received it (Firehose developer guide, "Data transformation").
    """
    try:
        payload = base64.b64decode(record["data"], validate=True)
    except (ValueError, TypeError, LookupError):
        return StreamRecord([], [])
    envelope = Envelope(received_at=millis(record.get("approximateArrivalTimestamp")))
    readings = [read(unit, encode_row) for unit in payload_units(payload, envelope, loads)]
    return StreamRecord(
        [line for reading in readings for line in reading.lines],
        [status for reading in readings for status in reading.statuses if status is not None],
        len(readings),
        sum(reading.reason is not None for reading in readings),
        tuple(reading.bug for reading in readings if reading.bug is not None),
    )


def encode_row(row: Row) -> bytes:
    """A row as one line of JSON, which is what the Hive JSON deserializer reads (docs/aws.md)."""
    text = json.dumps(row, separators=(",", ":"), sort_keys=True, ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8") + b"\n"

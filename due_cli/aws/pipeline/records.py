"""A record of a Firehose batch: what it holds, as rows of ``all_events`` and statuses of messages."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any, NamedTuple

from due_cli.aws.pipeline.status_item import of_record
from due_cli.events import Envelope, Row, Status, Unit, UnreadableError, loads, rows_of, status_of
from due_cli.events.times import millis
from due_cli.events.wrappers import payload_units


class Reading(NamedTuple):
    """What one record held: its rows as JSON lines, the statuses they tell of, and how many records it was.

    ``unreadable`` of them could not be read; ``bugs`` names the exceptions that nobody foresaw.
    """

    lines: list[bytes]
    statuses: list[Status]
    records: int
    unreadable: int
    bugs: list[str]


def read(record: dict[str, Any]) -> Reading:
    """The rows and statuses of a Firehose record. Never raises: what cannot be read is counted.

    ``approximateArrivalTimestamp`` is when the stream received it (Firehose developer guide, "Data transformation").
    """
    found = Reading([], [], 0, 0, [])
    try:
        envelope = Envelope(received_at=millis(record.get("approximateArrivalTimestamp")))
        payload = base64.b64decode(record["data"], validate=True)
        for unit in payload_units(payload, envelope, loads):
            found = found._replace(records=found.records + 1)
            if not _take(unit, found):
                found = found._replace(unreadable=found.unreadable + 1)
    except binascii.Error:
        return found._replace(records=found.records + 1, unreadable=found.unreadable + 1)
    except Exception as bug:
        found.bugs.append(type(bug).__name__)
        return found._replace(records=found.records + 1, unreadable=found.unreadable + 1)
    return found


def _take(unit: Unit, into: Reading) -> bool:
    """Whether one record could be read; a bug that it meets must not fail those beside it."""
    if unit.reason is not None:
        return False
    try:
        if (replayed := of_record(unit.record)) is not None:
            into.statuses.append(replayed)
            return True
        rows = rows_of(unit.record, unit.envelope).rows
        lines = [line_of(row) for row in rows]
        statuses = [status for row in rows if (status := status_of(row)) is not None]
    except UnreadableError:
        return False
    except Exception as bug:
        into.bugs.append(type(bug).__name__)
        return False
    into.lines.extend(lines)
    into.statuses.extend(statuses)
    return True


def line_of(row: Row) -> bytes:
    """A row as one line of JSON, which is what the Hive JSON deserializer reads (docs/aws.md)."""
    text = json.dumps(row, separators=(",", ":"), sort_keys=True, ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8") + b"\n"

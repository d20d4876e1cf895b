"""What all builders of records share: the moments of an event, and how a record is changed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, Union

from due_cli.events.model import Json, Record


class Absent:
    """Stands for a field that is left out."""


ABSENT: Final = Absent()
Over = Union[None, bool, int, float, str, list[Json], Mapping[str, "Over"], Absent]  # noqa: UP007  "|" needs types, not names

ACCOUNT = "317167123431"
SENT = 1_794_000_000_123  # when a message was sent
HAPPENED = 1_794_000_061_234  # when the event of a record happened
ARRIVED = 1_794_000_062_345  # Pinpoint's arrival_timestamp
RECEIVED = 1_794_000_063_456  # when a stream received it
PUBLISHED = 1_794_000_064_567  # when a topic or bus sent it on


def iso(millis: int) -> str:
    """The spelling of SES and SNS: ISO 8601 with milliseconds and Z."""
    return f"{datetime.fromtimestamp(millis // 1000, UTC):%Y-%m-%dT%H:%M:%S}.{millis % 1000:03d}Z"


def overlaid(record: Record, over: Mapping[str, Over]) -> Record:
    """``record`` with the fields of ``over``: objects are merged, anything else replaces, ABSENT removes."""
    for key, value in over.items():
        known = record.get(key)
        if isinstance(value, Absent):
            record.pop(key, None)
        elif isinstance(value, Mapping):
            record[key] = overlaid(known if isinstance(known, dict) else {}, value)
        else:
            record[key] = value
    return record


def copied(record: Record) -> Record:
    """A record of its own with the same fields."""
    again: Record = json.loads(json.dumps(record))
    return again

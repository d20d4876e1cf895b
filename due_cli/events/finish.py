"""The last step of every source: the columns that all rows share."""

from __future__ import annotations

import re

from due_cli.events.fields import details_of
from due_cli.events.identity import event_id
from due_cli.events.model import Envelope, Record, Row

_KEEPS_ITS_EVENT_TIMESTAMP = "pinpoint"
_WORD_BREAK = re.compile(r"[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])")


def finished(
    row: Row,
    source: str,
    event_time: int,
    envelope: Envelope,
    left: Record,
    *,
    whole: str | None = None,
    participant: str | None = None,
) -> Row:
    """Return ``row`` with source, own time, details, event id and the arrival time that its record did not have.

    ``event_timestamp`` is the own time except for Pinpoint, whose records carry it (the send time on email events);
    ``arrival_timestamp`` is the record's own, else when the stream received it, else the own time (docs/data.md).
    ``whole`` and ``participant`` are what :func:`event_id` needs beside the row.
    """
    row["source"] = source
    row["occurred_at"] = event_time
    if source != _KEEPS_ITS_EVENT_TIMESTAMP:
        row["event_timestamp"] = event_time
    if left and (details := details_of(left)):
        row["details"] = details
    row["event_id"] = event_id(row, whole=whole, participant=participant)
    if "arrival_timestamp" not in row:
        row["arrival_timestamp"] = envelope.received_at if envelope.received_at is not None else event_time
    return row


def snake_case(name: str) -> str:
    """``Registration Status Change``, ``FLOW_STATUS_CHANGE`` or ``deliveryDelay`` as a lower-case event type."""
    return "_".join(word for word in _WORD_BREAK.split(name) if word).lower()

"""From a record to a row: fields with a column are extracted, the rest goes to ``details``.

A source describes each object of its record by a :data:`Shape`: the record's key, the column it becomes and how its
value is checked. A value of an unexpected type stays where it is, so it reaches ``details`` under its own path instead
of being lost, and is counted.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Final

from due_cli.events.identity import canonical, event_id
from due_cli.events.model import Envelope, Json, Record, Row, Struct
from due_cli.events.times import millis, seconds


class Mismatch:
    """The result of a check for a value that its column cannot hold."""


MISMATCH: Final = Mismatch()
_COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_KEEPS_ITS_EVENT_TIMESTAMP = "pinpoint"
_SERVICES = ("aws.ses", "aws.sms-voice", "aws.social-messaging")  # as sources of EventBridge
_WORD_BREAK = re.compile(r"[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])")

Check = Callable[[Json], Json | Mismatch]
Shape = tuple[tuple[str, str, Check], ...]


def text(value: Json) -> Json | Mismatch:
    """A string column."""
    return value if type(value) is str else MISMATCH


def boolean(value: Json) -> Json | Mismatch:
    """A boolean column; SES's table calls ``headersTruncated`` a string, so its two spellings are read too."""
    if type(value) is bool:
        return value
    return value == "true" if value in ("true", "false") else MISMATCH


def int32(value: Json) -> Json | Mismatch:
    """An int column."""
    if type(value) is float and value.is_integer():
        value = int(value)
    return value if type(value) is int and -(2**31) <= value < 2**31 else MISMATCH


def number(value: Json) -> Json | Mismatch:
    """A double column; it holds no infinity, which is what a number too large becomes."""
    if type(value) is float:
        return value if math.isfinite(value) else MISMATCH
    return float(value) if type(value) is int and abs(value) < 2**63 else MISMATCH


def numbers(value: Json) -> Json | Mismatch:
    """A map<string,double> column."""
    if type(value) is not dict:
        return MISMATCH
    checked: Struct = {}
    for key, item in value.items():
        checked_item = number(item)
        if isinstance(checked_item, Mismatch):
            return MISMATCH
        checked[key] = checked_item
    return checked


def time(value: Json) -> Json | Mismatch:
    """A bigint column that holds epoch milliseconds."""
    return MISMATCH if (checked := millis(value)) is None else checked


def time_in_seconds(value: Json) -> Json | Mismatch:
    """The same for a time that the record writes as epoch seconds."""
    return MISMATCH if (checked := seconds(value)) is None else checked


def texts(value: Json) -> Json | Mismatch:
    """An array<string> column."""
    if type(value) is not list:
        return MISMATCH
    for item in value:
        if type(item) is not str:
            return MISMATCH
    return value


def joined(value: Json) -> Json | Mismatch:
    """A string column for what SES writes as a list (``commonHeaders.from``)."""
    if type(value) is not list or texts(value) is MISMATCH:
        return text(value)
    return ", ".join(value)  # type: ignore[arg-type]  # texts


def text_map(value: Json) -> Json | Mismatch:
    """A map<string,string> column: scalars as their text, anything nested as its JSON text, null as absent."""
    if type(value) is not dict:
        return MISMATCH
    for item in value.values():
        if type(item) is not str:
            return {key: as_text(item) for key, item in value.items() if item is not None}
    return value


def text_maps(value: Json) -> Json | Mismatch:
    """An array<map<string,string>> column (mail headers)."""
    if type(value) is not list:
        return MISMATCH
    maps: list[Json] = []
    for item in value:
        checked = text_map(item)
        if isinstance(checked, Mismatch):
            return MISMATCH
        maps.append(checked)
    return maps


def as_text(value: Json) -> str:
    """A JSON value as text: strings as they are, everything else as compact JSON."""
    return value if type(value) is str else _COMPACT.encode(value)


class FieldExtractor:
    """Extract the fields of a record by shapes; ``nulled`` counts those with an unexpected type."""

    __slots__ = ("nulled",)

    def __init__(self) -> None:
        self.nulled = 0

    def struct(self, record: Record, shape: Shape) -> Struct:
        """Remove from ``record`` the fields that ``shape`` has columns for, and return those columns."""
        columns: Struct = {}
        for key, column, check in shape:
            value = record.pop(key, None)
            if value is None:
                continue
            if check is text and type(value) is str:  # most fields, without a call
                columns[column] = value
            elif isinstance(checked := check(value), Mismatch):
                self.nulled += 1
                record[key] = value
            else:
                columns[column] = checked
        return columns

    def nested(self, record: Record, key: str, shape: Shape) -> Struct | None:
        """The struct under ``key``, or None where there is none; fields without a column stay for ``details``."""
        inner = self.object(record, key)
        return None if inner is None else self.struct(inner, shape)

    def object(self, record: Record, key: str) -> Record | None:
        """The object under ``key``; any other value is counted and stays."""
        inner = record.get(key)
        if type(inner) is dict:
            return inner
        if inner is not None:
            self.nulled += 1
        return None

    def structs(self, record: Record, key: str, shape: Shape) -> list[Json] | None:
        """An array of structs (``bouncedRecipients``); fields without a column stay in the list for ``details``."""
        items = record.get(key)
        if items is None:
            return None
        if type(items) is not list or not all(type(item) is dict for item in items):
            self.nulled += 1
            return None
        structs: list[Json] = []
        rest: list[Json] = []
        for item in items:
            assert isinstance(item, dict)  # noqa: S101  checked above; mypy cannot carry it through all()
            structs.append(self.struct(item, shape))
            rest.append(item)
        if any(rest):
            record[key] = rest
        else:
            del record[key]
        return structs

    def value(self, record: Record, key: str, check: Check) -> Json:
        """Remove one field and return it; None where it is absent or has an unexpected type."""
        return self.struct(record, ((key, key, check),)).get(key)

    def string(self, record: Record, key: str) -> str | None:
        """Remove one string field and return it."""
        value = self.value(record, key, text)
        return value if type(value) is str else None


def complete_row(
    row: Row,
    source: str,
    event_time: int,
    envelope: Envelope,
    rest: Record,
    *,
    whole: str | None = None,
    participant: str | None = None,
) -> Row:
    """Return ``row`` with source, own time, details, event id and the arrival time that its record did not have.

    ``rest`` is what is left of the record. ``event_timestamp`` is the own time except for Pinpoint, whose records carry
    it (the send time on email events); ``arrival_timestamp`` is the record's own, else when the stream received it,
    else the own time (docs/data.md). ``whole`` and ``participant`` are what :func:`event_id` needs beside the row.
    """
    row["source"] = source
    row["occurred_at"] = event_time
    if source != _KEEPS_ITS_EVENT_TIMESTAMP:
        row["event_timestamp"] = event_time
    if envelope.account and not row.get("awsaccountid"):
        row["awsaccountid"] = envelope.account
    if rest and (details := details_of(rest)):
        row["details"] = details
    if around := _details_around(envelope, row):
        row["details"] = {**around, **row.get("details", {})}
    if whole is not None and envelope.bus_source in _SERVICES and (envelope.account or envelope.resources):
        whole += canonical([envelope.account, *sorted(set(envelope.resources))])  # two tenants' findings of one second
    row["event_id"] = event_id(row, whole=whole, participant=participant)
    if "arrival_timestamp" not in row:
        row["arrival_timestamp"] = envelope.received_at if envelope.received_at is not None else event_time
    return row


def _details_around(envelope: Envelope, row: Row) -> dict[str, str]:
    """What the wrappers of a record know that has no column; the record's own fields of these names count."""
    details = {"region": envelope.region} if envelope.region else {}
    if envelope.resources:
        details["resources"] = as_text(list(envelope.resources))
    if envelope.bus_source and envelope.account and envelope.account != row.get("awsaccountid"):
        details["account"] = envelope.account
    return details


def snake_case(name: str) -> str:
    """``Registration Status Change``, ``FLOW_STATUS_CHANGE`` or ``deliveryDelay`` as a lower-case event type."""
    return "_".join(word for word in _WORD_BREAK.split(name) if word).lower()


def details_of(rest: Record) -> dict[str, str]:
    """The fields without a column under their paths: objects by their keys, lists as JSON text, null as absent."""
    details: dict[str, str] = {}
    _flatten(rest, "", details)
    return details


def _flatten(rest: Record, prefix: str, details: dict[str, str]) -> None:
    for key, value in rest.items():
        kind = type(value)
        if kind is dict:
            _flatten(value, f"{prefix}{key}.", details)  # type: ignore[arg-type]  # kind is dict
        elif value is not None:
            path = prefix + key
            while path in details:  # {"a.b": 1, "a": {"b": 2}}: two fields, one path
                path += "'"
            details[path] = value if kind is str else as_text(value)  # type: ignore[assignment]  # kind is str

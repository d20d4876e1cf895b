"""What a row must be: the columns of ``all_events`` (docs/data.md), written out apart from the code."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping

import orjson

from due_cli.events import Envelope, Json, Record, Row, loads, rows_of

Fits = Callable[[object], bool]
DUE_COLUMNS = ("event_id", "source", "occurred_at", "metric_values", "details")


def row_of(record: Record, envelope: Envelope | None = None) -> Row:
    """The only row of a record that has nothing of a wrong type."""
    found = rows_of(record, envelope or Envelope())
    assert (len(found.rows), found.nulled) == (1, 0)
    return found.rows[0]


def mail_event(row: Row) -> dict[str, Json]:
    """``facets.email_channel.mail_event``."""
    return row["facets"]["email_channel"]["mail_event"]


def part_of(row: Row, name: str) -> dict[str, Json]:
    """One object of the mail event: ``mail``, ``bounce``, …"""
    part = mail_event(row)[name]
    assert isinstance(part, dict)
    return part


def checked(rows: list[Row]) -> list[Row]:
    """``rows``, each of which fits the table and can be written as JSON by both encoders, to the same value."""
    for row in rows:
        assert not misfits(row)
        written = json.dumps(row, allow_nan=False).encode("utf-8")
        assert json.loads(written) == json.loads(orjson.dumps(row)) == row
        assert json.dumps(row, ensure_ascii=False).encode("utf-8")
    return rows


def misfits(row: Row) -> list[str]:
    """What about a row its columns cannot hold."""
    found: list[str] = []
    _misfits("", dict(row), _ROW, found)
    for column in ("event_type", "arrival_timestamp", "event_id", "source", "occurred_at"):
        if column not in row:
            found.append(f"no {column}")
    if not re.fullmatch(r"[A-Za-z0-9_-]{22}", row.get("event_id", "")):
        found.append("event_id is not 22 URL-safe characters")
    if row.get("source") not in ("pinpoint", "ses", "sms", "whatsapp"):
        found.append("source is none of the four")
    return found


def texts_in(value: object) -> set[str]:
    """Every scalar inside a row as text; JSON texts are looked into."""
    if isinstance(value, Mapping):
        return {text for key, item in value.items() for text in (str(key), *texts_in(item))}
    if isinstance(value, list):
        return {text for item in value for text in texts_in(item)}
    if isinstance(value, str):
        inner = loads(value.encode()) if value[:1] in ("[", "{") else None
        return {value} | (texts_in(inner) if inner is not None else set())
    return {json.dumps(value)}


def _text(value: object) -> bool:
    return type(value) is str and _encodes(value)


def _encodes(value: str) -> bool:
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _bigint(value: object) -> bool:
    return type(value) is int and -(2**63) <= value < 2**63


def _int(value: object) -> bool:
    return type(value) is int and -(2**31) <= value < 2**31


def _double(value: object) -> bool:
    return type(value) is float and math.isfinite(value)


def _boolean(value: object) -> bool:
    return type(value) is bool


def _texts(value: object) -> bool:
    return isinstance(value, list) and all(_text(item) for item in value)


def _map(value: object) -> bool:
    return isinstance(value, dict) and all(_text(key) and _text(item) for key, item in value.items())


def _numbers(value: object) -> bool:
    return isinstance(value, dict) and all(_text(key) and _double(item) for key, item in value.items())


def _maps(value: object) -> bool:
    return isinstance(value, list) and all(_map(item) for item in value)


Shape = dict[str, "Fits | Shape | list[Shape]"]
_PERSON: Shape = {"email_address": _text}
_MAIL_EVENT: Shape = {
    "mail": {
        "message_id": _text,
        "message_send_timestamp": _bigint,
        "from_address": _text,
        "destination": _texts,
        "headers_truncated": _boolean,
        "headers": _maps,
        "common_headers": {"from": _text, "to": _texts, "subject": _text},
    },
    "send": _map,
    "delivery": {"smtp_response": _text, "reporting_mta": _text, "recipients": _texts, "processing_time_millis": _int},
    "open": {"ip_address": _text, "user_agent": _text},
    "click": {
        "ip_address": _text,
        "user_agent": _text,
        "link": _text,
        "link_tags": {"unsubscribeLinkTag": _texts},
    },
    "reject": {"reason": _text},
    "complaint": {
        "complained_recipients": [_PERSON],
        "feedback_id": _text,
        "user_agent": _text,
        "complaint_feedback_type": _text,
    },
    "bounce": {
        "bounce_type": _text,
        "bounce_sub_type": _text,
        "bounced_recipients": [{**_PERSON, "action": _text, "status": _text, "diagnostic_code": _text}],
        "feedback_id": _text,
        "reporting_mta": _text,
    },
}
_ROW: Shape = {
    "event_type": _text,
    "event_timestamp": _bigint,
    "arrival_timestamp": _bigint,
    "event_version": _text,
    "application": {"app_id": _text, "sdk": _map},
    "client": {"client_id": _text, "cognito_id": _text},
    "device": {"platform": _map},
    "session": _map,
    "attributes": _map,
    "client_context": {"custom": _map},
    "awsaccountid": _text,
    "facets": {"email_channel": {"mail_event": _MAIL_EVENT}},
    "metrics": {"price_in_millicents_usd": _double},
    "event_id": _text,
    "source": _text,
    "occurred_at": _bigint,
    "metric_values": _numbers,
    "details": _map,
}


def _misfits(path: str, value: object, shape: Fits | Shape | list[Shape], found: list[str]) -> None:
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            found.append(f"{path} is not a struct: {value!r}")
            return
        for key, item in value.items():
            if key in shape:
                _misfits(f"{path}.{key}", item, shape[key], found)
            else:
                found.append(f"{path}.{key} is no column")
    elif isinstance(shape, list):
        for index, item in enumerate(value) if isinstance(value, list) else [(0, value)]:
            _misfits(f"{path}[{index}]", item, shape[0], found)
    elif not shape(value):
        found.append(f"{path} cannot hold {value!r}")

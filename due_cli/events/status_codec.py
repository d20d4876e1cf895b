"""A status as text, and as a record among records.

The text is one small JSON array, the same for the same status, so a write may be conditional on it. It is what the
``facts`` of a status table's item and the lines under ``errors/status/`` hold; the store of a folder holds it as bytes.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

from due_cli.events.documents import loads
from due_cli.events.model import Json, UnreadableError
from due_cli.events.status import KEYS, Dated, Stamp, Status
from due_cli.events.times import millis

_MESSAGE_ID, _TEXT = "message_id", "status_facts"  # the keys of a record that is a status
_ENCODER = json.JSONEncoder(separators=(",", ":"), sort_keys=True, ensure_ascii=False)  # made once: it is not cheap


def pack(status: Status) -> list[object]:
    """A status as JSON values: channel, last, times, stamps, [stamp number, value] by key, record status, price.

    A stamp that several values share is in it once. ``final`` and ``answer``, which due 0.1.0 did not have, are among
    the values, so that it can read the text of a newer one.
    """
    dated = dict(status.earliest)
    if status.final is not None:
        dated["final"] = status.final
    if status.answer is not None:
        dated["answer"] = status.answer
    stamps = sorted({stamp for stamp, _ in dated.values()})
    index = {stamp: number for number, stamp in enumerate(stamps)}
    values = {key: [index[stamp], value] for key, (stamp, value) in dated.items()}
    return [status.channel, status.last, status.times, stamps, values, status.record_status, status.price]


def encode(status: Status) -> str:
    """The text of a status."""
    return _compact(pack(status))


def decode(message_id: str, text: str | bytes, loads: Callable[[bytes], Any] = loads) -> Status:
    """The status of a text, by any JSON reader. Raises :class:`UnreadableError` for any other text."""
    try:
        fields = loads(text.encode("utf-8", "replace") if isinstance(text, str) else text)
        channel, last, times, stamps, values, record_status, price = fields
        if channel not in KEYS:
            raise UnreadableError(f"the status of a message of an unknown channel: {channel}")
        stamps = [_stamp(stamp) for stamp in stamps]
        dated = {str(key): (stamps[number], str(value)) for key, (number, value) in values.items()}
        final, answer = dated.pop("final", None), dated.pop("answer", None)
        return Status(
            message_id,
            channel,
            _time(last),
            {str(fact): _time(event_time) for fact, event_time in times.items()},
            dated,
            None if record_status is None else _dated(record_status),
            None if price is None else _price(price),
            final,
            answer,
        )
    except UnreadableError:
        raise
    except (ValueError, TypeError, AttributeError, LookupError, OverflowError) as error:
        raise UnreadableError(f"not a message status: {type(error).__name__}") from None


def encode_record(status: Status) -> bytes:
    """A status as a record: a line of JSON."""
    return _compact({_MESSAGE_ID: status.message_id, _TEXT: encode(status)}).encode() + b"\n"


def decode_record(record: Json) -> Status | None:
    """The status that a record is, None for a record of another kind.

    Raises :class:`UnreadableError` where the status cannot be read.
    """
    if not isinstance(record, dict) or len(record) != 2 or record.keys() != {_MESSAGE_ID, _TEXT}:
        return None
    message_id, text = record[_MESSAGE_ID], record[_TEXT]
    if not isinstance(message_id, str) or not message_id or not isinstance(text, str):
        raise UnreadableError("not a message status")
    return decode(message_id, text)


def _compact(value: object) -> str:
    return _ENCODER.encode(value)


def _time(value: Json) -> int:
    time = millis(value)
    if time is None:
        raise UnreadableError(f"the status of a message with an impossible time: {value}")
    return time


def _stamp(value: Any) -> Stamp:
    event_time, event_id = value
    return _time(event_time), str(event_id)


def _dated(value: Any) -> Dated:
    stamp, text = value
    return _stamp(stamp), str(text)


def _price(value: Any) -> float:
    price = float(value)
    if not math.isfinite(price):
        raise UnreadableError(f"the status of a message with an impossible price: {value}")
    return price

"""Times as records write them, as epoch milliseconds in UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from due_cli.events.model import Json

# A time outside these years is a wrong unit or a broken field, not an event: epoch seconds read as milliseconds
# land in January 1970, microseconds beyond the year 9999.
EARLIEST = 946_684_800_000  # 2000-01-01
LATEST = 4_102_444_800_000  # 2100-01-01
HOUR = 3_600_000

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_DIGITS = re.compile(r"-?\d{1,16}(\.\d+)?")
_ISO = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d+))? ?(Z|[+-]\d\d:?\d\d|UTC|GMT)?")


def millis(value: Json) -> int | None:
    """Epoch milliseconds of a JSON number, of digits in a string or of an ISO 8601 string; else None.

    ISO times may carry nanoseconds and any offset, with or without a space before it ("2018-10-08T14:05:45
    +0000" stands in SES's own documentation). A string without an offset is UTC.
    """
    number = _from_text(value) if type(value) is str else value
    if (type(number) is int or type(number) is float) and EARLIEST <= number < LATEST:
        return int(number)
    return None


def seconds(value: Json) -> int | None:
    """Epoch milliseconds of epoch seconds, as a number or digits (WhatsApp, Kinesis); else None."""
    if type(value) is str and _DIGITS.fullmatch(value):
        value = float(value)
    if (type(value) is float or type(value) is int) and EARLIEST <= value * 1000 < LATEST:
        return round(value * 1000)
    return None


def iso(value: int) -> str:
    """``2026-11-22T03:55:00.123Z`` for epoch milliseconds: the one format that due prints."""
    moment = _EPOCH + value * _MILLISECOND
    return f"{moment.isoformat(timespec='milliseconds')[:23]}Z"


def _from_text(text: str) -> int | None:
    if len(text) == 24 and text[-1] == "Z" and text[19] == ".":
        try:
            return (datetime.fromisoformat(text) - _EPOCH) // _MILLISECOND
        except ValueError:
            return None
    if _DIGITS.fullmatch(text):
        return int(float(text)) if "." in text else int(text)
    match = _ISO.fullmatch(text.strip())
    if match is None:
        return None
    day, time, fraction, zone = match.groups()
    offset = "+00:00" if zone in (None, "Z", "UTC", "GMT") else zone
    try:
        moment = datetime.fromisoformat(f"{day}T{time}{offset}")
    except (ValueError, OverflowError):
        return None
    return (moment - _EPOCH) // _MILLISECOND + int(((fraction or "") + "000")[:3])

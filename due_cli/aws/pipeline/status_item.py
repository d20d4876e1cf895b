"""The layout of the status table: one item a message (docs/data.md, "Message status").

==================  ====  =====================================================================================
attribute           type  holds
==================  ====  =====================================================================================
``message_id``      S     the key
the blog's keys     S, N  the readable item: ``event_type``, ``send``, ``delivered`` …, ``NA`` for what is not there
``final``           BOOL  whether the latest receipt was final; ``answer`` (S) is what the other side said
``facts``           S     the status with what orders each of its values, as one small JSON array
``expires_at``      N     epoch seconds: the last event's own time and the days that a status is kept (time to live)
==================  ====  =====================================================================================

``facts`` alone is read: the other keys are for people and for tools that query the table. It is the same text for the
same status, so a write is conditional on it. ``status`` is computed from the facts on reading and never stored.
"""

from __future__ import annotations

import time
from typing import Any

from due_cli.events.model import Json
from due_cli.events.status import NOT_APPLICABLE, Status
from due_cli.events.status_codec import decode, encode
from due_cli.events.times import HOUR

KEY = "message_id"
FACTS = "facts"
EXPIRES_AT = "expires_at"
_MAX_KEY_BYTES = 2048  # DynamoDB developer guide, "Constraints"

# DynamoDB developer guide, "Supported data types": magnitudes of a number, and "Time to live": an item whose time
# is more than five years past is never deleted, so what is older says four.
_LEAST, _GREATEST = 1e-129, 9.9e125
_OLDEST = 4 * 365 * 24 * 3600

Attributes = dict[str, dict[str, str | bool]]
_NOT_APPLICABLE: dict[str, str | bool] = {"S": NOT_APPLICABLE}  # most of an item


def is_key(message_id: str) -> bool:
    """Whether DynamoDB accepts a message id as the key of an item; the table has no item of any other id."""
    try:
        return 0 < len(message_id.encode()) <= _MAX_KEY_BYTES
    except UnicodeEncodeError:  # half a surrogate pair, from a command line whose bytes are not UTF-8
        return False


def attributes(status: Status, days: int) -> Attributes:
    """The item of a status in the format of DynamoDB's client, kept for ``days`` after its last event."""
    values = status.item()
    del values["status"]
    item = {key: _NOT_APPLICABLE if value == NOT_APPLICABLE else _attribute(value) for key, value in values.items()}
    item[FACTS] = {"S": encode(status)}
    item[EXPIRES_AT] = {"N": str(max((status.last + days * 24 * HOUR) // 1000, int(time.time()) - _OLDEST))}
    return item


def live_status(item: dict[str, Any] | None) -> Status | None:
    """The status of an item that was read; None where there is none or it has expired.

    DynamoDB deletes an item up to days after its expiry, so each reader looks at the time itself.
    """
    if item is None or int(item[EXPIRES_AT]["N"]) < time.time():
        return None
    return decode(item[KEY]["S"], item[FACTS]["S"])


def _attribute(value: Json) -> dict[str, str | bool]:
    if isinstance(value, str):  # most are
        return {"S": value}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, int | float):
        fits = value == 0 or _LEAST <= abs(value) <= _GREATEST
        return {"N": repr(value)} if fits else {"S": repr(value)}
    return {"S": str(value)}

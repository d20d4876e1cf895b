"""The layout of the status table: one item a message (docs/data.md, "Message status").

==================  ====  =====================================================================================
attribute           type  holds
==================  ====  =====================================================================================
``message_id``      S     the key
the blog's keys     S, N  the readable item: ``event_type``, ``send``, ``delivered`` …, ``NA`` for what is not there
``facts``           S     the status with what orders each of its values, as one small JSON array
``expires_at``      N     epoch seconds: the last event's own time and the days that a status is kept (time to live)
==================  ====  =====================================================================================

``facts`` alone is read: the other keys are for people and for tools that query the table. It has one spelling for
one status, so it is also what a write is conditional on: whoever finds the text that was read finds the status that
was read. ``status`` is computed from the facts on reading and never stored.
"""

from __future__ import annotations

import time
from typing import Any

from due_cli.events.model import Json
from due_cli.events.status import Status
from due_cli.events.status_codec import decode, encode
from due_cli.events.times import HOUR

KEY = "message_id"
FACTS = "facts"
EXPIRES_AT = "expires_at"

# DynamoDB developer guide, "Supported data types": magnitudes of a number, and "Time to live": an item whose time
# is more than five years past is never deleted, so what is older says four.
_LEAST, _GREATEST = 1e-129, 9.9e125
_OLDEST = 4 * 365 * 24 * 3600

Attributes = dict[str, dict[str, str]]


def attributes(status: Status, days: int) -> Attributes:
    """The item of a status as DynamoDB's client takes it, kept for ``days`` after its last event."""
    found = {key: _attribute(value) for key, value in status.item().items() if key != "status"}
    found[FACTS] = {"S": encode(status)}
    found[EXPIRES_AT] = {"N": str(max((status.last + days * 24 * HOUR) // 1000, int(time.time()) - _OLDEST))}
    return found


def live_status(item: dict[str, Any] | None) -> Status | None:
    """The status of an item that was read; None where there is none or its time is over.

    DynamoDB deletes an expired item days after its time, so each reader looks for itself.
    """
    if item is None or int(item[EXPIRES_AT]["N"]) < time.time():
        return None
    return decode(item[KEY]["S"], item[FACTS]["S"])


def _attribute(value: Json) -> dict[str, str]:
    if isinstance(value, int | float):
        fits = value == 0 or _LEAST <= abs(value) <= _GREATEST
        return {"N": repr(value)} if fits else {"S": repr(value)}
    return {"S": str(value)}

"""A status as the store keeps it: one small JSON array, the same bytes for the same status."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import reduce
from typing import Any

from due_cli.events.status import Status, merged, packed, unpacked


def encoded(status: Status) -> bytes:
    """A status as bytes: events that several values share are written once."""
    import orjson  # not needed to read one: ``due status`` starts without it

    return orjson.dumps(packed(status), option=orjson.OPT_SORT_KEYS)


def folded(message_id: str, bodies: list[bytes]) -> bytes:
    """What several encoded statuses of one message say together."""
    import orjson

    if len(bodies) == 1:
        return bodies[0]
    return encoded(reduce(merged, (decoded(message_id, body, orjson.loads) for body in bodies)))


def decoded(message_id: str, body: bytes, loads: Callable[[bytes], Any] = json.loads) -> Status:
    """The status that :func:`encoded` wrote."""
    return unpacked(message_id, loads(body))

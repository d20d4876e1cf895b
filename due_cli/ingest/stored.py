"""A status as the store keeps it: one small JSON array, the same bytes for the same status."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import reduce
from typing import Any

from due_cli.events.status import Status, merged


def encoded(status: Status) -> bytes:
    """A status as bytes: events that several values share are written once."""
    import orjson  # not needed to read one: ``due status`` starts without it

    stamps = sorted({stamp for stamp, _ in status.earliest.values()})
    index = {stamp: number for number, stamp in enumerate(stamps)}
    values = {key: [index[stamp], value] for key, (stamp, value) in status.earliest.items()}
    fields = [status.channel, status.last, status.times, stamps, values, status.record_status, status.price]
    return orjson.dumps(fields, option=orjson.OPT_SORT_KEYS)


def folded(message_id: str, bodies: list[bytes]) -> bytes:
    """What several encoded statuses of one message say together."""
    import orjson

    if len(bodies) == 1:
        return bodies[0]
    return encoded(reduce(merged, (decoded(message_id, body, orjson.loads) for body in bodies)))


def decoded(message_id: str, body: bytes, loads: Callable[[bytes], Any] = json.loads) -> Status:
    """The status that :func:`encoded` wrote."""
    channel, last, times, stamps, values, record_status, price = loads(body)
    stamps = list(map(tuple, stamps))
    earliest = {key: (stamps[number], value) for key, (number, value) in values.items()}
    latest = (tuple(record_status[0]), record_status[1]) if record_status else None
    return Status(message_id, channel, last, times, earliest, latest, price)

"""A status as the store keeps it: one small JSON array, the same bytes for the same status."""

from __future__ import annotations

import json

from due_cli.events.status import Status


def encoded(status: Status) -> bytes:
    """A status as bytes: events that several values share are written once."""
    import orjson  # not needed to read one: ``due status`` starts without it

    events = sorted({dated[:2] for dated in status.earliest.values()})
    index = {event: number for number, event in enumerate(events)}
    values = {key: [index[dated[:2]], dated[2]] for key, dated in status.earliest.items()}
    fields = [status.channel, status.last, status.times, events, values, status.record_status, status.price]
    return orjson.dumps(fields, option=orjson.OPT_SORT_KEYS)


def decoded(message_id: str, body: bytes) -> Status:
    """The status that :func:`encoded` wrote."""
    channel, last, times, events, values, record_status, price = json.loads(body)
    earliest = {key: (events[number][0], events[number][1], value) for key, (number, value) in values.items()}
    return Status(message_id, channel, last, times, earliest, tuple(record_status) if record_status else None, price)

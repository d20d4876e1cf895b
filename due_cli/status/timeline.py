"""Statuses as answers: computed from the rows of events, and told as a timeline in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from typing import cast

from due_cli.core.results import Moment, Table, Timeline, Value
from due_cli.events.model import Row
from due_cli.events.status import Status, merged, status_of
from due_cli.events.times import iso
from due_cli.status import descriptions

NOT_FOUND = "not_found"
_BEGINNINGS = frozenset(("send", "buffered", "initiated", "accepted", "sent"))  # of each channel


def answer(message: str, kept: Status | None, from_events: Status | None) -> Timeline:
    """What is said of a message: what its events say where they were asked, else what the store says."""
    if from_events is not None:
        return _timeline(from_events, "events")
    if kept is not None:
        return _timeline(kept, "store")
    return Timeline({"message_id": message, "status": NOT_FOUND})


def knows_beginning(status: Status | None) -> bool:
    """Whether a store knows a message from its beginning on: beside older history it may know only its last events."""
    return status is not None and bool(_BEGINNINGS & status.times.keys())


def is_text(message: str) -> bool:
    """Whether it can be an id: what was typed may hold bytes that are no text."""
    try:
        message.encode()
    except UnicodeEncodeError:
        return False
    return True


def statuses_of(columns: Sequence[str], rows: Iterable[Sequence[Value]]) -> Iterator[Status]:
    """What each row of ``queries/status/`` says of its message."""
    for values in rows:
        row = cast(Row, {column: value for column, value in zip(columns, values, strict=True) if value is not None})
        status = status_of(row) if "event_type" in row and _dated(row) else None
        if status is not None:
            yield status


def status_from(message: str, events: Table) -> Status | None:
    """What the events of one message say together."""
    found = [status for status in statuses_of(events.columns, events.rows) if status.message_id == message]
    return reduce(merged, found) if found else None


def _dated(row: Row) -> bool:
    """Gives a row of the AWS solution's data, which has no ``occurred_at``, its own time; False if it has none."""
    if "occurred_at" in row:
        return True
    event, arrival = row.get("event_timestamp"), row.get("arrival_timestamp")
    late = row["event_type"].startswith("_email.") and row["event_type"] != "_email.send"
    event_time = (arrival or event) if late else (event or arrival)
    if event_time is None:
        return False
    row["occurred_at"] = event_time
    return True


def _timeline(status: Status, source: str) -> Timeline:
    item: dict[str, object] = {**status.item(), "from": source}
    moments = [Moment(iso(at), fact, _meaning(status, fact)) for fact, at in sorted(status.times.items(), key=_by_time)]
    return Timeline(item, moments)


def _by_time(moment: tuple[str, int]) -> tuple[int, str]:
    return moment[1], moment[0]


def _meaning(status: Status, fact: str) -> str:
    text = descriptions.FACTS.get(fact, "")
    kind = status.earliest.get(f"{fact}_type")
    if kind is not None:
        return f"{text} ({descriptions.bounce(kind[1])})"
    record_status = status.record_status
    if record_status is not None and fact in ("success", "failure", "buffered", "read", "failed"):
        same_time = record_status[0][0] == status.times[fact]
        return (
            f"{text} ({descriptions.record_status(record_status[1])})" if same_time or fact == status.status else text
        )
    return text

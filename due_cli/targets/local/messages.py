"""The status of messages of a local folder: from the store, else from the events."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import cast

from due_cli import meanings
from due_cli.events.model import Row
from due_cli.events.status import Status, merged, status_of
from due_cli.events.times import HOUR, iso
from due_cli.ingest.stored import decoded
from due_cli.results import Moment, Statuses, Timeline
from due_cli.targets.local.folder import Folder
from due_cli.targets.local.state import State, opened

NOT_FOUND = "not_found"
DEFAULT_DAYS = 90  # how long after a message's last event its status is kept (design: message status contract)


def statuses(folder: Folder, message_ids: list[str]) -> Statuses:
    """The status of each message in the order asked; an unknown one has the status ``not_found``."""
    with opened(folder) as state:
        stored = {message: stored_status(state, message) for message in message_ids}
    unknown = [message for message in dict.fromkeys(message_ids) if not _complete(stored[message], folder)]
    from_events = statuses_from_events(folder, unknown) if unknown else {}
    found = []
    for message in message_ids:
        kept, looked_up = stored[message], from_events.get(message)
        if looked_up is not None:
            found.append(_timeline(looked_up, "events"))
        elif kept is not None:
            found.append(_timeline(kept, "store"))
        else:
            found.append(Timeline({"message_id": message, "status": NOT_FOUND}))
    return Statuses(found)


def _complete(status: Status | None, folder: Folder) -> bool:
    """Whether the store is enough: beside adopted history it may know only the last events of a message."""
    if status is None:
        return False
    return bool({"send", "buffered"} & status.times.keys()) or not folder.has_foreign_files()


def stored_status(state: State, message: str) -> Status | None:
    """What the store knows of a message, unless its time is over."""
    body = state.one("status", message) if _is_text(message) else None
    if not isinstance(body, bytes):
        return None
    status = decoded(message, body)
    days = int(state.meta("status_days", str(DEFAULT_DAYS)))
    return status if status.last + days * 24 * HOUR >= time.time() * 1000 else None


def statuses_from_events(folder: Folder, message_ids: list[str]) -> dict[str, Status]:
    """The statuses of messages computed from their events: history that was adopted, or is older than the store."""
    from due_cli.sql import files
    from due_cli.targets.local.session import table
    from due_cli.targets.local.translate import translated

    with opened(folder) as state:
        sql = translated(state, files.query("status", "message").sql)
    found: dict[str, Status] = {}
    for message in filter(_is_text, message_ids):
        events = table(folder, sql, {"message_id": message})
        for status in statuses_of(events.columns, events.rows):  # type: ignore[arg-type]  # rows are a stream of tuples
            if status.message_id == message:
                found[message] = merged(found[message], status) if message in found else status
    return found


def _is_text(message: str) -> bool:
    """Whether it can be an id: what was typed may hold bytes that are no text."""
    try:
        message.encode()
    except UnicodeEncodeError:
        return False
    return True


def statuses_of(columns: list[str], rows: Iterator[tuple[object, ...]]) -> Iterator[Status]:
    """What each row of ``queries/status/`` says of its message."""
    for values in rows:
        row = cast(Row, {column: value for column, value in zip(columns, values, strict=True) if value is not None})
        if "event_type" not in row or not _dated(row):
            continue
        status = status_of(row)
        if status is not None:
            yield status


def _dated(row: Row) -> bool:
    """Gives a row of the AWS solution's data, which has no ``occurred_at``, its own time; False if it has none."""
    if "occurred_at" in row:
        return True
    event, arrival = row.get("event_timestamp"), row.get("arrival_timestamp")
    late = row["event_type"].startswith("_email.") and row["event_type"] != "_email.send"
    own_time = (arrival or event) if late else (event or arrival)
    if own_time is None:
        return False
    row["occurred_at"] = own_time
    return True


def _timeline(status: Status, source: str) -> Timeline:
    item: dict[str, object] = {**status.item(), "from": source}
    moments = [Moment(iso(at), fact, _meaning(status, fact)) for fact, at in sorted(status.times.items(), key=_by_time)]
    return Timeline(item, moments)


def _by_time(moment: tuple[str, int]) -> tuple[int, str]:
    return moment[1], moment[0]


def _meaning(status: Status, fact: str) -> str:
    text = meanings.FACTS.get(fact, "")
    kind = status.earliest.get(f"{fact}_type")
    if kind is not None:
        return f"{text} ({meanings.bounce(kind[1])})"
    record_status = status.record_status
    if record_status is not None and fact in ("success", "failure", "buffered", "read", "failed"):
        same_time = record_status[0][0] == status.times[fact]
        return f"{text} ({meanings.record_status(record_status[1])})" if same_time or fact == status.status else text
    return text

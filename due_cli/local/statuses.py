"""The status of messages of a local folder: from the store, else from the events."""

from __future__ import annotations

import time

from due_cli.core.results import Statuses
from due_cli.events.status import Status
from due_cli.events.times import HOUR
from due_cli.ingest.stored import decoded
from due_cli.local.folder import Folder
from due_cli.local.state import State, opened
from due_cli.status.timeline import answer, is_text, knows_beginning, status_from

DEFAULT_DAYS = 90  # how long after a message's last event its status is kept (design: message status contract)


def statuses(folder: Folder, message_ids: list[str]) -> Statuses:
    """The status of each message in the order asked; an unknown one has the status ``not_found``."""
    with opened(folder) as state:
        stored = {message: stored_status(state, message) for message in message_ids}
    unknown = [message for message in dict.fromkeys(message_ids) if not _complete(stored[message], folder)]
    from_events = statuses_from_events(folder, unknown) if unknown else {}
    return Statuses([answer(message, stored[message], from_events.get(message)) for message in message_ids])


def _complete(status: Status | None, folder: Folder) -> bool:
    """Whether the store is enough: beside adopted history it may know only the last events of a message."""
    return knows_beginning(status) or (status is not None and not folder.has_foreign_files())


def stored_status(state: State, message: str) -> Status | None:
    """What the store knows of a message, unless its time is over."""
    body = state.one("status", message) if is_text(message) else None
    if not isinstance(body, bytes):
        return None
    status = decoded(message, body)
    days = int(state.meta("status_days", str(DEFAULT_DAYS)))
    return status if status.last + days * 24 * HOUR >= time.time() * 1000 else None


def statuses_from_events(folder: Folder, message_ids: list[str]) -> dict[str, Status]:
    """The statuses of messages computed from their events: history that was adopted, or is older than the store."""
    from due_cli.local.session import table
    from due_cli.local.translate import translated
    from due_cli.sql import files

    with opened(folder) as state:
        sql = translated(state, files.query("status", "message").sql)
    found: dict[str, Status] = {}
    for message in filter(is_text, message_ids):
        events = table(folder, sql, {"message_id": message})
        status = status_from(message, events)
        if status is not None:
            found[message] = status
    return found

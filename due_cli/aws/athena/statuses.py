"""The statuses of messages of a stack: from the status table, else from the events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from due_cli.aws.services.dynamodb import creation_time, read_statuses
from due_cli.aws.stack.stack import Stack
from due_cli.core.errors import DueError
from due_cli.core.progress import Progress
from due_cli.core.results import Statuses
from due_cli.events.status import Status, merge
from due_cli.events.times import HOUR
from due_cli.status.history import beginning, history, is_text, own_id, statuses_by_message

# An id occurs four times in a statement, of which Athena accepts 262,144 bytes (StartQueryExecution, QueryString).
_MOST_BYTES, _MOST_IDS = 60_000, 1_000


def statuses(stack: Stack, progress: Progress, message_ids: Sequence[str]) -> Statuses:
    """The status of each message in the given order; an unknown one has the status ``not_found``.

    An id may also be a Message-ID header.

    Events are queried for messages that are not in the table, or whose first events may be older than it. Where that
    fails, a note says so, and the stored statuses are returned.
    """
    ids = [own_id(message) for message in message_ids]
    stored, computed = _look_up(stack, progress, ids)
    others = {asked: status.message_id for asked, status in computed.items() if status.message_id != asked}
    if others:
        more_stored, more_computed = _look_up(stack, progress, list(others.values()))
        ids = [others.get(message, message) for message in ids]
        stored, computed = {**stored, **more_stored}, {**computed, **more_computed}
    return Statuses([history(message, stored.get(message), computed.get(message)) for message in ids])


def _look_up(stack: Stack, progress: Progress, ids: Sequence[str]) -> tuple[dict[str, Status], dict[str, Status]]:
    """The stored statuses of messages, and those that events give where the table is not enough."""
    distinct = list(dict.fromkeys(ids))
    stored = read_statuses(stack.aws, stack.names.status_table, distinct)
    incomplete = [message for message in _incomplete(stack, stored, distinct) if message and is_text(message)]
    computed: dict[str, Status] = {}
    try:
        for batch in _batches(incomplete):
            for message, status in _from_events(stack, progress, batch).items():
                known = stored.get(message)  # the table has events minutes before the stream delivers them
                computed[message] = merge(known, status) if known else status
    except DueError as error:
        progress.note(f"the events were not queried: {error.message}")
    return stored, computed


def _incomplete(stack: Stack, stored: Mapping[str, Status], messages: Sequence[str]) -> list[str]:
    """The messages of which older events may tell more than the table, which knows every event since its creation.

    A status that expired before a later event started it again lacks its first events too.
    """
    windows = {message: beginning(status) for message, status in stored.items()}
    uncertain = [message for message, window in windows.items() if window is not None and window[0] is not None]
    creation = creation_time(stack.aws, stack.names.status_table) if uncertain else None

    def is_complete(message: str) -> bool:
        if message not in stored:
            return False
        window = windows[message]
        if window is None:
            return True
        earliest = window[0]
        kept_since = stored[message].last - stack.options.status_days * 24 * HOUR
        return earliest is not None and creation is not None and earliest >= max(creation, kept_since)

    return [message for message in messages if not is_complete(message)]


def _from_events(stack: Stack, progress: Progress, messages: tuple[str, ...]) -> dict[str, Status]:
    """The statuses that events give messages, by one query, which scans the whole table for any number of messages."""
    from due_cli.aws.athena.query import query
    from due_cli.sql import files
    from due_cli.sql.parameters import substitute

    events = query(stack, progress, substitute(files.query("status", "message").sql, {"message_id": messages}))
    return statuses_by_message(messages, events)


def _batches(messages: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """The messages in batches that fit into one statement each."""
    batch: list[str] = []
    size = 0
    for message in messages:
        length = len(message.encode()) + message.count("'") + len("'', ")
        if batch and (size + length > _MOST_BYTES or len(batch) == _MOST_IDS):
            yield tuple(batch)
            batch, size = [], 0
        batch.append(message)
        size += length
    if batch:
        yield tuple(batch)

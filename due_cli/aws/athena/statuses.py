"""The status of messages of a stack: from the status table, else from the events."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from due_cli.aws.services import dynamodb
from due_cli.aws.stack.stack import Stack
from due_cli.core.errors import DueError
from due_cli.core.progress import Progress
from due_cli.core.results import Statuses
from due_cli.events.status import Status, merged
from due_cli.status.history import history, includes_first_event, is_text, statuses_of

# An id stands three times in the statement, of which Athena takes 262,144 bytes (StartQueryExecution, QueryString).
_IDS_BYTES, _IDS = 60_000, 1_000


def statuses(stack: Stack, progress: Progress, message_ids: Sequence[str]) -> Statuses:
    """The status of each message in the order asked; an unknown one has the status ``not_found``.

    Where the events cannot be asked, a note says so, and what the table knows is answered.
    """
    asked = list(dict.fromkeys(message_ids))
    stored = dynamodb.read_statuses(stack.aws, stack.names.status_table, asked)
    unsure = [
        message for message in asked if not includes_first_event(stored.get(message)) and message and is_text(message)
    ]
    told: dict[str, Status] = {}
    try:
        for some in _parts(unsure):
            for message, status in _from_events(stack, progress, some).items():
                known = stored.get(message)  # the events lie in the stream for minutes after the table has them
                told[message] = merged(known, status) if known else status
    except DueError as error:
        progress.note(f"the events were not asked: {error.message}")
    return Statuses([history(message, stored.get(message), told.get(message)) for message in message_ids])


def _from_events(stack: Stack, progress: Progress, messages: tuple[str, ...]) -> dict[str, Status]:
    """What the events say of messages, by one query: it reads the whole table, however few they are."""
    from due_cli.aws.athena.query import query
    from due_cli.sql import files
    from due_cli.sql.parameters import substitute

    events = query(stack, progress, substitute(files.query("status", "message").sql, {"message_id": messages}))
    found: dict[str, Status] = {}
    for status in statuses_of(events.columns, events.rows):
        known = found.get(status.message_id)
        found[status.message_id] = merged(known, status) if known else status
    return {message: found[message] for message in messages if message in found}


def _parts(messages: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """The messages, as many together as fit into one statement."""
    part: list[str] = []
    size = 0
    for message in messages:
        length = len(message.encode()) + message.count("'") + len("'', ")
        if part and (size + length > _IDS_BYTES or len(part) == _IDS):
            yield tuple(part)
            part, size = [], 0
        part.append(message)
        size += length
    if part:
        yield tuple(part)

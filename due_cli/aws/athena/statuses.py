"""The statuses of messages of a stack: from the status table, else from the events."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from due_cli.aws.services.dynamodb import creation_time, read_statuses
from due_cli.aws.services.s3 import list_objects
from due_cli.aws.stack.names import EVENTS
from due_cli.aws.stack.stack import Stack
from due_cli.core.errors import DueError
from due_cli.core.progress import Progress
from due_cli.core.results import Statuses, counted, size_text
from due_cli.events.status import Status, merge
from due_cli.events.times import HOUR
from due_cli.status.history import (
    beginning,
    history,
    is_text,
    not_found_hint,
    own_id,
    statuses_by_message,
    time_of_id,
)

# An id occurs four times in a statement, of which Athena accepts 262,144 bytes (StartQueryExecution, QueryString).
_MOST_BYTES, _MOST_IDS = 60_000, 1_000
_RECENT = 30 * 24 * HOUR  # searched for an id that does not tell its time
_EARLIEST_ARRIVAL = 24  # hours before its own time under which another writer, in its own time zone, may file an event


def statuses(stack: Stack, progress: Progress, message_ids: Sequence[str], *, everywhere: bool = False) -> Statuses:
    """The status of each message in the given order; an unknown one has the status ``not_found``.

    An id may also be a Message-ID header.

    Events are queried for messages that are not in the table, or whose first events may be older than it: from the
    time that their ids tell, else those of 30 days, or all with ``everywhere``. Where that fails, a note says so, and
    the stored statuses are returned.
    """
    ids = [own_id(message) for message in message_ids]
    stored, computed, since = _look_up(stack, progress, ids, everywhere)
    others = {asked: status.message_id for asked, status in computed.items() if status.message_id != asked}
    if others:
        more_stored, more_computed, _ = _look_up(stack, progress, list(others.values()), everywhere)
        ids = [others.get(message, message) for message in ids]
        stored, computed = {**stored, **more_stored}, {**computed, **more_computed}
    timelines = [history(message, stored.get(message), computed.get(message)) for message in ids]
    hint = None if since is None else not_found_hint(timelines, since or None)
    return Statuses(timelines, hint)


def _look_up(
    stack: Stack, progress: Progress, ids: Sequence[str], everywhere: bool
) -> tuple[dict[str, Status], dict[str, Status], int | None]:
    """The stored statuses of messages, those that events give where the table is not enough, and the time from which
    events were searched (epoch ms), None if they were not."""
    distinct = list(dict.fromkeys(ids))
    stored = read_statuses(stack.aws, stack.names.status_table, distinct)
    times = _search_times(stack, stored, [message for message in distinct if message and is_text(message)])
    computed: dict[str, Status] = {}
    since = 0 if everywhere else max(min(times.values(), default=0) // HOUR - _EARLIEST_ARRIVAL, 0) * HOUR
    try:
        if times and everywhere:
            _announce(stack, progress)
        for batch in _batches(list(times)):
            for message, status in _from_events(stack, progress, batch, since).items():
                known = stored.get(message)  # the table has events minutes before the stream delivers them
                computed[message] = merge(known, status) if known else status
    except DueError as error:
        progress.note(f"the events were not queried: {error.message}")
        return stored, computed, None
    return stored, computed, since if times else None


def _search_times(stack: Stack, stored: Mapping[str, Status], messages: Sequence[str]) -> dict[str, int]:
    """The messages of which events may tell more than the table, with the time of their first one (epoch ms).

    The table knows every event since its creation. A status that expired before a later event started it again lacks
    its first events too.
    """
    windows = {message: window for message, status in stored.items() if (window := beginning(status))}
    creation = creation_time(stack.aws, stack.names.status_table) if windows else None
    recent = int(time.time() * 1000) - _RECENT
    times: dict[str, int] = {}
    for message in messages:
        if message not in stored:
            times[message] = time_of_id(message) or recent
        elif message in windows:
            earliest, latest = windows[message]
            first = latest - _RECENT if earliest is None else earliest
            kept_since = stored[message].last - stack.options.status_days * 24 * HOUR
            if creation is None or first < max(creation, kept_since):
                times[message] = first
    return times


def _announce(stack: Stack, progress: Progress) -> None:
    """Say how much a search of all events may scan, before it does."""
    sizes = [summary.size for summary in list_objects(stack.aws, stack.names.bucket, EVENTS)]
    size, limit = sum(sizes), stack.options.scan_cutoff_bytes
    progress.note(f"searching all events: {counted(len(sizes), 'object')}, {size_text(size)}")
    if size > limit:
        progress.note(
            f"that is over the workgroup's limit of {size_text(limit)}: a query that scans more is cancelled, and "
            "billed. A higher limit: due setup --scan-cutoff-bytes N"
        )


def _from_events(stack: Stack, progress: Progress, messages: tuple[str, ...], since: int) -> dict[str, Status]:
    """The statuses that the events filed since a time give messages, by one query for any number of messages."""
    from due_cli.aws.athena.query import query
    from due_cli.sql import files
    from due_cli.sql.parameters import substitute

    hour = datetime.fromtimestamp(since // 1000, UTC).replace(tzinfo=None)
    sql = substitute(files.query("status", "message").sql, {"message_id": messages, "since": hour})
    return statuses_by_message(messages, query(stack, progress, sql))


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

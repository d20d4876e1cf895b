"""The status of messages: from the status store, else from the events; and the store compared with the events."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

from due_cli.core.errors import DueError, UsageError
from due_cli.core.progress import Progress
from due_cli.core.results import Statuses, Table, Timeline
from due_cli.events.model import UnreadableError
from due_cli.events.status import Status, merge, merge_by_message
from due_cli.events.status_codec import decode
from due_cli.events.times import HOUR, millis
from due_cli.local.folder import Folder
from due_cli.local.state import DataFile, State, open_state
from due_cli.sql.parameters import FOREVER
from due_cli.status.history import (
    beginning,
    details_by_message,
    history,
    is_text,
    not_found_hint,
    own_id,
    statuses_by_message,
    statuses_of,
    time_of_id,
)

# DuckDB, sqlglot and the code that ingests are imported where they are used: `due status` mostly answers without them.

DEFAULT_DAYS = 90  # to keep a message's status after its last event
_LATEST_ARRIVAL = 24 * HOUR  # of an event after its own time: a stream retries for a day
_EARLIEST_ARRIVAL = 24  # hours before its own time under which another writer, in its own time zone, may file an event
_MAX_BUFFERED = 50_000
_MAX_LOOKED_UP = 10_000  # messages at a time
_FETCH_ROWS = 2_000
_SHORTEST_BEGINNING = 4  # of an id; a shorter text is no beginning of one


def statuses(
    folder: Folder, message_ids: list[str], *, everywhere: bool = False, with_details: bool = False
) -> Statuses:
    """The status of each message in the given order; an unknown one has the status ``not_found``.

    An id may also be a Message-ID header, or the beginning of one stored id. ``everywhere`` searches all events for
    messages of which the store lacks the beginning; else they are searched from the time that their ids tell.
    ``with_details`` reads the events of the messages that are known too.
    """
    ids = _whole_ids(folder, [own_id(message) for message in message_ids])
    stored, from_events, since = _look_up(folder, ids, everywhere)
    others = {asked: status.message_id for asked, status in from_events.items() if status.message_id != asked}
    if others:
        more_stored, more_from_events, _ = _look_up(folder, list(others.values()), everywhere)
        ids = [others.get(message, message) for message in ids]
        stored, from_events = {**stored, **more_stored}, {**from_events, **more_from_events}
    timelines = [history(message, stored[message], from_events.get(message)) for message in ids]
    if with_details:
        timelines = _with_details(folder, timelines)
    return Statuses(timelines, not_found_hint(timelines, since * HOUR if since else None))


def _whole_ids(folder: Folder, ids: list[str]) -> list[str]:
    """The ids, each beginning of one stored id as that id; raises :class:`UsageError` for that of several."""
    whole = []
    with open_state(folder) as state:
        for message in ids:
            matches = [message]
            if len(message) >= _SHORTEST_BEGINNING and is_text(message) and state.one("status", message) is None:
                rows = state.rows("statuses_between", message, f"{message}\U0010ffff")
                matches = [found for (found,) in rows] or [message]
            if len(matches) > 1:
                raise UsageError(f"several messages begin with {message}", f"more of the id: {', '.join(matches)}")
            whole += matches
    return whole


def _with_details(folder: Folder, timelines: list[Timeline]) -> list[Timeline]:
    """The histories with what the events of mails say beside them, as far as these can be read."""
    mails = [line for line in timelines if line.item.get("event_type") == "email" and line.moments]
    if not mails:
        return timelines
    times = [millis(line.moments[0].at) or 0 for line in mails]
    first, last = _arrival_hours(min(times), max(times))
    try:
        events = _events(folder, [str(line.item["message_id"]) for line in mails], (first, last))
    except DueError:  # the statuses are known all the same
        return timelines
    details = details_by_message(events)
    return [replace(line, details=details.get(str(line.item["message_id"]), {})) for line in timelines]


def _events(folder: Folder, message_ids: list[str], window: tuple[int, int]) -> Table:
    """The events of messages in a window of hours."""
    from due_cli.local.engine import translate
    from due_cli.local.queries import table
    from due_cli.sql import files

    with open_state(folder) as state:
        sql = translate(state, files.query("status", "message").sql).replace("IN ($message_id)", "IN $message_id")
    since = datetime.fromtimestamp(max(window[0], 0) * 3600, UTC).replace(tzinfo=None)
    return table(folder, sql, {"message_id": message_ids, "since": since}, window)


def _look_up(
    folder: Folder, ids: list[str], everywhere: bool
) -> tuple[dict[str, Status | None], dict[str, Status], int]:
    """The stored statuses of messages, those that events give where the store is not enough, and the hour from which
    events were searched."""
    with open_state(folder) as state:
        stored = {message: stored_status(state, message) for message in ids}
    earliest = {message: time_of_id(message) for message, status in stored.items() if status is None}
    windows = {message: window for message, status in stored.items() if status and (window := beginning(status))}
    uncertain: Iterable[str] = windows if everywhere else _uncertain(folder, windows)
    earliest.update({message: windows[message][0] for message in uncertain})
    messages = [message for message in earliest if is_text(message)]
    times = [None if everywhere else earliest[message] for message in messages]
    since = min((0 if moment is None else moment // HOUR - _EARLIEST_ARRIVAL for moment in times), default=0)
    return stored, statuses_from_events(folder, messages, since) if messages else {}, since


def _uncertain(folder: Folder, windows: dict[str, tuple[int | None, int]]) -> list[str]:
    """The messages whose first events adopted files may have, of which the store knows nothing.

    ``windows`` says when they were.
    """
    if not windows:
        return []
    hours = {message: _arrival_hours(*window) for message, window in windows.items()}
    first, last = min(first for first, _ in hours.values()), max(last for _, last in hours.values())
    with open_state(folder) as state:
        adopted = sorted({hour for _, hour in state.foreign_files(first or None, last)})
    return [message for message, (low, high) in hours.items() if bisect_left(adopted, low) < bisect_left(adopted, high)]


def _arrival_hours(earliest: int | None, latest: int) -> tuple[int, int]:
    """The hours, the last one exclusive, under which an event of that time may be filed."""
    return 0 if earliest is None else earliest // HOUR - 1, (latest + _LATEST_ARRIVAL) // HOUR + 1


def stored_status(state: State, message: str) -> Status | None:
    """The stored status of a message, until it expires."""
    body = state.one("status", message) if is_text(message) else None
    if not isinstance(body, bytes):
        return None
    status = decode(message, body)
    return None if is_expired(state, status) else status


def is_expired(state: State, status: Status) -> bool:
    """Whether a status is older than statuses are kept."""
    days = int(state.meta("status_days", str(DEFAULT_DAYS)))
    return status.last + days * 24 * HOUR < time.time() * 1000


def statuses_from_events(folder: Folder, message_ids: list[str], since: int = 0) -> dict[str, Status]:
    """The statuses of messages computed from their events, which may be older than the store.

    One scan finds their hours in few columns, and only the files of these are read whole. Files of hours before
    ``since`` (hours since the epoch) are not read.
    """
    from due_cli.local.all_events import ALL_TIME
    from due_cli.local.engine import translate
    from due_cli.local.queries import hours_since_epoch, table
    from due_cli.sql import files

    with open_state(folder) as state:
        hours_sql, sql = (
            # A list: with a subquery in its place DuckDB reads all of the columns that ids are in.
            translate(state, files.query("status", name).sql).replace("IN ($message_id)", "IN $message_id")
            for name in ("message_hours", "message")
        )
    since = max(since, 0)
    first = datetime.fromtimestamp(since * 3600, UTC).replace(tzinfo=None)
    parameters: dict[str, datetime | list[str]] = {"message_id": message_ids, "since": first}
    found = table(folder, hours_sql, parameters, (since, ALL_TIME[1]))
    hours = frozenset(hours_since_epoch(moment) for (moment,) in found.rows if isinstance(moment, datetime))
    if not hours:
        return {}
    rows = table(folder, sql, parameters, (min(hours), max(hours) + 1), hours=hours)
    return statuses_by_message(message_ids, rows)


def statuses_of_own_events(folder: Folder, state: State, messages: list[str]) -> dict[str, Status]:
    """The statuses that the events in files written by due give messages, those of the open transaction included."""
    from due_cli.local.all_events import define_all_events
    from due_cli.local.engine import connect, translate, translate_errors
    from due_cli.local.queries import hours_since_epoch
    from due_cli.sql import files

    hours_sql, sql = (
        translate(state, files.query("status", name).sql).replace("IN ($message_id)", "IN $message_id")
        for name in ("message_hours", "message")
    )
    statuses: dict[str, Status] = {}
    with connect(folder) as connection, translate_errors():
        for start in range(0, len(messages), _MAX_LOOKED_UP):
            parameters = {"message_id": messages[start : start + _MAX_LOOKED_UP], "since": datetime(1970, 1, 1)}
            own = state.data_files()
            define_all_events(connection, state, own_files=[file.path for file in own])
            rows = connection.execute(hours_sql, parameters).fetchall()
            hours = {hours_since_epoch(moment) for (moment,) in rows}
            of_hours = [file.path for file in own if not hours.isdisjoint(range(*file.span.bounds))]
            define_all_events(connection, state, own_files=of_hours)
            cursor = connection.execute(sql, parameters)
            columns = [column[0] for column in cursor.description or []]
            events = statuses_of(columns, cursor.fetchall())
            statuses.update(merge_by_message(events))
    return {message: statuses[message] for message in messages if message in statuses}


def recompute_statuses(folder: Folder, state: State, progress: Progress, chosen: list[DataFile] | None = None) -> None:
    """Compute statuses from the rows of the chosen, or all, files written by due into the table ``status_check``."""
    state.run("status_check_table")
    state.run("clear_status_check")
    data = state.data_files() if chosen is None else chosen
    progress.start("Reading events", sum(file.rows for file in data))
    buffer: dict[str, Status] = {}
    for status in _all_statuses(folder, state, progress, [file.path for file in data]):
        known = buffer.get(status.message_id)
        buffer[status.message_id] = merge(known, status) if known else status
        if len(buffer) >= _MAX_BUFFERED:
            _add_recomputed(state, buffer)
            buffer = {}
    _add_recomputed(state, buffer)
    progress.finish()


def merge_recomputed(state: State) -> None:
    """Merge the statuses of :func:`recompute_statuses` into the stored ones."""
    from due_cli.ingest.batch import merge_encoded

    for message, recomputed in state.rows("all_checked_statuses").fetchall():
        stored = state.one("status", message)
        if isinstance(stored, bytes):
            recomputed = merge_encoded(message, [stored, recomputed])
        state.run("set_status", message, recomputed)


def differing_messages(state: State) -> list[str]:
    """The messages whose stored status differs from that of their events, after :func:`recompute_statuses`.

    Where an event was delivered in two versions, or events are not kept for ever, the store may have more than the rows
    that were kept; and what due 0.1.0 stored has no answers.
    """
    variants = {str(message) for (message,) in state.rows("variants")}
    some_are_gone = state.meta("keep_events", FOREVER) != FOREVER
    differing = [str(message) for (message,) in state.rows("differing_statuses")]
    return [
        message
        for message in differing
        if not ((some_are_gone or message in variants) and _stored_has_more(state, message))
        and not _stored_without_answers(state, message)
    ]


def repair_statuses(state: State, messages: list[str], *, rows_lost: bool) -> None:
    """Replace stored statuses by those of the events; where rows were lost, a stored status that has more is kept."""
    for message in messages:
        recomputed = state.one("checked_status", message)
        if rows_lost and _stored_has_more(state, message):
            state.run("add_variant", message)
        elif recomputed is None:
            state.run("delete_status", message)
        else:
            state.run("set_status", message, recomputed)


def _stored_has_more(state: State, message: str) -> bool:
    """Whether the stored status has everything of the recomputed one, and more."""
    from due_cli.ingest.batch import merge_encoded

    stored, recomputed = state.one("status", message), state.one("checked_status", message)
    if not isinstance(stored, bytes):
        return False
    try:
        decode(message, stored)
    except UnreadableError:
        return False
    return not isinstance(recomputed, bytes) or merge_encoded(message, [stored, recomputed]) == stored


def _stored_without_answers(state: State, message: str) -> bool:
    """Whether the stored status is the recomputed one but for ``final`` and ``answer``, which it has not."""
    stored, recomputed = state.one("status", message), state.one("checked_status", message)
    if not isinstance(stored, bytes) or not isinstance(recomputed, bytes):
        return False
    try:
        known, complete = decode(message, stored), decode(message, recomputed)
    except UnreadableError:
        return False
    return known == complete._replace(final=None, answer=None)


def _all_statuses(folder: Folder, state: State, progress: Progress, paths: list[str]) -> Iterator[Status]:
    """The status that each row of some files gives its message."""
    from due_cli.local.all_events import define_all_events
    from due_cli.local.engine import connect, translate, translate_errors
    from due_cli.sql import files

    sql = translate(state, files.query("status", "all_messages").sql)
    with connect(folder) as connection, translate_errors():
        define_all_events(connection, state, own_files=paths)
        cursor = connection.execute(sql)
        columns = [column[0] for column in cursor.description or []]
        while rows := cursor.fetchmany(_FETCH_ROWS):
            yield from statuses_of(columns, iter(rows))
            progress.advance(len(rows))


def _add_recomputed(state: State, statuses: dict[str, Status]) -> None:
    from due_cli.ingest.batch import encode_status, merge_encoded

    changed = []
    for message, status in statuses.items():
        known, body = state.one("checked_status", message), encode_status(status)
        changed.append((message, merge_encoded(message, [known, body]) if isinstance(known, bytes) else body))
    state.run_many("set_checked_status", sorted(changed))

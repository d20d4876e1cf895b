"""What a folder keeps no longer: events by the hour of their arrival, failed records by when they were kept.

Events go by whole days. Files that due did not write stay. A message's status goes when its events are gone and it has
expired.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from due_cli.core.progress import Progress
from due_cli.core.results import counted
from due_cli.ingest.batch import decode_status
from due_cli.local.data_files import remove_retired
from due_cli.local.folder import Folder, day_span
from due_cli.local.state import DataFile, State
from due_cli.local.statuses import is_expired
from due_cli.sql.parameters import FOREVER, kept_since

OPTIONS = ("keep_events", "keep_errors")
_SWEPT = "statuses_swept"  # the setting with the day on which statuses of events that are gone were last looked for
_MARGIN = 24 * 3600 * 1000  # an event may arrive so much later than it happened, and stay so much longer


@dataclass(frozen=True, slots=True, kw_only=True)
class Expired:
    """What is to be removed: files of events that arrived before a time, and failed records kept before another."""

    files: list[DataFile]
    failed: int

    @property
    def text(self) -> str:
        """Both in words; empty for nothing."""
        parts = []
        if self.files:
            rows = sum(file.rows for file in self.files)
            parts.append(f"{counted(rows, 'event')} in {counted(len(self.files), 'file')}")
        if self.failed:
            parts.append(counted(self.failed, "failed record"))
        return " and ".join(parts)


def settings(state: State) -> dict[str, str]:
    """How long events and failed records are kept, by the options of setup."""
    return {option: state.meta(option, FOREVER) for option in OPTIONS}


def set_options(state: State, options: Mapping[str, object]) -> list[str]:
    """Store what is given, and say what changes with it; raises :class:`UsageError` for what is no duration."""
    given = {option: str(options[option]).strip().lower() for option in OPTIONS if options.get(option) is not None}
    changed = {option: kept for option, kept in given.items() if kept != state.meta(option, FOREVER)}
    for option, kept in changed.items():
        _since(option, kept)
        state.run("set_meta", option, kept)
    if not changed:
        return []
    what = {"keep_events": "Events", "keep_errors": "Failed records"}
    lines = [f"{what[option]} are kept {'for ever' if kept == FOREVER else kept}" for option, kept in changed.items()]
    if text := expired(state).text:
        lines.append(f"The next due ingest or due compact deletes {text}")
    return lines


def expired(state: State) -> Expired:
    """What is older than it is kept."""
    events, errors = (_since(option, kept) for option, kept in settings(state).items())
    files = [] if events is None else state.data_files(0, day_span(int(events.timestamp()) // 3600).hour)
    failed = 0 if errors is None else int(str(state.one("count_failed_before", _text(errors))))
    return Expired(files=files, failed=failed)


def apply(folder: Folder, state: State, progress: Progress) -> Expired:
    """Delete what is older than it is kept; the caller holds the writer lock."""
    found = expired(state)
    events, errors = (_since(option, kept) for option, kept in settings(state).items())
    if found.text:
        with state.transaction():
            for file in found.files:
                state.run("retire_file", file.path)
                state.run("delete_seen_hours", *file.span.bounds)
                state.run("delete_lost_hours", *file.span.bounds)
            if errors is not None and found.failed:
                state.run("delete_failed_parts_before", _text(errors))
                state.run("delete_failed_before", _text(errors))
        remove_retired(folder, state)
        progress.note(f"deleted {found.text}, older than they are kept")
    if events is not None:
        _sweep_statuses(state, int(events.timestamp() * 1000))
    return found


def _sweep_statuses(state: State, since: int) -> None:
    """Once a day, delete the expired statuses of messages whose events are all gone."""
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    if state.meta(_SWEPT) == today:
        return
    gone = []
    for message, body in state.rows("statuses"):
        status = decode_status(str(message), body)
        if status.last < since - _MARGIN and is_expired(state, status):
            gone.append((message,))
    with state.transaction():
        state.run_many("delete_status", gone)
        state.run("set_meta", _SWEPT, today)


def _since(option: str, kept: str) -> datetime | None:
    return kept_since(kept, datetime.fromtimestamp(time.time(), UTC), f"--{option.replace('_', '-')}")


def _text(moment: datetime) -> str:
    """A time as failed records have it."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}Z"

"""The content of a local database: what commands say of it, its state and its files."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from due_cli.events import Status
from due_cli.ingest.batch import decode_status
from tests.commands import Due

Row = dict[str, Any]

PERIOD = ("--since", "2000-01-01", "--until", "2099-01-01")
REPORTS = (
    ("bounce-rate",),
    ("engagement-rate",),
    ("campaign-engagement",),
    ("subject-engagement",),
    ("sms-cost",),
)


@dataclass(frozen=True)
class Content:
    """The rows, statuses and reports of a database."""

    rows: list[Row]
    statuses: dict[str, Status]
    reports: list[list[Row]]


def content(due: Due, database: Path) -> Content:
    """Everything in a database."""
    reports = [due.rows("report", *words, *PERIOD, "--local", str(database)) for words in REPORTS]
    return Content(rows(due, database), statuses(database), reports)


def rows(due: Due, database: Path) -> list[Row]:
    """Every row with every column, in the order of their ids."""
    return due.rows("query", "SELECT * FROM all_events ORDER BY event_id", "--local", str(database))


def statuses(database: Path) -> dict[str, Status]:
    """The stored statuses, by message."""
    stored = state(database, "SELECT message_id, body FROM status")
    return {message: decode_status(message, body) for message, body in stored}


def state(database: Path, sql: str, *values: object) -> list[tuple[Any, ...]]:
    """The rows of a statement on the state."""
    with closing(sqlite3.connect(database / ".due/state.sqlite")) as connection:
        selected = connection.execute(sql, values).fetchall()
        connection.commit()
    return selected


def ingest(due: Due, database: Path, *paths: Path | str) -> Row:
    """Ingest inputs without problems; returns the summary. The exit code is 1 where every record failed."""
    ran = due("ingest", *map(str, paths), "--local", str(database), "-o", "json")
    summary = ran.json
    assert ran.code == (1 if summary["records"] == summary["failed"] > 0 else 0)
    assert is_balanced(summary)
    return dict(summary)


def is_balanced(summary: Row) -> bool:
    """Whether the counts of a summary add up to its records."""
    counts = [summary[name] for name in ("kept", "duplicates", "ignored", "failed")]
    return bool(summary["records"] == sum(counts))


def files_below(place: Path) -> set[str]:
    """Every file below a folder, by its path from there."""
    return {path.relative_to(place).as_posix() for path in place.rglob("*") if not path.is_dir()}


def unaccounted(database: Path) -> set[str]:
    """The files that the state does not list, and empty folders: an ingest should leave none."""
    listed = {str(path) for (path,) in state(database, "SELECT path FROM file WHERE live = 1")}
    own = {f".due/{name}" for name in ("state.sqlite", "read.lock", "write.lock", "made-folder")}
    empty = {
        path.relative_to(database).as_posix()
        for path in database.rglob("*")
        if path.is_dir() and not any(path.iterdir()) and path != database / "events"
    }
    return (files_below(database) - listed - own) | empty

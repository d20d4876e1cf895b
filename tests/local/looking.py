"""Looking at a local database as a user does, and behind it where a promise is about files."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from due_cli.events import Status
from due_cli.ingest.stored import decoded
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
    """All that a database says: its rows, its statuses, its reports."""

    rows: list[Row]
    statuses: dict[str, Status]
    reports: list[list[Row]]


def content(due: Due, database: Path) -> Content:
    """All that a database says."""
    reports = [due.rows("report", *words, *PERIOD, "--local", str(database)) for words in REPORTS]
    return Content(rows(due, database), statuses(database), reports)


def rows(due: Due, database: Path) -> list[Row]:
    """Every row with every column, in the order of their ids."""
    return due.rows("query", "SELECT * FROM all_events ORDER BY event_id", "--local", str(database))


def statuses(database: Path) -> dict[str, Status]:
    """What the status store holds, by message."""
    found = state(database, "SELECT message_id, body FROM status")
    return {message: decoded(message, body) for message, body in found}


def state(database: Path, sql: str, *values: object) -> list[tuple[Any, ...]]:
    """Rows of the bookkeeping."""
    with closing(sqlite3.connect(database / ".due/state.sqlite")) as connection:
        found = connection.execute(sql, values).fetchall()
        connection.commit()
    return found


def ingest(due: Due, database: Path, *paths: Path | str) -> Row:
    """Ingests what is readable and whole, and returns the account."""
    account = due("ingest", *map(str, paths), "--local", str(database), "-o", "json").done().json
    assert balanced(account)
    return dict(account)


def balanced(account: Row) -> bool:
    """Whether every record is accounted for."""
    return bool(account["records"] == account["kept"] + account["duplicates"] + account["ignored"] + account["failed"])


def files_below(place: Path) -> set[str]:
    """Every file below a folder, by its path from there."""
    return {path.relative_to(place).as_posix() for path in place.rglob("*") if not path.is_dir()}


def unaccounted(database: Path) -> set[str]:
    """Files and empty folders that an ingest should not leave: all that the bookkeeping does not name."""
    named = {str(path) for (path,) in state(database, "SELECT path FROM file WHERE live = 1")}
    own = {f".due/{name}" for name in ("state.sqlite", "read.lock", "write.lock", "made-folder")}
    empty = {
        path.relative_to(database).as_posix()
        for path in database.rglob("*")
        if path.is_dir() and not any(path.iterdir()) and path != database / "events"
    }
    return (files_below(database) - named - own) | empty

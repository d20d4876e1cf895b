"""A new state in place of a damaged one, with what can be read of the old."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path

from due_cli.core.results import counted
from due_cli.core.settings import DEFAULT_DATABASE
from due_cli.local.folder import Folder, span_of
from due_cli.local.state import SQL, DamagedError, State, create, damaged, open_state
from due_cli.local.statuses import DEFAULT_DAYS
from due_cli.sql import files

# What only the state has, with the statements that read and write it. The rest is computed from the events.
_SALVAGED = (
    ("views of your own", "views", "set_view"),
    ("failed records", "failed", "add_failed"),
    ("failed records", "all_failed_parts", "add_failed_part"),
    ("which files are adopted", "foreign_shapes", "set_foreign_shape"),
    ("which events are lost", "all_lost", "add_lost"),
    ("which files were replaced", "replaced_originals", "set_replaced"),
)
_SETTINGS = "settings"
NOT_IN_FILES = "failed records, views of your own and --status-days, which no file has"


def initial_settings(database: str, status_days: int | None) -> dict[str, str]:
    """The settings of a new state."""
    return {
        "database": database,
        "created": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}Z",
        "status_days": str(status_days or DEFAULT_DAYS),
    }


def recover_state(folder: Folder) -> list[str]:
    """Replace the state if it is damaged; return what was done, recovered and not, in lines.

    The caller holds the writer lock, and lists the files that the new state does not know.
    """
    damage = _damage(folder)
    if damage is None:
        return []
    copy = _copy_state(folder)
    salvage = _Salvage(copy, folder)
    settings = salvage.settings()
    create(folder, {**initial_settings(DEFAULT_DATABASE, None), **settings}, salvage.fill)
    lines = [f"{damage}: created a new state, kept the damaged one as {copy}"]
    if salvage.recovered:
        lines.append(f"recovered from it: {salvage.recovered}")
    if salvage.unread:
        lines.append(f"not recovered, as far as the damaged part had them: {', '.join(salvage.unread)}")
    return lines


class _Salvage:
    """What can be read of a damaged state; ``unread`` names what could not be read to its end."""

    def __init__(self, state: Path, folder: Folder) -> None:
        self._state, self._folder = state, folder
        self.unread: dict[str, None] = {}
        self.recovered = ""

    def settings(self) -> dict[str, str]:
        """The settings, without the counter of ingests."""
        return {str(key): str(value) for key, value in self._rows("all_meta", _SETTINGS) if key != "batch"}

    def fill(self, state: State) -> None:
        """Put into a new state what is of no file."""
        for what, source, target in _SALVAGED:
            for row in self._rows(source, what):
                with suppress(sqlite3.IntegrityError):  # a damaged row
                    state.run(target, *row)
        state.run("delete_incomplete_failed")
        own_views = state.views().keys() - set(files.names("views"))
        number = state.count("count_failed")
        self.recovered = f"{counted(number, 'failed record')}, {counted(len(own_views), 'view')} of your own"
        gone = {
            hour
            for path, first, *_ in self._rows("all_live_files", "which files there were")
            if not (self._folder.root / str(path)).exists()
            for hour in range(*span_of(str(path), int(str(first))).bounds)
        }
        for hour, key, _ in self._rows("seen_by_hour", "which events there were") if gone else ():
            if hour in gone:
                state.run("add_lost", key, hour)

    def _rows(self, statement: str, what: str) -> Iterator[tuple[object, ...]]:
        """The rows of a statement, as far as the damaged state returns them."""
        try:
            with closing(sqlite3.connect(self._state, isolation_level=None)) as connection:
                yield from connection.execute(files.statements(SQL)[statement])
        except sqlite3.DatabaseError:
            self.unread[what] = None


def _damage(folder: Folder) -> str | None:
    try:
        with open_state(folder, write=True) as state:
            damage = state.damage()
            return damaged(folder, damage).message if damage else None
    except DamagedError as error:
        return error.message


def _copy_state(folder: Folder) -> Path:
    target = folder.broken / f"state-{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
    target.mkdir(parents=True)
    for file in folder.private.glob(f"{folder.state.name}*"):
        shutil.copy2(file, target)
    return target / folder.state.name

"""A new state in the place of a damaged one: what can still be read of it is taken over, the file itself is kept."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path

from due_cli.local.folder import Folder
from due_cli.local.lifecycle import DEFAULT_DATABASE, first_meta
from due_cli.local.state import SQL, State, create
from due_cli.sql import loader

# What only the state knows, by the statements that read and write it. The rest is computed anew from the events.
_TAKEN_OVER = (("views", "set_view"), ("failed", "add_failed"), ("all_failed_parts", "add_failed_part"))


def replace_state(folder: Folder) -> Path:
    """Puts a new state in the place of a damaged one and returns where that one is; the caller holds the write lock."""
    aside = _copied_aside(folder)
    meta = {str(key): str(value) for key, value in _readable(aside, "all_meta") if key != "batch"}

    def take_over(state: State) -> None:
        for reading, writing in _TAKEN_OVER:
            for row in _readable(aside, reading):
                with suppress(sqlite3.IntegrityError):  # what is not of the right form was damaged
                    state.run(writing, *row)
        state.run("forget_incomplete_failed")

    create(folder, {**first_meta(DEFAULT_DATABASE, None), **meta}, take_over)
    return aside


def _copied_aside(folder: Folder) -> Path:
    place = folder.set_aside / f"state-{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
    place.mkdir(parents=True)
    for file in folder.private.glob(f"{folder.state.name}*"):
        shutil.copy2(file, place)
    return place / folder.state.name


def _readable(state: Path, statement: str) -> Iterator[tuple[object, ...]]:
    """The rows of a statement, as far as a damaged state gives them."""
    with closing(sqlite3.connect(state, isolation_level=None)) as connection, suppress(sqlite3.DatabaseError):
        yield from connection.execute(loader.statements(SQL)[statement])

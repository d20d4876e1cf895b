"""``due doctor --repair``: repairs a folder as far as that is possible without new input."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path

from due_cli.core.errors import DueError
from due_cli.core.progress import Progress
from due_cli.core.settings import DEFAULT_DATABASE
from due_cli.local import data_files, statuses
from due_cli.local.folder import Folder
from due_cli.local.setup import initial_settings
from due_cli.local.state import SQL, DamagedError, DataFile, State, create, damaged, open_state, writer_lock
from due_cli.local.views import update_shipped_views
from due_cli.sql import files

# What only the state has, by the statements that read and write it. The rest is computed from the events.
_SALVAGED = (("views", "set_view"), ("failed", "add_failed"), ("all_failed_parts", "add_failed_part"))


def repair(folder: Folder, progress: Progress) -> list[str]:
    """Repair a folder and return what was done; repeating it does nothing."""
    done: list[str] = []
    folder.require()
    with writer_lock(folder, progress):
        damage = _damage(folder)
        if damage:
            copy = _replace_state(folder)
            done.append(f"{damage}: created a new state, kept the damaged one as {copy}")
        with open_state(folder, write=True) as state:
            data_files.clean_up(folder, state)
            removed = [
                _remove_broken(folder, state, file) for file in state.data_files() if data_files.fault(folder, file)
            ]
            done += removed
            adopted = data_files.adopt(folder, state, progress)
            if adopted:
                rows = sum(file.rows for file in adopted)
                done.append(f"listed {rows:,} events in {len(adopted):,} files written by due again")
            with state.transaction():
                views_updated = update_shipped_views(state)
            if views_updated:
                done.append(f"updated {views_updated} views to this version's")
            done += _repair_statuses(folder, state, progress, rows_lost=bool(removed))
            data_files.clear_staging(folder, state)
    return done


def _damage(folder: Folder) -> str | None:
    try:
        with open_state(folder, write=True) as state:
            damage = state.damage()
            return damaged(folder, damage).message if damage else None
    except DamagedError as error:
        return error.message


def _replace_state(folder: Folder) -> Path:
    """Replace a damaged state by a new one with what is readable of the old; return the path of the old one's copy."""
    copy = _copy_state(folder)
    settings = {str(key): str(value) for key, value in _readable_rows(copy, "all_meta") if key != "batch"}

    def salvage(state: State) -> None:
        for source, target in _SALVAGED:
            for row in _readable_rows(copy, source):
                with suppress(sqlite3.IntegrityError):  # a damaged row
                    state.run(target, *row)
        state.run("delete_incomplete_failed")

    create(folder, {**initial_settings(DEFAULT_DATABASE, None), **settings}, salvage)
    return copy


def _copy_state(folder: Folder) -> Path:
    target = folder.broken / f"state-{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
    target.mkdir(parents=True)
    for file in folder.private.glob(f"{folder.state.name}*"):
        shutil.copy2(file, target)
    return target / folder.state.name


def _readable_rows(state: Path, statement: str) -> Iterator[tuple[object, ...]]:
    """The rows of a statement, as far as a damaged state returns them."""
    with closing(sqlite3.connect(state, isolation_level=None)) as connection, suppress(sqlite3.DatabaseError):
        yield from connection.execute(files.statements(SQL)[statement])


def _remove_broken(folder: Folder, state: State, file: DataFile) -> str:
    """Remove a broken file and forget that its events were seen, so that ingesting them again restores them."""
    path = folder.root / file.path
    target = folder.broken / path.name
    with state.transaction():
        if path.exists():
            target.parent.mkdir(exist_ok=True)
            path.replace(target)
        state.run("delete_file", file.path)
        state.run("delete_seen_hour", file.hour)
        for other in state.data_files(file.hour, file.hour + 1):
            if not data_files.fault(folder, other):
                data_files.mark_seen(folder, state, other)
    hour = f"{datetime.fromtimestamp(file.hour * 3600, UTC):%Y-%m-%d %H:00}"
    action = f"moved {file.path} to {target}" if target.exists() else f"{file.path} was missing"
    return f"{action}; ingest its input again to restore its {file.rows:,} rows ({hour} UTC)"


def _repair_statuses(folder: Folder, state: State, progress: Progress, *, rows_lost: bool) -> list[str]:
    done = []
    try:
        statuses.recompute_statuses(folder, state, progress)
    except DueError:
        # A file with a readable footer and unreadable rows.
        broken = [file for file in state.data_files() if data_files.fault(folder, file, read_rows=True)]
        if not broken:
            raise
        done = [_remove_broken(folder, state, file) for file in broken]
        statuses.recompute_statuses(folder, state, progress)
    differing = statuses.differing_messages(state)
    if differing:
        with state.transaction():
            statuses.repair_statuses(state, differing, rows_lost=rows_lost or bool(done))
        done.append(f"repaired the status of {len(differing):,} messages from their events")
    return done

"""``due doctor --repair``: mends what can be mended without new input."""

from __future__ import annotations

from datetime import UTC, datetime

from due_cli.core.errors import DueError
from due_cli.core.progress import Progress
from due_cli.local import history, housekeeping, lifecycle, placement, rescue
from due_cli.local.folder import Folder
from due_cli.local.state import DamagedError, DataFile, State, alone, damaged, opened


def repair(folder: Folder, progress: Progress) -> list[str]:
    """Mends a folder and returns what was done; running it again finds nothing to do."""
    done: list[str] = []
    folder.require()
    with alone(folder, progress):
        damage = _damage(folder)
        if damage:
            aside = rescue.replace_state(folder)
            done.append(f"{damage}: a new state was made, the damaged one is {aside}")
        with opened(folder, write=True) as state:
            housekeeping.clear_leftovers(folder, state)
            lost = _set_broken_aside(folder, state)
            done += lost
            adopted = history.adopt(folder, state, progress)
            if adopted.files:
                done.append(f"{adopted.rows:,} events in {adopted.files:,} files of due's own named again")
            done += _mend_views(state)
            done += _mend_statuses(folder, state, progress, rows_lost=bool(lost))
            placement.clear(folder, state)
    return done


def fault(folder: Folder, file: DataFile, *, whole: bool = False) -> str | None:
    """What is wrong with a file that the state names, or None."""
    path = folder.root / file.path
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        return "is missing"
    except OSError as error:
        return f"is not readable: {error.strerror}"
    if size != file.bytes:
        return f"has {size:,} bytes where {file.bytes:,} were written"
    return history.unreadable(folder, file.path, whole=whole)


def _damage(folder: Folder) -> str | None:
    try:
        with opened(folder, write=True) as state:
            found = state.sound()
            return damaged(folder, found).message if found else None
    except DamagedError as error:
        return error.message


def _set_broken_aside(folder: Folder, state: State) -> list[str]:
    broken = [file for file in state.data_files() if fault(folder, file)]
    return [_set_aside(folder, state, file) for file in broken]


def _set_aside(folder: Folder, state: State, file: DataFile) -> str:
    """Takes a broken file out of the table and forgets its events, so that ingesting them again restores them."""
    path = folder.root / file.path
    aside = folder.set_aside / path.name
    with state.transaction():
        if path.exists():
            aside.parent.mkdir(exist_ok=True)
            path.replace(aside)
        state.run("forget_file", file.path)
        state.run("forget_seen_hour", file.hour)
        for other in state.data_files(file.hour, file.hour + 1):
            if not fault(folder, other):
                state.run("forget_file", other.path)
                history.register(folder, state, other)
    hour = f"{datetime.fromtimestamp(file.hour * 3600, UTC):%Y-%m-%d %H:00}"
    where = f"moved to {aside}" if aside.exists() else "was gone"
    return f"{file.path} {where}; its {file.rows:,} rows ({hour} UTC) come back when their input is ingested again"


def _mend_views(state: State) -> list[str]:
    with state.transaction():
        changed = lifecycle.bring_views_up(state)
    return [f"{changed} views made as this version ships them"] if changed else []


def _mend_statuses(folder: Folder, state: State, progress: Progress, *, rows_lost: bool) -> list[str]:
    done = []
    try:
        history.recompute_statuses(folder, state, progress)
    except DueError:
        # A file whose end can be read, but not its rows.
        broken = [file for file in state.data_files() if fault(folder, file, whole=True)]
        if not broken:
            raise
        done = [_set_aside(folder, state, file) for file in broken]
        history.recompute_statuses(folder, state, progress)
    differing = history.disagreeing(state)
    if differing:
        with state.transaction():
            history.mend_statuses(state, differing, rows_lost=rows_lost or bool(done))
        done.append(f"the status of {len(differing):,} messages compared with their events and mended")
    return done

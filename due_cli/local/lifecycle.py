"""Setting a local folder up, what it is made of, and taking it down again."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from due_cli.core.errors import ConfigurationError, DueError, UsageError
from due_cli.core.progress import Progress
from due_cli.core.results import Done
from due_cli.local import placement, views
from due_cli.local.folder import Folder, denied
from due_cli.local.history import adopt
from due_cli.local.housekeeping import clear_leftovers
from due_cli.local.state import State, alone, create, opened
from due_cli.local.statuses import DEFAULT_DAYS

DEFAULT_DATABASE = "due_eventdb"
_DATABASE = re.compile(r"[a-z0-9_]{1,128}")


@dataclass(frozen=True, slots=True)
class SetUp:
    """What setting a folder up found and did."""

    made: bool
    views_changed: int
    adopted_files: int
    adopted_rows: int


def set_up_folder(folder: Folder, chosen: Mapping[str, object], progress: Progress) -> Done:
    """Sets a folder up as ``due setup`` was told, and says what was done.

    Raises :class:`UsageError` for an option that only a stack on AWS has, and for a value that is none.
    """
    for name, value in chosen.items():
        if value is not None and name not in ("database", "status_days"):
            raise UsageError(f"--{name.replace('_', '-')} is for AWS, and {folder.root} is a folder", "leave one out")
    database, status_days = chosen.get("database"), chosen.get("status_days")
    if status_days is not None and (not isinstance(status_days, int) or status_days < 1):
        raise UsageError(f"--status-days: {status_days} is not a number of days", "1 or more")
    found = set_up(folder, str(database or DEFAULT_DATABASE), status_days, progress)
    lines = [
        f"{folder.root} is {'now' if found.made else 'already'} the events database {database or DEFAULT_DATABASE}"
    ]
    if found.adopted_files:
        lines.append(f"found {found.adopted_rows:,} events in {found.adopted_files:,} files of due's own")
    if found.views_changed and not found.made:
        lines.append(f"{found.views_changed} views brought up to date")
    return Done(lines, ("due ingest PATH...", "due report", "due doctor"))


def set_up(folder: Folder, database: str, status_days: int | None, progress: Progress) -> SetUp:
    """Makes a folder the events database, or brings one that is up to date; running it again changes nothing.

    Parquet files of the layout that are there already are read as they are. Raises :class:`UsageError` for a place
    that is not a folder or a name that is none, and :class:`ConfigurationError` for a database name that differs from
    the folder's own.
    """
    if not _DATABASE.fullmatch(database):
        raise UsageError(f"{database!r} is not a database name", "use lower-case letters, digits and _")
    _make_private(folder)
    with alone(folder, progress):
        made = not folder.state.exists()
        if made:
            folder.make_locks()
            folder.events.mkdir(exist_ok=True)
            create(folder, first_meta(database, status_days))
        with opened(folder, write=True) as state:
            _must_be_named(state, database)
            clear_leftovers(folder, state)
            adopted = adopt(folder, state, progress)
            with state.transaction():
                if status_days is not None and state.meta("status_days") != str(status_days):
                    state.run("set_meta", "status_days", str(status_days))
                changed = bring_views_up(state)
            placement.clear(folder, state)
    return SetUp(made, changed, adopted.files, adopted.rows)


def first_meta(database: str, status_days: int | None) -> dict[str, str]:
    """What a new state knows of its folder."""
    return {
        "database": database,
        "created": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}Z",
        "status_days": str(status_days or DEFAULT_DAYS),
    }


def _make_private(folder: Folder) -> None:
    """Makes the place for the bookkeeping, with a mark where the folder itself had to be made."""
    try:
        if folder.root.exists() and not folder.root.is_dir():
            raise UsageError(f"{folder.root} is a file", "give a folder, new or empty or with events/ in it")
        new = not folder.root.exists()
        folder.private.mkdir(parents=True, exist_ok=True)
        if new:
            folder.made_mark.touch()
    except OSError as error:
        raise denied(error, folder.root) from None


def _must_be_named(state: State, database: str) -> None:
    name = state.meta("database")
    if name != database:
        raise ConfigurationError(
            f"the database in {state.folder.root} is named {name}", state.folder.command(f"setup --database {name}")
        )


def bring_views_up(state: State) -> int:
    """Stores the guide's views as this version ships them; returns how many were missing or differed."""
    stored = state.views()
    changed = [view for view in views.standard(state) if stored.get(view.name) != view]
    for view in changed:
        views.store(state, view)
    return len(changed)


def outputs(folder: Folder) -> dict[str, object]:
    """The guide's stack outputs by their keys, and the local target's own."""
    with opened(folder) as state:
        return {
            "DUES3DataLakeName": str(folder.root),
            "DatabaseName": state.meta("database"),
            "EventsFolder": str(folder.events),
            "StatusStore": str(folder.state),
            "StatusDays": int(state.meta("status_days")),
            "Created": state.meta("created"),
            "PinpointProjectId": None,
            "PinpointProjectArn": None,
            "PinpointEventStreamFirehoseName": None,
            "PinpointEventStreamFirehoseRoleName": None,
        }


@dataclass(frozen=True, slots=True)
class Removal:
    """What taking a folder down removes."""

    own_files: int
    own_rows: int
    failed_records: int


def removal(folder: Folder) -> Removal:
    """What is there to remove; raises :class:`ConfigurationError` for a folder that due did not set up."""
    if _half_removed(folder):
        return Removal(0, 0, 0)
    with opened(folder) as state:
        own = state.data_files()
        return Removal(len(own), sum(file.rows for file in own), state.count("count_failed"))


def take_down(folder: Folder, *, delete_data: bool, progress: Progress) -> list[str]:
    """Removes what due made, and its Parquet files with ``delete_data``; returns what was left and why.

    The state goes last, so that a removal that was killed can be run again. Raises :class:`DueError` where failed
    records would be lost without ``delete_data``.
    """
    with alone(folder, progress):
        if not _half_removed(folder):
            with opened(folder, write=True) as state:
                _must_lose_nothing(folder, state, delete_data=delete_data)
                clear_leftovers(folder, state)
                if delete_data:
                    _delete_data(folder, state)
        made_root = folder.made_mark.exists()
        _remove_private(folder)
    _remove_empty(folder, with_root=made_root)
    left = []
    if folder.events.exists():
        what = "Parquet files that due did not write" if delete_data else "the events"
        left.append(f"left: {folder.events} ({what})")
    elif folder.root.exists():
        left.append(f"left: {folder.root}")
    return left


def _half_removed(folder: Folder) -> bool:
    """Whether a killed removal, or a killed setup, left a folder without its state."""
    return folder.private.is_dir() and not folder.state.exists()


def _must_lose_nothing(folder: Folder, state: State, *, delete_data: bool) -> None:
    failed = state.one("count_failed")
    if failed and not delete_data:
        raise DueError(
            f"{failed} failed records are kept in {folder.private} and would be lost",
            "due failed replay, due failed discard --all, or due teardown --delete-data",
        )


def _delete_data(folder: Folder, state: State) -> None:
    for path, _ in state.rows("known_files").fetchall():
        placement.remove(folder, str(path))
    if folder.set_aside.is_dir():
        shutil.rmtree(folder.set_aside)


def _remove_private(folder: Folder) -> None:
    """Removes the bookkeeping: the state after what it speaks of, and the locks and the mark after the state."""
    late = [folder.state.name, "read.lock", "write.lock", folder.made_mark.name]
    paths = [path for path in folder.private.iterdir() if path.name not in late]
    for path in (*paths, *(folder.private / name for name in late)):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    shutil.rmtree(folder.private)


def _remove_empty(folder: Folder, *, with_root: bool) -> None:
    """Removes the folders of the layout that are empty now, and the root where setup made it."""
    for place in sorted(folder.hour_folders(), reverse=True):
        placement.remove_empty(folder, place)
    for place in (folder.events, *((folder.root,) if with_root else ())):
        with suppress(OSError):
            place.rmdir()

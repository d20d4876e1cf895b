"""Setting a local folder up, what it is made of, and taking it down again."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime

from due_cli.errors import ConfigurationError, DueError, UsageError
from due_cli.progress import Progress
from due_cli.targets.local import views
from due_cli.targets.local.folder import Folder, denied, is_own
from due_cli.targets.local.history import adopt
from due_cli.targets.local.messages import DEFAULT_DAYS
from due_cli.targets.local.state import State, create, opened, writing


@dataclass(frozen=True, slots=True)
class SetUp:
    """What setting a folder up found and did."""

    made: bool
    views_changed: int
    adopted_files: int
    adopted_rows: int


def set_up(folder: Folder, database: str, status_days: int | None, progress: Progress) -> SetUp:
    """Makes a folder the events database, or brings one that is up to date; running it again changes nothing.

    Parquet files of the layout that are there already are read as they are. Raises :class:`UsageError` for a place
    that is not a folder, and :class:`ConfigurationError` for a database name that differs from the folder's own.
    """
    made = False
    try:
        if folder.root.exists() and not folder.root.is_dir():
            raise UsageError(f"{folder.root} is a file", "give a folder, new or empty or with events/ in it")
        if not folder.state.exists():
            folder.private.mkdir(parents=True, exist_ok=True)
            folder.events.mkdir(exist_ok=True)
            created = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}Z"
            create(folder, {"database": database, "created": created, "status_days": str(status_days or DEFAULT_DAYS)})
            made = True
    except OSError as error:
        raise denied(error, folder.root) from None
    with writing(folder, progress) as state:
        if state.meta("database") != database:
            raise ConfigurationError(
                f"the database in {folder.root} is named {state.meta('database')}",
                f"due setup --local {folder.root} --database {state.meta('database')}",
            )
        adopted = adopt(folder, state, progress)
        with state.transaction():
            if status_days is not None and state.meta("status_days") != str(status_days):
                state.run("set_meta", "status_days", str(status_days))
            changed = bring_views_up(state)
    return SetUp(made, changed, adopted.files, adopted.rows)


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
    foreign_files: int
    failed_records: int


def removal(folder: Folder) -> Removal:
    """What is there to remove; raises :class:`ConfigurationError` for a folder that due did not set up."""
    with opened(folder) as state:
        own = state.data_files()
        foreign = sum(1 for path, _ in folder.parquet_files() if not is_own(path))
        failed = state.one("count_failed")
        return Removal(len(own), sum(file.rows for file in own), foreign, failed if isinstance(failed, int) else 0)


def take_down(folder: Folder, *, delete_data: bool, progress: Progress) -> list[str]:
    """Removes what due made, and its Parquet files with ``delete_data``; returns what was left and why.

    Raises :class:`DueError` where failed records would be lost without ``delete_data``.
    """
    found = removal(folder)
    if found.failed_records and not delete_data:
        raise DueError(
            f"{found.failed_records} failed records are kept in {folder.private} and would be lost",
            "due failed replay, due failed discard --all, or due teardown --delete-data",
        )
    with writing(folder, progress) as state:
        if delete_data:
            for path in [str(row[0]) for row in state.rows("known_files")]:
                (folder.root / path).unlink(missing_ok=True)
    shutil.rmtree(folder.private)
    _remove_empty(folder)
    left = []
    if folder.events.exists():
        what = f"{found.foreign_files} Parquet files that due did not write" if delete_data else "the events"
        left.append(f"left: {folder.events} ({what})")
    elif folder.root.exists():
        left.append(f"left: {folder.root} (files that due did not make)")
    return left


def _remove_empty(folder: Folder) -> None:
    """Removes the folders that are empty now, from the hours up to the root."""
    places = sorted((path for path in folder.events.glob("**/") if path.is_dir()), reverse=True)
    for place in [*places, folder.events, folder.root]:
        if place.is_dir() and not any(place.iterdir()):
            place.rmdir()

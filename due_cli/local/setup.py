"""``due setup --local`` and ``due outputs``: make a folder an events database, and show its parts."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from due_cli.core.errors import ConfigurationError, UsageError
from due_cli.core.progress import Progress
from due_cli.core.results import Done, counted
from due_cli.core.settings import DEFAULT_DATABASE, validate_database
from due_cli.local import data_files, retention
from due_cli.local.folder import Folder, file_error, is_own
from due_cli.local.recovery import NOT_IN_FILES, initial_settings, recover_state
from due_cli.local.state import DataFile, State, create, open_state, writer_lock
from due_cli.local.unread import ingest_command, unread_files
from due_cli.local.views import update_shipped_views

_MAX_LISTED = 3


def set_up_folder(folder: Folder, options: Mapping[str, object], progress: Progress) -> Done:
    """Run ``due setup`` on a folder and summarise it.

    Raises :class:`UsageError` for an option that only a stack on AWS has, and for an invalid value.
    """
    for name, value in options.items():
        if value is not None and name not in ("database", "status_days", *retention.OPTIONS):
            raise UsageError(f"--{name.replace('_', '-')} is for AWS, and {folder.root} is a folder", "leave one out")
    database, status_days = options.get("database"), options.get("status_days")
    if status_days is not None and (not isinstance(status_days, int) or status_days < 1):
        raise UsageError(f"--status-days: {status_days} is not a number of days", "1 or more")
    return set_up(folder, str(database or DEFAULT_DATABASE), status_days, progress, options)


def set_up(
    folder: Folder,
    database: str,
    status_days: int | None,
    progress: Progress,
    options: Mapping[str, object] = MappingProxyType({}),
) -> Done:
    """Make a folder an events database, or update an existing one; repeating it changes nothing.

    Existing Parquet files of the layout are read as they are. Raises :class:`UsageError` for a path that is not a
    folder and for an invalid database name, and :class:`ConfigurationError` for a name that differs from the folder's.
    """
    validate_database(database)
    _create_private(folder)
    days_before: str | None = None
    with writer_lock(folder, progress):
        is_new = not folder.state.exists()
        recovered = [] if is_new else recover_state(folder)
        if is_new:
            folder.create_locks()
            folder.events.mkdir(exist_ok=True)
            create(folder, initial_settings(database, status_days))
        with open_state(folder, write=True) as state:
            _check_name(state, database)
            data_files.clean_up(folder, state)
            adopted = data_files.adopt(folder, state, progress)
            with state.transaction():
                if status_days is not None and state.meta("status_days") != str(status_days):
                    days_before = state.meta("status_days")
                    state.run("set_meta", "status_days", str(status_days))
                kept = retention.set_options(state, options)
                views_updated = update_shipped_views(state)
            data_files.clear_staging(folder, state)
            unread = unread_files(folder, state)
    if is_new:
        lines = [f"Created events database {database} in {folder.root}"]
    else:
        lines = [f"Events database {database} in {folder.root} is already set up"]
    if adopted:
        lines.append(f"Adopted {_events_in(adopted)}")
        if is_new and any(is_own(file.path) for file in adopted):
            lines.append(f"Not recovered: {NOT_IN_FILES}")
    if views_updated and not is_new and not recovered:
        lines.append(f"Updated {counted(views_updated, 'view')}")
    if days_before is not None:
        lines.append(f"Statuses are kept {status_days} days after the last event (were {days_before})")
    lines += kept
    lines += [line[0].upper() + line[1:] for line in recovered]
    lines += [f"Not read: {group.text}" for group in unread[:_MAX_LISTED]]
    if len(unread) > _MAX_LISTED:
        lines.append(f"Not read: {counted(sum(group.count for group in unread[_MAX_LISTED:]), 'more such file')}")
    if unread:
        one = unread[0].path if len(unread) == 1 else "events"
        return Done(lines, (ingest_command(folder, one), "due report", "due doctor"))
    return Done(lines, ("due ingest PATH...", "due report", "due doctor"))


def _events_in(files: list[DataFile]) -> str:
    return f"{counted(sum(file.rows for file in files), 'event')} in {counted(len(files), 'existing file')}"


def outputs(folder: Folder) -> dict[str, object]:
    """The guide's stack outputs by their keys, and the local target's own."""
    with open_state(folder) as state:
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


def _create_private(folder: Folder) -> None:
    """Create the folder of the state, with a marker where the events database's folder itself is created."""
    try:
        if folder.root.exists() and not folder.root.is_dir():
            raise UsageError(f"{folder.root} is a file", "give a folder, new or empty or with events/ in it")
        is_new = not folder.root.exists()
        folder.private.mkdir(parents=True, exist_ok=True)
        if is_new:
            folder.created_marker.touch()
    except OSError as error:
        raise file_error(error, folder.root) from None


def _check_name(state: State, database: str) -> None:
    name = state.meta("database")
    if name != database:
        raise ConfigurationError(
            f"the database in {state.folder.root} is named {name}", state.folder.command(f"setup --database {name}")
        )

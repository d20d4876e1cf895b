"""``due teardown`` on a folder."""

from __future__ import annotations

import shutil
from contextlib import suppress

from due_cli.core.errors import DueError
from due_cli.core.progress import Progress
from due_cli.core.results import Done, Removal, counted
from due_cli.local import data_files
from due_cli.local.adopted_files import restore_replaced
from due_cli.local.folder import Folder
from due_cli.local.state import State, open_state, writer_lock


def removal(folder: Folder, *, delete_data: bool) -> Removal:
    """What a teardown would remove.

    Raises :class:`ConfigurationError` for a folder that is not an events database, and as :func:`execute_removal`.
    """
    data = []
    if not _has_lost_state(folder):
        with open_state(folder) as state:
            _check_failed_records(folder, state, delete_data=delete_data)
            data = state.data_files()
    events = (
        f"{counted(sum(file.rows for file in data), 'event')} in {counted(len(data), 'file')}, " if delete_data else ""
    )
    question = f"Remove {events}the views, statuses and bookkeeping of {folder.root}?"
    return Removal(question, lambda progress: execute_removal(folder, delete_data=delete_data, progress=progress))


def execute_removal(folder: Folder, *, delete_data: bool, progress: Progress) -> Done:
    """Remove what setup created, and with ``delete_data`` the Parquet files written by due.

    The state goes last, so that a teardown that was killed can be repeated. Raises :class:`DueError` where failed
    records would be lost without ``delete_data``.
    """
    with writer_lock(folder, progress):
        if not _has_lost_state(folder):
            with open_state(folder, write=True) as state:
                _check_failed_records(folder, state, delete_data=delete_data)
                data_files.clean_up(folder, state)
                if delete_data:
                    _delete_data(folder, state)
        created_root = folder.created_marker.exists()
        _remove_private(folder)
    _remove_empty_folders(folder, with_root=created_root)
    lines = [f"Removed the events database in {folder.root}"]
    if folder.events.exists():
        what = "Parquet files not written by due" if delete_data else "the events"
        lines.append(f"left: {folder.events} ({what})")
    elif folder.root.exists():
        lines.append(f"left: {folder.root}")
    return Done(lines)


def _has_lost_state(folder: Folder) -> bool:
    """Whether a killed teardown, or a killed setup, left a folder without its state."""
    return folder.private.is_dir() and not folder.state.exists()


def _check_failed_records(folder: Folder, state: State, *, delete_data: bool) -> None:
    failed = state.one("count_failed")
    if failed and not delete_data:
        raise DueError(
            f"{counted(int(str(failed)), 'failed record')} kept in {folder.private} would be lost",
            "due failed list, due failed discard --all, or due teardown --delete-data",
        )


def _delete_data(folder: Folder, state: State) -> None:
    restore_replaced(folder, state)
    for path, _ in state.rows("all_files").fetchall():
        data_files.remove(folder, str(path))
    if folder.broken.is_dir():
        shutil.rmtree(folder.broken)


def _remove_private(folder: Folder) -> None:
    """Remove the folder of the state: the state after what it lists, and the locks and the marker after the state."""
    last = [folder.state.name, "read.lock", "write.lock", folder.created_marker.name]
    first = [path for path in folder.private.iterdir() if path.name not in last]
    for path in (*first, *(folder.private / name for name in last)):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    shutil.rmtree(folder.private)


def _remove_empty_folders(folder: Folder, *, with_root: bool) -> None:
    """Remove the empty folders of the layout, and an empty root where setup created it."""
    for path in sorted(folder.hour_folders(), reverse=True):
        data_files.remove_empty(folder, path)
    for path in (folder.events, *((folder.root,) if with_root else ())):
        with suppress(OSError):
            path.rmdir()

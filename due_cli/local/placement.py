"""Moves finished Parquet files to where they stand, so that a killed move leaves nothing behind.

A file counts once the state names it. Before the first of several is moved, a note in the staging place says which
they are; whoever writes next removes those of the note that no commit named. So a file that is in no note and in no
state was put there by a person, and is not due's to remove.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from due_cli.local.folder import Folder
from due_cli.local.parquet import Written
from due_cli.local.state import DataFile, State

_NOTE = "placing"
_SYNC_ONE_BY_ONE = 16


def place(folder: Folder, written: list[Written]) -> list[DataFile]:
    """Moves files into place and has the system write them to the disk itself; a commit may name them now."""
    if not written:
        return []
    with (folder.staging / _NOTE).open("a", encoding="utf-8") as note:
        note.writelines(f"{folder.relative(one.final)}\n" for one in written)
        note.flush()
        os.fsync(note.fileno())
    files = [one.put(folder) for one in written]
    _make_durable([one.final for one in written])
    return files


def clear(folder: Folder, state: State) -> None:
    """Removes the staging place, and the files that were moved out of it for a commit that did not come about."""
    for path in noted(folder):
        if state.one("any_file_of_path", path) is None:
            remove(folder, path)
    shutil.rmtree(folder.staging, ignore_errors=True)


def noted(folder: Folder) -> list[str]:
    """The files that are being moved into place, or were."""
    try:
        return (folder.staging / _NOTE).read_text("utf-8").splitlines()
    except OSError:
        return []


def remove(folder: Folder, path: str) -> None:
    """Removes a file of due's own, and the folders of its hour, day, month and year that are empty then."""
    file = folder.root / path
    file.unlink(missing_ok=True)
    remove_empty(folder, file.parent)


def remove_empty(folder: Folder, place: Path) -> None:
    """Removes a folder below ``events/`` and those above it as far as they are empty."""
    with suppress(OSError):
        while place != folder.events:
            place.rmdir()
            place = place.parent


def _make_durable(files: list[Path]) -> None:
    if len(files) > _SYNC_ONE_BY_ONE:
        os.sync()
        return
    for path in (*files, *_folders_of(files)):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _folders_of(files: Iterable[Path]) -> list[Path]:
    """The folders that files stand in, up to ``events/``; a new one is an entry of the one above it."""
    found = dict.fromkeys(place for file in files for place in list(file.parents)[:5])
    return list(found)

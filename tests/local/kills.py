"""Kills of due after its n-th write, rename or commit: what each leaves on the disk, and real ones with SIGKILL."""

from __future__ import annotations

import datetime
import hashlib
import io
import os
import shutil
import signal
import sys
import threading
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from due_cli.cli.app import main
from tests.local.processes import fork

# Calls that change something on the disk, by the name under which Python's profiler sees them return.
CHANGES = frozenset(
    ("write", "fsync", "sync", "replace", "rename", "unlink", "rmdir", "mkdir", "commit", "write_table", "touch")
)
# Types whose methods of these names change nothing on the disk.
HARMLESS = (str, bytes, bytearray, datetime.datetime, io.StringIO, io.TextIOWrapper)


@contextmanager
def _at_each_change(action: Callable[[], None]) -> Iterator[None]:
    """Call ``action`` after each change that any thread makes; changes wait for each other's action."""
    lock = threading.Lock()

    def watch(_frame: types.FrameType, event: str, called: object) -> None:
        if event != "c_return" or isinstance(getattr(called, "__self__", ""), HARMLESS):
            return
        if getattr(called, "__name__", "") in CHANGES:
            with lock:
                action()

    threading.setprofile(watch)
    sys.setprofile(watch)
    try:
        yield
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


def crash_images(database: Path, words: list[str], place: Path) -> tuple[int, list[Path]]:
    """Run a command on a copy of a database; returns the number of changes it made and copies of what each left.

    A process that is killed leaves what it has written: a copy made at that moment is what SIGKILL would leave. Of
    several copies that are alike the first is returned.
    """
    subject = place / "subject"
    shutil.copytree(database, subject)
    images: dict[str, Path] = {}
    changes = 0

    def copy() -> None:
        nonlocal changes
        changes += 1
        image = place / f"killed-{changes}"
        if subject.exists():
            shutil.copytree(subject, image)
        else:
            image.mkdir()
        if images.setdefault(_digest(image), image) != image:
            shutil.rmtree(image)

    with _at_each_change(copy):
        assert main([*words, "--local", str(subject)]) == 0
    shutil.rmtree(subject, ignore_errors=True)
    return changes, list(images.values())


def kill(database: Path, words: list[str], changes: int) -> None:
    """Run a command in a process of its own, which SIGKILL ends when it has made so many changes."""
    child = fork()
    if child == 0:
        _killed_child([*words, "--local", str(database)], changes)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL, f"never killed: {status}"


def _killed_child(words: list[str], changes: int) -> None:
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    count = 0

    def kill_self() -> None:
        nonlocal count
        count += 1
        if count == changes:
            os.kill(os.getpid(), signal.SIGKILL)

    with _at_each_change(kill_self):
        main(words)
    os._exit(0)


def _digest(place: Path) -> str:
    """The paths below a folder and the content of its files."""
    digest = hashlib.sha256()
    for path in sorted(place.rglob("*")):
        content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"
        digest.update(f"{path.relative_to(place)} {content}\n".encode())
    return digest.hexdigest()

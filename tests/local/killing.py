"""Runs due in a forked process and kills it, with SIGKILL, after its n-th write, rename or commit."""

from __future__ import annotations

import datetime
import io
import os
import signal
import sys
import threading
import types

from due_cli.cli.app import main

# Calls that change something on the disk, by the name under which Python's profiler sees them return.
CHANGES = frozenset(
    ("write", "fsync", "sync", "replace", "rename", "unlink", "rmdir", "mkdir", "commit", "write_table", "touch")
)


# Text has methods of these names too.
HARMLESS = (str, bytes, bytearray, datetime.datetime, io.StringIO, io.TextIOWrapper)


def run(words: list[str], kill_after: int | None) -> tuple[bool, int]:
    """Runs ``due`` with ``words``; returns whether it was killed, and how many changes it made if it was not.

    With ``kill_after`` the process is killed when that many changes have been made.
    """
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        _child(words, kill_after, write)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        said = pipe.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True, kill_after or 0
    code, _, changes = said.decode().partition(" ")
    assert code == "0", f"due {' '.join(words)} ended with {code}"
    return False, int(changes)


def _child(words: list[str], kill_after: int | None, write: int) -> None:
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    changes = 0

    def watch(_frame: types.FrameType, event: str, called: object) -> None:
        nonlocal changes
        if event != "c_return" or isinstance(getattr(called, "__self__", ""), HARMLESS):
            return
        if getattr(called, "__name__", "") in CHANGES:
            changes += 1
            if changes == kill_after:
                os.kill(os.getpid(), signal.SIGKILL)

    threading.setprofile(watch)
    sys.setprofile(watch)
    code = main(words)
    sys.setprofile(None)
    os.write(write, f"{int(code)} {changes}".encode())
    os._exit(0)

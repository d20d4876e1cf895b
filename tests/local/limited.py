"""``due`` in a forked process with less than it would like: room on the disk, or the rights of its user.

Everything that due imports is imported before the fork, because another user may not read where it is installed.
"""

from __future__ import annotations

import io
import os
import resource
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import duckdb  # noqa: F401  loaded for the forked process
import orjson  # noqa: F401
import pyarrow.parquet  # noqa: F401

from due_cli.cli.app import main
from due_cli.core.results import Table
from due_cli.core.settings import Settings
from due_cli.render import screen
from tests.commands import Ran

NOBODY = 65534

screen.show(Table(("a table",), [("loads what tables need",)]), Settings(), io.StringIO())


def with_room_for(size: int, *words: str) -> Ran:
    """``due`` where no file may grow beyond ``size`` bytes, as on a disk that is full."""

    def prepare() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return _forked(prepare, words)


def as_another_user(*words: str) -> Ran:
    """``due`` as a user who owns nothing, or as oneself where one is not root."""

    def prepare() -> None:
        if os.geteuid() == 0:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)

    return _forked(prepare, words)


def give_to_other_user(*paths: Path) -> None:
    """Makes the user of :func:`as_another_user` the owner of what stands at paths."""
    if os.geteuid() == 0:
        for path in paths:
            os.chown(path, NOBODY, NOBODY)


def open_to_all(path: Path) -> None:
    """Lets everybody pass through the folders above a path: pytest keeps its own to itself."""
    for place in path.parents:
        if place.stat().st_uid == os.geteuid() and place != Path(place.anchor):
            place.chmod(place.stat().st_mode | 0o055)


def _forked(prepare: Callable[[], None], words: tuple[str, ...]) -> Ran:
    (out, writes_out), (err, writes_err) = os.pipe(), os.pipe()  # pipes: a limit on files does not count for them
    child = os.fork()
    if child == 0:
        _child(prepare, words, writes_out, writes_err)
    os.close(writes_out)
    os.close(writes_err)
    with os.fdopen(out, "rb") as first, os.fdopen(err, "rb") as second:
        said, complained = first.read(), second.read()
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    return Ran(code, said.decode(errors="replace"), complained.decode(errors="replace"), said)


def _child(prepare: Callable[[], None], words: tuple[str, ...], out: int, err: int) -> NoReturn:
    code = 99
    try:
        os.dup2(out, 1)
        os.dup2(err, 2)
        sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115  as long as the process
        sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115
        prepare()
        code = int(main(words))
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)

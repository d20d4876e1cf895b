"""``due`` in a forked process with less room on the disk, or without root's privileges."""

from __future__ import annotations

import ctypes
import os
import resource
import sys
import traceback
from collections.abc import Callable
from typing import NoReturn

from due_cli.cli.app import main
from tests.commands import Ran
from tests.local.processes import fork

_CAPABILITY_VERSION_3 = 0x20080522  # linux/capability.h


def with_room_for(size: int, *words: str) -> Ran:
    """Run ``due`` where no file may grow beyond ``size`` bytes, as on a full disk."""

    def limit() -> None:
        # Python would keep compiled modules that are cut off, and every later process could not import them.
        sys.dont_write_bytecode = True
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"  # for the processes that it starts
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return _forked(limit, words)


def without_privileges(*words: str) -> Ran:
    """Run ``due`` as this user; root without its capabilities, so that permissions hold for it as for anybody."""
    return _forked(_drop_capabilities, words)


def _drop_capabilities() -> None:
    if os.geteuid() == 0:
        header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)  # version, process (this one)
        nothing = (ctypes.c_uint32 * 6)()  # effective, permitted and inheritable, twice
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.capset(header, nothing) != 0:
            raise OSError(ctypes.get_errno(), "capset")


def _forked(prepare: Callable[[], None], words: tuple[str, ...]) -> Ran:
    (out, writes_out), (err, writes_err) = os.pipe(), os.pipe()  # pipes: a limit on files does not count for them
    child = fork()
    if child == 0:
        _child(prepare, words, writes_out, writes_err)
    os.close(writes_out)
    os.close(writes_err)
    with os.fdopen(out, "rb") as first, os.fdopen(err, "rb") as second:
        output, errors = first.read(), second.read()
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    return Ran(code, output.decode(errors="replace"), errors.decode(errors="replace"), output)


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

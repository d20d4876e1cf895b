"""Processes of due that are at work while the test goes on."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.commands import Ran

PATIENCE = 120.0  # seconds; the machines that run tests are busy


@contextmanager
def started(*words: str, stdin: int = subprocess.DEVNULL) -> Iterator[subprocess.Popen[bytes]]:
    """A process of due that is ended when the test is."""
    with command(sys.executable, "-m", "due_cli", *words, stdin=stdin) as process:
        yield process


@contextmanager
def command(*words: str, stdin: int = subprocess.DEVNULL) -> Iterator[subprocess.Popen[bytes]]:
    """A process of any command, in a group of its own."""
    process = subprocess.Popen(
        words, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def ended(process: subprocess.Popen[bytes]) -> Ran:
    """What a process did, once it has ended."""
    out, err = process.communicate(timeout=PATIENCE)
    return Ran(process.returncode, out.decode(errors="replace"), err.decode(errors="replace"), out)


def says(process: subprocess.Popen[bytes], text: str) -> str:
    """What a process has written to standard error, as soon as ``text`` is in it."""
    assert process.stderr is not None
    said = b""
    until = time.monotonic() + PATIENCE
    while text.encode() not in said:
        ready, _, _ = select.select([process.stderr], [], [], max(0.0, until - time.monotonic()))
        assert ready, f"{text!r} is not in {said!r}"
        part = os.read(process.stderr.fileno(), 65536)
        assert part, f"it ended with {said!r}"
        said += part
    return said.decode(errors="replace")


def wait_until(true: Callable[[], bool], what: str) -> None:
    """Returns as soon as something is so."""
    until = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < until, f"still not: {what}"
        time.sleep(0.02)


@contextmanager
def ingest_under_way(database: Path, pipe: Path, more: Sequence[str] = ()) -> Iterator[subprocess.Popen[bytes]]:
    """An ingest that has the database to itself and waits for its input, which :func:`let_end` gives it."""
    os.mkfifo(pipe)
    with started("ingest", str(pipe), "--local", str(database), "-o", "json", *more) as process:
        descriptor = -1

        def opened() -> bool:
            nonlocal descriptor
            try:
                descriptor = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
            except OSError:  # nobody reads yet
                assert process.poll() is None, ended(process)
                return False
            return True

        wait_until(opened, "the ingest reads its pipe")
        os.set_blocking(descriptor, True)
        _INPUTS[process.pid] = descriptor
        try:
            yield process
        finally:
            if process.pid in _INPUTS:
                os.close(_INPUTS.pop(process.pid))


_INPUTS: dict[int, int] = {}


def let_end(process: subprocess.Popen[bytes], data: bytes) -> Ran:
    """Gives an ingest that is under way its input, and waits for its end."""
    give(process, data)
    os.close(_INPUTS.pop(process.pid))
    return ended(process)


def give(process: subprocess.Popen[bytes], data: bytes) -> None:
    """Gives an ingest that is under way some of its input."""
    left = memoryview(data)
    while left:
        left = left[os.write(_INPUTS[process.pid], left) :]

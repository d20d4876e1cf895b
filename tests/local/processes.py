"""Processes of due that run while the test goes on, some of them at a terminal."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.commands import Ran

TIMEOUT = 120.0  # seconds; the machines that run tests are busy


@contextmanager
def started(*words: str, stdin: int = subprocess.DEVNULL) -> Iterator[subprocess.Popen[bytes]]:
    """A process of due, which the end of the block ends."""
    with command(sys.executable, "-m", "due_cli", *words, stdin=stdin) as process:
        yield process


@contextmanager
def command(*words: str, stdin: int = subprocess.DEVNULL) -> Iterator[subprocess.Popen[bytes]]:
    """A process of any command, in a group of its own, which the end of the block ends."""
    process = subprocess.Popen(
        words, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def ended(process: subprocess.Popen[bytes]) -> Ran:
    """Wait for the end of a process; returns its result."""
    out, err = process.communicate(timeout=TIMEOUT)
    return Ran(process.returncode, out.decode(errors="replace"), err.decode(errors="replace"), out)


def says(process: subprocess.Popen[bytes], text: str) -> str:
    """Wait until ``text`` is in the standard error of a process; returns all of it."""
    assert process.stderr is not None
    errors = b""
    deadline = time.monotonic() + TIMEOUT
    while text.encode() not in errors:
        ready, _, _ = select.select([process.stderr], [], [], max(0.0, deadline - time.monotonic()))
        assert ready, f"{text!r} is not in {errors!r}"
        part = os.read(process.stderr.fileno(), 65536)
        assert part, f"it ended with {errors!r}"
        errors += part
    return errors.decode(errors="replace")


def wait_until(condition: Callable[[], bool], description: str) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < deadline, f"still not: {description}"
        time.sleep(0.02)


@contextmanager
def ingest_under_way(database: Path, pipe: Path, more: Sequence[str] = ()) -> Iterator[subprocess.Popen[bytes]]:
    """An ingest that holds the writer lock and waits for its input, which :func:`let_end` gives it."""
    os.mkfifo(pipe)
    with started("ingest", str(pipe), "--local", str(database), "-o", "json", *more) as process:
        descriptor = -1

        def opened() -> bool:
            nonlocal descriptor
            try:
                descriptor = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
            except OSError:  # not read yet
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
    """Give an ingest that is under way the rest of its input, and wait for its end."""
    give(process, data)
    os.close(_INPUTS.pop(process.pid))
    return ended(process)


def give(process: subprocess.Popen[bytes], data: bytes) -> None:
    """Give an ingest that is under way some of its input."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(_INPUTS[process.pid], rest) :]


def fork() -> int:
    """Fork, without Python's warning about threads: the tests' children run due and end."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


class Terminal:
    """A process of due whose output and errors go to a pseudo-terminal, and whose input is a pipe."""

    def __init__(self, process: subprocess.Popen[bytes], screen: int) -> None:
        self.process = process
        self._screen = screen
        self._output = bytearray()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def output(self) -> str:
        """What the terminal was sent so far."""
        return self._output.decode(errors="replace")

    def give(self, data: bytes) -> None:
        """Write to the standard input."""
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def let_end(self) -> int:
        """Close the standard input and wait for the end of the process and its output; returns the exit code."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        code = self.process.wait(TIMEOUT)
        self._reader.join(TIMEOUT)
        return code

    def _read(self) -> None:
        while True:
            try:
                part = os.read(self._screen, 65536)
            except OSError:  # on Linux, the other end is closed
                return
            if not part:
                return
            self._output += part


@contextmanager
def at_terminal(*words: str, environment: Mapping[str, str] | None = None) -> Iterator[Terminal]:
    """A process of due at a terminal, which the end of the block ends."""
    screen, other_end = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "due_cli", *words],
        stdin=subprocess.PIPE,
        stdout=other_end,
        stderr=other_end,
        env={**os.environ, "TERM": "xterm-256color", **(environment or {})},
        start_new_session=True,
    )
    os.close(other_end)
    try:
        yield Terminal(process, screen)
    finally:
        process.kill()
        process.wait()
        os.close(screen)

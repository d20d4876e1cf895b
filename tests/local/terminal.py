"""``due`` at a terminal: a pseudo-terminal takes what it prints, and a pipe gives it what to ingest."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from tests.local.processes import PATIENCE


class Terminal:
    """A process of due, and all that its terminal was sent."""

    def __init__(self, process: subprocess.Popen[bytes], screen: int) -> None:
        self.process = process
        self._screen = screen
        self._said = bytearray()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def said(self) -> str:
        """What was sent so far."""
        return self._said.decode(errors="replace")

    def give(self, data: bytes) -> None:
        """Some of the standard input."""
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def ended(self) -> int:
        """The exit code, after the end of the standard input; all was said then."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        code = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        return code

    def _read(self) -> None:
        while True:
            try:
                part = os.read(self._screen, 65536)
            except OSError:  # how Linux says that nobody has the other end any more
                return
            if not part:
                return
            self._said += part


@contextmanager
def at_terminal(*words: str, environment: Mapping[str, str] | None = None) -> Iterator[Terminal]:
    """A process of due whose output and errors go to a terminal; it is ended when the test is."""
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

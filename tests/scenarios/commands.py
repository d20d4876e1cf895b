"""``due`` as processes of their own, begun from one that has imported all, so that hundreds are quick."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest

from tests.aws_emulator.aws import AwsEmulator
from tests.aws_emulator.calls import Call
from tests.scenarios import process

_PRELOADED = ["tests.scenarios.preload", "tests.scenarios.process", "pytest"]  # pytest: it is the main module
_LONGEST_SECONDS = 600  # more than anything takes, also where the processors are busy
KilledBy = Callable[[Call], bool]


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended: its exit code, or minus the signal that ended it, and what it wrote."""

    code: int
    out: str
    err: str


@dataclass
class Commands:
    """Runs commands in an account, with a home of their own."""

    emulator: AwsEmulator
    home: Path
    context: ForkServerContext

    def due(self, *words: str, killed_by: KilledBy | None = None, **environment: str) -> Ended:
        """Runs one command; killed (SIGKILL) as soon as a call that ``killed_by`` names has taken effect."""
        return self._ended(words, killed_by, signal.SIGKILL, environment, 0)

    def interrupted(self, words: tuple[str, ...], at: KilledBy, *, later: float = 0, **environment: str) -> Ended:
        """Runs one command; Ctrl-C when a call that ``at`` names has taken effect, or some seconds ``later``."""
        return self._ended(words, at, signal.SIGINT, environment, later)

    def _ended(
        self,
        words: tuple[str, ...],
        killed_by: KilledBy | None,
        with_signal: int,
        environment: dict[str, str],
        later: float,
    ) -> Ended:
        out, err = self.home / "out", self.home / "err"
        given = {**self.emulator.environment(), "HOME": str(self.home), **environment}
        child = self.context.Process(target=process.run, args=(words, given, str(out), str(err)))
        child.start()
        pid = child.pid
        assert pid is not None

        def kill(call: Call) -> None:
            if killed_by is None or not killed_by(call):
                return
            if later:
                threading.Timer(later, _signal, (pid, with_signal)).start()
            else:
                os.kill(pid, with_signal)
                _wait_for_the_end(pid)

        if killed_by is not None:
            self.emulator.faults.hook(kill)
        child.join(_LONGEST_SECONDS)
        self.emulator.wait()
        self.emulator.faults.unhook()
        code = child.exitcode
        child.kill()  # it would go on for ever where it has not ended
        assert code is not None, f"due {' '.join(words)} has not ended after {_LONGEST_SECONDS} seconds"
        child.close()
        return Ended(code, out.read_text("utf-8"), err.read_text("utf-8"))


def _signal(pid: int, number: int) -> None:
    """A process that has ended gets no signal, and its exit code shows that."""
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def _wait_for_the_end(pid: int) -> None:
    """So that nothing of it comes after the call that it was killed at."""
    deadline = time.monotonic() + _LONGEST_SECONDS
    with suppress(ProcessLookupError):
        while time.monotonic() < deadline:
            os.kill(pid, 0)
            time.sleep(0.002)


@pytest.fixture
def commands(emulator: AwsEmulator, tmp_path: Path) -> Commands:
    """Commands in a new account."""
    return Commands(emulator, tmp_path, preloaded())


def preloaded() -> ForkServerContext:
    """Where processes begin that have imported all."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOADED)
    return context

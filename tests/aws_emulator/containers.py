"""Processes that run a function's zip, as Lambda's containers do: each for one invocation at a time, and used again."""

from __future__ import annotations

import json
import selectors
import threading
import time
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.aws_emulator.bootstrap import END
from tests.aws_emulator.prefork import Forked

_BOOTSTRAP = Path(__file__).with_name("bootstrap.py")
Key = tuple[Any, ...]


class TimedOutError(Exception):
    """The invocation took too long and was ended; its argument is what was logged until then."""


class Container:
    """One process of a function."""

    def __init__(self, code: Path, handler: str, environment: Mapping[str, str]) -> None:
        self._process = Forked(_BOOTSTRAP, str(code), handler, environment=environment, folder=code)

    def run(self, asked: dict[str, Any], seconds: float) -> tuple[list[str], bool]:
        """What one invocation logged, and whether the process is still there."""
        given, taken = self._process.stdin, self._process.stdout
        writer = threading.Thread(target=_write, args=(given, json.dumps(asked).encode() + b"\n"))
        writer.start()  # beside the reading: a function may log more than a pipe holds before it has read its event
        logged, until, end = b"", time.monotonic() + seconds, f"\n{END}\n".encode()
        with selectors.DefaultSelector() as selector:
            selector.register(taken, selectors.EVENT_READ)
            while not logged.endswith(end):
                if not selector.select(max(0.0, until - time.monotonic())):
                    self.close()
                    raise TimedOutError(_lines(logged))
                part = taken.read(65_536)
                if not part:
                    self.close()
                    return _lines(logged), False
                logged += part
        writer.join()
        return _lines(logged.removesuffix(end)), True

    def close(self) -> None:
        """Ends the process."""
        self._process.kill()
        self._process.wait()
        self._process.close()


class Containers:
    """Those that wait for their next invocation, by what makes them alike: code, handler and environment."""

    def __init__(self) -> None:
        self._idle: dict[Key, list[Container]] = defaultdict(list)
        self._lock = threading.Lock()

    def idle(self, key: Key) -> Container | None:
        """One that is ready, which is then in use."""
        with self._lock:
            return self._idle[key].pop() if self._idle[key] else None

    def give_back(self, key: Key, container: Container) -> None:
        """One that is ready again."""
        with self._lock:
            self._idle[key].append(container)

    def close(self) -> None:
        """Ends all that wait."""
        with self._lock:
            for container in (one for some in self._idle.values() for one in some):
                container.close()
            self._idle.clear()


def _write(pipe: Any, data: bytes) -> None:
    view = memoryview(data)
    try:
        while view:
            view = view[pipe.write(view) :]
    except (OSError, ValueError):  # the process has ended, which its reader sees
        return


def _lines(logged: bytes) -> list[str]:
    return [line for line in logged.decode(errors="replace").splitlines() if line]

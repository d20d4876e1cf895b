"""How often a service is asked that answers seldom."""

from __future__ import annotations

import threading
import time
from typing import Any

from botocore.client import BaseClient

from due_cli.aws.pool import pause

_BUSY = ("TooManyRequestsException", "ThrottlingException", "Throttling")


class RateLimiter:
    """From the first refusal on, calls of a client are ``seconds`` apart, whichever thread makes them.

    Asking on and being refused would cost more time than it saves, and take the answers from whoever asks beside.
    """

    def __init__(self, client: BaseClient, seconds: float) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._is_slow = False
        self._next = 0.0
        service = client.meta.service_model.service_id.hyphenize()
        client.meta.events.register(f"needs-retry.{service}", self._look)
        client.meta.events.register(f"before-send.{service}", self._wait)

    def _look(self, response: tuple[object, dict[str, Any]] | None = None, **_: object) -> None:
        if response is None:
            return
        if response[1].get("Error", {}).get("Code") in _BUSY:
            self._is_slow = True
        with self._lock:  # it was counted before it was answered: from then on the next one is late enough
            self._next = max(self._next, time.monotonic() + self._seconds)

    def _wait(self, **_: object) -> None:
        if not self._is_slow:
            return
        with self._lock:
            begin = max(self._next, time.monotonic())
            self._next = begin + self._seconds
        pause(max(0.0, begin - time.monotonic()))

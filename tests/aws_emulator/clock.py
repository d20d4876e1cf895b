"""The emulator's clock, which a test can set, so that hours pass in no time."""

from __future__ import annotations

import time


class Clock:
    """Real time plus what a test added; or a moment at which it stands."""

    def __init__(self) -> None:
        self._ahead = 0.0
        self._fixed: float | None = None

    def now(self) -> float:
        """Seconds since the epoch."""
        return self._fixed if self._fixed is not None else time.time() + self._ahead

    def advance(self, seconds: float) -> None:
        """Lets time pass."""
        if self._fixed is not None:
            self._fixed += seconds
        self._ahead += seconds

    def set(self, seconds: float | None) -> None:
        """Stands at a moment; None runs on again."""
        self._fixed = seconds

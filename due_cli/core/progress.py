"""How long-running work reports its progress; ``render`` shows it on a terminal."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Receives progress reports."""

    def note(self, text: str) -> None:
        """Write a line to standard error: a warning, waiting for another process."""

    def aside(self, text: str) -> None:
        """Write a line to standard error, unless ``--quiet`` is given: what a query cost."""

    def start(self, what: str, total: int | None) -> None:
        """Begin a piece of work; ``total`` is its number of units if known."""

    def advance(self, done: int, *, count: int = 0) -> None:
        """Add ``done`` units and ``count`` records to what is finished."""

    def finish(self) -> None:
        """End the piece of work."""


class Silent:
    """Progress that is not shown: every method does nothing."""

    def note(self, text: str) -> None:
        pass

    def aside(self, text: str) -> None:
        pass

    def start(self, what: str, total: int | None) -> None:
        pass

    def advance(self, done: int, *, count: int = 0) -> None:
        pass

    def finish(self) -> None:
        pass

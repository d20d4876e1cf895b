"""How long work tells a person what it is doing; ``render`` shows it on a terminal and nowhere else."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Told of steps as they are done."""

    def note(self, text: str) -> None:
        """One line for standard error: waiting for another writer, a warning."""

    def aside(self, text: str) -> None:
        """One line for standard error that nobody misses under ``--quiet``: what a query cost."""

    def start(self, what: str, total: int | None) -> None:
        """A stretch of work begins; ``total`` units where it is known."""

    def advance(self, done: int, *, count: int = 0) -> None:
        """``done`` more units are done, ``count`` more records among them."""

    def finish(self) -> None:
        """The stretch of work is over."""


class Silent:
    """Progress that nobody watches."""

    def note(self, text: str) -> None:
        """Says nothing."""

    def aside(self, text: str) -> None:
        """Says nothing."""

    def start(self, what: str, total: int | None) -> None:
        """Shows nothing."""

    def advance(self, done: int, *, count: int = 0) -> None:
        """Shows nothing."""

    def finish(self) -> None:
        """Shows nothing."""

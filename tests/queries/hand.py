"""A report over a few events, with the rows that a person counted."""

from __future__ import annotations

from dataclasses import dataclass, field

from due_cli.events.model import Json
from tests.queries.reference import Rows


@dataclass(frozen=True)
class Hand:
    """Events, a report with its options, and its rows. No other case has events in the same period."""

    report: str
    what: str
    since: str
    until: str
    options: dict[str, str | int] = field(default_factory=dict)
    records: list[Json] = field(default_factory=list)
    rows: Rows = field(default_factory=list)

    @property
    def words(self) -> list[str]:
        """What is typed after ``due``."""
        own = [word for name, value in self.options.items() for word in (f"--{name}", str(value))]
        return ["report", self.report, "--since", self.since, "--until", self.until, *own]

    def __str__(self) -> str:
        return f"{self.report}: {self.what}"

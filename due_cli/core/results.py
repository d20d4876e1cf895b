"""What commands return. ``render`` is the only module that turns these into text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

Value = object  # a cell: None, text, number, bool, datetime, list or mapping


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of named columns; ``rows`` may be a stream and is read once.

    ``next_steps`` are commands to type next, for a person at a terminal. ``empty`` says why there may be no rows.
    """

    columns: Sequence[str]
    rows: Iterable[Sequence[Value]]
    next_steps: Sequence[str] = ()
    empty: str = "no rows"


@dataclass(frozen=True, slots=True)
class Record:
    """One object: a line for each field in a table, one JSON object with ``-o json``."""

    fields: dict[str, Value]
    next_steps: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Text:
    """Text that is the answer itself: SQL, a raw record."""

    text: str | bytes


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of a message's timeline; ``at`` is an ISO 8601 time."""

    at: str
    fact: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """The status of one message: its item, and what happened when, in words."""

    item: dict[str, Value]
    moments: Sequence[Moment] = ()


@dataclass(frozen=True, slots=True)
class Statuses:
    """The answer of ``due status``, one entry for each id in the order asked."""

    timelines: Sequence[Timeline]


Outcome = Literal["ok", "warning", "problem"]


@dataclass(frozen=True, slots=True)
class Check:
    """One check of ``due doctor``; ``mend`` is the command that puts a problem right."""

    check: str
    outcome: Outcome
    found: str
    fix: str | None = None


@dataclass(frozen=True, slots=True)
class Checks:
    """The answer of ``due doctor``."""

    checks: Sequence[Check]

    @property
    def problems(self) -> int:
        """How many checks found something to mend."""
        return sum(check.outcome == "problem" for check in self.checks)


@dataclass(frozen=True, slots=True)
class Done:
    """A change that was made, or that did not have to be: what to say of it."""

    lines: Sequence[str]
    next_steps: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Removal:
    """What taking a database down would do: the question to ask before, and each step where there is a plan."""

    question: str
    plan: Table | None = None


@dataclass(frozen=True, slots=True)
class Parts:
    """Several results one after another, each under its heading (the tour of ``due demo``)."""

    parts: Iterator[tuple[str, Result]]


@dataclass(frozen=True, slots=True)
class IngestSummary:
    """What became of the records of an ingest: records = kept + duplicates + ignored + failed.

    ``rows`` counts the rows of the kept records, ``nulled`` their fields that were of a wrong type and became NULL.
    """

    records: int = 0
    kept: int = 0
    duplicates: int = 0
    ignored: int = 0
    failed: int = 0
    rows: int = 0
    nulled: int = 0
    problems: Sequence[str] = field(default=())

    def plus(self, other: IngestSummary) -> IngestSummary:
        """Two accounts as one."""
        return IngestSummary(
            self.records + other.records,
            self.kept + other.kept,
            self.duplicates + other.duplicates,
            self.ignored + other.ignored,
            self.failed + other.failed,
            self.rows + other.rows,
            self.nulled + other.nulled,
            (*self.problems, *other.problems),
        )


Result = Table | Record | Text | Statuses | Checks | Done | IngestSummary | Parts


def counted(count: int, what: str) -> str:
    """A number of things, in English."""
    plural = what if count == 1 else f"{what[:-1]}ies" if what.endswith("y") else f"{what}s"
    return f"{count:,} {plural}"

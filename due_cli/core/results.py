"""The results of commands; only ``render`` turns them into text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from itertools import islice
from typing import Literal, TypeVar

from due_cli.core.errors import UsageError
from due_cli.core.progress import Progress

Value = object  # a cell: None, text, number, bool, datetime, list or mapping


def _nothing() -> None:
    return None


TypeKind = Literal[
    "boolean", "integer", "double", "text", "bytes", "date", "time", "timestamp", "list", "map", "struct", "json"
]


@dataclass(frozen=True, slots=True)
class ColumnType:
    """The type of a column; ``parts`` are the item of a list, key and value of a map, and the fields of a struct.

    ``json`` is a list, map or struct whose parts are not known.
    """

    kind: TypeKind
    parts: tuple[tuple[str, ColumnType], ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of named columns; ``rows`` may be a stream and is read once.

    ``types`` are those of the columns; without them the values of the rows, which then are few, tell.
    ``next_steps`` are commands to run next. ``empty`` is what a person sees if there are no rows, or
    what finds that out; ``hint`` finds what to say once the rows are read.
    """

    columns: Sequence[str]
    rows: Iterable[Sequence[Value]]
    next_steps: Sequence[str] = ()
    empty: str | Callable[[], str] = "no rows"
    hint: Callable[[], str | None] = _nothing
    types: Sequence[ColumnType] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What a command would do: the steps that are shown, and a summary of all, as text and as fields of one object."""

    steps: Table
    summary: str
    fields: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Record:
    """One object: one line per field, or one JSON object with ``-o json``."""

    fields: dict[str, Value]
    next_steps: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Text:
    """Text that is printed as it is: SQL, a raw record."""

    text: str | bytes


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of a message's timeline: an ISO 8601 time, the event, and what it means."""

    at: str
    fact: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """The status of one message: its item, what happened when, and, for a person, what else its events say of it."""

    item: dict[str, Value]
    moments: Sequence[Moment] = ()
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Statuses:
    """The result of ``due status``: one timeline per id, in the order of the ids.

    ``hint`` says what was searched where a message was not found.
    """

    timelines: Sequence[Timeline]
    hint: str | None = None


Outcome = Literal["ok", "warning", "problem"]
# The outcome of a check, what it found, the command that changes it, and the code of a kind of findings among several.
Finding = tuple[Outcome, str, str | None] | tuple[Outcome, str, str | None, str]


@dataclass(frozen=True, slots=True)
class Check:
    """One finding of a check of ``due doctor``.

    ``fix`` is the command that fixes a problem, or changes what is ok by choice. ``kind`` tells the findings of a check
    apart, for programs; ``code`` is its stable name.
    """

    check: str
    outcome: Outcome
    found: str
    fix: str | None = None
    kind: str = ""

    @property
    def code(self) -> str:
        """The stable name of this kind of finding, such as ``files-missing``."""
        return "-".join(filter(None, (*self.check.lower().split(), self.kind)))


@dataclass(frozen=True, slots=True)
class Checks:
    """The result of ``due doctor``."""

    checks: Sequence[Check]

    @property
    def problems(self) -> int:
        """The number of checks that found a problem."""
        return sum(check.outcome == "problem" for check in self.checks)


@dataclass(frozen=True, slots=True)
class Done:
    """A change that was made, or did not have to be made: what happened, in lines.

    ``fields`` are its numbers, which programs get in place of the lines.
    """

    lines: Sequence[str]
    next_steps: Sequence[str] = ()
    fields: dict[str, Value] | None = None


@dataclass(frozen=True, slots=True)
class Removal:
    """What a teardown would do: the confirmation question, its execution and, on AWS, the plan."""

    question: str
    execute: Callable[[Progress], Done]
    plan: Table | None = None


@dataclass(frozen=True, slots=True)
class Certificate:
    """What an erasure found and changed: one object for programs, ``lines`` for a person.

    ``found`` is whether anything named the person.
    """

    fields: dict[str, Value]
    lines: Sequence[str]
    found: bool


@dataclass(frozen=True, slots=True)
class Parts:
    """Several results one after another, each with its heading (``due demo``)."""

    parts: Iterator[tuple[str, Result]]


@dataclass(frozen=True, slots=True)
class IngestSummary:
    """The counts of an ingest: records = kept + duplicates + ignored + failed.

    ``rows`` counts the rows of the kept records, ``duplicate_rows`` the rows whose event was stored already,
    ``nulled`` the fields with an unexpected type, set to NULL.
    """

    records: int = 0
    kept: int = 0
    duplicates: int = 0
    ignored: int = 0
    failed: int = 0
    rows: int = 0
    duplicate_rows: int = 0
    nulled: int = 0
    problems: Sequence[str] = field(default=())

    def plus(self, other: IngestSummary) -> IngestSummary:
        """The sum of two summaries."""
        return IngestSummary(
            self.records + other.records,
            self.kept + other.kept,
            self.duplicates + other.duplicates,
            self.ignored + other.ignored,
            self.failed + other.failed,
            self.rows + other.rows,
            self.duplicate_rows + other.duplicate_rows,
            self.nulled + other.nulled,
            (*self.problems, *other.problems),
        )

    def judged(self, *, strict: bool) -> IngestSummary:
        """The same summary, as that of a failed ingest where every record failed or, if ``strict``, any."""
        if not self.failed or (self.failed < self.records and not strict):
            return self
        return FailedIngest(**{one.name: getattr(self, one.name) for one in fields(self)})

    def refused(self) -> IngestSummary:
        """The same summary, as that of an ingest of which AWS refused a part."""
        return RefusedIngest(**{one.name: getattr(self, one.name) for one in fields(self)})


@dataclass(frozen=True, slots=True)
class FailedIngest(IngestSummary):
    """The counts of an ingest of which too many records failed: the exit code says so."""


@dataclass(frozen=True, slots=True)
class RefusedIngest(IngestSummary):
    """The counts of an ingest of which AWS refused a part, which ``problems`` names: the exit code says so."""


Result = Table | Plan | Record | Text | Statuses | Checks | Done | IngestSummary | Certificate | Parts
Limited = TypeVar("Limited", bound=Result)


def limited(result: Limited, limit: int | None) -> Limited:
    """The first rows of a table, as many as ``--limit`` says; any other result as it is."""
    if limit is None or not isinstance(result, Table):
        return result
    if limit < 1:
        raise UsageError(f"--limit: {limit} is not a number of rows", "at least 1")
    return replace(result, rows=islice(result.rows, limit))


def counted(count: int, what: str) -> str:
    """A count with its noun, such as ``2 records``."""
    plural = what if count == 1 else f"{what[:-1]}ies" if what.endswith("y") else f"{what}s"
    return f"{count:,} {plural}"


def size_text(count: float) -> str:
    """A number of bytes in words."""
    if count < 1_000:
        return f"{count:.0f} byte{'' if count == 1 else 's'}"
    for unit in ("kB", "MB", "GB"):
        count /= 1_000
        if count < 1_000:
            return f"{count:.1f} {unit}"
    return f"{count / 1_000:,.1f} TB"


def time_ago(age: timedelta) -> str:
    """An age in words, such as ``4 h ago``."""
    minutes = max(int(age.total_seconds()) // 60, 0)
    if minutes < 120:
        return f"{minutes} min ago"
    return f"{minutes // 60} h ago" if minutes < 48 * 60 else f"{minutes // (24 * 60):,} days ago"

"""A report that is wrong in one place is noticed: each change of its SQL makes a case give other rows."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from due_cli.sql import files
from tests.queries.cases import CASES
from tests.queries.conftest import Week
from tests.queries.machinery import Loaded, loaded, text_of
from tests.queries.reference import Filed, Rows
from tests.queries.scenes import HAND

_LEAST = 5  # changes for each report


@dataclass(frozen=True, slots=True)
class Mutation:
    """A change of a report's text and what it gets wrong."""

    report: str
    what: str
    old: str
    new: str

    @property
    def text(self) -> str:
        """The changed text."""
        text = text_of(self.report)
        assert text.count(self.old) == 1, f"{self.report}.sql has this text {text.count(self.old)} times:\n{self.old}"
        return text.replace(self.old, self.new)

    def __str__(self) -> str:
        return f"{self.report}: {self.what}"


def _mutations(report: str) -> list[Mutation]:
    path = Path(__file__).parent / "mutations" / f"{report}.toml"
    return [Mutation(report, **changes) for changes in tomllib.loads(path.read_text("utf-8"))["mutation"]]


MUTATIONS = {report: _mutations(report) for report in files.names("reports")}


@dataclass(frozen=True, slots=True)
class Databases:
    """What reports are judged on; the first that notices a wrong one ends the judgement."""

    scenes: list[Loaded]
    weeks: list[tuple[Loaded, list[Filed]]]

    def judged(self, text: str, report: str) -> Iterator[tuple[Rows, Rows]]:
        """What a text gives for every case of its report, and what it should give."""
        for events in self.scenes:
            for hand in HAND:
                if hand.report == report:
                    yield events.rows(text, hand.since, hand.until, hand.options), hand.rows
        for events, known in self.weeks:
            for case in CASES:
                if case.report == report:
                    found = events.rows(text, case.since, case.until, case.options)
                    yield found, case.expected(known, case.period)


@pytest.fixture(scope="module")
def databases(scenes: Path, scenes_twice: Path, week: Week, old_week: Week) -> Iterator[Databases]:
    """All of them in memory."""
    with ExitStack() as stack:
        small = [stack.enter_context(loaded(place)) for place in (scenes, scenes_twice)]
        large = [(stack.enter_context(loaded(each.database)), each.events) for each in (week, old_week)]
        yield Databases(small, large)


@pytest.mark.parametrize("mutation", [one for group in MUTATIONS.values() for one in group], ids=str)
def test_wrong_report_is_noticed(databases: Databases, mutation: Mutation) -> None:
    judged = databases.judged(mutation.text, mutation.report)
    assert any(found != expected for found, expected in judged)


@pytest.mark.parametrize("report", files.names("reports"))
def test_right_report_passes_all_that_is_judged(databases: Databases, report: str) -> None:
    for found, expected in databases.judged(text_of(report), report):
        assert found == expected


@pytest.mark.parametrize("report", files.names("reports"))
def test_every_report_has_enough_mutations(report: str) -> None:
    assert len({mutation.what for mutation in MUTATIONS[report]}) >= _LEAST

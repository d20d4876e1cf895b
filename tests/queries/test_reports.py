"""The nine reports give what the reference computes without SQL, and what was counted by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands import Due
from tests.queries.cases import CASES, Case
from tests.queries.conftest import Week
from tests.queries.hand import Hand
from tests.queries.scenes import HAND


# What is left out here is judged in test_mutations, which reads the events once.
@pytest.mark.parametrize("case", CASES[::2], ids=str)
def test_report_equals_the_reference(due: Due, week: Week, case: Case) -> None:
    rows = due.rows(*case.words, "--local", str(week.database))
    assert rows == case.expected(week.events, case.period)


@pytest.mark.parametrize("case", {case.report: case for case in CASES}.values(), ids=str)
def test_report_is_the_same_on_data_of_the_aws_solution(due: Due, old_week: Week, case: Case) -> None:
    rows = due.rows(*case.words, "--local", str(old_week.database))
    assert rows == case.expected(old_week.events, case.period)


@pytest.mark.parametrize("case", HAND, ids=str)
def test_report_counted_by_hand(due: Due, scenes: Path, case: Hand) -> None:
    rows = due.rows(*case.words, "--local", str(scenes))
    assert rows == case.rows
    assert [list(row) for row in rows] == [list(row) for row in case.rows]


@pytest.mark.parametrize("case", [case for case in HAND if "-rate" in case.report], ids=str)
def test_event_that_is_filed_again_changes_no_number(due: Due, scenes_twice: Path, case: Hand) -> None:
    assert due.rows(*case.words, "--local", str(scenes_twice)) == case.rows

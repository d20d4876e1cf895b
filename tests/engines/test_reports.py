"""Every report gives the same rows on both engines, in the same order, and they are the right ones."""

from __future__ import annotations

from collections import Counter

import pytest

from due_cli.sql import files
from tests.cli import Due
from tests.engines.conftest import Both
from tests.engines.hive import Answer
from tests.queries.cases import CASES, Case
from tests.queries.hand import Hand
from tests.queries.scenes import HAND

_LEAST = 4  # sets of options for each report
# The rows that lack everything, for which the reference has no answer.
_BLANK = ("--since", "2026-06-01", "--until", "2026-08-01")
_BLANK_OPTIONS = {"tag": "a=b", "address": "", "min-sends": "0", "known-for": "1d"}


def _on_trino(due: Due, both: Both, words: list[str]) -> Answer:
    """What Trino says to exactly what ``--sql`` prints."""
    return both.trino.answer(due(*words, "--sql").done().out)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_report_is_the_same(due: Due, rich: Both, case: Case) -> None:
    theirs = _on_trino(due, rich, case.words)
    ours = due.rows(*case.words, "--local", str(rich.database))
    assert theirs.rows == ours
    assert ours == case.expected(rich.events, case.period)
    assert [list(row) for row in ours] == [[name for name, _ in theirs.columns]] * len(ours)


@pytest.mark.parametrize("case", HAND, ids=str)
def test_report_counted_by_hand(due: Due, scenes: Both, case: Hand) -> None:
    theirs = _on_trino(due, scenes, case.words)
    assert theirs.rows == due.rows(*case.words, "--local", str(scenes.database)) == case.rows


@pytest.mark.parametrize("report", files.names("reports"))
def test_every_report_has_cases_with_rows(due: Due, rich: Both, report: str) -> None:
    cases = [case for case in CASES if case.report == report]
    assert len({str(case) for case in cases}) >= _LEAST, f"{report} has too few cases in tests/queries/cases.py"
    rows = [row for case in cases for row in case.expected(rich.events, case.period)]
    assert rows
    found = Counter(name for row in rows for name, value in row.items() if value not in (None, 0))
    assert set(found) == set(rows[0]), "columns in which nothing was compared"


@pytest.mark.parametrize("report", files.names("reports"))
def test_rows_that_lack_everything(due: Due, rich: Both, report: str) -> None:
    own = [option.name for option in files.query("reports", report).options]
    words = ["report", report, *_BLANK, *(word for name in own for word in (f"--{name}", _BLANK_OPTIONS[name]))]
    assert _on_trino(due, rich, words).rows == due.rows(*words, "--local", str(rich.database))


@pytest.mark.parametrize("report", files.names("reports"))
def test_columns_have_the_same_types(due: Due, rich: Both, report: str) -> None:
    case = next(case for case in CASES if case.report == report)
    sql = due(*case.words, "--sql").done().out
    assert rich.columns(sql) == rich.trino.answer(sql).columns


def test_half_of_the_data_lacks_dues_columns(rich: Both) -> None:
    """Else it would not be seen whether the reports do without them."""
    (found,) = rich.trino.rows("SELECT COUNT(event_id) AS own, COUNT(*) - COUNT(event_id) AS old FROM all_events")
    assert min(found.values()) > 1000

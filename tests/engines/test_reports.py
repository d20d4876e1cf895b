"""Every report gives the same rows on every engine, in the same order, and they are the right ones."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from functools import partial

import pytest

from due_cli.sql import files
from tests.commands import Due
from tests.engines.dataset import BLANK_ADDRESS
from tests.engines.held import Held
from tests.queries import reference
from tests.queries.cases import CASES, Case
from tests.queries.hand import Hand
from tests.queries.reference import Period, Rows
from tests.queries.scenes import HAND

_LEAST = 4  # sets of options for each report
# A period with nothing but rows that lack everything.
_BLANK = Period(datetime(2026, 6, 1), datetime(2026, 8, 1))
_OPTIONS: dict[str, dict[str, str | int]] = {
    "sms-cost-by-tag": {"tag": "d=é"},
    "send-count-by-tag": {"tag": "campaign_id=x"},
    "subject-lines": {"address": BLANK_ADDRESS.lower()},
    "address-engagement": {"min-sends": 0, "known-for": "1d"},
}
_TAKEN: dict[str, object] = {"min_sends": 0, "known_for": datetime(2026, 7, 31)}  # as the reference takes them


def _compared(due: Due, held: Held, words: list[str], expected: Rows) -> None:
    """What due answers, and what every engine answers to what ``--sql`` prints."""
    assert due.rows(*words, "--local", str(held.database)) == expected
    for answer in held.same(due(*words, "--sql").done().out):
        assert answer.rows == expected
        assert [list(row) for row in expected] == [[name for name, _ in answer.columns]] * len(expected)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_report_is_the_same(due: Due, rich: Held, case: Case) -> None:
    _compared(due, rich, case.words, case.expected(rich.events, case.period))


@pytest.mark.parametrize("case", HAND, ids=str)
def test_report_counted_by_hand(due: Due, scenes: Held, case: Hand) -> None:
    _compared(due, scenes, case.words, case.rows)


@pytest.mark.parametrize("report", files.names("reports"))
def test_every_report_has_a_comparison(report: str) -> None:
    found = {str(case) for case in CASES if case.report == report}
    assert len(found) >= _LEAST, f"{report} has too few cases in tests/queries/cases.py"


@pytest.mark.parametrize("report", files.names("reports"))
def test_every_report_has_rows_with_values_in_every_column(rich: Held, report: str) -> None:
    rows = [row for case in CASES if case.report == report for row in case.expected(rich.events, case.period)]
    found = Counter(name for row in rows for name, value in row.items() if value not in (None, 0))
    assert set(found) == set(rows[0]), "columns in which nothing was compared"


@pytest.mark.parametrize("report", files.names("reports"))
def test_rows_that_lack_everything(due: Due, rich: Held, report: str) -> None:
    options = _OPTIONS.get(report, {})
    taken = {name: _TAKEN.get(name, value) for name, value in ((n.replace("-", "_"), v) for n, v in options.items())}
    expected = partial(getattr(reference, report.replace("-", "_")), **taken)
    case = Case(report, "2026-06-01", "2026-08-01", _BLANK, options, expected)
    rows = case.expected(rich.events, case.period)
    assert rows
    _compared(due, rich, case.words, rows)


def test_half_of_the_data_lacks_dues_columns(rich: Held) -> None:
    """Else it would not be seen whether the reports do without them."""
    for answer in rich.same("SELECT COUNT(event_id) AS own, COUNT(*) - COUNT(event_id) AS old FROM all_events"):
        assert min(answer.rows[0].values()) > 1000

"""History that is ingested into a stack answers every report of its own period, whatever else is there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from due_cli.aws.stack.stack import Stack
from due_cli.sql import files
from tests.aws.athena.stacks import store_object
from tests.aws_emulator.aws import AwsEmulator
from tests.commands import Due, write_lines
from tests.queries.hand import Hand
from tests.queries.scenes import HAND
from tests.sampling import sampled

FIRST_RELEASE = Path(__file__).parents[2] / "first_release"
CASES = tuple({case.report: case for case in HAND}.values())  # one of each report
OWN_OPTIONS = {
    "sms-cost-by-tag": ("--tag", "customer=7"),
    "send-count-by-tag": ("--tag", "kind=letter"),
    "subject-lines": ("--address", "success@simulator.amazonses.com"),
    "address-engagement": ("--min-sends", "1", "--known-for", "1d"),
}


@pytest.fixture(scope="module")
def ingested() -> list[str]:
    """What the module's stack has been given."""
    return []


@pytest.fixture
def filled(emulator: AwsEmulator, stack: Stack, due: Due, tmp_path: Path, ingested: list[str]) -> None:
    """The events that were counted by hand, in two files of which the middle third is in both."""
    if ingested:
        return
    ingested.append("the events that were counted by hand")
    records = [record for case in HAND for record in case.records]
    third = len(records) // 3
    one = write_lines(tmp_path / "one.json", records[: 2 * third])
    other = write_lines(tmp_path / "other.json", records[third:])
    due("ingest", str(other), str(one), "--stack", "due").done()


@pytest.mark.parametrize("case", sampled(CASES), ids=str)
def test_a_report_of_ingested_history_counts_each_event_once(filled: None, due: Due, case: Hand) -> None:
    assert due.rows(*case.words, "--stack", "due") == case.rows


def test_every_report_is_among_them() -> None:
    assert {case.report for case in CASES} == set(files.names("reports"))


@pytest.mark.slow
def test_what_the_first_release_stored_counts_once_beside_the_same_records(
    emulator: AwsEmulator, stack: Stack, due: Due
) -> None:
    """Its ids and hours are others: it filed an export under the hour of the upload."""
    for file in sorted((FIRST_RELEASE / "stack" / "events").rglob("*.parquet")):
        store_object(
            emulator, stack, file.relative_to(FIRST_RELEASE / "stack" / "events").as_posix(), file.read_bytes()
        )
    before = {report: totals(due, report) for report in files.names("reports")}
    due("ingest", str(FIRST_RELEASE / "records.jsonl"), "--stack", "due").done()
    assert {report: totals(due, report) for report in files.names("reports")} == before


def totals(due: Due, report: str) -> list[dict[str, Any]]:
    """The rows of a report of everything since then; those by the hour of the send added up."""
    period = ("--since", "2026-11-01", "--until", "2026-12-02", *OWN_OPTIONS.get(report, ()))
    rows = due.rows("report", report, *period, "--stack", "due")
    if not rows or "time_window" not in rows[0]:
        return rows
    counts = [name for name in rows[0] if name.startswith("total_")]
    return [{name: sum(row[name] for row in rows) for name in counts}]

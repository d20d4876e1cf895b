"""The reports of a stack are those of a folder with the same files, row for row and value for value."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from due_cli.aws.target import AwsTarget
from due_cli.local.folder import Folder
from due_cli.local.target import Local
from due_cli.sql import files
from due_cli.sql.reports import bind
from tests.aws.athena.awkward import DAY, VALUES
from tests.aws.athena.conftest import BothTargets, RecordedProgress
from tests.aws.stack.sending import to_stream
from tests.commands import Due
from tests.queries.hand import Hand
from tests.queries.scenes import HAND
from tests.sampling import sampled

NOW = datetime(2026, 11, 22, tzinfo=UTC)
CASES = tuple({case.report: case for case in HAND}.values())  # one of each report
PERIOD = ("--since", DAY, "--until", "2025-06-03")


def test_every_report_is_among_them() -> None:
    assert {case.report for case in CASES} == set(files.names("reports"))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_report_is_the_same_on_both(both: BothTargets, progress: RecordedProgress, case: Hand) -> None:
    report = bind(case.report, case.options, case.since, case.until, now=NOW)
    theirs = AwsTarget(both.stack, progress).report(report)
    ours = Local(Folder(both.database)).report(report)
    rows, expected = list(theirs.rows), list(ours.rows)
    assert (list(theirs.columns), rows) == (list(ours.columns), expected)
    assert [list(map(type, row)) for row in rows] == [list(map(type, row)) for row in expected]
    assert len(progress.asides) == 1


@pytest.mark.parametrize("case", sampled(HAND[::9], 2), ids=str)
def test_the_command_prints_the_same(due: Due, both: BothTargets, case: Hand) -> None:
    assert due.rows(*case.words, "--stack", "due") == case.rows


@pytest.mark.parametrize("value", sampled(VALUES), ids=range(len(VALUES)))
def test_any_text_is_a_value(both: BothTargets, due: Due, value: str) -> None:
    """It finds its own message and no other, and nothing else happens."""
    (subject,) = due.rows("report", "subject-lines", "--address", value.upper(), *PERIOD, "--stack", "due")
    assert subject["email_subject"] == f"Subject {value[:80]}"
    (count,) = due.rows("report", "send-count-by-tag", "--tag", f"k'%;={value}", *PERIOD, "--stack", "due")
    assert count == {"sends": 1}


@pytest.mark.parametrize("value", sampled(VALUES[::4], 1), ids=range(0, len(VALUES), 4))
def test_any_text_is_a_context(both: BothTargets, due: Due, value: str) -> None:
    (sms,) = due.rows("report", "sms-cost-by-tag", "--tag", f"k'%;={value}", *PERIOD, "--stack", "due")
    assert sms == {"cost_in_millicents": 600.0, "sends": 1}


def test_what_was_asked_is_what_sql_shows(both: BothTargets, due: Due) -> None:
    words = ("report", "subject-lines", "--address", VALUES[0], *PERIOD, "--stack", "due")
    printed = due(*words, "--sql").done().out
    due(*words).done()
    assert list(both.emulator.athena.queries.values())[-1].sql.strip() == printed.strip()


def test_a_report_on_engagement_names_its_column_of_opens(both: BothTargets, progress: RecordedProgress) -> None:
    opens = {name: column for name in files.names("reports") if (column := files.query("reports", name).opens)}
    engagement = {name for name in files.names("reports") if "engagement" in name}
    assert set(opens) == engagement | {"subject-lines"}
    for case in CASES:
        if case.report in opens:
            report = bind(case.report, case.options, case.since, case.until, now=NOW)
            assert opens[case.report] in AwsTarget(both.stack, progress).report(report).columns


def test_a_report_without_opens_says_where_none_are_sent(both: BothTargets, due: Due) -> None:
    emulator, hint = both.emulator, "no attached configuration set sends opens; with due attach-config-set "
    unopened = ("report", "subject-lines", "--address", VALUES[0], *PERIOD, "--stack", "due")
    opened = next(
        case for case in HAND if case.report == "engagement-rate" and any(r["total_opens"] for r in case.rows)
    )
    emulator.client("sesv2").create_configuration_set(ConfigurationSetName="mail")
    assert hint not in due(*unopened).done().err  # nothing is attached
    emulator.ses.destinations("mail").append(to_stream("event-database", both.stack.names.stream_arn))
    for output in ("table", "json"):
        ran = due(*unopened, "-o", output).done()
        assert f"{hint}--stack due mail --tracking on they do" in ran.err
    assert "sends opens" not in due(*unopened, "--quiet").done().err
    emulator.faults.deny("sesv2:ListConfigurationSets")
    assert "sends opens" not in due(*unopened).done().err
    emulator.faults.clear()
    emulator.journal.clear()
    assert "sends opens" not in due(*opened.words, "--stack", "due").done().err
    assert not [call for call in emulator.journal if call.service == "sesv2"]  # and so it is no slower
    emulator.ses.destinations("mail")[0]["MatchingEventTypes"] = ["SEND", "OPEN"]
    assert "sends opens" not in due(*unopened).done().err

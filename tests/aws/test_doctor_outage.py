"""What doctor says of a log with more lines than it reads: it reads the newest, and there are "so many or more"."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from due_cli.aws.client import Aws
from due_cli.aws.services import cloudwatch
from due_cli.aws.stack.names import Names
from tests.aws.doctor_env import DoctorEnv
from tests.aws_emulator.aws import AwsEmulator

GROUP = "/aws/lambda/due-transform"
HOUR, DAY = 3_600_000, 86_400_000
MOST = 2_000
LONG = "\r    at some place" * 40  # a line is a whole traceback, so a page of a search is a thousand or two


def logged(emulator: AwsEmulator, group: str, stream: str, text: str, before: list[int]) -> None:
    """Writes a line for each of some times: milliseconds before now."""
    logs, now = emulator.client("logs"), int(datetime.now(UTC).timestamp() * 1000)
    logs.create_log_stream(logGroupName=group, logStreamName=stream)
    events = [{"timestamp": now - one, "message": text} for one in sorted(before, reverse=True)]
    for start in range(0, len(events), 1000):
        logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events[start : start + 1000])


def searches_of(emulator: AwsEmulator) -> int:
    """How often a log was searched, however many pages that took."""
    return len([call for call in emulator.journal.of("logs:FilterLogEvents") if "nextToken" not in call.parameters])


@pytest.fixture
def searched(emulator: AwsEmulator) -> Callable[..., cloudwatch.LogLines]:
    """Reads a day of a log whose two streams have a line at each of some times before now."""
    emulator.client("logs").create_log_group(logGroupName=GROUP)

    def search(before: list[int]) -> cloudwatch.LogLines:
        for number in (0, 1):
            logged(emulator, GROUP, f"stream-{number}", f"line of {number}{LONG}", before[number::2])
        return cloudwatch.read_log(Aws(), GROUP, datetime.now(UTC) - timedelta(days=1))

    return search


@pytest.mark.parametrize(
    "before",
    [
        pytest.param(range(HOUR, DAY, DAY // 6_000), id="all day long"),
        pytest.param(range(12 * HOUR, 20 * HOUR, 8 * HOUR // 5_000), id="twelve hours ago"),
        pytest.param([*range(20 * HOUR, 21 * HOUR, 1_000), 90_000], id="a burst, and one line since"),
        pytest.param(range(120_000, 120_000 + HOUR, 600), id="in the last hour"),
    ],
)
def test_of_more_lines_than_are_read_it_is_the_newest(
    emulator: AwsEmulator, searched: Callable[..., cloudwatch.LogLines], before: range | list[int]
) -> None:
    found = searched(list(before))
    now = datetime.now(UTC)
    ages = [round((now - line.at).total_seconds()) for line in found.newest]
    expected = [round(one / 1000) for one in sorted(before)[:MOST]]
    assert found.more
    assert len(ages) == MOST and ages == sorted(ages, reverse=True)
    assert all(0 <= age - own <= 60 for age, own in zip(reversed(ages), expected, strict=True))
    assert len({line.text for line in found.newest}) == 2
    assert searches_of(emulator) <= 15


def test_a_log_with_fewer_lines_is_searched_once(
    emulator: AwsEmulator, searched: Callable[..., cloudwatch.LogLines]
) -> None:
    found = searched(list(range(HOUR, DAY, DAY // (MOST - 100))))
    assert (len(found.newest), found.more) == (len(range(HOUR, DAY, DAY // (MOST - 100))), False)
    assert searches_of(emulator) == 1
    assert cloudwatch.read_log(Aws(), "/aws/lambda/none", datetime.now(UTC)) == cloudwatch.LogLines()


def test_of_too_many_lines_in_one_moment_as_many_as_are_read(searched: Callable[..., cloudwatch.LogLines]) -> None:
    found = searched([5_000] * 3_000)
    assert (len(found.newest), found.more) == (MOST, True)


@pytest.mark.slow
def test_in_an_outage_the_error_that_goes_on_is_quoted_with_the_time_of_its_last_line(env: DoctorEnv) -> None:
    names = env.stack.names
    old, new = f"[ERROR] ClientError: Rate exceeded{LONG}", f"[ERROR] ReadTimeoutError: Read timed out{LONG}"
    logged(env.emulator, names.log_group("transform"), "old", old, list(range(20 * HOUR, 21 * HOUR, 720)))
    logged(env.emulator, names.log_group("transform"), "new", new, [10 * 60_000, 11 * 60_000])
    undelivered = json.dumps({"errorCode": "S3.InternalError", "message": "The bucket is slow.", "about": LONG})
    logged(env.emulator, names.stream_log_group, "outage", undelivered, list(range(30 * 60_000, DAY, 18_000)))
    try:
        found = {check.found for check in env.unhealthy_checks() if check.check in ("functions", "deliveries")}
    finally:
        forget(env, names)
    plain = {re.sub(r", last \S+ \S+ ", ", last ", text) for text in found}
    assert plain == {
        "due-transform failed 1,998 or more times in the last day, last (20 hours ago): ClientError: Rate exceeded",
        "due-transform failed 2 or more times in the last day, last (10 minutes ago): ReadTimeoutError: Read timed out",
        "failed 2,000 or more times in the last day, last (30 minutes ago): S3.InternalError: The bucket is slow.",
    }
    env.assert_healthy()


def forget(env: DoctorEnv, names: Names) -> None:
    """The lines of a test are gone."""
    logs = env.client("logs")
    for group, stream in (("transform", "old"), ("transform", "new"), ("", "outage")):
        logs.delete_log_stream(
            logGroupName=names.log_group(group) if group else names.stream_log_group, logStreamName=stream
        )

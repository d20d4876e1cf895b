"""``due status`` of messages that the status table does not know: from when the events are searched, and how often."""

from __future__ import annotations

import re
import shlex
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from due_cli.aws.athena import statuses
from due_cli.aws.stack.stack import Stack
from due_cli.status.history import time_of_id
from tests.aws.athena import stacks
from tests.aws.athena.conftest import RecordedProgress, StackAccount
from tests.aws_emulator.aws import AwsEmulator
from tests.aws_emulator.fixture import started
from tests.commands import Due
from tests.queries.filing import ingested
from tests.queries.raw import Mail, ses

ON = ("--stack", "due")
DAY = 24 * 3_600_000
NOW = int(time.time() * 1000)
OLD, RECENT = NOW - 400 * DAY, NOW - 5 * DAY
TELLS_ITS_TIME = f"0100{OLD:012x}-4fb5-000000"
RECENT_ID, OLD_ID = "of-the-sender-1", "it's of-the-sender-2"


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackAccount]:
    """A stack with events of messages that its table does not know."""
    mails = (Mail(TELLS_ITS_TIME, OLD), Mail(RECENT_ID, RECENT), Mail(OLD_ID, NOW - 100 * DAY))
    events = ingested(tmp_path_factory.mktemp("events"), [ses(mail, "send") for mail in mails], by_hour=True)
    with started() as emulator:
        stack = stacks.create_stack(views=False)
        stacks.add_files(emulator, stack, events)
        yield StackAccount(emulator, stack)


def searched(emulator: AwsEmulator) -> list[datetime]:
    """From when each query that was started searched; the same query runs without rows first, for its columns."""
    asked = [call.parameters["QueryString"] for call in emulator.journal.of("athena:StartQueryExecution")]
    texts = [re.findall(r"ingest_timestamp >= TIMESTAMP '([^']+)'", sql) for sql in asked]
    assert all(len(found) == 1 for found in texts) and texts[::2] == texts[1::2]
    return [datetime.fromisoformat(found[0]).replace(tzinfo=UTC) for found in texts[::2]]


def test_an_id_of_ses_tells_from_when(due: Due, emulator: AwsEmulator, stack: Stack) -> None:
    (item,) = due("status", TELLS_ITS_TIME, *ON, "-o", "json").done().json
    assert (item["status"], item["from"], item["open"]) == ("send", "events", None)
    (since,) = searched(emulator)
    assert 0 <= OLD / 1000 - since.timestamp() < 26 * 3_600


def test_another_id_is_searched_in_30_days_and_not_found_says_so(due: Due, emulator: AwsEmulator, stack: Stack) -> None:
    (item,) = due("status", RECENT_ID, *ON, "-o", "json").done().json
    assert (item["status"], item["from"]) == ("send", "events")
    (since,) = searched(emulator)
    assert 30 * 86_400 <= NOW / 1000 - since.timestamp() < 32 * 86_400
    ran = due("status", OLD_ID, *ON, "-o", "json").failed(4)
    assert ran.json == [{"message_id": OLD_ID, "status": "not_found"}]
    assert f"in the events since {searched(emulator)[-1]:%Y-%m-%d %H:%M} UTC" in ran.err
    command = ran.err[ran.err.index("due status") :].strip()
    assert "--everywhere" in command
    ran = due(*shlex.split(command)[1:], "-o", "json").done()
    assert ran.json[0]["status"] == "send"
    assert re.search(r"^searching all events: 3 objects, [\d.]+ kB$", ran.err, re.MULTILINE)
    assert searched(emulator)[-1].year == 1970


def test_all_are_searched_at_once(due: Due, emulator: AwsEmulator, stack: Stack) -> None:
    items = due("status", "unknown", RECENT_ID, TELLS_ITS_TIME, *ON, "-o", "json").failed(4).json
    assert [item["status"] for item in items] == ["not_found", "send", "send"]
    assert len(searched(emulator)) == 1


def test_what_is_nowhere_is_not_searched_again(due: Due, emulator: AwsEmulator, stack: Stack) -> None:
    ran = due("status", "unknown", "--everywhere", *ON).failed(4)
    assert "in all events" in ran.err and "due status" not in ran.err


def test_a_search_of_all_events_says_that_it_is_over_the_limit(
    emulator: AwsEmulator, stack: Stack, progress: RecordedProgress
) -> None:
    small = replace(stack, options=replace(stack.options, scan_cutoff_bytes=1_000))
    statuses.statuses(small, progress, [OLD_ID], everywhere=True)
    assert "over the workgroup's limit of 1.0 kB" in progress.notes[1]
    statuses.statuses(small, progress, [RECENT_ID])
    assert len(progress.notes) == 2


def test_objects_that_cannot_be_listed_are_no_reason_to_lose_what_is_stored(
    due: Due, emulator: AwsEmulator, stack: Stack
) -> None:
    emulator.faults.deny("s3:ListObjectsV2")
    ran = due("status", OLD_ID, "--everywhere", *ON).failed(4)
    assert "the events were not queried" in ran.err and "in all events" not in ran.err


@pytest.mark.parametrize(
    ("message", "moment"),
    [
        (TELLS_ITS_TIME, OLD),
        (f"0107{RECENT:012x}-a", RECENT),
        (f"0100{NOW + 2 * DAY:012x}-a", None),
        (f"0100{1_262_300_000_000:012x}-a", None),  # 2010: SES began in 2011
        (f"0200{OLD:012x}-a", None),
        ("0100zzzzzzzzzzzz-a", None),
        (OLD_ID, None),
    ],
    ids=["SES", "another region", "in the future", "before SES", "another prefix", "no digits", "a sender's own"],
)
def test_the_time_that_an_id_tells(message: str, moment: int | None) -> None:
    assert time_of_id(message) == moment

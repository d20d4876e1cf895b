"""``due teardown`` on AWS: what setup made goes, the events stay, and a removal that was cut off goes on."""

from __future__ import annotations

import json

import pytest

from tests.aws.stack import sending
from tests.aws_emulator.aws import AwsEmulator
from tests.aws_emulator.calls import Call
from tests.events.records import ses_send
from tests.scenarios.account import contents, differing
from tests.scenarios.commands import Commands
from tests.scenarios.details import details
from tests.scenarios.kills import STEPS, Once, own
from tests.scenarios.test_setup import SETUP, WHOLE

BUCKET = "due-events-123456789012-us-east-1"
TEARDOWN = ("teardown", "--yes")
REMOVAL = (*TEARDOWN, "--stack", "due", "--delete-data")


@pytest.fixture
def before(emulator: AwsEmulator) -> dict[str, list[str]]:
    """What was in the account before."""
    return contents(emulator)


def left(emulator: AwsEmulator) -> dict[str, list[str]]:
    """What is in the account beside a bucket."""
    return {**contents(emulator), "buckets": []}


def test_removes_everything_but_the_events(
    emulator: AwsEmulator, before: dict[str, list[str]], commands: Commands
) -> None:
    assert commands.due(*SETUP).code == 0
    emulator.client("s3").put_object(Bucket=BUCKET, Key="events/2026/01/01/00/one.parquet", Body=b"rows")
    ended = commands.due(*TEARDOWN)
    assert ended.code == 0, ended.err
    assert contents(emulator) == {**before, "buckets": [BUCKET]}
    assert f"left: bucket {BUCKET}" in ended.out
    again = commands.due("teardown", "--stack", "due", "--yes")
    assert again.code == 0, again.err
    assert "Nothing to delete" in again.out


@pytest.mark.slow
def test_setup_again_takes_the_events_back(emulator: AwsEmulator, commands: Commands) -> None:
    assert commands.due(*SETUP).code == 0
    emulator.firehose.put("due-events", ses_send())
    emulator.flush()
    asked = ("query", "SELECT event_type, event_id FROM all_events", "-o", "json")
    before = json.loads(commands.due(*asked).out)
    assert len(before) == 1
    assert commands.due(*TEARDOWN).code == 0
    assert commands.due(*SETUP).code == 0
    assert differing() == []
    assert contents(emulator)["buckets"] == [BUCKET]
    assert json.loads(commands.due(*asked).out) == before


@pytest.mark.slow
def test_a_setup_that_files_kept_hours_may_be_killed(emulator: AwsEmulator, commands: Commands) -> None:
    """The oldest hour is filed last, so what was cut off is seen."""
    assert commands.due(*SETUP).code == 0
    hours = [
        f"2026/0{month}/{day:02}/{hour:02}" for month in (1, 2) for day in (1, 31 - 3 * month) for hour in range(24)
    ]
    hours += [f"2025/12/24/{hour:02}" for hour in range(24)]
    for hour in hours:
        emulator.client("s3").put_object(Bucket=BUCKET, Key=f"events/{hour}/one.parquet", Body=b"rows")
    emulator.functions.settle()
    assert commands.due(*TEARDOWN).code == 0

    def is_filing(call: Call) -> bool:
        return call.operation == "BatchCreatePartition"

    killed = commands.due(*SETUP, killed_by=is_filing)
    assert killed.code == -9
    planned = json.loads(commands.due("setup", "--plan", "--no-pinpoint", "-o", "json").out)["steps"]
    assert [row["name"] for row in planned if row["what"] == "partitions of"] == ["all_events"]
    assert commands.due(*SETUP).code == 0
    pages = (
        emulator.client("glue")
        .get_paginator("get_partitions")
        .paginate(DatabaseName="due_eventdb", TableName="all_events")
    )
    assert sum(len(page["Partitions"]) for page in pages) == len(hours)
    emulator.journal.clear()
    assert commands.due(*SETUP).code == 0
    assert emulator.journal.mutating == []


@pytest.mark.slow
def test_deletes_the_data_where_asked(emulator: AwsEmulator, before: dict[str, list[str]], commands: Commands) -> None:
    assert commands.due(*SETUP).code == 0
    emulator.client("s3").put_object(Bucket=BUCKET, Key="events/2026/01/01/00/one.parquet", Body=b"rows")
    ended = commands.due(*TEARDOWN, "--delete-data")
    assert ended.code == 0, ended.err
    assert contents(emulator) == before


def test_what_was_never_there_is_not_said_to_be_left(commands: Commands) -> None:
    ended = commands.due("teardown", "--yes", "--stack", "nobodys")
    assert (ended.code, ended.out.splitlines()) == (0, ["Nothing to delete of stack nobodys"]), ended


def test_asks_before(emulator: AwsEmulator, commands: Commands) -> None:
    assert commands.due(*SETUP).code == 0
    emulator.journal.clear()
    ended = commands.due("teardown")
    assert ended.code == 2
    assert "--yes" in ended.err
    assert emulator.journal.mutating == []


def test_leaves_a_database_with_tables_of_others(emulator: AwsEmulator, commands: Commands) -> None:
    assert commands.due(*SETUP).code == 0
    table = {"Name": "orders", "TableType": "EXTERNAL_TABLE", "StorageDescriptor": {"Columns": []}}
    emulator.client("glue").create_table(DatabaseName="due_eventdb", TableInput=table)
    ended = commands.due(*TEARDOWN)
    assert ended.code == 0, ended.err
    assert contents(emulator)["tables of due_eventdb"] == ["orders"]
    assert "orders" in ended.out


@pytest.mark.slow
def test_leaves_another_stack_alone(emulator: AwsEmulator, commands: Commands) -> None:
    other = (*SETUP, "--stack", "other", "--database", "other_db")
    assert commands.due(*other).code == 0
    of_other = contents(emulator)
    assert commands.due(*SETUP, "--stack", "due").code == 0
    assert commands.due(*TEARDOWN, "--stack", "due", "--delete-data").code == 0
    assert contents(emulator) == of_other


@pytest.mark.slow
@pytest.mark.parametrize("step", STEPS)
def test_killed_at_every_call_leaves_nothing(emulator: AwsEmulator, commands: Commands, step: int) -> None:
    sending.make_sets(emulator, "marketing")
    before = contents(emulator), details(emulator)
    assert commands.due(*WHOLE).code == 0
    each = Once(step)
    while (ended := commands.due(*REMOVAL, killed_by=each)).code:
        assert ended.code == -9, ended.err
    assert (contents(emulator), details(emulator)) == before
    assert commands.due(*WHOLE).code == 0
    emulator.journal.clear()
    assert commands.due(*REMOVAL).code == 0
    assert {call.name for call in emulator.journal if own(call)} <= each.names


@pytest.mark.slow
def test_two_stacks_do_not_share_a_database(emulator: AwsEmulator, commands: Commands) -> None:
    assert commands.due(*SETUP).code == 0
    before = contents(emulator)
    ended = commands.due(*SETUP, "--stack", "other")
    assert ended.code == 5
    assert "--database" in ended.err
    assert contents(emulator) == before


def test_refuses_what_something_else_made(emulator: AwsEmulator, commands: Commands) -> None:
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    emulator.client("iam").create_role(RoleName="due-transform-us-east-1", AssumeRolePolicyDocument=trust)
    before = contents(emulator)
    ended = commands.due(*SETUP)
    assert ended.code == 5
    assert "due-transform-us-east-1 was not created by due" in ended.err
    assert contents(emulator) == before

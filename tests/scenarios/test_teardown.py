"""``due teardown`` on AWS: what setup made goes, the events stay, and a removal that was cut off goes on."""

from __future__ import annotations

import json

import pytest

from tests.aws.stack import sending
from tests.aws_emulator.aws import Front
from tests.aws_emulator.calls import Call
from tests.events.records import ses_send
from tests.scenarios.account import contents, differing
from tests.scenarios.commands import Commands
from tests.scenarios.details import details
from tests.scenarios.kills import Once, own
from tests.scenarios.test_setup import SETUP, WHOLE

BUCKET = "due-events-123456789012-us-east-1"
TEARDOWN = ("teardown", "--yes")
REMOVAL = (*TEARDOWN, "--stack", "due", "--delete-data")


@pytest.fixture
def before(front: Front) -> dict[str, list[str]]:
    """What was in the account before."""
    return contents(front)


def left(front: Front) -> dict[str, list[str]]:
    """What is in the account beside a bucket."""
    return {**contents(front), "buckets": []}


def test_removes_everything_but_the_events(front: Front, before: dict[str, list[str]], commands: Commands) -> None:
    assert commands.due(*SETUP).code == 0
    front.client("s3").put_object(Bucket=BUCKET, Key="events/2026/01/01/00/one.parquet", Body=b"rows")
    ended = commands.due(*TEARDOWN)
    assert ended.code == 0, ended.err
    assert contents(front) == {**before, "buckets": [BUCKET]}
    assert f"left: bucket {BUCKET}" in ended.out
    again = commands.due("teardown", "--stack", "due", "--yes")
    assert again.code == 0, again.err
    assert "nothing was left" in again.out


def test_setup_again_takes_the_events_back(front: Front, commands: Commands) -> None:
    assert commands.due(*SETUP).code == 0
    front.firehose.put("due-events", ses_send())
    front.flush()
    asked = ("query", "SELECT event_type, event_id FROM all_events", "-o", "json")
    before = json.loads(commands.due(*asked).out)
    assert len(before) == 1
    assert commands.due(*TEARDOWN).code == 0
    assert commands.due(*SETUP).code == 0
    assert differing() == []
    assert contents(front)["buckets"] == [BUCKET]
    assert json.loads(commands.due(*asked).out) == before


def test_a_setup_that_files_kept_hours_may_be_killed(front: Front, commands: Commands) -> None:
    """The oldest hour is filed last, so what was cut off is seen."""
    assert commands.due(*SETUP).code == 0
    hours = [
        f"2026/0{month}/{day:02}/{hour:02}" for month in (1, 2) for day in (1, 31 - 3 * month) for hour in range(24)
    ]
    hours += [f"2025/12/24/{hour:02}" for hour in range(24)]
    for hour in hours:
        front.client("s3").put_object(Bucket=BUCKET, Key=f"events/{hour}/one.parquet", Body=b"rows")
    front.functions.settle()
    assert commands.due(*TEARDOWN).code == 0

    def is_filing(call: Call) -> bool:
        return call.operation == "BatchCreatePartition"

    killed = commands.due(*SETUP, killed_by=is_filing)
    assert killed.code == -9
    planned = json.loads(commands.due("setup", "--plan", "--no-pinpoint", "-o", "json").out)
    assert [row["name"] for row in planned if row["what"] == "partitions of"] == ["all_events"]
    assert commands.due(*SETUP).code == 0
    pages = (
        front.client("glue")
        .get_paginator("get_partitions")
        .paginate(DatabaseName="due_eventdb", TableName="all_events")
    )
    assert sum(len(page["Partitions"]) for page in pages) == len(hours)
    front.journal.clear()
    assert commands.due(*SETUP).code == 0
    assert front.journal.mutating == []


def test_deletes_the_data_where_asked(front: Front, before: dict[str, list[str]], commands: Commands) -> None:
    assert commands.due(*SETUP).code == 0
    front.client("s3").put_object(Bucket=BUCKET, Key="events/2026/01/01/00/one.parquet", Body=b"rows")
    ended = commands.due(*TEARDOWN, "--delete-data")
    assert ended.code == 0, ended.err
    assert contents(front) == before


def test_what_was_never_there_is_not_said_to_be_left(commands: Commands) -> None:
    ended = commands.due("teardown", "--yes", "--stack", "nobodys")
    assert (ended.code, ended.out.splitlines()) == (0, ["nothing was left of the stack nobodys"]), ended


def test_asks_before(front: Front, commands: Commands) -> None:
    assert commands.due(*SETUP).code == 0
    front.journal.clear()
    ended = commands.due("teardown")
    assert ended.code == 2
    assert "--yes" in ended.err
    assert front.journal.mutating == []


def test_leaves_a_database_with_tables_of_others(front: Front, commands: Commands) -> None:
    assert commands.due(*SETUP).code == 0
    table = {"Name": "orders", "TableType": "EXTERNAL_TABLE", "StorageDescriptor": {"Columns": []}}
    front.client("glue").create_table(DatabaseName="due_eventdb", TableInput=table)
    ended = commands.due(*TEARDOWN)
    assert ended.code == 0, ended.err
    assert contents(front)["tables of due_eventdb"] == ["orders"]
    assert "orders" in ended.out


def test_leaves_another_stack_alone(front: Front, commands: Commands) -> None:
    other = (*SETUP, "--stack", "other", "--database", "other_db")
    assert commands.due(*other).code == 0
    of_other = contents(front)
    assert commands.due(*SETUP, "--stack", "due").code == 0
    assert commands.due(*TEARDOWN, "--stack", "due", "--delete-data").code == 0
    assert contents(front) == of_other


def test_killed_at_every_call_leaves_nothing(front: Front, commands: Commands) -> None:
    sending.make_sets(front, "marketing")
    before = contents(front), details(front)
    assert commands.due(*WHOLE).code == 0
    each = Once()
    while (ended := commands.due(*REMOVAL, killed_by=each)).code:
        assert ended.code == -9, ended.err
    assert (contents(front), details(front)) == before
    assert commands.due(*WHOLE).code == 0
    front.journal.clear()
    assert commands.due(*REMOVAL).code == 0
    assert {call.name for call in front.journal if own(call)} <= each.names


def test_two_stacks_do_not_share_a_database(front: Front, commands: Commands) -> None:
    assert commands.due(*SETUP).code == 0
    before = contents(front)
    ended = commands.due(*SETUP, "--stack", "other")
    assert ended.code == 5
    assert "--database" in ended.err
    assert contents(front) == before


def test_refuses_what_something_else_made(front: Front, commands: Commands) -> None:
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    front.client("iam").create_role(RoleName="due-transform-us-east-1", AssumeRolePolicyDocument=trust)
    before = contents(front)
    ended = commands.due(*SETUP)
    assert ended.code == 5
    assert "due-transform-us-east-1 was not made by due" in ended.err
    assert contents(front) == before

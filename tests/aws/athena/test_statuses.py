"""``due status``: from the status table, from the events where the table does not know enough, and never half of it."""

from __future__ import annotations

import time
from typing import Any

import pytest

from due_cli.aws.pipeline.status_item import attributes
from due_cli.aws.services.dynamodb import read_statuses
from due_cli.aws.stack.stack import Stack
from tests.aws.athena import stacks
from tests.aws.athena.conftest import StackAccount
from tests.aws_emulator.aws import AwsEmulator
from tests.aws_emulator.calls import Call
from tests.aws_emulator.wire import Answer, Request
from tests.commands import Due
from tests.queries.raw import Mail, Text, at, pinpoint_sms, ses
from tests.sampling import sampled

ON = ("--stack", "due")
DAY = 24 * 3_600_000
MONDAY = at("2026-11-02T12:00")


def sent(number: int) -> Mail:
    return Mail(f"kept-{number}", MONDAY + number)


@pytest.fixture(scope="module")
def known(account: StackAccount) -> None:
    """The table knows some messages: an email that was opened, an SMS, and 250 emails that were sent."""
    opened = Mail("opened-1", MONDAY)
    known = stacks.statuses_of(
        ses(opened, "send"),
        ses(opened, "open", MONDAY + 5_000),
        pinpoint_sms(Text("sms-1"), "BUFFERED", MONDAY, 600.0),
        *(ses(sent(number), "send") for number in range(250)),
    )
    stacks.store_statuses(account.emulator, account.stack, known.values())


@pytest.fixture
def kept(known: None, stack: Stack) -> Stack:
    """A stack whose table knows some messages."""
    return stack


def asked_athena(emulator: AwsEmulator) -> int:
    return len(emulator.journal.of("athena:StartQueryExecution"))


def test_a_known_message_costs_one_read_and_no_query(due: Due, emulator: AwsEmulator, kept: Stack) -> None:
    (item,) = due("status", "opened-1", *ON, "-o", "json").done().json
    assert (item["status"], item["send"], item["open"], item["from"]) == (
        "open",
        "2026-11-02T12:00:00.000Z",
        "2026-11-02T12:00:05.000Z",
        "store",
    )
    assert emulator.journal.names["dynamodb:BatchGetItem"] == 1
    assert asked_athena(emulator) == 0


def test_a_final_receipt_alone_is_the_tables_where_nothing_older_could_hold_more(
    due: Due, emulator: AwsEmulator, kept: Stack
) -> None:
    """A short code has no event but the last one; what is older than the table may have the first."""
    now = int(time.time() * 1000)
    texts = {"new-1": now + 5 * DAY, "old-1": now + 3 * DAY}
    final = (pinpoint_sms(Text(message), "SUCCESS", when, 645.0) for message, when in texts.items())
    stacks.store_statuses(emulator, kept, stacks.statuses_of(*final).values())
    (item,) = due("status", "new-1", *ON, "-o", "json").done().json
    assert (item["status"], item["from"]) == ("success", "store")
    assert asked_athena(emulator) == 0
    due("status", "old-1", *ON).done()
    assert asked_athena(emulator) > 0


def test_without_the_right_to_describe_the_table_the_events_are_queried(
    due: Due, emulator: AwsEmulator, kept: Stack
) -> None:
    final = pinpoint_sms(Text("new-1"), "SUCCESS", int(time.time() * 1000) + 5 * DAY, 645.0)
    stacks.store_statuses(emulator, kept, stacks.statuses_of(final).values())
    emulator.faults.deny("dynamodb:DescribeTable")
    due("status", "new-1", *ON).done()
    assert asked_athena(emulator) > 0


def test_the_answers_come_in_the_order_asked(due: Due, kept: Stack) -> None:
    ids = ["sms-1", "unknown-1", "opened-1", "sms-1"]
    items = due("status", *ids, *ON, "-o", "json").failed(4).json
    assert [item["message_id"] for item in items] == ids
    assert [item["status"] for item in items] == ["buffered", "not_found", "open", "buffered"]
    assert items[0]["price_in_millicents_usd"] == 600.0


def test_hundreds_are_read_a_hundred_at_a_time(emulator: AwsEmulator, kept: Stack) -> None:
    wanted = [sent(number).id for number in range(250)]
    found = read_statuses(kept.aws, kept.names.status_table, wanted)
    assert sorted(found) == sorted(wanted)
    calls = emulator.journal.of("dynamodb:BatchGetItem")
    assert [len(call.parameters["RequestItems"][kept.names.status_table]["Keys"]) for call in calls] == [100, 100, 50]


def test_what_is_left_out_of_an_answer_is_asked_for_again(emulator: AwsEmulator, kept: Stack) -> None:
    """As DynamoDB does under load: some keys are answered, the others come back unprocessed."""
    table = kept.names.status_table
    dynamodb, busy = emulator.client("dynamodb"), [True, True, True]

    def handler(call: Call, _: Request) -> Answer | None:
        if not busy:
            return None
        busy.pop()
        wanted = call.parameters["RequestItems"][table]
        some, others = wanted["Keys"][:30], wanted["Keys"][30:]
        items = [dynamodb.get_item(TableName=table, Key=key).get("Item") for key in some]
        left = {table: {**wanted, "Keys": others}} if others else {}
        return Answer.of({"Responses": {table: [item for item in items if item]}, "UnprocessedKeys": left})

    emulator.handlers["dynamodb:BatchGetItem"] = handler
    try:
        wanted = [sent(number).id for number in range(100)]
        assert sorted(read_statuses(kept.aws, table, wanted)) == sorted(wanted)
    finally:
        del emulator.handlers["dynamodb:BatchGetItem"]
    assert busy == []
    asked = [call.parameters["RequestItems"][table] for call in emulator.journal.of("dynamodb:BatchGetItem")]
    assert [len(one["Keys"]) for one in asked] == [100, 70, 40, 10]


def test_a_throttled_read_is_made_again(due: Due, emulator: AwsEmulator, kept: Stack) -> None:
    emulator.faults.refuse("dynamodb:BatchGetItem", "ProvisionedThroughputExceededException", times=2)
    due("status", "opened-1", *ON).done()


def test_no_right_to_the_table_is_said(due: Due, emulator: AwsEmulator, kept: Stack) -> None:
    emulator.faults.deny("dynamodb:BatchGetItem")
    assert "dynamodb:BatchGetItem" in due("status", "opened-1", *ON).failed(5).err


@pytest.mark.parametrize("strange", sampled(["", "x" * 2_049, "☃" * 700, "\udcff"], 2))
def test_what_can_be_no_key_is_a_message_that_nobody_knows(due: Due, kept: Stack, strange: str) -> None:
    items = due("status", strange, "opened-1", *ON, "-o", "json").failed(4).json
    assert [item["status"] for item in items] == ["not_found", "open"]


def test_what_is_over_or_not_dues_counts_as_unknown(due: Due, emulator: AwsEmulator, stack: Stack) -> None:
    """DynamoDB deletes an item days after its time; and anybody may write to a table."""
    (status,) = stacks.statuses_of(ses(Mail("over-1", MONDAY), "send")).values()
    item: dict[str, Any] = attributes(status, 90)
    dynamodb = emulator.client("dynamodb")
    dynamodb.put_item(TableName=stack.names.status_table, Item={**item, "expires_at": {"N": str(int(time.time()) - 1)}})
    for name, facts in (("theirs-1", "no JSON"), ("theirs-2", "[1]")):
        theirs = {"message_id": {"S": name}, "facts": {"S": facts}, "expires_at": {"N": "9999999999"}}
        dynamodb.put_item(TableName=stack.names.status_table, Item=theirs)
    dynamodb.put_item(TableName=stack.names.status_table, Item={"message_id": {"S": "theirs-3"}})
    items = due("status", "over-1", "theirs-1", "theirs-2", "theirs-3", *ON, "-o", "json").failed(4).json
    assert [item["status"] for item in items] == ["not_found"] * 4
    dynamodb.put_item(TableName=stack.names.status_table, Item=attributes(status, 36500))
    assert due("status", "over-1", *ON, "-o", "json").done().json[0]["status"] == "send"


def test_where_athena_cannot_be_asked_the_table_answers_with_a_note(
    due: Due, emulator: AwsEmulator, kept: Stack
) -> None:
    (late,) = stacks.statuses_of(ses(Mail("late-1", MONDAY), "delivered", MONDAY + 1)).values()
    stacks.store_statuses(emulator, kept, [late])
    emulator.faults.deny("athena:StartQueryExecution")
    ran = due("status", "late-1", "opened-1", "unknown-1", *ON, "-o", "json", "--quiet").failed(4)
    assert [item["status"] for item in ran.json] == ["delivered", "open", "not_found"]
    assert {item.get("from") for item in ran.json[:2]} == {"store"}
    (note,) = ran.err.strip().splitlines()
    assert note.startswith("the events were not queried: ")
    assert "access denied" in note

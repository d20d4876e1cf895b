"""What is there already under a name of the stack's: another stack's, somebody else's, or its own by its tag."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.aws.stack import sending
from tests.aws_emulator.aws import AwsEmulator
from tests.aws_emulator.pinpoint import Gone
from tests.sampling import sampled
from tests.scenarios.account import contents
from tests.scenarios.commands import Commands
from tests.scenarios.details import details
from tests.scenarios.tagging import tagged
from tests.scenarios.test_setup import SETUP, WHOLE
from tests.scenarios.test_teardown import REMOVAL, TEARDOWN

BUCKET = "due-events-123456789012-us-east-1"
_MOST_RUNS = 20


def a_stream(emulator: AwsEmulator) -> None:
    bucket = {"RoleARN": "arn:aws:iam::123456789012:role/any", "BucketARN": "arn:aws:s3:::any"}
    emulator.client("firehose").create_delivery_stream(
        DeliveryStreamName="due-events", S3DestinationConfiguration=bucket
    )


def a_table(emulator: AwsEmulator) -> None:
    emulator.client("dynamodb").create_table(
        TableName="due-message-status",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


def a_workgroup(emulator: AwsEmulator) -> None:
    emulator.client("athena").create_work_group(Name="due")


def a_database(emulator: AwsEmulator) -> None:
    emulator.client("glue").create_database(DatabaseInput={"Name": "due_eventdb"})


def a_log_group(emulator: AwsEmulator) -> None:
    emulator.client("logs").create_log_group(logGroupName="/aws/lambda/due-transform")


def an_alarm(emulator: AwsEmulator) -> None:
    emulator.client("cloudwatch").put_metric_alarm(
        AlarmName="due-late",
        Namespace="AWS/SQS",
        MetricName="ApproximateAgeOfOldestMessage",
        Statistic="Maximum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )


def a_topic(emulator: AwsEmulator) -> None:
    emulator.client("sns").create_topic(Name="due-alarms")


@pytest.mark.parametrize("make", sampled([a_stream, a_table, a_workgroup, a_database, a_log_group, an_alarm, a_topic]))
def test_what_due_did_not_make_is_refused(
    emulator: AwsEmulator, commands: Commands, make: Callable[[AwsEmulator], Any]
) -> None:
    make(emulator)
    before = contents(emulator), details(emulator)
    emulator.journal.clear()
    ended = commands.due(*SETUP, "--alarm-email", "oncall@example.com")
    assert ended.code == 5, ended
    assert "was not created by due" in ended.err
    assert "  try: due setup --" in ended.err
    assert emulator.journal.mutating == []
    assert (contents(emulator), details(emulator)) == before


@pytest.mark.parametrize("step", [pytest.param(1, marks=pytest.mark.slow), 6])
def test_what_is_another_stacks_is_refused_and_left(emulator: AwsEmulator, commands: Commands, step: int) -> None:
    """Each resource that can have tags, one after another, as if another stack had made it."""
    assert commands.due(*SETUP, "--alarm-email", "oncall@example.com").code == 0
    there = {name: one for name, one in tagged(emulator).items() if not name.startswith(("HTTP API", "stage"))}
    assert len(there) > 20
    for name, one in list(there.items())[::step]:
        one.add({"due:stack": "another"})
        emulator.journal.clear()
        ended = commands.due(*SETUP)
        assert ended.code == 5, (name, ended)
        assert "belongs to the stack another" in ended.err, name
        assert emulator.journal.mutating == [], name
        one.add({"due:stack": "due"})
    assert commands.due(*SETUP).code == 0


@pytest.mark.slow
def test_teardown_leaves_what_is_not_its_own(emulator: AwsEmulator, commands: Commands) -> None:
    assert commands.due(*SETUP).code == 0
    tagged(emulator)["delivery stream due-events"].add({"due:stack": "another"})
    ended = commands.due(*REMOVAL)
    assert ended.code == 0, ended.err
    assert contents(emulator)["streams"] == ["due-events"]
    assert "left: delivery stream due-events, which is not the stack's by its tags" in ended.out


@pytest.mark.slow
def test_a_view_of_somebody_else_keeps_its_database(emulator: AwsEmulator, commands: Commands) -> None:
    assert commands.due(*SETUP).code == 0
    view = {"Name": "monthly", "TableType": "VIRTUAL_VIEW", "ViewOriginalText": "/* Presto View: e30= */"}
    emulator.client("glue").create_table(DatabaseName="due_eventdb", TableInput=view)
    ended = commands.due(*TEARDOWN)
    assert ended.code == 0, ended.err
    assert contents(emulator)["tables of due_eventdb"] == ["monthly"]
    assert "which has tables of yours: monthly" in ended.out


def set_up_without_functions(emulator: AwsEmulator, commands: Commands, *words: str) -> None:
    """A setup that ends before there is a transform, which says what was chosen, and not before there is a database.

    What it makes beside the transform, it makes at the same time: where that has not got far, it is run again.
    """
    emulator.faults.deny("lambda:CreateFunction")
    for _ in range(_MOST_RUNS):
        assert commands.due(*SETUP, *words).code == 5
        if contents(emulator)["databases"]:
            break
    emulator.faults.clear()


def test_a_setup_that_failed_before_it_had_its_transform_is_taken_down_whole(
    emulator: AwsEmulator, commands: Commands
) -> None:
    before = contents(emulator)
    set_up_without_functions(emulator, commands, "--alarm-email", "oncall@example.com")
    assert contents(emulator)["databases"] == ["due_eventdb"]
    assert commands.due(*REMOVAL).code == 0
    assert contents(emulator) == before


@pytest.mark.slow
def test_the_database_of_a_setup_that_was_cut_off_is_known(emulator: AwsEmulator, commands: Commands) -> None:
    """It has no function yet that says what was chosen."""
    before = contents(emulator)
    set_up_without_functions(emulator, commands, "--database", "mail_db")
    assert contents(emulator)["databases"] == ["mail_db"]
    other = commands.due(*SETUP, "--database", "other_db")
    assert (other.code, "mail_db" in other.err) == (2, True), other
    assert commands.due(*REMOVAL).code == 0
    assert contents(emulator) == before


@pytest.mark.slow
def test_a_setup_that_was_cut_off_goes_on_with_its_database(emulator: AwsEmulator, commands: Commands) -> None:
    set_up_without_functions(emulator, commands, "--database", "mail_db")
    assert commands.due(*SETUP).code == 0
    assert contents(emulator)["databases"] == ["mail_db"]


@pytest.mark.slow
def test_the_database_of_a_stack_does_not_change(emulator: AwsEmulator, commands: Commands) -> None:
    assert commands.due(*SETUP, "--database", "mail_db").code == 0
    emulator.journal.clear()
    ended = commands.due(*SETUP, "--database", "other_db")
    assert ended.code == 2, ended
    assert "mail_db" in ended.err
    assert emulator.journal.mutating == []
    assert commands.due(*SETUP).code == 0, "and is kept where it is not given"


@pytest.mark.slow
@pytest.mark.parametrize("gone", sampled([Gone.FORBIDDEN, Gone.NO], 1))
def test_teardown_names_what_pinpoint_does_not_let_it_remove(
    emulator: AwsEmulator, commands: Commands, gone: Gone
) -> None:
    sending.make_sets(emulator, "marketing")
    assert commands.due(*WHOLE).code == 0
    emulator.pinpoint.gone = gone
    if gone is Gone.NO:
        emulator.faults.deny("pinpoint:*")
    ended = commands.due(*REMOVAL)
    assert ended.code == 0, ended.err
    assert "left: a Pinpoint project, its event stream and what leads to it, if there are any: " in ended.out
    [destination] = emulator.ses.destinations("marketing")
    assert ("left: configuration set marketing keeps event-database" in ended.out) is (gone is not Gone.NO)
    assert destination["Name"] == "event-database"


@pytest.mark.slow
def test_a_stack_without_pinpoint_says_nothing_of_it(emulator: AwsEmulator, commands: Commands) -> None:
    assert commands.due(*SETUP).code == 0
    emulator.pinpoint.gone = Gone.FORBIDDEN
    assert "Pinpoint" not in commands.due(*REMOVAL).out


@pytest.mark.parametrize("prefix", sampled(["", "events/", "events/2026/"], 1))
def test_another_notification_of_new_events_is_found_before_anything_is_made(
    emulator: AwsEmulator, commands: Commands, prefix: str
) -> None:
    s3, sqs = emulator.client("s3"), emulator.client("sqs")
    s3.create_bucket(Bucket=BUCKET)
    sqs.create_queue(QueueName="others")
    rule: dict[str, Any] = {
        "Id": "theirs",
        "QueueArn": "arn:aws:sqs:us-east-1:123456789012:others",
        "Events": ["s3:ObjectCreated:Put"],
    }
    if prefix:
        rule["Filter"] = {"Key": {"FilterRules": [{"Name": "prefix", "Value": prefix}]}}
    s3.put_bucket_notification_configuration(Bucket=BUCKET, NotificationConfiguration={"QueueConfigurations": [rule]})
    emulator.journal.clear()
    ended = commands.due(*SETUP)
    assert ended.code == 5, ended
    assert "has a notification theirs" in ended.err
    assert emulator.journal.mutating == []


@pytest.mark.slow
def test_another_notification_of_other_objects_stays(emulator: AwsEmulator, commands: Commands) -> None:
    s3, sqs = emulator.client("s3"), emulator.client("sqs")
    s3.create_bucket(Bucket=BUCKET)
    sqs.create_queue(QueueName="others")
    rule = {
        "Id": "theirs",
        "QueueArn": "arn:aws:sqs:us-east-1:123456789012:others",
        "Events": ["s3:ObjectCreated:*"],
        "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "athena-results/"}]}},
    }
    s3.put_bucket_notification_configuration(Bucket=BUCKET, NotificationConfiguration={"QueueConfigurations": [rule]})
    assert commands.due(*SETUP).code == 0
    found = s3.get_bucket_notification_configuration(Bucket=BUCKET)
    assert [one["Id"] for one in found["QueueConfigurations"]] == ["theirs"]
    assert [one["Id"] for one in found["LambdaFunctionConfigurations"]] == ["due-new-objects"]
    assert commands.due(*TEARDOWN).code == 0
    found = s3.get_bucket_notification_configuration(Bucket=BUCKET)
    assert [one["Id"] for one in found["QueueConfigurations"]] == ["theirs"]
    assert "LambdaFunctionConfigurations" not in found


def test_a_key_of_another_region_is_refused(emulator: AwsEmulator, commands: Commands) -> None:
    ended = commands.due(*SETUP, "--kms-key", "arn:aws:kms:eu-west-1:123456789012:key/0f3b0d0e")
    assert ended.code == 2, ended
    assert "another region" in ended.err
    assert emulator.journal.mutating == []


def test_a_key_that_cannot_encrypt_is_found_before_anything_is_made(emulator: AwsEmulator, commands: Commands) -> None:
    kms = emulator.client("kms")
    signing = kms.create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"]
    made = kms.create_key()["KeyMetadata"]
    disabled = made["Arn"]
    kms.disable_key(KeyId=made["KeyId"])
    nobodys = "arn:aws:kms:us-east-1:123456789012:key/0f3b0d0e-5a0c-4b7e-9d5e-2d1c7a4b6e01"
    emulator.journal.clear()
    for key, why in ((signing, "RSA_2048"), (disabled, "is Disabled"), (nobodys, "is not there")):
        ended = commands.due(*SETUP, "--kms-key", key)
        assert (ended.code, why in ended.err) == (2, True), ended
    assert emulator.journal.mutating == []


@pytest.mark.slow
def test_a_reservation_that_lambda_has_no_room_for_is_found_before_anything_is_made(
    emulator: AwsEmulator, commands: Commands
) -> None:
    emulator.functions.limit = 150
    ended = commands.due(*SETUP, "--transform-concurrency", "51")
    assert (ended.code, "has 50 executions to reserve" in ended.err) == (2, True), ended
    assert emulator.journal.mutating == []
    assert commands.due(*SETUP, "--transform-concurrency", "40").code == 0
    assert commands.due(*SETUP, "--transform-concurrency", "51").code == 2
    assert commands.due(*SETUP, "--transform-concurrency", "50").code == 0
    assert commands.due(*SETUP, "--transform-concurrency", "0").code == 0
    concurrency = emulator.client("lambda").get_function_concurrency(FunctionName="due-transform")
    assert "ReservedConcurrentExecutions" not in concurrency


def test_an_alias_is_no_key(emulator: AwsEmulator, commands: Commands) -> None:
    assert commands.due(*SETUP, "--kms-key", "arn:aws:kms:us-east-1:123456789012:alias/mail").code == 2
    assert emulator.journal.mutating == []

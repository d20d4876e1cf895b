"""Hours with objects against partitions: every way in which they differ, and what ``--repair`` fixes."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest
from moto.s3.models import s3_backends

from due_cli.aws.client import Aws
from due_cli.aws.doctor import partitions
from due_cli.aws.doctor.context import DoctorContext, run_check
from due_cli.aws.services.s3 import hours_with_objects, newest_object
from due_cli.aws.stack.desired import desired
from due_cli.aws.stack.execute import execute
from due_cli.aws.stack.options import Options
from due_cli.aws.stack.package import package
from due_cli.aws.stack.plan import planned
from due_cli.aws.stack.stack import Stack, names_in
from due_cli.core.errors import NotFoundError, RefusedError
from due_cli.core.results import Check
from due_cli.sql.files import TABLE
from tests.aws import typed
from tests.aws_emulator.aws import AwsEmulator
from tests.aws_emulator.calls import Call
from tests.aws_emulator.needs import ACCOUNT, PARTITION
from tests.aws_emulator.wire import Answer, Request
from tests.commands import Due

FIRST = datetime(2026, 11, 22, 3)


@pytest.fixture
def stack(emulator: AwsEmulator) -> Stack:
    """The bucket and the table of a stack."""
    aws = Aws()
    stack = Stack(aws=aws, names=names_in(aws, "due"), options=Options())
    nodes = [
        node for node in desired(stack.names, stack.options, package()) if node.key in ("bucket", "database", "table")
    ]
    execute(planned(nodes, aws), aws)
    emulator.journal.clear()
    return stack


def checked(stack: Stack) -> list[Check]:
    return run_check("partitions", partitions.partitions, DoctorContext(stack, (), None))


def assert_healthy(stack: Stack) -> None:
    assert [check.outcome for check in checked(stack)] == ["ok"]


def store(emulator: AwsEmulator, stack: Stack, *hours: datetime, objects: int = 1) -> None:
    """Objects of hours, without telling anybody."""
    backend = s3_backends[ACCOUNT][PARTITION]
    for hour in hours:
        for number in range(objects):
            backend.put_object(stack.names.bucket, f"events/{hour:%Y/%m/%d/%H}/{number:05}.parquet", b"x")


def add(emulator: AwsEmulator, stack: Stack, value: str, place: str) -> None:
    """A partition as somebody by hand makes it."""
    descriptor = {"Location": place, "Columns": []}
    emulator.client("glue").create_partition(
        DatabaseName=stack.options.database,
        TableName=TABLE,
        PartitionInput={"Values": [value], "StorageDescriptor": descriptor},
    )


def place(stack: Stack, hour: str) -> str:
    return f"s3://{stack.names.bucket}/events/{hour}/"


def found(emulator: AwsEmulator, stack: Stack) -> dict[str, str]:
    """The partitions with their places."""
    answer = emulator.client("glue").get_partitions(DatabaseName=stack.options.database, TableName=TABLE)
    return {one["Values"][0]: one["StorageDescriptor"]["Location"] for one in answer["Partitions"]}


def test_an_hour_without_a_partition_is_named_and_added(emulator: AwsEmulator, stack: Stack) -> None:
    store(emulator, stack, FIRST, FIRST + timedelta(hours=1))
    add(emulator, stack, "2026-11-22 04:00:00", place(stack, "2026/11/22/04"))
    [check] = checked(stack)
    assert check == Check(
        "partitions",
        "problem",
        "1 hour with events, but without a partition: 2026-11-22 03:00:00",
        "due doctor --repair",
        "missing",
    )
    assert partitions.repair(stack) == ["added 1 partition: 2026-11-22 03:00:00"]
    assert found(emulator, stack)["2026-11-22 03:00:00"] == place(stack, "2026/11/22/03")
    assert_healthy(stack)
    assert partitions.repair(stack) == []


def test_an_hour_whose_objects_are_gone_is_lost_until_that_is_accepted(emulator: AwsEmulator, stack: Stack) -> None:
    store(emulator, stack, FIRST, FIRST + timedelta(hours=1))
    partitions.repair(stack)
    for hour in ("03", "04"):
        emulator.client("s3").delete_object(Bucket=stack.names.bucket, Key=f"events/2026/11/22/{hour}/00000.parquet")
    lost = checked(stack)
    assert {check.code for check in lost} == {"partitions-vanished"}
    assert [check.fix for check in lost] == [f"due doctor --accept-loss 2026-11-22T0{hour}" for hour in (3, 4)]
    with pytest.raises(NotFoundError):
        partitions.accept_losses(stack, ["2026-11-22T05"])
    partitions.accept_losses(stack, ["2026-11-22T03"])
    assert found(emulator, stack).keys() == {"2026-11-22 04:00:00"}
    store(emulator, stack, FIRST + timedelta(hours=1))
    assert_healthy(stack)


def test_partitions_are_added_a_hundred_at_a_time(emulator: AwsEmulator, stack: Stack) -> None:
    store(emulator, stack, *(FIRST + timedelta(hours=n) for n in range(250)))
    assert partitions.repair(stack)[0].startswith("added 250 partitions: ")
    calls = emulator.journal.of("glue:BatchCreatePartition")
    assert [len(call.parameters["PartitionInputList"]) for call in calls] == [100, 100, 50]
    assert_healthy(stack)


def test_a_partition_that_appears_meanwhile_is_no_failure(emulator: AwsEmulator, stack: Stack) -> None:
    store(emulator, stack, FIRST)

    def appear(_: Call) -> None:
        add(emulator, stack, "2026-11-22 03:00:00", place(stack, "2026/11/22/03"))

    emulator.faults.hook(appear, name="glue:GetPartitions")
    assert partitions.repair(stack) == ["added 0 partitions: 2026-11-22 03:00:00"]
    emulator.faults.clear()
    assert_healthy(stack)


def test_what_glue_does_not_take_is_said(emulator: AwsEmulator, stack: Stack) -> None:
    """It answers 200, and says in the answer what it did not do."""
    store(emulator, stack, FIRST)

    def refuse(call: Call, _: Request, answer: Answer) -> None:
        if call.name == "glue:BatchCreatePartition":
            detail = {"ErrorCode": "ResourceNumberLimitExceededException", "ErrorMessage": "too many"}
            errors = [{"PartitionValues": ["2026-11-22 03:00:00"], "ErrorDetail": detail}]
            answer.body = json.dumps({"Errors": errors}).encode()
            answer.headers = [pair for pair in answer.headers if pair[0].lower() != "content-length"]

    emulator.watchers.append(refuse)
    with pytest.raises(RefusedError, match="1 of 1 partitions: 2026-11-22 03:00:00: ResourceNumberLimitExceeded"):
        partitions.repair(stack)


def test_the_aws_solutions_spelling_is_the_same_hour(emulator: AwsEmulator, stack: Stack) -> None:
    store(emulator, stack, datetime(2020, 5, 1))
    add(emulator, stack, "2020-05-01 00:00:00.0", place(stack, "2020/05/01/00").rstrip("/"))
    assert_healthy(stack)
    assert partitions.repair(stack) == []


def test_an_hour_that_is_two_partitions(emulator: AwsEmulator, stack: Stack, due: Due) -> None:
    store(emulator, stack, datetime(2020, 5, 1))
    for value in ("2020-05-01 00:00:00.0", "2020-05-01 00:00:00"):
        add(emulator, stack, value, place(stack, "2020/05/01/00"))
    [check] = checked(stack)
    assert "the hour 2020-05-01 00:00:00 is two partitions" in check.found
    typed.run(check.fix or "", emulator, due)
    assert list(found(emulator, stack)) == ["2020-05-01 00:00:00"]
    assert_healthy(stack)


def test_a_partition_of_another_hours_files(emulator: AwsEmulator, stack: Stack) -> None:
    store(emulator, stack, FIRST)
    add(emulator, stack, "2026-11-22 03:00:00.0", place(stack, "2026/11/22/02"))
    [check] = checked(stack)
    assert (check.outcome, check.fix) == ("problem", "due doctor --repair")
    assert "2026-11-22 03:00:00.0 points to s3://" in check.found
    [done] = partitions.repair(stack)
    assert done.startswith("relocated partition 2026-11-22 03:00:00.0")
    assert found(emulator, stack) == {"2026-11-22 03:00:00.0": place(stack, "2026/11/22/03")}
    assert_healthy(stack)


def test_a_partition_of_another_bucket_is_the_users_own(emulator: AwsEmulator, stack: Stack, due: Due) -> None:
    add(emulator, stack, "2026-11-22 03:00:00", "s3://archive/events/2026/11/22/03/")
    assert_healthy(stack)
    store(emulator, stack, FIRST)
    [check] = checked(stack)
    text = f"points to s3://archive/events/2026/11/22/03/, which hides the objects of {stack.names.bucket}"
    assert text in check.found
    assert partitions.repair(stack) == []
    typed.run(check.fix or "", emulator, due)
    partitions.repair(stack)
    assert_healthy(stack)


def test_a_partition_that_is_no_hour(emulator: AwsEmulator, stack: Stack, due: Due) -> None:
    add(emulator, stack, "__HIVE_DEFAULT_PARTITION__", place(stack, "2026/11/22/02"))
    [check] = checked(stack)
    assert "'__HIVE_DEFAULT_PARTITION__' is no hour" in check.found
    typed.run(check.fix or "", emulator, due)
    assert_healthy(stack)


@pytest.mark.slow
def test_an_hour_costs_one_listing_however_much_is_in_it(emulator: AwsEmulator, stack: Stack) -> None:
    hours = [FIRST + timedelta(hours=n) for n in range(3)]
    store(emulator, stack, *hours, objects=2500)
    store(emulator, stack, datetime(2025, 12, 31, 23))
    s3 = s3_backends[ACCOUNT][PARTITION]
    for key in ("events/readme", "events/2026/11/22/readme", "events/2026/11/22/03/deeper/x", "events/2026/13/01/00/x"):
        s3.put_object(stack.names.bucket, key, b"x")
    assert hours_with_objects(stack.aws, stack.names.bucket, "events/") == {
        "2025-12-31 23:00:00",
        *(f"{hour:%Y-%m-%d %H}:00:00" for hour in hours),
    }
    # The years, the months of two, one page each for two of the months, and for the third one an hour
    assert len(emulator.journal.of("s3:ListObjectsV2")) <= 3 + 2 + 4


def test_the_newest_of_some_objects_is_looked_for_in_hours_before(emulator: AwsEmulator, stack: Stack) -> None:
    for hours, name in ((0, "due-events-1"), (1, "ingest-1"), (2, "ingest-2"), (700, "ingest-3")):
        key = f"events/{FIRST + timedelta(hours=hours):%Y/%m/%d/%H}/{name}.parquet"
        emulator.client("s3").put_object(Bucket=stack.names.bucket, Key=key, Body=b"x")

    def newest(hours: int) -> datetime | None:
        return newest_object(stack.aws, stack.names.bucket, "events/", stack.names.is_delivered, hours)

    assert newest(3) is None
    assert newest(4) is not None

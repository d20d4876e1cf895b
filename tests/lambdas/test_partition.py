"""The partition function: new objects become partitions, once, whatever stands around the event."""

from __future__ import annotations

import json
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import count
from typing import Any

import pytest

from tests.aws_emulator.wire import Answer
from tests.lambdas.functions import Function, Replied
from tests.lambdas.world import BUCKET, DATABASE, TABLE, Body, World, refusal

KEY = "events/2026/11/22/03/due-1-2026-11-22-03-59-59-0a1b.parquet"
_CONTAINERS = 10
Wrap = Callable[[list[str]], Any]


@pytest.fixture
def partition(world: World) -> Iterator[Function]:
    with world.function("partition") as function:
        yield function


def s3_event(keys: list[str], bucket: str = BUCKET, name: str = "ObjectCreated:Put") -> Any:
    """What S3 calls a function with; its keys are URL-encoded already."""
    records = [{"eventName": name, "s3": {"bucket": {"name": bucket}, "object": {"key": key}}} for key in keys]
    return {"Records": records}


def event_bridge(keys: list[str]) -> Any:
    (key,) = keys
    return {
        "source": "aws.s3",
        "detail-type": "Object Created",
        "detail": {"bucket": {"name": BUCKET}, "object": {"key": key}},
    }


def sns(keys: list[str]) -> Any:
    return {"Records": [{"EventSource": "aws:sns", "Sns": {"Message": json.dumps(s3_event(keys))}}]}


def sqs(keys: list[str]) -> Any:
    return {"Records": [{"eventSource": "aws:sqs", "body": json.dumps(s3_event(keys))}]}


def sns_in_sqs(keys: list[str]) -> Any:
    return {"Records": [{"eventSource": "aws:sqs", "body": json.dumps({"Message": json.dumps(s3_event(keys))})}]}


def hours(world: World) -> list[str]:
    found = world.glue.get_partitions(DatabaseName=DATABASE, TableName=TABLE)["Partitions"]
    return sorted(one["Values"][0] for one in found)


@pytest.mark.parametrize("wrap", [s3_event, event_bridge, sns, sqs, sns_in_sqs])
def test_a_new_object_makes_its_hour_a_partition(world: World, partition: Function, wrap: Wrap) -> None:
    assert partition.call(wrap([KEY])).answer == {"objects": 1, "hours": 1, "made": 1}
    (made,) = world.glue.get_partitions(DatabaseName=DATABASE, TableName=TABLE)["Partitions"]
    table = world.glue.get_table(DatabaseName=DATABASE, Name=TABLE)["Table"]["StorageDescriptor"]
    assert made["Values"] == ["2026-11-22 03:00:00"]
    location = f"s3://{BUCKET}/events/2026/11/22/03/"
    assert made["StorageDescriptor"] == {**table, "Location": location}


def test_a_hundred_objects_of_an_hour_make_one_call(world: World, partition: Function) -> None:
    keys = [f"events/2026/11/22/03/{number}.parquet" for number in range(100)]
    assert partition.call(s3_event(keys)).error is None
    for key in keys:
        assert partition.call(s3_event([key])).error is None
    assert Counter(world.calls) == {"GetTable": 1, "BatchCreatePartition": 1}
    assert hours(world) == ["2026-11-22 03:00:00"]


def test_a_hundred_objects_of_an_hour_at_once_make_one_partition(world: World) -> None:
    """S3 calls the function for each, in as many containers as it takes; Glue makes one and refuses the others."""
    everyone, one_at_a_time = threading.Barrier(_CONTAINERS), threading.Lock()

    def interruptible_pool(body: Body) -> Answer:
        everyone.wait(60)
        with one_at_a_time:  # which moto does not see to
            answer = world.glue.batch_create_partition(**body)
        return Answer.of({"Errors": answer.get("Errors", [])})

    def work(container: Function) -> list[Replied]:
        keys = [f"events/2026/11/22/03/{uuid.uuid4()}.parquet" for _ in range(100 // _CONTAINERS)]
        return [container.call(s3_event([key])) for key in keys]

    with ExitStack() as stack, ThreadPoolExecutor(_CONTAINERS) as pool:
        containers = [stack.enter_context(world.function("partition")) for _ in range(_CONTAINERS)]
        for container in containers:  # it is warm then, and does not keep the others waiting
            container.call(s3_event(["events/2026/11/22/02/x"]))
        world.emulator.journal.clear()
        world.emulator.faults.answer("glue:BatchCreatePartition", interruptible_pool)
        replies = [reply for replied in pool.map(work, containers) for reply in replied]
    assert [reply.error for reply in replies] == [None] * 100
    assert sum(reply.answer["made"] for reply in replies) == 1
    assert hours(world) == ["2026-11-22 02:00:00", "2026-11-22 03:00:00"]
    assert Counter(world.calls) == {"GetTable": _CONTAINERS, "BatchCreatePartition": _CONTAINERS}


def test_more_hours_than_a_call_takes(world: World, partition: Function) -> None:
    keys = [
        f"events/2026/{month:02d}/{day:02d}/{hour:02d}/x" for month in (1, 2) for day in (1, 2, 3) for hour in range(24)
    ]
    partition.call(s3_event(keys))
    assert Counter(world.calls)["BatchCreatePartition"] == 2
    assert len(hours(world)) == 144


def test_a_partition_that_is_there_is_success(world: World, partition: Function) -> None:
    with world.function("partition") as other:
        other.call(s3_event([KEY]))
    reply = partition.call(s3_event([KEY, "events/2026/11/22/04/x"]))
    assert reply.answer == {"objects": 2, "hours": 2, "made": 1}
    assert reply.logged()["codes"] == {"AlreadyExistsException": 1}
    assert hours(world) == ["2026-11-22 03:00:00", "2026-11-22 04:00:00"]


def test_what_may_pass_is_tried_again(world: World, partition: Function) -> None:
    turns = count()

    def fails_twice(body: Body) -> Answer | None:
        return _errors(body, "InternalServiceException") if next(turns) < 2 else None

    world.emulator.faults.answer("glue:BatchCreatePartition", fails_twice)
    assert partition.call(s3_event([KEY])).error is None
    assert hours(world) == ["2026-11-22 03:00:00"]


@pytest.mark.parametrize("code", ["InvalidInputException", "InternalServiceException"])
def test_what_fails_for_good_is_raised_and_the_next_event_tries_again(
    world: World, partition: Function, code: str
) -> None:
    def one_hour_fails(body: Body) -> Answer | None:
        failing = [one for one in body["PartitionInputList"] if one["Values"] == ["2026-11-22 03:00:00"]]
        rest = [one for one in body["PartitionInputList"] if one not in failing]
        if rest:
            world.glue.batch_create_partition(**{**body, "PartitionInputList": rest})
        return _errors({**body, "PartitionInputList": failing}, code) if failing else None

    world.emulator.faults.answer("glue:BatchCreatePartition", one_hour_fails)
    error = partition.call(s3_event([KEY, "events/2026/11/22/04/x"])).error
    assert error and error.startswith(
        "PartitionError: no partition of due_eventdb.all_events for 2026-11-22 03:00:00 ("
    )
    assert "04:00" not in error
    world.emulator.faults.clear()
    assert partition.call(s3_event([KEY])).error is None
    assert hours(world) == ["2026-11-22 03:00:00", "2026-11-22 04:00:00"]


def test_a_call_that_is_refused_is_raised(world: World, partition: Function) -> None:
    world.emulator.faults.answer("glue:BatchCreatePartition", lambda body: refusal("AccessDeniedException"))
    error = partition.call(s3_event([KEY])).error
    assert error and "AccessDeniedException" in error


@pytest.mark.parametrize(
    "event",
    [
        {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": BUCKET},
        {"Records": []},
        s3_event([KEY], bucket="another"),
        s3_event([KEY], name="ObjectRemoved:Delete"),
        s3_event(["errors/processing-failed/2026/11/22/03/x", "athena/x", "events/2026/11/22/03/", "events/x"]),
        s3_event(
            ["events/2026/13/22/03/x", "events/2026/11/31/03/x", "events/2026/11/22/24/x", "my/events/2026/11/22/03/x"]
        ),
    ],
)
def test_other_objects_are_ignored(world: World, partition: Function, event: Any) -> None:
    reply = partition.call(event)
    assert reply.error is None and reply.answer["hours"] == 0
    assert world.calls == []


def test_a_key_is_decoded_unless_the_bus_brings_it(world: World, partition: Function) -> None:
    partition.call(s3_event(["events%2F2026%2F11%2F22%2F05/a+b%2B.parquet"]))
    partition.call(event_bridge(["events%2F2026%2F11%2F22%2F06/a"]))
    assert hours(world) == ["2026-11-22 05:00:00"]


@pytest.mark.parametrize("name", ["DUE_DATABASE", "DUE_TABLE", "DUE_BUCKET"])
def test_a_missing_variable_is_named(world: World, name: str) -> None:
    with world.function("partition", without=name) as function:
        assert function.call({}).error == f"EnvironmentVariableError: the environment variable {name} is not set"


def _errors(body: Body, code: str) -> Answer:
    errors = [
        {"PartitionValues": one["Values"], "ErrorDetail": {"ErrorCode": code, "ErrorMessage": "injected"}}
        for one in body["PartitionInputList"]
    ]
    return Answer.of({"Errors": errors})

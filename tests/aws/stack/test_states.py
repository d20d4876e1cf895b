"""What AWS is in the midst of, or has failed at: a stream or table that goes or is not made; answers that are lost."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from moto.dynamodb.models import dynamodb_backends
from moto.firehose.models import firehose_backends

from due_cli.aws.client import Aws
from due_cli.aws.resources.resource import Action, Node
from due_cli.aws.stack import teardown
from due_cli.aws.stack.names import Names
from due_cli.core.errors import RefusedError
from due_cli.core.progress import Silent
from tests.aws import doctor_env
from tests.aws.stack.sending import apply
from tests.aws_emulator.aws import AwsEmulator
from tests.aws_emulator.calls import Call
from tests.aws_emulator.needs import ACCOUNT
from tests.aws_emulator.server import REGION
from tests.aws_emulator.wire import Answer, Request
from tests.sampling import sampled

Nodes = list[Node[Aws]]


def stream_in(names: Names) -> Any:
    return firehose_backends[ACCOUNT][REGION].delivery_streams[names.stream]


def after_a_second(what: Any) -> None:
    threading.Timer(1, what).start()


@pytest.mark.slow
@pytest.mark.parametrize("status", sampled(["DELETING", "CREATING_FAILED", "DELETING_FAILED"], 1))
def test_a_stream_that_goes_or_was_not_made_is_made_anew(aws: Aws, nodes: Nodes, names: Names, status: str) -> None:
    apply(nodes, aws)
    old = stream_in(names)
    old.delivery_stream_status = status
    if status == "DELETING":
        after_a_second(lambda: firehose_backends[ACCOUNT][REGION].delivery_streams.pop(names.stream))
    done = apply(nodes, aws)
    assert {key for key, action in done.items() if action is not Action.KEEP} == {"stream"}
    assert stream_in(names) is not old
    assert set(apply(nodes, aws).values()) == {Action.KEEP}


@pytest.mark.parametrize("holds", sampled([False, True], 1))
def test_a_stream_whose_key_is_disabled_is_deleted_by_force_once(
    emulator: AwsEmulator, aws: Aws, nodes: Nodes, names: Names, monkeypatch: pytest.MonkeyPatch, holds: bool
) -> None:
    apply(nodes, aws)
    emulator.firehose.keys_disabled.add(names.stream)
    stream = next(node.resource for node in nodes if node.key == "stream")
    emulator.journal.clear()
    if holds:  # even by force it is not deleted
        monkeypatch.setattr("due_cli.aws.retry._POLL_PAUSES", lambda _: 0)
        emulator.handlers["firehose:DeleteDeliveryStream"] = lambda call, request: Answer.of({})
        stream_in(names).delivery_stream_status = "DELETING_FAILED"
        with pytest.raises(RefusedError, match="was not deleted: Firehose gives no reason"):
            stream.delete(aws)
    else:
        stream.delete(aws)
        assert names.stream not in firehose_backends[ACCOUNT][REGION].delivery_streams
    deletions = emulator.journal.of("firehose:DeleteDeliveryStream")
    assert [one.parameters["AllowForceDelete"] for one in deletions] == ([True] if holds else [False, True])


@pytest.mark.slow
def test_a_stream_that_is_being_made_is_waited_for(aws: Aws, nodes: Nodes, names: Names) -> None:
    apply(nodes, aws)
    made = stream_in(names)
    made.delivery_stream_status = "CREATING"
    after_a_second(lambda: setattr(made, "delivery_stream_status", "ACTIVE"))
    apply(nodes, aws)
    assert stream_in(names) is made
    assert made.delivery_stream_status == "ACTIVE"


@pytest.mark.slow
def test_why_a_stream_was_not_made_is_said(emulator: AwsEmulator, aws: Aws, nodes: Nodes, names: Names) -> None:
    def fail(call: Call) -> None:
        if call.operation == "CreateDeliveryStream":
            stream_in(names).delivery_stream_status = "CREATING_FAILED"

    emulator.faults.hook(fail)
    with pytest.raises(RefusedError, match=f"stream {names.stream} was not created"):
        apply(nodes, aws)
    emulator.faults.unhook()
    apply(nodes, aws)
    assert stream_in(names).delivery_stream_status == "ACTIVE"


def test_a_table_that_goes_is_made_anew(emulator: AwsEmulator, aws: Aws, nodes: Nodes, names: Names) -> None:
    apply(nodes, aws)
    tables = dynamodb_backends[ACCOUNT][REGION].tables
    old, left = tables[names.status_table], iter(range(3))

    def goes(call: Call, _: Request, answer: Answer) -> None:
        if call.name == "dynamodb:DescribeTable" and tables.get(names.status_table) is old:
            document = answer.json
            document["Table"]["TableStatus"] = "DELETING"
            answer.body = json.dumps(document).encode()
            answer.headers = [
                pair for pair in answer.headers if pair[0].lower() not in ("content-length", "x-amz-crc32")
            ]
            if next(left, None) is None:
                del tables[names.status_table]

    emulator.watchers.append(goes)
    done = apply(nodes, aws)
    assert {key for key, action in done.items() if action is not Action.KEEP} == {"status-table"}
    assert tables[names.status_table] is not old
    assert set(apply(nodes, aws).values()) == {Action.KEEP}


@pytest.mark.slow
def test_a_destination_whose_change_was_not_answered_is_changed(
    emulator: AwsEmulator, aws: Aws, names: Names, nodes: Nodes
) -> None:
    apply(nodes, aws)
    stream_in(names).destinations[0]["ExtendedS3"]["BufferingHints"] = {"SizeInMBs": 64, "IntervalInSeconds": 60}
    emulator.faults.fail("firehose:UpdateDestination", times=1, after=True)
    emulator.faults.refuse("firehose:UpdateDestination", "ConcurrentModificationException", times=1)
    apply(nodes, aws)
    assert set(apply(nodes, aws).values()) == {Action.KEEP}


@pytest.mark.parametrize(
    ("name", "code", "words"),
    sampled(
        [
            ("dynamodb:UpdateTimeToLive", "ValidationException", "TimeToLive is already enabled"),
            (
                "s3:PutBucketNotificationConfiguration",
                "InvalidArgument",
                "Unable to validate the following destination",
            ),
            ("logs:CreateLogGroup", "OperationAbortedException", "A conflicting operation is currently in progress"),
        ],
        1,
    ),
)
def test_refusals_that_pass(emulator: AwsEmulator, aws: Aws, nodes: Nodes, name: str, code: str, words: str) -> None:
    emulator.faults.refuse(name, code, words, times=1)
    apply(nodes, aws)


def test_a_bucket_that_is_written_into_while_it_is_removed(
    emulator: AwsEmulator, aws: Aws, nodes: Nodes, names: Names
) -> None:
    bucket = next(node.resource for node in nodes if node.key == "bucket")
    apply([node for node in nodes if node.key == "bucket"], aws)
    emulator.client("s3").delete_bucket_policy(Bucket=names.bucket)
    late = iter(["athena-results/late.csv"])

    def write(call: Call) -> None:
        key = next(late, None) if call.operation == "ListObjectVersions" else None
        if key:
            emulator.client("s3").put_object(Bucket=names.bucket, Key=key, Body=b"late")

    emulator.faults.hook(write)
    bucket.delete(aws)
    assert emulator.client("s3").list_buckets()["Buckets"] == []


@pytest.mark.slow
@pytest.mark.parametrize("delete_data", sampled([False, True], 1))
def test_what_a_stream_holds_is_delivered_before_it_is_removed(
    emulator: AwsEmulator, monkeypatch: pytest.MonkeyPatch, delete_data: bool
) -> None:
    """Whatever sends to it is detached by then; a stream that took nothing since yesterday is not waited for."""
    env = doctor_env.made(emulator)
    name = env.stack.names.stream
    env.put_metric("AWS/Firehose", "IncomingRecords", {"DeliveryStreamName": name}, 5)
    waits: list[tuple[float, bool, int]] = []

    def sleep(seconds: float) -> None:
        if seconds > 10:
            there = name in firehose_backends[ACCOUNT][REGION].delivery_streams
            waits.append((seconds, there, len(emulator.ses.destinations("mail"))))

    monkeypatch.setattr("due_cli.aws.resources.stream.pause", sleep)
    removal = teardown.plan_teardown(env.stack, delete_data=delete_data)
    assert ("after 420 seconds" in removal.question) is not delete_data
    removal.execute(Silent())
    assert waits == ([] if delete_data else [(300 + 60 + 60, True, 0)])


@pytest.mark.slow
def test_a_stream_that_took_nothing_is_not_waited_for(emulator: AwsEmulator) -> None:
    env = doctor_env.made(emulator)
    assert "seconds" not in teardown.plan_teardown(env.stack, delete_data=False).question


@pytest.mark.slow
def test_the_tags_of_a_young_table_may_be_told_late(emulator: AwsEmulator, aws: Aws, nodes: Nodes) -> None:
    apply(nodes, aws)
    late = iter(range(2))

    def untold(call: Call, _: Request, answer: Answer) -> None:
        if call.name == "dynamodb:ListTagsOfResource" and next(late, None) is not None:
            answer.body = b'{"Tags": []}'
            answer.headers = [
                pair for pair in answer.headers if pair[0].lower() not in ("content-length", "x-amz-crc32")
            ]

    emulator.watchers.append(untold)
    assert set(apply(nodes, aws).values()) == {Action.KEEP}


def test_objects_that_s3_is_too_busy_to_delete_are_deleted_later(
    emulator: AwsEmulator, aws: Aws, nodes: Nodes, names: Names
) -> None:
    bucket = next(node.resource for node in nodes if node.key == "bucket")
    apply([node for node in nodes if node.key == "bucket"], aws)
    emulator.client("s3").delete_bucket_policy(Bucket=names.bucket)
    emulator.client("s3").put_object(Bucket=names.bucket, Key="events/one", Body=b"one")
    busy = iter(range(2))

    def refuse(call: Call, _: Request) -> Answer | None:
        if next(busy, None) is None:
            return None
        error = "<Error><Key>events/one</Key><Code>SlowDown</Code><Message>Reduce your request rate</Message></Error>"
        return Answer(200, [("Content-Type", "application/xml")], f"<DeleteResult>{error}</DeleteResult>".encode())

    emulator.handlers["s3:DeleteObjects"] = refuse
    bucket.delete(aws)
    assert emulator.client("s3").list_buckets()["Buckets"] == []
    assert len(emulator.journal.of("s3:DeleteObjects")) == 3


def test_a_bucket_policy_with_a_single_statement_is_merged(aws: Aws, nodes: Nodes, names: Names) -> None:
    """IAM's grammar takes one statement without a list around it."""
    apply(nodes[:1], aws)
    theirs = {"Sid": "Theirs", "Effect": "Deny", "Principal": "*", "Action": "s3:PutBucketAcl", "Resource": "*"}
    aws.s3.put_bucket_policy(Bucket=names.bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": theirs}))
    assert apply(nodes[:1], aws) == {"bucket": Action.UPDATE}
    policy = json.loads(aws.s3.get_bucket_policy(Bucket=names.bucket)["Policy"])
    assert [one["Sid"] for one in policy["Statement"]] == ["Theirs", "DueTlsOnly"]

"""The emulator's Firehose and Lambda: what they refuse, transform, convert and run."""

from __future__ import annotations

import base64
import io
import json
from typing import Any

import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError  # noqa: F401

from tests.aws_emulator import account
from tests.aws_emulator.aws import AwsEmulator
from tests.aws_emulator.needs import ACCOUNT


def body(emulator: AwsEmulator, key: str) -> bytes:
    found: bytes = emulator.client("s3").get_object(Bucket=account.BUCKET, Key=key)["Body"].read()
    return found


def test_a_stream_waits_for_its_role_and_for_a_large_buffer(emulator: AwsEmulator) -> None:
    account.table(emulator, account.COLUMNS)
    account.function(emulator, account.PASSING)
    role = account.stream_role(emulator)
    emulator.iam.refusals_of_new_roles = 1
    with pytest.raises(ClientError, match="Firehose is unable to assume role") as caught:
        account.stream(emulator, role)
    assert account.code(caught) == "InvalidArgumentException"
    with pytest.raises(ClientError, match="at least 64"):
        account.stream(emulator, role, BufferingHints={"SizeInMBs": 5, "IntervalInSeconds": 60})
    emulator.firehose.creating = 2
    account.stream(emulator, role)
    describe = emulator.client("firehose").describe_delivery_stream
    found = [describe(DeliveryStreamName=account.STREAM)["DeliveryStreamDescription"] for _ in range(3)]
    assert [one["DeliveryStreamStatus"] for one in found] == ["CREATING", "CREATING", "ACTIVE"]


def test_records_become_parquet_by_the_tables_schema(emulator: AwsEmulator) -> None:
    account.pipeline(emulator)
    put = emulator.client("firehose").put_record_batch
    emulator.clock.set(1_767_225_599)  # the last second of 2025
    first = {"EVENT_TYPE": "a", "at": 1, "tags": {"Key": "Value"}, "facets": {"mail": {"linktags": ["x"], "z": 1}}}
    double = json.dumps(first) + json.dumps({"event_type": "b", "unknown": 1})
    put(DeliveryStreamName=account.STREAM, Records=[{"Data": double}, {"Data": '{"event_type": "c", "at": "no"}'}])
    emulator.clock.advance(3)
    put(DeliveryStreamName=account.STREAM, Records=[{"Data": "{broken"}])
    delivery = emulator.firehose.flush()[0]
    [good] = account.keys(emulator, "events/")
    assert good.startswith("events/2025/12/31/23/")
    rows = pq.read_table(io.BytesIO(body(emulator, good))).to_pylist()
    assert rows[0]["tags"] == [("Key", "Value")]
    assert rows[0]["facets"] == {"mail": {"linktags": ["x"]}}
    assert [row["event_type"] for row in rows] == ["a", "b"]
    [bad] = account.keys(emulator, "errors/format-conversion-failed/")
    lines = [json.loads(line) for line in body(emulator, bad).splitlines()]
    assert [base64.b64decode(one["rawData"]) for one in lines] == [b'{"event_type": "c", "at": "no"}', b"{broken"]
    assert delivery.failed == lines


@pytest.mark.parametrize("tags", [{"tags": {}}, {"facets": {"mail": {"linkTags": []}}}])
def test_empty_lists_and_maps_are_no_parquet(emulator: AwsEmulator, tags: dict[str, Any]) -> None:
    account.pipeline(emulator)
    emulator.firehose.put(account.STREAM, {"event_type": "a", **tags}, {"event_type": "b"})
    [delivery] = emulator.firehose.flush()
    assert ["empty fields are illegal" in one["lastErrorMessage"] for one in delivery.failed] == [True]


def test_another_deserializer_has_the_keys_of_maps_in_lower_case(emulator: AwsEmulator) -> None:
    conversion = account.destination("")["DataFormatConversionConfiguration"]
    schema = {**conversion["SchemaConfiguration"], "RoleARN": f"arn:aws:iam::{ACCOUNT}:role/stream-role"}
    openx: dict[str, Any] = {"Deserializer": {"OpenXJsonSerDe": {}}}
    changed = {**conversion, "SchemaConfiguration": schema, "InputFormatConfiguration": openx}
    account.pipeline(emulator, DataFormatConversionConfiguration=changed)
    emulator.firehose.put(account.STREAM, {"event_type": "a", "tags": {"Key": "Value"}})
    emulator.firehose.flush()
    [good] = account.keys(emulator, "events/")
    assert pq.read_table(io.BytesIO(body(emulator, good))).to_pylist()[0]["tags"] == [("key", "Value")]


ANSWERS = {
    "dropped": "dict(recordId=r['recordId'], result='Dropped', data='')",
    "failed": "dict(recordId=r['recordId'], result='ProcessingFailed', data=r['data'])",
}


@pytest.mark.parametrize("kind", ANSWERS)
def test_what_the_transform_drops_or_fails(emulator: AwsEmulator, kind: str) -> None:
    account.pipeline(
        emulator, f"def handler(event, context):\n    return {{'records': [{ANSWERS[kind]} for r in event['records']]}}"
    )
    emulator.firehose.put(account.STREAM, {"event_type": "a"})
    delivery = emulator.firehose.flush()[0]
    assert account.keys(emulator, "events/") == []
    assert delivery.dropped == (kind == "dropped")
    assert len(account.keys(emulator, "errors/processing-failed/")) == (kind == "failed")
    if kind == "failed":
        assert base64.b64decode(delivery.failed[0]["rawData"]) == b'{"event_type": "a"}\n'
        assert delivery.failed[0]["lambdaArn"] == account.FUNCTION_ARN


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        ("{'records': found[1:]}", "Lambda.MissingRecordId"),
        ("{'records': found + found[:1]}", "Lambda.DuplicatedRecordId"),
        ("{'rows': found}", "Lambda.JsonProcessingException"),
        ("{'records': [dict(one, data='x' * 4_000_000) for one in found]}", "Lambda.FunctionError"),
        ("1 / 0", "Lambda.FunctionError"),
    ],
)
def test_an_answer_that_breaks_the_contract_fails_its_batch(emulator: AwsEmulator, answer: str, wanted: str) -> None:
    lines = ["found = [dict(recordId=r['recordId'], result='Ok', data=r['data']) for r in event['records']]"]
    account.pipeline(emulator, "\n    ".join(["def handler(event, context):", *lines, f"return {answer}"]))
    emulator.firehose.put(account.STREAM, {"event_type": "a"}, {"event_type": "b"})
    delivery = emulator.firehose.flush()[0]
    assert [one["errorCode"] for one in delivery.failed] == [wanted, wanted]
    assert account.keys(emulator, "events/") == []


def test_batches_have_at_most_500_records(emulator: AwsEmulator) -> None:
    account.pipeline(emulator)
    emulator.firehose.put(account.STREAM, *({"event_type": "a"} for _ in range(501)))
    emulator.firehose.flush()
    assert [len(one.event["records"]) for one in emulator.functions.invocations] == [500, 1]


@pytest.mark.parametrize("action", ["s3:PutObject", "glue:GetTableVersion", "lambda:InvokeFunction"])
def test_a_stream_can_do_only_what_its_role_can(emulator: AwsEmulator, action: str) -> None:
    account.pipeline(emulator, without=action)
    emulator.firehose.put(account.STREAM, {"event_type": "a"})
    delivery = emulator.firehose.flush()[0]
    assert account.keys(emulator, "events/") == []
    assert {one.need.action for one in emulator.iam.denied} == {action}
    assert delivery.logged


def test_part_of_a_batch_can_be_refused(emulator: AwsEmulator) -> None:
    account.pipeline(emulator)
    emulator.firehose.unwilling.records = 2
    records = [{"Data": str(number)} for number in range(3)]
    answer = emulator.client("firehose").put_record_batch(DeliveryStreamName=account.STREAM, Records=records)
    assert answer["FailedPutCount"] == 2
    assert [one.get("ErrorCode") for one in answer["RequestResponses"]] == ["ServiceUnavailableException"] * 2 + [None]


LOOKING = """
import json, os, sys, boto3
def handler(event, context):
    print("seen", event)
    try:
        import due_cli
        ours = True
    except ImportError:
        ours = False
    boto3.client("s3").list_objects_v2(Bucket="emulator-data")
    return {"ours": ours, "setting": os.environ["SETTING"], "left": context.get_remaining_time_in_millis() > 0}
"""


def test_a_function_runs_from_its_zip_alone_in_its_role(emulator: AwsEmulator) -> None:
    emulator.client("s3").create_bucket(Bucket=account.BUCKET)
    may = account.allow("s3:ListBucket", account.BUCKET_ARN)
    account.function(emulator, LOOKING, account.FUNCTION, may, Environment={"Variables": {"SETTING": "one"}})
    answer = emulator.client("lambda").invoke(FunctionName=account.FUNCTION, Payload=b'{"a": 1}')
    assert json.loads(answer["Payload"].read()) == {"ours": False, "setting": "one", "left": True}
    call = next(one for one in emulator.journal.everything if one.name == "s3:ListObjectsV2")
    assert (call.by, call.principal.rsplit("/", 1)[-1]) == ("function", f"{account.FUNCTION}-role")
    logged = emulator.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{account.FUNCTION}")["events"]
    said, last = (one["message"] for one in logged)
    assert [said] == ["seen {'a': 1}"] == emulator.functions.logs(account.FUNCTION)
    assert last.startswith("REPORT RequestId: ")
    emulator.client("iam").delete_role_policy(RoleName=f"{account.FUNCTION}-role", PolicyName="policy")
    answer = emulator.client("lambda").invoke(FunctionName=account.FUNCTION, Payload=b"{}")
    assert answer["FunctionError"] == "Unhandled"
    assert "s3:ListBucket" in {one.need.action for one in emulator.iam.denied}


def test_a_new_object_invokes_the_function_that_lets_s3_in(emulator: AwsEmulator) -> None:
    s3, functions = emulator.client("s3"), emulator.client("lambda")
    s3.create_bucket(Bucket=account.BUCKET)
    where = account.function(
        emulator, "def handler(event, context):\n    return event['Records'][0]['s3']['object']['key']"
    )
    filters = {"Key": {"FilterRules": [{"Name": "prefix", "Value": "events/"}]}}
    rule = {"LambdaFunctionArn": where, "Events": ["s3:ObjectCreated:*"], "Filter": filters}
    notify = s3.put_bucket_notification_configuration
    with pytest.raises(ClientError, match="Unable to validate"):
        notify(Bucket=account.BUCKET, NotificationConfiguration={"LambdaFunctionConfigurations": [rule]})
    functions.add_permission(
        FunctionName=account.FUNCTION,
        StatementId="s3",
        Action="lambda:InvokeFunction",
        Principal="s3.amazonaws.com",
        SourceArn=account.BUCKET_ARN,
        SourceAccount=ACCOUNT,
    )
    with pytest.raises(ClientError, match="overlap"):
        notify(Bucket=account.BUCKET, NotificationConfiguration={"LambdaFunctionConfigurations": [rule, rule]})
    notify(Bucket=account.BUCKET, NotificationConfiguration={"LambdaFunctionConfigurations": [rule]})
    s3.put_object(Bucket=account.BUCKET, Key="events/one", Body=b"")
    s3.put_object(Bucket=account.BUCKET, Key="other/one", Body=b"")
    emulator.functions.settle()
    assert [one.answer for one in emulator.functions.invocations] == ["events/one"]

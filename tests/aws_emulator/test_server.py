"""The emulator proves itself: real HTTP, boto3 on the other side."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from typing import Any
from urllib.parse import parse_qsl

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError  # noqa: F401

from tests.aws_emulator import account
from tests.aws_emulator.aws import AwsEmulator
from tests.aws_emulator.needs import arn
from tests.aws_emulator.recognise import model, recognised
from tests.aws_emulator.wire import Request

SET_ARN = arn("ses", "us-east-1", "configuration-set/marketing")


def test_every_call_is_recognised_counted_and_told_reading_from_changing(emulator: AwsEmulator) -> None:
    s3 = emulator.client("s3")
    s3.create_bucket(Bucket="one-bucket")
    s3.put_object(Bucket="one-bucket", Key="a b/ü+c", Body=b"x")
    assert s3.get_object(Bucket="one-bucket", Key="a b/ü+c")["Body"].read() == b"x"
    s3.put_bucket_tagging(Bucket="one-bucket", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    s3.list_objects_v2(Bucket="one-bucket")
    emulator.client("cloudwatch").describe_alarms()
    emulator.client("sts").get_caller_identity()
    emulator.client("apigatewayv2").get_apis()
    assert [call.name for call in emulator.journal] == [
        "s3:CreateBucket",
        "s3:PutObject",
        "s3:GetObject",
        "s3:PutBucketTagging",
        "s3:ListObjectsV2",
        "cloudwatch:DescribeAlarms",
        "sts:GetCallerIdentity",
        "apigatewayv2:GetApis",
    ]
    assert [call.number for call in emulator.journal.mutating] == [1, 2, 4]
    assert emulator.journal.of("s3:PutObject")[0].resources == ("arn:aws:s3:::one-bucket/a b/ü+c",)
    emulator.journal.clear()
    assert len(emulator.journal) == 0


@pytest.mark.parametrize(
    ("service", "operation"),
    [
        ("s3", "list_buckets"),
        ("iam", "list_roles"),
        ("glue", "get_databases"),
        ("cloudwatch", "describe_alarms"),
        ("sesv2", "list_configuration_sets"),
        ("lambda", "list_functions"),
        ("apigatewayv2", "get_apis"),
        ("pinpoint", "get_apps"),
        ("dynamodb", "list_tables"),
        ("logs", "describe_log_groups"),
    ],
)
def test_faults_reach_every_protocol(emulator: AwsEmulator, service: str, operation: str) -> None:
    call = getattr(emulator.client(service), operation)
    for fault, wanted in ((emulator.faults.throttle, "ThrottlingException"), (emulator.faults.deny, "AccessDenied")):
        fault("*", times=1)
        with pytest.raises(ClientError) as caught:
            call()
        assert account.code(caught) == wanted
    emulator.faults.fail()
    with pytest.raises(ClientError) as caught:
        call()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    call()


def test_a_hook_runs_after_the_call_took_effect_and_delays_delay(emulator: AwsEmulator) -> None:
    s3 = emulator.client("s3")
    seen: list[str] = []
    emulator.faults.hook(
        lambda call: seen.append(str(emulator.client("s3").list_buckets()["Buckets"][-1]["Name"])), number=2
    )
    s3.create_bucket(Bucket="first-one")
    s3.create_bucket(Bucket="other-one")
    assert seen == ["other-one"]
    emulator.faults.clear()
    emulator.faults.delay = 0.2
    began = time.monotonic()
    s3.list_buckets()
    assert time.monotonic() - began >= 0.2


def test_a_lost_answer_leaves_what_was_done(emulator: AwsEmulator) -> None:
    emulator.faults.fail("s3:CreateBucket", after=True)
    with pytest.raises(ClientError):
        emulator.client("s3").create_bucket(Bucket="made-anyway")
    assert [one["Name"] for one in emulator.client("s3").list_buckets()["Buckets"]] == ["made-anyway"]


def destination(role: str, stream: str = account.STREAM_ARN, **more: Any) -> dict[str, Any]:
    firehose = {"IamRoleArn": role, "DeliveryStreamArn": stream}
    return {"Enabled": True, "MatchingEventTypes": ["SEND"], "KinesisFirehoseDestination": firehose, **more}


def attach(emulator: AwsEmulator, name: str, given: dict[str, Any], change: str = "create") -> None:
    call = getattr(emulator.client("sesv2"), f"{change}_configuration_set_event_destination")
    call(ConfigurationSetName="marketing", EventDestinationName=name, EventDestination=given)


def test_ses_refuses_what_aws_refuses(emulator: AwsEmulator) -> None:
    ses = emulator.client("sesv2")
    account.pipeline(emulator)
    may = account.allow("firehose:PutRecordBatch", account.STREAM_ARN)
    good = account.role(emulator, "ses-role", account.trust("ses", SET_ARN), may)
    other = account.role(emulator, "other-set", account.trust("ses", SET_ARN + "-other"), may)
    weak = account.role(emulator, "weak", account.trust("ses", SET_ARN), account.allow("firehose:PutRecord", "*"))
    with pytest.raises(ClientError) as caught:
        attach(emulator, "event-database", destination(good))
    assert account.code(caught) == "NotFoundException"
    ses.create_configuration_set(ConfigurationSetName="marketing")
    for role, words in ((other, "Could not assume IAM role"), (weak, "Could not access Kinesis Firehose Stream")):
        with pytest.raises(ClientError, match=words) as caught:
            attach(emulator, "event-database", destination(role))
        assert account.code(caught) == "BadRequestException"
    emulator.iam.refusals_of_new_roles = 2
    for _ in range(2):
        with pytest.raises(ClientError, match="Could not assume IAM role"):
            attach(emulator, "event-database", destination(good))
    attach(emulator, "event-database", destination(good))
    with pytest.raises(ClientError) as caught:
        attach(emulator, "event-database", destination(good))
    assert account.code(caught) == "AlreadyExistsException"
    attach(emulator, "event-database", destination(good, MatchingEventTypes=["SEND", "OPEN"]), "update")
    found = ses.get_configuration_set_event_destinations(ConfigurationSetName="marketing")["EventDestinations"]
    assert [(one["Name"], one["MatchingEventTypes"]) for one in found] == [("event-database", ["SEND", "OPEN"])]
    for number in range(9):
        attach(emulator, f"further-{number}", destination(good))
    with pytest.raises(ClientError) as caught:
        attach(emulator, "eleventh", destination(good))
    assert account.code(caught) == "LimitExceededException"
    drop = ses.delete_configuration_set_event_destination
    drop(ConfigurationSetName="marketing", EventDestinationName="event-database")
    with pytest.raises(ClientError) as caught:
        drop(ConfigurationSetName="marketing", EventDestinationName="event-database")
    assert account.code(caught) == "NotFoundException"


def test_ses_pages_its_lists_and_limits_its_rate(emulator: AwsEmulator) -> None:
    ses = emulator.client("sesv2")
    for number in range(5):
        ses.create_configuration_set(ConfigurationSetName=f"set-{number}")
        ses.create_email_identity(EmailIdentity=f"d{number}.example", ConfigurationSetName=f"set-{number}")
    first = ses.list_configuration_sets(PageSize=3)
    second = ses.list_configuration_sets(PageSize=3, NextToken=first["NextToken"])
    assert first["ConfigurationSets"] + second["ConfigurationSets"] == [f"set-{number}" for number in range(5)]
    assert "NextToken" not in second
    assert len(ses.list_email_identities(PageSize=2)["EmailIdentities"]) == 2
    assert ses.get_email_identity(EmailIdentity="d1.example")["ConfigurationSetName"] == "set-1"
    emulator.clock.set(1_000_000)
    emulator.ses.calls_a_second = 1
    ses.list_configuration_sets()
    with pytest.raises(ClientError) as caught:
        ses.list_configuration_sets()
    assert account.code(caught) == "TooManyRequestsException"
    emulator.clock.advance(1)
    ses.list_configuration_sets()


def test_a_set_publishes_to_its_stream_as_its_role(emulator: AwsEmulator) -> None:
    account.pipeline(emulator)
    emulator.client("sesv2").create_configuration_set(ConfigurationSetName="marketing")
    may = account.allow("firehose:PutRecordBatch", account.STREAM_ARN)
    role = account.role(emulator, "ses-role", account.trust("ses", SET_ARN), may)
    attach(emulator, "event-database", destination(role))
    assert emulator.ses.publish("marketing", {"eventType": "Send"}, {"eventType": "Open"}) == 1
    assert emulator.firehose.buffered(account.STREAM) == 1
    assert [call.principal for call in emulator.journal.everything if call.name == "firehose:PutRecordBatch"] == [role]
    emulator.ses.destinations("marketing")[0]["Enabled"] = False
    assert emulator.ses.publish("marketing", {"eventType": "Send"}) == 0


def test_a_process_can_be_killed_at_a_call(emulator: AwsEmulator) -> None:
    script = "import boto3\nfor n in range(3): boto3.client('s3').create_bucket(Bucket=f'bucket-{n}')"
    child = subprocess.Popen([sys.executable, "-c", script])
    emulator.faults.hook(lambda call: child.kill(), number=2)
    assert child.wait(60) == -signal.SIGKILL
    assert [one["Name"] for one in emulator.client("s3").list_buckets()["Buckets"]] == ["bucket-0", "bucket-1"]


@pytest.mark.parametrize("service", ["s3", "lambda", "sesv2", "apigatewayv2", "pinpoint"])
def test_every_path_of_a_service_is_told_from_every_other(service: str) -> None:
    found = model(service)
    wrong: dict[str, str | None] = {}
    for name in found.operation_names:
        operation = found.operation_model(name)
        if operation.deprecated or name in ("ListDirectoryBuckets", "RenameObject"):  # of S3 Express: another host
            continue
        path, _, literal = operation.http["requestUri"].partition("?")
        query = parse_qsl(literal, keep_blank_values=True)
        headers = {"authorization": f"Credential=a/1/us-east-1/{found.signing_name}/aws4_request"}
        shape = operation.input_shape
        for member in shape.required_members if shape else []:
            assert shape
            place = shape.members[member].serialization
            if place.get("location") == "header":
                headers[place["name"].lower()] = "x"
            elif place.get("location") == "querystring":
                query.append((place["name"], "x"))
        request = Request(operation.http["method"], re.sub(r"{.*?}", "x", path), tuple(query), headers, b"")
        call = recognised(request)
        if call is None or call.operation != name:
            wrong[name] = call.operation if call else None
    assert wrong == {}


def test_a_project_tries_its_stream_and_publishes_to_it(emulator: AwsEmulator) -> None:
    account.pipeline(emulator)
    pinpoint = emulator.client("pinpoint")
    project = pinpoint.create_app(CreateApplicationRequest={"Name": "one"})["ApplicationResponse"]["Id"]
    source = arn("mobiletargeting", "us-east-1", f"apps/{project}")
    may = account.allow(["firehose:PutRecordBatch", "firehose:DescribeDeliveryStream"], account.STREAM_ARN)
    role = account.role(emulator, "pinpoint-role", account.trust("pinpoint", source), may)
    stream = {"DestinationStreamArn": account.STREAM_ARN, "RoleArn": role}
    pinpoint.put_event_stream(ApplicationId=project, WriteEventStream=stream)
    assert emulator.firehose.buffered(account.STREAM) == 1
    assert emulator.pinpoint.publish(project, {"event_type": "_email.send"}) == 1
    assert emulator.firehose.buffered(account.STREAM) == 2

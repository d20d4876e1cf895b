"""What a setup leaves in an account, read without due and compared with values that stand here."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

import pytest

from tests.scenarios.account import contents
from tests.scenarios.conftest import Made

BUCKET = "due-events-123456789012-us-east-1"
ACCOUNT = "123456789012"


@pytest.mark.slow
def test_the_bucket_is_closed_encrypted_and_keeps_its_events(made: Made) -> None:
    s3 = made.emulator.client("s3")
    [rule] = s3.get_bucket_encryption(Bucket=BUCKET)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    closed = s3.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"]
    names = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    assert closed == dict.fromkeys(names, True)
    expiring = {
        rule["Filter"]["Prefix"]: rule["Expiration"]["Days"]
        for rule in s3.get_bucket_lifecycle_configuration(Bucket=BUCKET)["Rules"]
        if "Expiration" in rule
    }
    assert expiring == {"athena-results/": 30}
    unfinished = [
        rule["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"]
        for rule in s3.get_bucket_lifecycle_configuration(Bucket=BUCKET)["Rules"]
        if "AbortIncompleteMultipartUpload" in rule
    ]
    assert unfinished == [7]


def test_the_bucket_refuses_what_is_not_encrypted_on_its_way(made: Made) -> None:
    [statement] = json.loads(made.emulator.client("s3").get_bucket_policy(Bucket=BUCKET)["Policy"])["Statement"]
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "s3:*")
    assert sorted(statement["Resource"]) == [f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*"]
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_the_stream_makes_parquet_of_what_the_transform_answers(made: Made) -> None:
    found = made.emulator.client("firehose").describe_delivery_stream(DeliveryStreamName="due-events")
    stream = found["DeliveryStreamDescription"]
    assert stream["DeliveryStreamType"] == "DirectPut"
    assert stream["DeliveryStreamEncryptionConfiguration"]["KeyType"] == "AWS_OWNED_CMK"
    [destination] = [one["ExtendedS3DestinationDescription"] for one in stream["Destinations"]]
    conversion = destination["DataFormatConversionConfiguration"]
    assert conversion["Enabled"] is True
    assert [*conversion["InputFormatConfiguration"]["Deserializer"]] == ["HiveJsonSerDe"]
    assert conversion["OutputFormatConfiguration"]["Serializer"] == {"ParquetSerDe": {}}  # SNAPPY, its default
    assert conversion["SchemaConfiguration"]["TableName"] == "all_events"
    assert destination["Prefix"] == "events/!{timestamp:yyyy/MM/dd/HH}/"
    assert destination["BufferingHints"] == {"SizeInMBs": 128, "IntervalInSeconds": 300}
    logging = destination["CloudWatchLoggingOptions"]
    assert (logging["Enabled"], logging["LogGroupName"]) == (True, "/aws/kinesisfirehose/due-events")


def test_the_functions_run_on_one_python_and_keep_their_logs_a_year(made: Made) -> None:
    found = made.emulator.client("lambda").list_functions()["Functions"]
    assert {one["FunctionName"]: (one["Runtime"], one["MemorySize"], one["Architectures"]) for one in found} == {
        "due-transform": ("python3.13", 512, ["arm64"]),
        "due-partition": ("python3.13", 256, ["arm64"]),
        "due-status-api": ("python3.13", 256, ["arm64"]),
    }
    groups = made.emulator.client("logs").describe_log_groups()["logGroups"]
    assert {one["retentionInDays"] for one in groups} == {365}


def test_the_alarms_watch_what_they_say(made: Made) -> None:
    alarms = made.emulator.client("cloudwatch").describe_alarms()["MetricAlarms"]
    watched = {
        (one["Namespace"], one["MetricName"], *(each["Value"] for each in one["Dimensions"]), one["ComparisonOperator"])
        for one in alarms
        if not one.get("Metrics")
    }
    functions = ("due-transform", "due-partition", "due-status-api")
    filters = contents(made.emulator)["metric filters"]
    more, less = "GreaterThanThreshold", "LessThanThreshold"
    assert watched == {
        *(("AWS/Lambda", name, one, more) for one in functions for name in ("Errors", "Throttles")),
        ("AWS/Lambda", "AsyncEventsDropped", "due-partition", more),
        ("AWS/Lambda", "DestinationDeliveryFailures", "due-partition", more),
        ("AWS/Firehose", "DeliveryToS3.DataFreshness", "due-events", more),
        ("AWS/Firehose", "DeliveryToS3.Success", "due-events", less),
        ("AWS/Firehose", "ThrottledRecords", "due-events", more),
        ("AWS/Firehose", "FailedConversion.Records", "due-events", more),
        *(("due/due", name.removeprefix("due-"), more) for name in filters),
    }
    [limit] = [one for one in alarms if one.get("Metrics")]
    [expression] = [one["Expression"] for one in limit["Metrics"] if "Expression" in one]
    limits = {one["MetricStat"]["Metric"]["MetricName"] for one in limit["Metrics"] if "MetricStat" in one}
    assert limits == {
        *("IncomingBytes", "BytesPerSecondLimit", "IncomingRecords", "RecordsPerSecondLimit"),
        *("IncomingPutRequests", "PutRequestsPerSecondLimit"),
    }
    assert all(f"{key}/PERIOD({key})/{key}_limit" in expression for key in ("bytes", "records", "putrequests"))
    topic = f"arn:aws:sns:us-east-1:{ACCOUNT}:due-alarms"
    assert all(one["AlarmActions"] == [topic] for one in alarms)


def test_each_alarm_names_a_command_that_runs_as_it_stands(made: Made) -> None:
    alarms = made.emulator.client("cloudwatch").describe_alarms()["MetricAlarms"]
    parts = [one["AlarmDescription"].rpartition(". Run: due ") for one in alarms]
    assert all(len(meaning) > 30 for meaning, _, _ in parts)
    commands = {command for _, _, command in parts}
    assert all(command.endswith(" --stack due --region us-east-1") for command in commands)
    for command in commands:
        ended = made.commands.due(*command.split(), AWS_REGION="eu-west-1", AWS_DEFAULT_REGION="eu-west-1")
        assert ended.code in (0, 7), ended  # doctor finds the alarms of moto, which makes them raised


def test_nobody_but_its_service_takes_a_role_on(made: Made) -> None:
    trusted: dict[str, list[tuple[Any, Any]]] = defaultdict(list)
    for role in made.emulator.client("iam").list_roles()["Roles"]:
        for statement in role["AssumeRolePolicyDocument"]["Statement"]:
            assert (statement["Effect"], statement["Action"]) == ("Allow", "sts:AssumeRole")
            trusted[role["RoleName"]].append((statement["Principal"]["Service"], statement.get("Condition")))
    account = {"aws:SourceAccount": ACCOUNT}
    sets = {"aws:SourceArn": f"arn:aws:ses:us-east-1:{ACCOUNT}:configuration-set/*"}
    texts = {"aws:SourceArn": f"arn:aws:sms-voice:us-east-1:{ACCOUNT}:configuration-set/*"}
    lambdas = [("lambda.amazonaws.com", None)]
    firehose = "firehose.amazonaws.com"
    assert trusted == {
        "due-transform-us-east-1": lambdas,
        "due-partition-us-east-1": lambdas,
        "due-status-api-us-east-1": lambdas,
        "due-stream-us-east-1": [
            (firehose, {"StringEquals": {"sts:ExternalId": ACCOUNT}}),
            (firehose, {"StringEquals": account}),
        ],
        "due-ses-us-east-1": [("ses.amazonaws.com", {"StringEquals": account, "ArnLike": sets})],
        "due-sms-us-east-1": [("sms-voice.amazonaws.com", {"StringEquals": account, "ArnLike": texts})],
        "due-sns-us-east-1": [("sns.amazonaws.com", {"StringEqualsIfExists": account})],
    }


def test_no_role_has_a_right_on_everything(made: Made) -> None:
    iam = made.emulator.client("iam")
    for role in iam.list_roles()["Roles"]:
        name = role["RoleName"]
        assert iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"] == []
        assert iam.list_role_policies(RoleName=name)["PolicyNames"] == ["due"]
        document = iam.get_role_policy(RoleName=name, PolicyName="due")["PolicyDocument"]
        for statement in document["Statement"]:
            assert not any("*" in action for action in statement["Action"]), (name, statement)
            for resource in statement["Resource"]:
                named = resource.split(":", 5)[5]
                assert "due" in named or "all_events" in named or named == "catalog", (name, resource)


def test_the_api_lets_nobody_in_without_a_signature(made: Made) -> None:
    client = made.emulator.client("apigatewayv2")
    [api] = client.get_apis()["Items"]
    assert api["ProtocolType"] == "HTTP"
    routes = client.get_routes(ApiId=api["ApiId"])["Items"]
    assert [(one["RouteKey"], one["AuthorizationType"]) for one in routes] == [("GET /call", "AWS_IAM")]
    assert [one["StageName"] for one in client.get_stages(ApiId=api["ApiId"])["Items"]] == ["$default"]

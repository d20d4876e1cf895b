"""How everything in an account is set, by AWS's own words: nothing of due reads it, so that due cannot overlook it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from tests.aws_emulator.aws import AwsEmulator

# What differs between two runs of one setup, whatever happened to them.
_ANOTHER_TIME = re.compile(
    r"Date|Time$|Timestamp|Created|Updated|LastModified|RevisionId|^(RoleId|TableId|ApplicationId|VersionId|CatalogId|UUID|ETag)$"
    r"|^(ResponseMetadata|HostId|Location|ApiEndpoint|RoleLastUsed|Size(In)?Bytes|storedBytes|creationTime)$"
)
_OF_BUCKETS = "encryption policy lifecycle_configuration notification_configuration tagging versioning".split()


def details(emulator: AwsEmulator) -> dict[str, list[str]]:
    """What there is of each kind and name, whole, as JSON; identifiers that AWS makes up are left out."""
    found: dict[str, list[str]] = {}
    for part in (_storage, _functions, _catalog, _streams, _watching, _apis, _sending):
        for key, value in part(emulator):
            found.setdefault(key, []).append(_text(value))
    return found


def _text(value: object) -> str:
    text = json.dumps(_lasting(value), sort_keys=True, default=str)
    return re.sub(r"(apis/|apps/|execute-api:[\w-]+:\d+:|integrations/)[a-z0-9]+", r"\1ID", text)


def _lasting(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _lasting(one) for key, one in value.items() if not _ANOTHER_TIME.search(key)}
    if isinstance(value, list):
        return sorted((_lasting(one) for one in value), key=lambda one: json.dumps(one, sort_keys=True, default=str))
    return value


def _asked(operation: Any, **given: Any) -> Any:
    try:
        return operation(**given)
    except ClientError as error:
        return error.response["Error"]["Code"]


def _storage(emulator: AwsEmulator) -> Iterator[tuple[str, Any]]:
    s3 = emulator.client("s3")
    for bucket in s3.list_buckets()["Buckets"]:
        name = bucket["Name"]
        for about in _OF_BUCKETS:
            yield f"bucket {name} {about}", _asked(getattr(s3, f"get_bucket_{about}"), Bucket=name)
        yield f"bucket {name} public access", _asked(s3.get_public_access_block, Bucket=name)
    dynamodb = emulator.client("dynamodb")
    for name in dynamodb.list_tables()["TableNames"]:
        table = dynamodb.describe_table(TableName=name)["Table"]
        tags = dynamodb.list_tags_of_resource(ResourceArn=table["TableArn"])
        yield f"table {name}", [table, dynamodb.describe_time_to_live(TableName=name), tags]


def _functions(emulator: AwsEmulator) -> Iterator[tuple[str, Any]]:
    functions, iam = emulator.client("lambda"), emulator.client("iam")
    for one in functions.list_functions()["Functions"]:
        name = one["FunctionName"]
        rest = (functions.get_policy, functions.get_function_event_invoke_config, functions.get_function_concurrency)
        tags = functions.get_function(FunctionName=name).get("Tags")
        yield f"function {name}", [one, tags, *(_asked(ask, FunctionName=name) for ask in rest)]
    for role in iam.list_roles()["Roles"]:
        name = role["RoleName"]
        policies = iam.list_role_policies(RoleName=name)["PolicyNames"]
        documents = {one: iam.get_role_policy(RoleName=name, PolicyName=one)["PolicyDocument"] for one in policies}
        attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
        yield f"role {name}", [role, documents, attached, iam.list_role_tags(RoleName=name)["Tags"]]


def _catalog(emulator: AwsEmulator) -> Iterator[tuple[str, Any]]:
    glue, athena = emulator.client("glue"), emulator.client("athena")
    for database in glue.get_databases()["DatabaseList"]:
        yield f"database {database['Name']}", database
        for table in glue.get_tables(DatabaseName=database["Name"])["TableList"]:
            yield f"table {database['Name']}.{table['Name']}", table
    for one in athena.list_work_groups()["WorkGroups"]:
        yield f"workgroup {one['Name']}", athena.get_work_group(WorkGroup=one["Name"])["WorkGroup"]


def _streams(emulator: AwsEmulator) -> Iterator[tuple[str, Any]]:
    firehose = emulator.client("firehose")
    for name in firehose.list_delivery_streams()["DeliveryStreamNames"]:
        stream = firehose.describe_delivery_stream(DeliveryStreamName=name)["DeliveryStreamDescription"]
        tags = firehose.list_tags_for_delivery_stream(DeliveryStreamName=name)["Tags"]
        yield f"stream {name}", [stream, tags]


def _watching(emulator: AwsEmulator) -> Iterator[tuple[str, Any]]:
    logs = emulator.client("logs")
    for group in logs.describe_log_groups()["logGroups"]:
        streams = logs.describe_log_streams(logGroupName=group["logGroupName"])["logStreams"]
        yield f"log group {group['logGroupName']}", [group, [one["logStreamName"] for one in streams]]
        for one in logs.describe_metric_filters(logGroupName=group["logGroupName"])["metricFilters"]:
            yield f"metric filter {one['filterName']}", one
    for alarm in emulator.client("cloudwatch").describe_alarms()["MetricAlarms"]:
        yield f"alarm {alarm['AlarmName']}", alarm


def _apis(emulator: AwsEmulator) -> Iterator[tuple[str, Any]]:
    client = emulator.client("apigatewayv2")
    for api in client.get_apis()["Items"]:
        of = {"ApiId": api.pop("ApiId")}
        for about in ("routes", "integrations", "stages"):
            for one in getattr(client, f"get_{about}")(**of)["Items"]:
                api.setdefault(about, []).append({key: one[key] for key in one if not key.endswith("Id")})
        yield f"API {api['Name']}", api


def _sending(emulator: AwsEmulator) -> Iterator[tuple[str, Any]]:
    ses, pinpoint, sns = emulator.client("sesv2"), emulator.client("pinpoint"), emulator.client("sns")
    for name in ses.list_configuration_sets()["ConfigurationSets"]:
        found = ses.get_configuration_set_event_destinations(ConfigurationSetName=name)
        yield f"configuration set {name}", found["EventDestinations"]
    for project in pinpoint.get_apps()["ApplicationsResponse"]["Item"]:
        tags = pinpoint.list_tags_for_resource(ResourceArn=project["Arn"])["TagsModel"]["tags"]
        stream = _asked(pinpoint.get_event_stream, ApplicationId=project["Id"])
        yield f"project {project['Name']}", [tags, stream]
    texts = emulator.client("pinpoint-sms-voice-v2").describe_configuration_sets()["ConfigurationSets"]
    for one in texts:
        yield f"SMS configuration set {one['ConfigurationSetName']}", one["EventDestinations"]
    for topic in sns.list_topics()["Topics"]:
        found = sns.list_subscriptions_by_topic(**topic)["Subscriptions"]
        yield f"topic {topic['TopicArn']}", [(one["Protocol"], one["Endpoint"]) for one in found]

"""The tags of everything of a stack that AWS can tag, read and set as someone at the console would."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.aws_emulator.aws import AwsEmulator
from tests.aws_emulator.needs import arn
from tests.aws_emulator.server import REGION

Tags = dict[str, str]


@dataclass(frozen=True)
class Tagged:
    """A resource that can have tags."""

    name: str
    read: Callable[[], Tags]
    add: Callable[[Tags], Any]


def tagged(emulator: AwsEmulator) -> dict[str, Tagged]:
    """Every taggable resource of the account, by kind and name."""
    return {one.name: one for kind in (_data, _work, _apis, _watching, _projects) for one in kind(emulator)}


def _data(emulator: AwsEmulator) -> Iterator[Tagged]:
    s3, dynamodb, athena, glue = (emulator.client(one) for one in ("s3", "dynamodb", "athena", "glue"))
    for bucket in s3.list_buckets()["Buckets"]:
        yield _bucket(s3, bucket["Name"])
    for table in dynamodb.list_tables()["TableNames"]:
        where = arn("dynamodb", REGION, f"table/{table}")
        yield _listing(dynamodb, "status table", where, "ResourceArn", "list_tags_of_resource")
    for group in athena.list_work_groups()["WorkGroups"]:
        yield _listing(athena, "workgroup", arn("athena", REGION, f"workgroup/{group['Name']}"))
    for database in glue.get_databases()["DatabaseList"]:
        yield _database(glue, arn("glue", REGION, f"database/{database['Name']}"))


def _work(emulator: AwsEmulator) -> Iterator[Tagged]:
    iam, functions, firehose = (emulator.client(one) for one in ("iam", "lambda", "firehose"))
    yield from (_role(iam, one["RoleName"]) for one in iam.list_roles()["Roles"])
    yield from (_function(functions, one["FunctionArn"]) for one in functions.list_functions()["Functions"])
    yield from (_stream(firehose, name) for name in firehose.list_delivery_streams()["DeliveryStreamNames"])


def _apis(emulator: AwsEmulator) -> Iterator[Tagged]:
    gateway = emulator.client("apigatewayv2")
    for one in gateway.get_apis()["Items"]:
        yield _api(gateway, one["ApiId"])
        yield from (
            _stage(gateway, one["ApiId"], stage["StageName"])
            for stage in gateway.get_stages(ApiId=one["ApiId"])["Items"]
        )


def _watching(emulator: AwsEmulator) -> Iterator[Tagged]:
    logs, alarms, sns = (emulator.client(one) for one in ("logs", "cloudwatch", "sns"))
    for group in logs.describe_log_groups()["logGroups"]:
        yield _log_group(logs, arn("logs", REGION, f"log-group:{group['logGroupName']}"))
    yield from (_listing(alarms, "alarm", one["AlarmArn"]) for one in alarms.describe_alarms()["MetricAlarms"])
    yield from (_listing(sns, "topic", one["TopicArn"], "ResourceArn") for one in sns.list_topics()["Topics"])


def _projects(emulator: AwsEmulator) -> Iterator[Tagged]:
    pinpoint = emulator.client("pinpoint")
    yield from (_project(pinpoint, one["Arn"]) for one in pinpoint.get_apps()["ApplicationsResponse"]["Item"])


def _pairs(tags: Tags) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _mapped(pairs: list[dict[str, str]]) -> Tags:
    return {one["Key"]: one["Value"] for one in pairs}


def _all_tags(client: Any, read: str, of: dict[str, str]) -> list[dict[str, str]]:
    """The tags of all pages."""
    tags: list[dict[str, str]] = []
    more: dict[str, str] = {}
    while True:
        page = getattr(client, read)(**of, **more)
        tags += page["Tags"]
        if page.get("HasMoreTags"):
            more = {"ExclusiveStartTagKey": tags[-1]["Key"]}
        elif page.get("NextToken"):
            more = {"NextToken": page["NextToken"]}
        else:
            return tags


def _listing(
    client: Any, kind: str, where: str, key: str = "ResourceARN", read: str = "list_tags_for_resource"
) -> Tagged:
    """A resource of a service that reads and sets lists of tags by the ARN."""
    return Tagged(
        f"{kind} {where}",
        lambda: _mapped(_all_tags(client, read, {key: where})),
        lambda tags: client.tag_resource(**{key: where}, Tags=_pairs(tags)),
    )


def _bucket(s3: Any, name: str) -> Tagged:
    def read() -> Tags:
        return _mapped(s3.get_bucket_tagging(Bucket=name)["TagSet"])

    def add(tags: Tags) -> None:
        s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": _pairs({**read(), **tags})})

    return Tagged(f"bucket {name}", read, add)


def _database(glue: Any, where: str) -> Tagged:
    return Tagged(
        f"database {where}",
        lambda: dict(glue.get_tags(ResourceArn=where)["Tags"]),
        lambda tags: glue.tag_resource(ResourceArn=where, TagsToAdd=tags),
    )


def _role(iam: Any, name: str) -> Tagged:
    return Tagged(
        f"role {name}",
        lambda: _mapped(iam.list_role_tags(RoleName=name)["Tags"]),
        lambda tags: iam.tag_role(RoleName=name, Tags=_pairs(tags)),
    )


def _function(functions: Any, where: str) -> Tagged:
    return Tagged(
        f"function {where}",
        lambda: dict(functions.list_tags(Resource=where)["Tags"]),
        lambda tags: functions.tag_resource(Resource=where, Tags=tags),
    )


def _stream(firehose: Any, name: str) -> Tagged:
    return Tagged(
        f"delivery stream {name}",
        lambda: _mapped(_all_tags(firehose, "list_tags_for_delivery_stream", {"DeliveryStreamName": name})),
        lambda tags: firehose.tag_delivery_stream(DeliveryStreamName=name, Tags=_pairs(tags)),
    )


def _api(gateway: Any, number: str) -> Tagged:
    where = f"arn:aws:apigateway:{REGION}::/apis/{number}"
    return Tagged(
        f"HTTP API {number}",
        lambda: dict(gateway.get_api(ApiId=number)["Tags"]),
        lambda tags: gateway.tag_resource(ResourceArn=where, Tags=tags),
    )


def _stage(gateway: Any, number: str, name: str) -> Tagged:
    where = f"arn:aws:apigateway:{REGION}::/apis/{number}/stages/{name}"
    return Tagged(
        f"stage {name} of {number}",
        lambda: dict(gateway.get_stage(ApiId=number, StageName=name)["Tags"]),
        lambda tags: gateway.tag_resource(ResourceArn=where, Tags=tags),
    )


def _log_group(logs: Any, where: str) -> Tagged:
    return Tagged(
        f"log group {where}",
        lambda: dict(logs.list_tags_for_resource(resourceArn=where)["tags"]),
        lambda tags: logs.tag_resource(resourceArn=where, tags=tags),
    )


def _project(pinpoint: Any, where: str) -> Tagged:
    return Tagged(
        f"project {where}",
        lambda: dict(pinpoint.list_tags_for_resource(ResourceArn=where)["TagsModel"]["tags"]),
        lambda tags: pinpoint.tag_resource(ResourceArn=where, TagsModel={"tags": tags}),
    )

"""The tags of everything of a stack that AWS can tag, read and set as someone at the console would."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.aws.front.aws import Front
from tests.aws.front.needs import arn
from tests.aws.front.server import REGION

Tags = dict[str, str]


@dataclass(frozen=True)
class Tagged:
    """A resource that can have tags."""

    name: str
    read: Callable[[], Tags]
    add: Callable[[Tags], Any]


def tagged(front: Front) -> dict[str, Tagged]:
    """Every taggable resource of the account, by kind and name."""
    kinds = (_data, _work, _api, _watching, _projects)
    return {one.name: one for kind in kinds for one in kind(front)}


def _pairs(tags: Tags) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _mapped(pairs: list[dict[str, str]]) -> Tags:
    return {one["Key"]: one["Value"] for one in pairs}


def _by_arn(
    client: Any, kind: str, where: str, key: str = "ResourceARN", read: str = "list_tags_for_resource"
) -> Tagged:
    """A resource of a service that reads and sets lists of tags by the ARN."""
    return Tagged(
        f"{kind} {where.rsplit(':', 1)[-1]}",
        lambda: _mapped(getattr(client, read)(**{key: where})["Tags"]),
        lambda tags: client.tag_resource(**{key: where}, Tags=_pairs(tags)),
    )


def _data(front: Front) -> Iterator[Tagged]:
    s3, dynamodb, athena, glue = (front.client(one) for one in ("s3", "dynamodb", "athena", "glue"))
    for bucket in (one["Name"] for one in s3.list_buckets()["Buckets"]):

        def read(bucket: str = bucket) -> Tags:
            return _mapped(s3.get_bucket_tagging(Bucket=bucket)["TagSet"])

        yield Tagged(
            f"bucket {bucket}",
            read,
            lambda tags, bucket=bucket, read=read: s3.put_bucket_tagging(
                Bucket=bucket, Tagging={"TagSet": _pairs({**read(), **tags})}
            ),
        )
    for table in dynamodb.list_tables()["TableNames"]:
        where = arn("dynamodb", REGION, f"table/{table}")
        yield _by_arn(dynamodb, "status table", where, "ResourceArn", "list_tags_of_resource")
    for group in (one["Name"] for one in athena.list_work_groups()["WorkGroups"]):
        yield _by_arn(athena, "workgroup", arn("athena", REGION, f"workgroup/{group}"))
    for database in (one["Name"] for one in glue.get_databases()["DatabaseList"]):
        where = arn("glue", REGION, f"database/{database}")
        yield Tagged(
            f"database {database}",
            lambda where=where: glue.get_tags(ResourceArn=where)["Tags"],
            lambda tags, where=where: glue.tag_resource(ResourceArn=where, TagsToAdd=tags),
        )


def _work(front: Front) -> Iterator[Tagged]:
    iam, functions, firehose = (front.client(one) for one in ("iam", "lambda", "firehose"))
    for role in (one["RoleName"] for one in iam.list_roles()["Roles"]):
        yield Tagged(
            f"role {role}",
            lambda role=role: _mapped(iam.list_role_tags(RoleName=role)["Tags"]),
            lambda tags, role=role: iam.tag_role(RoleName=role, Tags=_pairs(tags)),
        )
    for where in (one["FunctionArn"] for one in functions.list_functions()["Functions"]):
        yield Tagged(
            f"function {where.rsplit(':', 1)[-1]}",
            lambda where=where: functions.list_tags(Resource=where)["Tags"],
            lambda tags, where=where: functions.tag_resource(Resource=where, Tags=tags),
        )
    for stream in firehose.list_delivery_streams()["DeliveryStreamNames"]:
        yield Tagged(
            f"delivery stream {stream}",
            lambda stream=stream: _mapped(firehose.list_tags_for_delivery_stream(DeliveryStreamName=stream)["Tags"]),
            lambda tags, stream=stream: firehose.tag_delivery_stream(DeliveryStreamName=stream, Tags=_pairs(tags)),
        )


def _api(front: Front) -> Iterator[Tagged]:
    gateway = front.client("apigatewayv2")
    for one in gateway.get_apis()["Items"]:
        number, where = one["ApiId"], f"arn:aws:apigateway:{REGION}::/apis/{one['ApiId']}"
        yield Tagged(
            f"HTTP API {one['Name']}",
            lambda number=number: gateway.get_api(ApiId=number)["Tags"],
            lambda tags, where=where: gateway.tag_resource(ResourceArn=where, Tags=tags),
        )
        for stage in (one["StageName"] for one in gateway.get_stages(ApiId=number)["Items"]):
            yield Tagged(
                f"stage {stage}",
                lambda number=number, stage=stage: gateway.get_stage(ApiId=number, StageName=stage)["Tags"],
                lambda tags, where=f"{where}/stages/{stage}": gateway.tag_resource(ResourceArn=where, Tags=tags),
            )


def _watching(front: Front) -> Iterator[Tagged]:
    logs, alarms, sns = (front.client(one) for one in ("logs", "cloudwatch", "sns"))
    for group in (one["logGroupName"] for one in logs.describe_log_groups()["logGroups"]):
        where = arn("logs", REGION, f"log-group:{group}")
        yield Tagged(
            f"log group {group}",
            lambda where=where: logs.list_tags_for_resource(resourceArn=where)["tags"],
            lambda tags, where=where: logs.tag_resource(resourceArn=where, tags=tags),
        )
    for alarm in alarms.describe_alarms()["MetricAlarms"]:
        yield _by_arn(alarms, "alarm", alarm["AlarmArn"])
    for topic in sns.list_topics()["Topics"]:
        yield _by_arn(sns, "topic", topic["TopicArn"], "ResourceArn")


def _projects(front: Front) -> Iterator[Tagged]:
    pinpoint = front.client("pinpoint")
    for app in pinpoint.get_apps()["ApplicationsResponse"]["Item"]:
        yield Tagged(
            f"project {app['Name']}",
            lambda where=app["Arn"]: pinpoint.list_tags_for_resource(ResourceArn=where)["TagsModel"]["tags"],
            lambda tags, where=app["Arn"]: pinpoint.tag_resource(ResourceArn=where, TagsModel={"tags": tags}),
        )

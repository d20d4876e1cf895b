"""Each resource is made, kept, set right when changed by hand, and removed, on moto's server."""

from __future__ import annotations

import json

import pytest

from due_cli.aws.clients import Aws
from due_cli.aws.resources.bucket import Bucket
from due_cli.aws.resources.catalog import Database, Table
from due_cli.aws.resources.log_group import LogGroup
from due_cli.aws.resources.role import Role
from due_cli.aws.resources.status_table import StatusTable
from due_cli.deploy import policies
from due_cli.deploy.execute import execute
from due_cli.deploy.names import EVENTS, RESULTS, STACK_TAG, Names, names_of
from due_cli.deploy.plan import planned, planned_removal
from due_cli.deploy.resource import Action, Node
from due_cli.sql import files, hive
from tests.deploy.conftest import REGION

TAGS = {STACK_TAG: "due"}
DATABASE = "due_eventdb"


@pytest.fixture
def names(aws: Aws) -> Names:
    return names_of("due", aws.caller.account, aws.caller.region, aws.caller.partition)


@pytest.fixture
def nodes(names: Names) -> list[Node[Aws]]:
    """What holds the data."""
    ddl = files.query("tables", "all_events").sql
    columns, keys = tuple(hive.columns_of(ddl)), tuple(hive.partition_keys_of(ddl))
    rights = policies.stream_rights(names, DATABASE, None)
    return [
        Node("bucket", Bucket(names.bucket, REGION, policies.tls_only(names), RESULTS, 30, None, TAGS)),
        Node("database", Database(DATABASE, TAGS)),
        Node(
            "table",
            Table(DATABASE, "all_events", columns, keys, f"s3://{names.bucket}/{EVENTS}"),
            frozenset({"bucket", "database"}),
        ),
        Node("log", LogGroup(names.stream_log_group, 365, TAGS, ("DestinationDelivery",))),
        Node("role", Role(names.role("stream"), policies.trust("firehose", names), rights, TAGS)),
        Node("status", StatusTable(names.status_table, "expires_at", None, TAGS)),
    ]


def _apply(nodes: list[Node[Aws]], aws: Aws) -> dict[str, Action]:
    steps = planned(nodes, aws)
    execute(steps, aws, lambda _: None, lambda _: None)
    return {step.node.key: step.action for step in steps}


def test_made_once_and_then_kept(aws: Aws, nodes: list[Node[Aws]]) -> None:
    assert set(_apply(nodes, aws).values()) == {Action.CREATE}
    assert set(_apply(nodes, aws).values()) == {Action.KEEP}


def test_removed_and_gone(aws: Aws, nodes: list[Node[Aws]], names: Names) -> None:
    _apply(nodes, aws)
    aws.s3.delete_bucket_policy(Bucket=names.bucket)  # moto knows no conditions, so it would refuse all that comes
    aws.s3.put_object(Bucket=names.bucket, Key="events/2026/01/02/03/one.parquet", Body=b"one")
    steps = planned_removal(nodes, aws)
    assert [step.node.key for step in steps] == [node.key for node in reversed(nodes)]
    execute(steps, aws, lambda _: None, lambda _: None)
    assert planned_removal(nodes, aws) == []


def test_what_was_changed_by_hand_is_set_right(aws: Aws, nodes: list[Node[Aws]], names: Names) -> None:
    _apply(nodes, aws)
    aws.s3.delete_public_access_block(Bucket=names.bucket)
    wider = policies.policy(policies.allow("s3:*", "*"))
    aws.iam.put_role_policy(RoleName=names.role("stream"), PolicyName="due", PolicyDocument=json.dumps(wider))
    aws.logs.put_retention_policy(logGroupName=names.stream_log_group, retentionInDays=1)
    changed = {step.node.key: step.differences for step in planned(nodes, aws) if step.action is Action.UPDATE}
    assert {key: [one.setting for one in found] for key, found in changed.items()} == {
        "bucket": ["PublicAccessBlock"],
        "log": ["retentionInDays"],
        "role": ["PolicyDocument"],
    }
    _apply(nodes, aws)
    assert set(_apply(nodes, aws).values()) == {Action.KEEP}


def test_what_others_put_into_the_bucket_stays(aws: Aws, nodes: list[Node[Aws]], names: Names) -> None:
    """Its policy, lifecycle and tags are merged with what is there, and read back."""
    _apply(nodes[:1], aws)
    statement = {"Sid": "Theirs", "Effect": "Allow", "Principal": "*", "Action": "s3:ListBucket", "Resource": "*"}
    policy = json.loads(aws.s3.get_bucket_policy(Bucket=names.bucket)["Policy"])
    policy["Statement"] = [statement]
    aws.s3.put_bucket_policy(Bucket=names.bucket, Policy=json.dumps(policy))
    rule = {"ID": "theirs", "Status": "Enabled", "Filter": {"Prefix": "theirs/"}, "Expiration": {"Days": 3}}
    aws.s3.put_bucket_lifecycle_configuration(Bucket=names.bucket, LifecycleConfiguration={"Rules": [rule]})  # type: ignore[list-item]
    aws.s3.put_bucket_tagging(Bucket=names.bucket, Tagging={"TagSet": [{"Key": "team", "Value": "mail"}]})
    assert _apply(nodes[:1], aws) == {"bucket": Action.UPDATE}
    assert _apply(nodes[:1], aws) == {"bucket": Action.KEEP}
    policy = json.loads(aws.s3.get_bucket_policy(Bucket=names.bucket)["Policy"])
    assert [one["Sid"] for one in policy["Statement"]] == ["Theirs", "DueTlsOnly"]
    rules = aws.s3.get_bucket_lifecycle_configuration(Bucket=names.bucket)["Rules"]
    assert [one["ID"] for one in rules] == ["theirs", "due-query-results", "due-unfinished-uploads"]
    tags = {tag["Key"]: tag["Value"] for tag in aws.s3.get_bucket_tagging(Bucket=names.bucket)["TagSet"]}
    assert tags == {"team": "mail", STACK_TAG: "due"}

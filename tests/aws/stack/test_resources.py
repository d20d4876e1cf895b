"""Each resource is made, kept, set right when changed by hand, and removed, on moto's server."""

from __future__ import annotations

import json

import pytest

from due_cli.aws.client import Aws
from due_cli.aws.resources.resource import Action, Node
from due_cli.aws.stack import policies
from due_cli.aws.stack.execute import execute
from due_cli.aws.stack.names import Names
from due_cli.aws.stack.plan import planned, planned_removal
from due_cli.aws.tags import STACK_TAG
from tests.aws.stack.sending import apply


def test_made_once_and_then_kept(aws: Aws, nodes: list[Node[Aws]]) -> None:
    assert set(apply(nodes, aws).values()) == {Action.CREATE}
    assert set(apply(nodes, aws).values()) == {Action.KEEP}


@pytest.mark.slow
def test_removed_and_gone(aws: Aws, nodes: list[Node[Aws]], names: Names) -> None:
    apply(nodes, aws)
    aws.s3.delete_bucket_policy(Bucket=names.bucket)  # moto knows no conditions, so it would refuse all that comes
    aws.s3.put_object(Bucket=names.bucket, Key="events/2026/01/02/03/one.parquet", Body=b"one")
    steps = planned_removal(nodes, aws)
    assert [step.node.key for step in steps] == [node.key for node in reversed(nodes)]
    execute(steps, aws)
    assert planned_removal(nodes, aws) == []


@pytest.mark.slow
def test_what_was_changed_by_hand_is_set_right(aws: Aws, nodes: list[Node[Aws]], names: Names) -> None:
    apply(nodes, aws)
    aws.s3.delete_public_access_block(Bucket=names.bucket)
    wider = policies.policy(policies.allow("s3:*", "*"))
    aws.iam.put_role_policy(RoleName=names.role("stream"), PolicyName="due", PolicyDocument=json.dumps(wider))
    aws.lambda_.remove_permission(FunctionName=names.function("partition"), StatementId="due-new-objects")
    aws.lambda_.update_function_code(FunctionName=names.function("transform"), ZipFile=b"other code")
    api = aws.apigateway.get_apis()["Items"][0].get("ApiId", "")
    route = aws.apigateway.get_routes(ApiId=api)["Items"][0].get("RouteId", "")
    aws.apigateway.update_route(ApiId=api, RouteId=route, AuthorizationType="NONE")
    aws.logs.put_retention_policy(logGroupName=names.stream_log_group, retentionInDays=1)
    changed = {step.node.key: step.differences for step in planned(nodes, aws) if step.action is Action.UPDATE}
    assert {key: [one.setting for one in found] for key, found in changed.items()} == {
        "api": ["AuthorizationType"],
        "bucket": ["PublicAccessBlock"],
        "partition": ["Permissions"],
        "stream-log": ["retentionInDays"],
        "stream-role": ["PolicyDocument"],
        "transform": ["CodeSha256"],
    }
    apply(nodes, aws)
    assert set(apply(nodes, aws).values()) == {Action.KEEP}


def test_what_others_put_into_the_bucket_stays(aws: Aws, nodes: list[Node[Aws]], names: Names) -> None:
    """Its policy, lifecycle and tags are merged with what is there, and read back."""
    apply(nodes[:1], aws)
    statement = {"Sid": "Theirs", "Effect": "Allow", "Principal": "*", "Action": "s3:ListBucket", "Resource": "*"}
    policy = json.loads(aws.s3.get_bucket_policy(Bucket=names.bucket)["Policy"])
    policy["Statement"] = [statement]
    aws.s3.put_bucket_policy(Bucket=names.bucket, Policy=json.dumps(policy))
    rule = {"ID": "theirs", "Status": "Enabled", "Filter": {"Prefix": "theirs/"}, "Expiration": {"Days": 3}}
    aws.s3.put_bucket_lifecycle_configuration(Bucket=names.bucket, LifecycleConfiguration={"Rules": [rule]})  # type: ignore[list-item]
    aws.s3.put_bucket_tagging(Bucket=names.bucket, Tagging={"TagSet": [{"Key": "team", "Value": "mail"}]})
    assert apply(nodes[:1], aws) == {"bucket": Action.UPDATE}
    assert apply(nodes[:1], aws) == {"bucket": Action.KEEP}
    policy = json.loads(aws.s3.get_bucket_policy(Bucket=names.bucket)["Policy"])
    assert [one["Sid"] for one in policy["Statement"]] == ["Theirs", "DueTlsOnly"]
    rules = aws.s3.get_bucket_lifecycle_configuration(Bucket=names.bucket)["Rules"]
    assert [one["ID"] for one in rules] == ["theirs", "due-query-results", "due-unfinished-uploads"]
    tags = {tag["Key"]: tag["Value"] for tag in aws.s3.get_bucket_tagging(Bucket=names.bucket)["TagSet"]}
    assert tags == {"team": "mail", STACK_TAG: "due"}

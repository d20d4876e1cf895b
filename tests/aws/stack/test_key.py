"""The key of a stack: what it covers, and what its own policy must allow before anything is changed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from due_cli.aws.client import Aws
from due_cli.aws.resources.function import Function
from due_cli.aws.resources.log_group import LogGroup
from due_cli.aws.resources.role import Role
from due_cli.aws.resources.topic import Topic
from due_cli.aws.stack import key_policy
from due_cli.aws.stack.desired import desired
from due_cli.aws.stack.execute import execute
from due_cli.aws.stack.names import Names
from due_cli.aws.stack.options import Options
from due_cli.aws.stack.package import package
from due_cli.aws.stack.plan import planned
from due_cli.core.errors import RefusedError
from tests.aws_emulator.aws import AwsEmulator
from tests.aws_emulator.governed import key_in

COVERED = (Role, LogGroup, Topic, Function)
MAIL = "oncall@example.com"


def apply(aws: Aws, names: Names, options: Options) -> int:
    """Sets up what a key covers beside the data; the number of changes."""
    nodes = [node for node in desired(names, options, package()) if isinstance(node.resource, COVERED)]
    steps = planned(nodes, aws)
    execute(steps, aws)
    return sum(step.action != "keep" for step in steps)


def keys(emulator: AwsEmulator) -> set[str | None]:
    """The keys of the log groups, of the topic, and of the environments of the functions."""
    groups = emulator.client("logs").describe_log_groups()["logGroups"]
    [topic] = emulator.client("sns").list_topics()["Topics"]
    attributes = emulator.client("sns").get_topic_attributes(TopicArn=topic["TopicArn"])["Attributes"]
    functions = emulator.client("lambda").list_functions()["Functions"]
    assert (len(groups), len(functions)) == (4, 3)
    found = [attributes.get("KmsMasterKeyId"), *(one.get("kmsKeyId") for one in groups)]
    return {*found, *(one.get("KMSKeyArn") for one in functions)}


def test_it_covers_logs_topic_and_environments_and_is_changed_and_removed(
    emulator: AwsEmulator, aws: Aws, names: Names
) -> None:
    key, other = key_in(emulator), key_in(emulator)
    options = Options(kms_key=key, alarm_email=MAIL)
    apply(aws, names, options)
    assert keys(emulator) == {key}
    assert apply(aws, names, options) == 0
    apply(aws, names, options.updated({"kms_key": other}))
    assert keys(emulator) == {other}
    apply(aws, names, Options(kms_key="", alarm_email=MAIL))
    assert keys(emulator) == {None}


def test_a_key_that_somebody_gave_a_log_group_stays(emulator: AwsEmulator, aws: Aws, names: Names) -> None:
    group = next(n.resource for n in desired(names, Options(), package()) if isinstance(n.resource, LogGroup))
    group.create(aws)
    key = key_in(emulator)
    emulator.client("logs").associate_kms_key(logGroupName=group.name, kmsKeyId=key)
    current = group.current(aws)
    assert current is not None and "kmsKeyId" not in current


@pytest.mark.parametrize(
    ("services", "lacks"),
    [
        (("logs.us-east-1", "cloudwatch"), []),
        (("cloudwatch",), ["DueLogs"]),
        (("logs.eu-west-1",), ["DueLogs", "DueAlarms"]),
    ],
)
def test_what_its_policy_lacks_is_found_and_its_statements_are_enough(
    emulator: AwsEmulator, aws: Aws, names: Names, services: tuple[str, ...], lacks: list[str]
) -> None:
    options = Options(kms_key=key_in(emulator, *services), alarm_email=MAIL)
    added = missing(aws, names, options)
    assert [one["Sid"] for one in added] == lacks
    add(emulator, options, added)
    assert missing(aws, names, options) == []
    assert apply(aws, names, options) > 0  # CloudWatch Logs checks the policy by itself


def test_a_key_that_leaves_nothing_to_iam(emulator: AwsEmulator, aws: Aws, names: Names) -> None:
    own = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:user/admin"}, "Action": "kms:*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [{**own, "Resource": "*"}]})
    key = emulator.client("kms").create_key(Policy=policy)["KeyMetadata"]["Arn"]
    assert [one["Sid"] for one in missing(aws, names, Options(catalog_key=key))] == ["DueIam"]
    emulator.faults.deny("kms:GetKeyPolicy")
    assert missing(aws, names, Options(catalog_key=key)) == []


def test_logs_of_other_groups_alone_are_not_enough(emulator: AwsEmulator, aws: Aws, names: Names) -> None:
    options = Options(kms_key=key_in(emulator, "cloudwatch"))
    [logs] = missing(aws, names, options)
    elsewhere = {
        "ArnLike": {"kms:EncryptionContext:aws:logs:arn": "arn:aws:logs:us-east-1:123456789012:log-group:/x/*"}
    }
    add(emulator, options, [{**logs, "Condition": elsewhere}])
    assert missing(aws, names, options) == [logs]


def missing(aws: Aws, names: Names, options: Options) -> list[dict[str, Any]]:
    """The statements that are said to be missing."""
    try:
        key_policy.check(aws, names, options)
    except RefusedError as refused:
        found: list[dict[str, Any]] = json.loads(f"[{refused.message.partition('to add: ')[2]}]")
        return found
    return []


def add(emulator: AwsEmulator, options: Options, statements: list[dict[str, Any]]) -> None:
    """Adds statements to the policy of the stack's key."""
    kms = emulator.client("kms")
    policy = json.loads(kms.get_key_policy(KeyId=options.kms_key, PolicyName="default")["Policy"])
    policy["Statement"] += statements
    kms.put_key_policy(KeyId=options.kms_key, PolicyName="default", Policy=json.dumps(policy))

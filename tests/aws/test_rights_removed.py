"""A right that is taken from a role, or is of another resource than it must be, stops what the role is for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from due_cli.aws.stack.stack import Stack
from tests.aws.streaming import emulator, made_once, stack
from tests.aws_emulator.aws import AwsEmulator
from tests.events.records import ses_delivery, ses_send

__all__ = ["emulator", "made_once", "stack"]


@pytest.mark.parametrize(
    ("role", "lost"),
    [
        ("transform", "dynamodb:PartiQLUpdate"),
        ("partition", "glue:BatchCreatePartition"),
        ("stream", "lambda:GetFunctionConfiguration"),
        ("stream", "glue:GetTableVersions"),
        ("stream", "s3:ListBucketMultipartUploads"),
    ],
)
def test_without_any_one_action(emulator: AwsEmulator, stack: Stack, role: str, lost: str) -> None:
    def without(statement: dict[str, Any]) -> dict[str, Any]:
        return {**statement, "Action": [action for action in statement["Action"] if action != lost]}

    assert lost in denied(emulator, stack, role, without)


@pytest.mark.parametrize(
    ("role", "part", "other", "lost"),
    [
        ("transform", "-message-status", "-message-status-2", "dynamodb:BatchGetItem"),
        ("partition", "/all_events", "/other_events", "glue:GetTable"),
        ("stream", "/events/*", "/events/1999/*", "s3:PutObject"),
        ("stream", ":$LATEST", "", "lambda:GetFunctionConfiguration"),
        ("stream", ":catalog", ":other", "glue:GetTable"),
    ],
)
def test_on_another_resource(emulator: AwsEmulator, stack: Stack, role: str, part: str, other: str, lost: str) -> None:
    def narrowed(statement: dict[str, Any]) -> dict[str, Any]:
        return {**statement, "Resource": [resource.replace(part, other) for resource in statement["Resource"]]}

    assert lost in denied(emulator, stack, role, narrowed)


def denied(emulator: AwsEmulator, stack: Stack, role: str, change: Any) -> set[str]:
    """The actions that were denied while a message was sent and delivered, with a role that was changed."""
    iam, given = emulator.client("iam"), {"RoleName": stack.names.role(role), "PolicyName": "due"}
    whole = iam.get_role_policy(**given)["PolicyDocument"]
    statements = [changed for one in whole["Statement"] if (changed := change(one))["Action"]]
    iam.put_role_policy(**given, PolicyDocument=json.dumps({**whole, "Statement": statements}))
    emulator.iam.denied.clear()
    for record in (ses_send(mail={"messageId": "one"}), ses_delivery(mail={"messageId": "one"})):
        emulator.firehose.put(stack.names.stream, record)
        emulator.flush()
    iam.put_role_policy(**given, PolicyDocument=json.dumps(whole))
    found = {one.need.action for one in emulator.iam.denied}
    emulator.iam.denied.clear()
    return found

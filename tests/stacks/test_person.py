"""The rights that ``due setup --policy`` prints are narrow and few; ``test_rights.py`` has that each is needed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from due_cli.deploy import person
from due_cli.deploy.names import names_of
from tests.aws.front.aws import Front
from tests.stacks.commands import Commands
from tests.stacks.errands import KEY

_MOST_CHARACTERS = 6_144  # of a managed policy, which IAM counts without its whitespace


def policy_of(commands: Commands) -> dict[str, Any]:
    """What due prints."""
    ended = commands.due("setup", "--policy")
    assert ended.code == 0, ended.err
    found: dict[str, Any] = json.loads(ended.out)
    return found


@pytest.mark.parametrize("stack", ["due", "a" * 33])  # the longest that a bucket's name has room for there
def test_it_fits_into_a_managed_policy(stack: str) -> None:
    document = person.rights(names_of(stack, "123456789012", "us-east-1"), "due_eventdb", KEY)
    without_whitespace = json.dumps(document, separators=(",", ":"))
    assert len(without_whitespace) <= _MOST_CHARACTERS


@pytest.mark.parametrize(
    "lost", ["iam:PassRole", "lambda:ListTags", "glue:GetTable", "athena:StartQueryExecution", "s3:PutBucketPolicy"]
)
def test_none_of_them_is_too_many(front: Front, commands: Commands, lost: str) -> None:
    policy = policy_of(commands)
    for statement in policy["Statement"]:
        statement["Action"] = [action for action in statement["Action"] if action != lost]
    policy["Statement"] = [statement for statement in policy["Statement"] if statement["Action"]]
    keys = front.iam.user("person", policy)
    ended = commands.due("setup", "--yes", "--no-pinpoint", killed_by=None, **keys)
    assert ended.code == 5, ended
    assert "access denied" in ended.err
    assert any(lost in str(denied) for denied in front.iam.denied)


def test_no_resource_is_everything_where_it_need_not_be(commands: Commands) -> None:
    everything = {
        action for one in policy_of(commands)["Statement"] if "*" in one["Resource"] for action in one["Action"]
    }
    lists = {action for action in everything if action.split(":")[1].startswith(("List", "Get", "Describe"))}
    assert everything == lists

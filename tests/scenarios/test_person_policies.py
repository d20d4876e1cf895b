"""The policies that ``due setup --policy`` prints are narrow and few.

``test_rights.py`` and ``test_persons.py`` have that each right is needed, and enough.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from due_cli.aws.stack import person_policies
from due_cli.aws.stack.names import names_of
from due_cli.aws.stack.options import Options
from due_cli.core.errors import UsageError
from tests.aws_emulator.aws import AwsEmulator
from tests.commands import Due
from tests.scenarios.commands import Commands

KEY = "arn:aws:kms:us-east-1:123456789012:key/0f3b0d0e-5a0c-4b7e-9d5e-2d1c7a4b6e01"
BOUNDARY = "arn:aws:iam::123456789012:policy/boundary"
_MOST_INLINE = 10_240  # of the inline policies of a role
_MOST_CHARACTERS = 6_144  # of a managed policy, which IAM counts without its whitespace


def policy_of(commands: Commands) -> dict[str, Any]:
    """What due prints for an operator."""
    ended = commands.due("setup", "--policy", "operator")
    assert ended.code == 0, ended.err
    found: dict[str, Any] = json.loads(ended.out)
    return found


@pytest.mark.parametrize(
    ("longest", "region", "partition"),  # as many characters as a bucket's name has room for there
    [
        (33, "us-east-1", "aws"),
        (28, "ap-southeast-1", "aws"),
        (29, "us-gov-east-1", "aws-us-gov"),
        (28, "cn-northwest-1", "aws-cn"),
    ],
)
def test_it_fits_into_a_policy(longest: int, region: str, partition: str) -> None:
    key = KEY.replace("us-east-1", region).replace("arn:aws:", f"arn:{partition}:")
    names = names_of("a" * longest, "123456789012", region, partition)
    with pytest.raises(UsageError):
        names_of("a" * (longest + 1), "123456789012", region, partition)
    for person in person_policies.PERSONS:
        document = person_policies.rights(person, names, Options(kms_key=key, permissions_boundary=BOUNDARY))
        without_whitespace = json.dumps(document, separators=(",", ":"))
        assert len(without_whitespace) <= (_MOST_INLINE if person == "operator" else _MOST_CHARACTERS)


@pytest.mark.parametrize("region", ["eu-west-1", None])
def test_without_credentials_it_has_placeholders(due: Due, monkeypatch: pytest.MonkeyPatch, region: str | None) -> None:
    """Whoever asks for the rights has none yet."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    ran = due("setup", "--policy", "analyst", *(("--region", region) if region else ())).done()
    place = f"{region or 'REGION'}:ACCOUNT_ID"
    assert f"arn:aws:glue:{place}:table/due_eventdb/*" in json.dumps(ran.json)
    assert "ACCOUNT_ID" in ran.err and "replace them" in ran.err


@pytest.mark.parametrize("words", ["setup --policy", "setup --policy --stack due", "setup --policy -o json"])
def test_without_a_person_the_three_are_listed(emulator: AwsEmulator, commands: Commands, words: str) -> None:
    ended = commands.due(*words.split())
    assert ended.code == 0, ended.err
    for person in ("operator", "analyst", "on-call"):
        assert person in ended.out
    assert emulator.journal.everything == []


def test_an_operator_without_a_boundary_is_said_to_be_an_administrator(commands: Commands) -> None:
    assert "administrator" in commands.due("setup", "--policy", "operator").err
    bounded = commands.due("setup", "--policy", "operator", "--permissions-boundary", BOUNDARY)
    assert (bounded.code, "administrator" in bounded.err) == (0, False)
    granting = [one for one in json.loads(bounded.out)["Statement"] if "iam:CreateRole" in one["Action"]]
    assert [one["Condition"] for one in granting] == [{"StringEquals": {"iam:PermissionsBoundary": BOUNDARY}}]


def test_a_person_who_is_not_known(commands: Commands) -> None:
    ended = commands.due("setup", "--policy", "admin")
    assert ended.code == 2
    assert "'admin'" in ended.err and "operator, analyst, on-call" in ended.err


def test_a_policy_that_does_not_fit_is_said_to(commands: Commands) -> None:
    fits = commands.due("setup", "--policy=on-call", "--database", "d" * 20)
    assert (fits.code, fits.err) == (0, "")
    long = commands.due("setup", "--policy", "operator", "--stack", "a" * 33, "--database", "d" * 255, "--kms-key", KEY)
    assert long.code == 0
    assert "inline" in long.err
    assert f"{len(json.dumps(json.loads(long.out), separators=(',', ':'))):,} characters" in long.err


@pytest.mark.parametrize(
    "lost", ["iam:PassRole", "lambda:ListTags", "glue:GetTable", "athena:StartQueryExecution", "s3:PutBucketPolicy"]
)
def test_none_of_them_is_too_many(emulator: AwsEmulator, commands: Commands, lost: str) -> None:
    policy = policy_of(commands)
    for statement in policy["Statement"]:
        statement["Action"] = [action for action in statement["Action"] if action != lost]
    policy["Statement"] = [statement for statement in policy["Statement"] if statement["Action"]]
    keys = emulator.iam.user("operator", policy)
    ended = commands.due("setup", "--yes", "--no-pinpoint", killed_by=None, **keys)
    assert ended.code == 5, ended
    assert "access denied" in ended.err
    assert any(lost in str(denied) for denied in emulator.iam.denied)


@pytest.mark.parametrize("lost", ["glue:BatchGetPartition", "database/default"])
def test_a_query_fails_without_what_athena_needs_as_who_calls(
    emulator: AwsEmulator, commands: Commands, lost: str
) -> None:
    policy = policy_of(commands)
    for statement in policy["Statement"]:
        for part in ("Action", "Resource"):
            statement[part] = [one for one in statement[part] if not one.endswith(lost)]
    policy["Statement"] = [one for one in policy["Statement"] if one["Action"] and one["Resource"]]
    keys = emulator.iam.user("operator", policy)
    ended = commands.due("setup", "--yes", "--no-pinpoint", killed_by=None, **keys)
    assert ended.code == 6, ended
    assert lost in ended.err and "due setup --policy" in ended.err


def test_no_resource_is_everything_where_it_need_not_be(commands: Commands) -> None:
    everything = {
        action for one in policy_of(commands)["Statement"] if "*" in one["Resource"] for action in one["Action"]
    }
    lists = {action for action in everything if action.split(":")[1].startswith(("List", "Get", "Describe"))}
    assert everything - lists == {"sns:SetSubscription*", "sns:Unsubscribe"}  # of a subscription IAM knows no resource

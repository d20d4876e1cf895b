"""The person who runs due needs the rights that ``due setup --policy`` prints, and no other."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.aws.front.aws import Front
from tests.stacks.commands import Commands

RECORD = {
    "event_type": "_custom.visit",
    "event_timestamp": 1790000000000,
    "arrival_timestamp": 1790000000000,
    "event_version": "1",
    "client": {"client_id": "x"},
}
STORY = (
    ("setup", "--yes", "--alarm-email", "oncall@example.com"),
    ("setup", "--yes", "--buffer-mb", "100", "--log-days", "30", "--status-days", "30", "--results-days", "10"),
    ("attach-config-set", "marketing"),
    ("attach-config-set", "--all", "--via", "firehose"),
    ("detach-config-set", "marketing"),
    ("ingest", "records.json"),
    ("report", "bounce-rate"),
    ("view", "create", "visits", "--event-type", "_custom.visit", "--attribute", "page"),
    ("view", "list"),
    ("view", "drop", "visits"),
    ("outputs",),
    ("failed", "list"),
    ("teardown", "--yes", "--delete-data"),
)


def policy_of(commands: Commands) -> dict[str, Any]:
    """What due prints."""
    ended = commands.due("setup", "--policy")
    assert ended.code == 0, ended.err
    found: dict[str, Any] = json.loads(ended.out)
    return found


def test_story_runs_with_the_printed_rights_alone(front: Front, commands: Commands) -> None:
    front.client("sesv2").create_configuration_set(ConfigurationSetName="marketing")
    (commands.home / "records.json").write_text(json.dumps(RECORD))
    person = front.iam.user("person", policy_of(commands))
    for words in STORY:
        ended = commands.due(*words, killed_by=None, **person)
        assert ended.code == 0, (words, ended.err, front.iam.denied)
    assert front.iam.denied == []


@pytest.mark.parametrize(
    "lost", ["iam:PassRole", "lambda:TagResource", "glue:GetTable", "athena:StartQueryExecution", "s3:PutBucketPolicy"]
)
def test_none_of_them_is_too_many(front: Front, commands: Commands, lost: str) -> None:
    policy = policy_of(commands)
    for statement in policy["Statement"]:
        statement["Action"] = [action for action in statement["Action"] if action != lost]
    policy["Statement"] = [statement for statement in policy["Statement"] if statement["Action"]]
    person = front.iam.user("person", policy)
    ended = commands.due("setup", "--yes", "--no-pinpoint", killed_by=None, **person)
    assert ended.code == 5, ended
    assert any(lost in str(denied) for denied in front.iam.denied)


def test_no_resource_is_everything_where_it_need_not_be(commands: Commands) -> None:
    everything = {
        action for one in policy_of(commands)["Statement"] if "*" in one["Resource"] for action in one["Action"]
    }
    lists = {action for action in everything if action.split(":")[1].startswith(("List", "Get", "Describe"))}
    assert everything == lists

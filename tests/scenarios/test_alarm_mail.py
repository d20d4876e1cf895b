"""``--alarm-email`` given and taken back: what setup made for it goes, and a teardown leaves none of it."""

from __future__ import annotations

import json

import pytest

from tests.aws_emulator.aws import AwsEmulator
from tests.scenarios.account import contents, differing
from tests.scenarios.commands import Commands
from tests.scenarios.test_setup import SETUP

MAILED = (*SETUP, "--alarm-email", "oncall@example.com")
TOPIC = "arn:aws:sns:us-east-1:123456789012:due-alarms"


@pytest.mark.slow
def test_no_address_any_more_plans_and_makes_the_end_of_the_topic(emulator: AwsEmulator, commands: Commands) -> None:
    assert commands.due(*MAILED).code == 0
    assert contents(emulator)["topics"] == [TOPIC]
    planned = json.loads(commands.due("setup", "--no-pinpoint", "--plan", "--alarm-email", "", "-o", "json").out)[
        "steps"
    ]
    assert [(row["what"], row["name"]) for row in planned if row["action"] == "delete"] == [("topic", "due-alarms")]
    assert contents(emulator)["topics"] == [TOPIC]
    ended = commands.due(*SETUP, "--alarm-email", "")
    assert ended.code == 0, ended.err
    assert "deleted topic due-alarms" in ended.err
    assert contents(emulator)["topics"] == []
    assert differing() == []


@pytest.mark.slow
def test_a_teardown_finds_a_topic_that_is_wanted_no_more(emulator: AwsEmulator, commands: Commands) -> None:
    """A setup that was cut off between the options and the topic leaves one; so does a version that never looked."""
    before = contents(emulator)
    assert commands.due(*SETUP).code == 0
    tags = [{"Key": "due:stack", "Value": "due"}]
    emulator.client("sns").create_topic(Name="due-alarms", Tags=tags)
    assert commands.due("teardown", "--yes", "--delete-data").code == 0
    assert contents(emulator) == before


@pytest.mark.slow
def test_a_teardown_where_ses_does_not_answer(emulator: AwsEmulator, commands: Commands) -> None:
    before = contents(emulator)
    assert commands.due(*SETUP).code == 0
    ended = commands.due("teardown", "--yes", "--delete-data", AWS_ENDPOINT_URL_SESV2="http://127.0.0.1:1")
    assert ended.code == 0, ended.err
    assert "left: event destinations of configuration sets, if there are any: Amazon SES" in ended.out
    assert contents(emulator) == before

"""``due setup`` on AWS: it converges from whatever it finds, and changes nothing that is as it should be."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from benchmarks.cost import idle_dollars
from due_cli.aws.tags import DATABASE_TAG, STACK_TAG
from tests.aws.stack import sending
from tests.aws_emulator.aws import AwsEmulator
from tests.scenarios.account import contents, differing
from tests.scenarios.commands import Commands
from tests.scenarios.details import details
from tests.scenarios.kills import STEPS, Once, own
from tests.scenarios.tagging import tagged

SETUP = ("setup", "--yes", "--no-pinpoint")
WHOLE = ("setup", "--yes", "--config-sets", "marketing", "--alarm-email", "oncall@example.com")  # with Pinpoint's too


def test_plan_changes_nothing(emulator: AwsEmulator, commands: Commands) -> None:
    before = contents(emulator)
    ended = commands.due("setup", "--plan", "-o", "json", "--no-pinpoint")
    assert ended.code == 0, ended.err
    plan = json.loads(ended.out)
    assert {row["action"] for row in plan["steps"]} == {"create"}
    assert (plan["create"], plan["change"], plan["keep"]) == (len(plan["steps"]), 0, 0)
    assert plan["usd_per_month"] == round(idle_dollars(), 2)
    shown = commands.due("setup", "--plan", "--no-pinpoint").out.splitlines()
    assert shown[-1].startswith(f"create {plan['create']}, change 0, keep 0; costs $2.10 a month")
    asked = commands.due("setup", "--plan", "-o", "json", "--no-pinpoint", "--usage-endpoint", "https://example.com/u")
    sent = [row for row in json.loads(asked.out)["steps"] if row["action"] == "send"]
    assert [row["name"] for row in sent] == ["https://example.com/u"]
    assert "S3PartitionTriggers" in sent[0]["differs"]
    assert emulator.journal.mutating == []
    assert contents(emulator) == before


def test_second_setup_makes_no_mutating_call(emulator: AwsEmulator, commands: Commands) -> None:
    assert commands.due(*SETUP).code == 0
    before = contents(emulator)
    emulator.journal.clear()
    ended = commands.due(*SETUP)
    assert ended.code == 0, ended.err
    assert emulator.journal.mutating == []
    assert contents(emulator) == before
    assert (ended.out, ended.err) == ("Stack due is up to date\n", "")
    again = commands.due("setup", "--plan", "--no-pinpoint", "-o", "json")
    assert json.loads(again.out)["steps"] == []
    assert len(json.loads(commands.due("setup", "--plan", "--all", "--no-pinpoint", "-o", "json").out)["steps"]) > 30


def test_without_a_yes_nothing_is_made(emulator: AwsEmulator, commands: Commands) -> None:
    ended = commands.due("setup", "--no-pinpoint")
    assert ended.code == 2
    assert "--yes" in ended.err
    assert emulator.journal.mutating == []


@pytest.mark.slow
@pytest.mark.parametrize("step", STEPS)
def test_setup_killed_at_every_call_ends_as_if_undisturbed(
    emulator: AwsEmulator, commands: Commands, step: int
) -> None:
    """One process after another, each killed at a call that none before it was killed at."""
    sending.make_sets(emulator, "marketing")
    each = Once(step)
    while (ended := commands.due(*WHOLE, killed_by=each)).code:
        assert ended.code == -9, ended.err
    killed = contents(emulator), details(emulator)
    assert commands.due("teardown", "--yes", "--delete-data").code == 0
    emulator.journal.clear()
    assert commands.due(*WHOLE).code == 0
    assert (contents(emulator), details(emulator)) == killed
    assert {call.name for call in emulator.journal if own(call)} <= each.names


@pytest.mark.slow
def test_changed_options_update_in_place(emulator: AwsEmulator, commands: Commands) -> None:
    assert commands.due(*SETUP).code == 0
    before = contents(emulator)
    ended = commands.due(*SETUP, "--buffer-mb", "100", "--log-days", "30", "--status-delay", "0")
    assert ended.code == 0, ended.err
    assert "updated delivery stream due-events" in ended.err
    assert contents(emulator) == before
    stream = emulator.client("firehose").describe_delivery_stream(DeliveryStreamName="due-events")
    destination = stream["DeliveryStreamDescription"]["Destinations"][0]["ExtendedS3DestinationDescription"]
    assert destination["BufferingHints"]["SizeInMBs"] == 100
    [processor] = destination["ProcessingConfiguration"]["Processors"]
    parameters = {one["ParameterName"]: one["ParameterValue"] for one in processor["Parameters"]}
    assert (parameters["BufferIntervalInSeconds"], parameters["NumberOfRetries"]) == ("0", "300")
    emulator.journal.clear()
    assert commands.due(*SETUP).code == 0, "options that are not given stay"
    assert emulator.journal.mutating == []


@pytest.mark.slow
def test_what_was_changed_by_hand_is_shown_and_set_right(emulator: AwsEmulator, commands: Commands) -> None:
    assert commands.due(*SETUP).code == 0
    emulator.client("lambda").update_function_configuration(FunctionName="due-transform", MemorySize=128)
    emulator.client("iam").delete_role_policy(RoleName="due-stream-us-east-1", PolicyName="due")
    plan = json.loads(commands.due("setup", "--plan", "--no-pinpoint", "-o", "json").out)
    assert (plan["create"], plan["change"], len(plan["steps"])) == (0, 2, 2)
    changes = {row["name"]: row["differs"] for row in plan["steps"]}
    assert changes.keys() == {"due-transform", "due-stream-us-east-1"}
    assert changes["due-transform"] == "MemorySize: 128 -> 512"
    assert commands.due(*SETUP).code == 0
    assert differing() == []


@pytest.mark.slow
def test_pinpoint_stays_out_once_it_was_left_out(emulator: AwsEmulator, commands: Commands) -> None:
    assert commands.due(*SETUP).code == 0
    emulator.journal.clear()
    assert commands.due("setup", "--yes").code == 0
    assert emulator.journal.mutating == []
    ended = commands.due("setup", "--yes", "--pinpoint-project-name", "My Pinpoint Project")
    assert ended.code == 0, ended.err
    assert "created Pinpoint project My Pinpoint Project" in ended.err


@pytest.mark.slow
def test_another_tag_reaches_everything_that_is_there(emulator: AwsEmulator, commands: Commands) -> None:
    whole = ("setup", "--yes", "--alarm-email", "oncall@example.com")
    assert commands.due(*whole, "--tag", "team=mail").code == 0
    before, there = contents(emulator), tagged(emulator)
    assert there["role due-transform-us-east-1"].read()[DATABASE_TAG] == "due_eventdb"
    assert [name for name, one in there.items() if _common(one.read()) != {"team": "mail", STACK_TAG: "due"}] == []
    for one in there.values():
        one.add({"cost": "7"})
    plan = json.loads(commands.due(*whole, "--tag", "team=web", "--plan", "--all", "-o", "json").out)["steps"]
    # AWS has no tags for tables and views, metric filters, what a bucket notifies of, and where a project's events go.
    untagged = {row["what"] for row in plan if "tags: team=mail -> team=web" not in row["differs"]}
    assert untagged == {"table", "view", "metric filter", "notification", "event stream"}
    assert commands.due(*whole, "--tag", "team=web").code == 0
    assert commands.due(*whole, "--tag", "floor=3").code == 0
    assert contents(emulator) == before
    wanted = {"team": "web", "floor": "3", STACK_TAG: "due", "cost": "7"}
    assert [name for name, one in there.items() if _common(one.read()) != wanted] == []
    emulator.journal.clear()
    ended = commands.due(*whole, "--tag", "team=web")
    assert "is up to date" in ended.out
    assert emulator.journal.mutating == []


def test_more_tags_than_aws_takes_are_found_before_anything_is_made(emulator: AwsEmulator, commands: Commands) -> None:
    """A role has two of due's own beside them."""
    first, more = ([word for number in numbers for word in ("--tag", f"k{number}=v")] for numbers in (range(48), (48,)))
    assert commands.due(*SETUP, *first, *more).code == 2
    assert emulator.journal.mutating == []
    assert commands.due(*SETUP, *first).code == 0
    ended = commands.due(*SETUP, *more)
    assert (ended.code, "49 tags" in ended.err) == (2, True), ended
    role = emulator.client("iam").get_role(RoleName="due-transform-us-east-1")["Role"]
    assert len(role["Tags"]) == 50


def _common(tags: Mapping[str, str]) -> dict[str, str]:
    """The tags that everything of a stack has."""
    return {key: value for key, value in tags.items() if key != DATABASE_TAG}


@pytest.mark.slow
def test_tags_of_a_project_that_is_merely_used_stay(emulator: AwsEmulator, commands: Commands) -> None:
    project = emulator.client("pinpoint").create_app(
        CreateApplicationRequest={"Name": "My Pinpoint Project", "tags": {"team": "shop"}}
    )["ApplicationResponse"]
    assert commands.due("setup", "--yes", "--tag", "team=web").code == 0
    tags = emulator.client("pinpoint").list_tags_for_resource(ResourceArn=project["Arn"])["TagsModel"]["tags"]
    assert tags == {"team": "shop"}
    emulator.journal.clear()
    assert commands.due("setup", "--yes").code == 0
    assert emulator.journal.mutating == []

"""Pinpoint's end: an account in which it does not answer, refuses, or ends half way; through the emulator over HTTP."""

from __future__ import annotations

from dataclasses import replace

import boto3  # noqa: TID251  # a client that waits for less long than due's
import pytest
from botocore.config import Config

from due_cli.aws.client import Aws
from due_cli.aws.services.pinpoint import NoPinpointError
from due_cli.aws.stack import projects, setup
from due_cli.aws.stack.projects import ProjectChoice
from due_cli.aws.stack.stack import Stack
from due_cli.core.errors import ConfigurationError, ExitCode, RefusedError
from due_cli.core.progress import Silent
from tests.aws.stack import sending
from tests.aws.stack.test_pinpoint import AUTO, desired, set_up, stack
from tests.aws_emulator.aws import AwsEmulator
from tests.aws_emulator.pinpoint import Gone
from tests.sampling import sampled

__all__ = ["stack"]


def impatient(emulator: AwsEmulator, monkeypatch: pytest.MonkeyPatch, gone: Gone, stack: Stack) -> Stack:
    """A Pinpoint that is gone, and a caller who does not wait for it for as long as due does."""
    emulator.pinpoint.gone = gone
    for name, value in emulator.pinpoint.environment().items():
        monkeypatch.setenv(name, value)
    aws = Aws()
    config = Config(read_timeout=0.3, connect_timeout=1, retries={"total_max_attempts": 1})
    vars(aws)["pinpoint"] = boto3.client("pinpoint", config=config)
    return replace(stack, aws=aws)


@pytest.mark.parametrize("gone", sampled([one for one in Gone if one is not Gone.NO], 1))
def test_without_pinpoint_setup_goes_on_and_says_so_in_one_line(
    emulator: AwsEmulator, stack: Stack, monkeypatch: pytest.MonkeyPatch, gone: Gone
) -> None:
    stack = impatient(emulator, monkeypatch, gone, stack)
    found = desired(stack)
    assert (found.nodes, found.project_id) == ([], None)
    [note] = found.notes
    assert note.startswith("Amazon Pinpoint is unavailable in this account (")
    assert note.endswith("); skipped")
    assert "\n" not in note
    for asked in (ProjectChoice(project_id="0" * 32), ProjectChoice(project_name="shop")):
        with pytest.raises(NoPinpointError) as caught:
            desired(stack, asked)
        assert caught.value.exit_code == ExitCode.REFUSED
        assert "--no-pinpoint" in str(caught.value.hint)
    with pytest.raises(NoPinpointError):
        projects.attach(stack, "0" * 32)


@pytest.mark.parametrize("operation", sampled(["GetEventStream", "ListTagsForResource"], 1))
def test_a_pinpoint_without_event_streams_is_none(emulator: AwsEmulator, stack: Stack, operation: str) -> None:
    sending.make_project(emulator, "shop")
    emulator.faults.refuse(f"pinpoint:{operation}", "ForbiddenException", "no longer available", 403)
    assert desired(stack).notes == (
        "Amazon Pinpoint is unavailable in this account (ForbiddenException: no longer available); skipped",
    )


def test_a_service_that_is_unwell_is_not_one_that_is_gone(emulator: AwsEmulator, stack: Stack) -> None:
    emulator.faults.throttle("pinpoint:GetApps", times=1)
    assert desired(stack).nodes
    emulator.faults.throttle("pinpoint:GetApps", times=9)
    with pytest.raises(RefusedError, match="ThrottlingException") as caught:
        desired(stack)
    assert not isinstance(caught.value, NoPinpointError)
    emulator.faults.clear()
    emulator.faults.refuse("pinpoint:GetApps", "ExpiredTokenException", "expired", 403)
    with pytest.raises(ConfigurationError, match="does not accept the credentials"):
        desired(stack)


def test_a_pinpoint_that_makes_no_more_projects_says_how_to_go_on(emulator: AwsEmulator, stack: Stack) -> None:
    emulator.faults.refuse("pinpoint:CreateApp", "ForbiddenException", "Amazon Pinpoint is closed.", 403)
    with pytest.raises(NoPinpointError, match="ForbiddenException: Amazon Pinpoint is closed") as caught:
        set_up(stack)
    assert "due setup --no-pinpoint" in str(caught.value.hint)


def prepared(asked: ProjectChoice) -> setup.SetupPlan:
    return setup.plan_setup(Aws(), "due", setup.SetupRequest(options={}, project=asked, config_sets=("marketing",)))


@pytest.mark.parametrize(
    ("call", "code", "status"),
    sampled([("CreateApp", "ForbiddenException", 403), ("PutEventStream", "BadRequestException", 400)], 1),
)
def test_a_pinpoint_that_ends_half_way_is_left_out(emulator: AwsEmulator, call: str, code: str, status: int) -> None:
    sending.make_sets(emulator, "marketing")
    emulator.faults.refuse(f"pinpoint:{call}", code, "Amazon Pinpoint is closed.", status)
    done = setup.execute_setup(prepared(AUTO), Silent())
    said = [line for line in done.lines if "Pinpoint" in line]
    assert said == [f"Amazon Pinpoint is unavailable in this account ({code}: Amazon Pinpoint is closed); skipped"]
    [destination] = emulator.ses.destinations("marketing")
    assert destination["KinesisFirehoseDestination"]["DeliveryStreamArn"].endswith(":deliverystream/due-events")
    assert sending.projects(emulator) == []
    roles = [one["RoleName"] for one in emulator.client("iam").list_roles()["Roles"]]
    assert "due-ses-us-east-1" in roles
    assert "due-pinpoint-us-east-1" not in roles
    assert prepared(AUTO).changes == 0


@pytest.mark.parametrize(
    ("asked", "code"), [(ProjectChoice(project_name="shop"), "ForbiddenException"), (AUTO, "AccessDeniedException")]
)
def test_a_pinpoint_that_was_asked_for_or_is_not_the_callers_is_not_passed_over(
    emulator: AwsEmulator, asked: ProjectChoice, code: str
) -> None:
    sending.make_sets(emulator, "marketing")
    emulator.faults.refuse("pinpoint:CreateApp", code, "Amazon Pinpoint is closed.", 403)
    with pytest.raises(NoPinpointError, match=f"{code}: Amazon Pinpoint is closed"):
        setup.execute_setup(prepared(asked), Silent())

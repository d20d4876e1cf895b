"""``due outputs`` on AWS: the guide's keys and due's own, with what is really there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from due_cli.aws.client import Aws
from due_cli.aws.stack.desired import desired
from due_cli.aws.stack.execute import execute
from due_cli.aws.stack.options import Options
from due_cli.aws.stack.package import package
from due_cli.aws.stack.plan import planned
from due_cli.aws.stack.stack import Stack, names_in
from tests.aws_emulator.aws import AwsEmulator
from tests.aws_emulator.pinpoint import Gone
from tests.commands import Due
from tests.sampling import sampled

GUIDES = (
    "PinpointProjectId",
    "PinpointProjectArn",
    "PinpointEventStreamFirehoseName",
    "PinpointEventStreamFirehoseRoleName",
    "DUES3DataLakeName",
)


@pytest.fixture
def stack(emulator: AwsEmulator) -> Stack:
    """As much of a stack as has an address of AWS's choosing, or says what was chosen."""
    aws = Aws()
    stack = Stack(aws=aws, names=names_in(aws, "shop"), options=Options(database="shop_events", status_days=7))
    nodes = desired(stack.names, stack.options, package())
    kept = [node for node in nodes if node.key.startswith(("transform", "status-api", "api"))]
    execute(planned(kept, aws), aws)
    return stack


def outputs(due: Due) -> dict[str, Any]:
    """What the command shows."""
    found = due("outputs", "--stack", "shop", "-o", "json").done().json
    assert isinstance(found, dict)
    return found


def attach(emulator: AwsEmulator, stack: Stack, name: str, **tags: str) -> str:
    """A project whose event stream leads to the stack; its id."""
    pinpoint = emulator.client("pinpoint")
    asked = {"Name": name, "tags": {key.replace("_", ":"): value for key, value in tags.items()}}
    project = pinpoint.create_app(CreateApplicationRequest=asked)["ApplicationResponse"]["Id"]
    stream = {"DestinationStreamArn": stack.names.stream_arn, "RoleArn": stack.names.role_arn("pinpoint")}
    pinpoint.put_event_stream(ApplicationId=project, WriteEventStream=stream)
    return str(project)


def test_every_key_of_the_guide_and_of_dues_own(emulator: AwsEmulator, stack: Stack, due: Due) -> None:
    attach(emulator, stack, "another's")
    project = attach(emulator, stack, "My Pinpoint Project", due_stack="shop")
    api = emulator.client("apigatewayv2").get_apis()["Items"][0]["ApiId"]
    assert outputs(due) == {
        "PinpointProjectId": project,
        "PinpointProjectArn": f"arn:aws:mobiletargeting:us-east-1:123456789012:apps/{project}",
        "PinpointEventStreamFirehoseName": "shop-events",
        "PinpointEventStreamFirehoseRoleName": "shop-pinpoint-us-east-1",
        "DUES3DataLakeName": "shop-events-123456789012-us-east-1",
        "DatabaseName": "shop_events",
        "EventsFolder": "s3://shop-events-123456789012-us-east-1/events/",
        "WorkgroupName": "shop",
        "DeliveryStreamName": "shop-events",
        "DeliveryStreamArn": "arn:aws:firehose:us-east-1:123456789012:deliverystream/shop-events",
        "StatusApiUrl": emulator.http_apis.url(api, "/call"),
        "StatusTable": "shop-message-status",
        "StatusDays": 7,
        "Stack": "shop",
        "Account": "123456789012",
        "Region": "us-east-1",
    }


@pytest.mark.parametrize("gone", sampled([Gone.NO, Gone.FORBIDDEN], 1))
def test_without_a_project_pinpoints_are_null(emulator: AwsEmulator, stack: Stack, due: Due, gone: Gone) -> None:
    emulator.pinpoint.gone = gone
    found = outputs(due)
    assert [found[key] for key in GUIDES] == [None, None, None, None, "shop-events-123456789012-us-east-1"]


def test_a_status_api_that_is_gone_is_null(emulator: AwsEmulator, stack: Stack, due: Due) -> None:
    api = emulator.client("apigatewayv2").get_apis()["Items"][0]["ApiId"]
    emulator.client("apigatewayv2").delete_api(ApiId=api)
    assert outputs(due)["StatusApiUrl"] is None


def test_no_stack_of_the_name(emulator: AwsEmulator, due: Due) -> None:
    ran = due("outputs", "--stack", "shop").failed(3)
    assert "no stack shop in account 123456789012, region us-east-1" in ran.err


def test_suggestions_name_the_stack_region_and_profile_that_were_named(
    emulator: AwsEmulator, due: Due, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "aws config").write_text(
        '[profile "my shop"]\naws_access_key_id = testing\naws_secret_access_key = testing\n'
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "aws config"))
    where = ("--stack", "other", "--region", "eu-west-1", "--profile", "my shop")
    shown = "--stack other --region eu-west-1 --profile 'my shop'"
    hint = f"  try: due setup {shown}, or name another with --stack, --region, --profile\n"
    assert due(*where, "failed", "list").failed(3).err.endswith(hint)
    assert due("failed", "list", *where).failed(3).err.endswith(hint)
    assert due("failed", "list", "--stack", "other").failed(3).err.endswith(hint.replace(shown, "--stack other"))

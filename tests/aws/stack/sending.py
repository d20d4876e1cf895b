"""What the tests of senders set up in the emulator's account: a stack's stream, configuration sets and projects."""

from __future__ import annotations

from typing import Any

from due_cli.aws.client import Aws
from due_cli.aws.event_types import Channel, Tracking, type_choice
from due_cli.aws.resources.resource import Action, Node, Step
from due_cli.aws.stack import config_sets
from due_cli.aws.stack.execute import execute
from due_cli.aws.stack.names import Names
from due_cli.aws.stack.options import Options
from due_cli.aws.stack.plan import planned
from due_cli.aws.stack.routes import ses_role
from due_cli.aws.stack.stack import Stack, names_in
from due_cli.core.progress import Progress, Silent
from due_cli.core.results import Done
from tests.aws_emulator.aws import AwsEmulator

EVENT_TYPES = ["SEND", "REJECT", "BOUNCE", "COMPLAINT", "DELIVERY", "OPEN", "CLICK", "RENDERING_FAILURE"]
TRACKED_TYPES = {"OPEN", "CLICK"}
ALL_EVENT_TYPES = [*EVENT_TYPES, "DELIVERY_DELAY", "SUBSCRIPTION"]
OTHER_STREAM = "arn:aws:firehose:us-east-1:123456789012:deliverystream/other"


def a_stack(emulator: AwsEmulator, name: str = "due") -> Stack:
    """As much of a stack as senders need: its stream and SES's role."""
    aws = Aws()
    names = names_in(aws, name)
    make_stream(emulator, names.stream)
    apply([ses_role(names, Options())], aws)
    emulator.journal.clear()
    return Stack(aws=aws, names=names, options=Options())


def make_stream(emulator: AwsEmulator, name: str) -> None:
    bucket = {"RoleARN": "arn:aws:iam::123456789012:role/any", "BucketARN": "arn:aws:s3:::any"}
    emulator.client("firehose").create_delivery_stream(DeliveryStreamName=name, S3DestinationConfiguration=bucket)


def apply(nodes: list[Node[Aws]], aws: Aws) -> dict[str, Action]:
    """Carries out what is to be done; what was done, by key."""
    steps: list[Step[Aws]] = planned(nodes, aws)
    execute(steps, aws)
    return {step.node.key: step.action for step in steps}


def make_sets(emulator: AwsEmulator, *names: str) -> None:
    for name in names:
        emulator.client("sesv2").create_configuration_set(ConfigurationSetName=name)


def make_sms_sets(emulator: AwsEmulator, *names: str) -> None:
    for name in names:
        emulator.client("pinpoint-sms-voice-v2").create_configuration_set(ConfigurationSetName=name)


def make_project(emulator: AwsEmulator, name: str, **tags: str) -> str:
    """A project; its id."""
    asked = {"Name": name, "tags": {key.replace("_", ":"): value for key, value in tags.items()}}
    return str(emulator.client("pinpoint").create_app(CreateApplicationRequest=asked)["ApplicationResponse"]["Id"])


def lead(
    emulator: AwsEmulator, project: str, stream_arn: str, role_arn: str = "arn:aws:iam::123456789012:role/any"
) -> None:
    """Gives a project an event stream, as somebody by hand."""
    stream = {"DestinationStreamArn": stream_arn, "RoleArn": role_arn}
    emulator.client("pinpoint").put_event_stream(ApplicationId=project, WriteEventStream=stream)


def stream_of(emulator: AwsEmulator, project: str) -> str | None:
    """Where a project's event stream leads."""
    pinpoint = emulator.client("pinpoint")
    try:
        found = pinpoint.get_event_stream(ApplicationId=project)["EventStream"]
    except pinpoint.exceptions.NotFoundException:
        return None
    return str(found["DestinationStreamArn"])


def projects(emulator: AwsEmulator) -> list[str]:
    """The names of all projects."""
    return sorted(one["Name"] for one in emulator.client("pinpoint").get_apps()["ApplicationsResponse"]["Item"])


def app_arn(names: Names, project: str) -> str:
    return names.arn("mobiletargeting", f"apps/{project}")


def to_stream(name: str, stream_arn: str, **more: Any) -> dict[str, Any]:
    """An event destination as SES keeps it."""
    target = {"IamRoleArn": "arn:aws:iam::123456789012:role/any", "DeliveryStreamArn": stream_arn}
    return {
        "Name": name,
        "Enabled": True,
        "MatchingEventTypes": ["SEND"],
        "KinesisFirehoseDestination": target,
        **more,
    }


def to_project(name: str, arn: str) -> dict[str, Any]:
    """An event destination through a project."""
    target = {"ApplicationArn": arn}
    return {"Name": name, "Enabled": True, "MatchingEventTypes": ["SEND"], "PinpointDestination": target}


def to_topic(name: str) -> dict[str, Any]:
    """An event destination that nobody of due's cares for."""
    target = {"TopicArn": "arn:aws:sns:us-east-1:123456789012:topic"}
    return {"Name": name, "Enabled": True, "MatchingEventTypes": ["BOUNCE"], "SnsDestination": target}


def attach(
    stack: Stack,
    *names: str,
    via: str = "auto",
    everything: bool = False,
    tracking: str = "keep",
    types: str | None = None,
    channel: str = "auto",
    progress: Progress | None = None,
) -> Done:
    request = config_sets.AttachRequest(
        set_names=names,
        everything=everything,
        channel=Channel(channel),
        via=via,
        types=type_choice(Tracking(tracking), types, Channel(channel)),
    )
    return config_sets.attach(stack, request, progress or Silent())


def detach(stack: Stack, *names: str, channel: str = "auto") -> Done:
    return config_sets.detach(stack, list(names), Silent(), Channel(channel))


def a_project(emulator: AwsEmulator, stack: Stack) -> str:
    """A project whose events the stack gets; its ARN."""
    project = make_project(emulator, "shop")
    lead(emulator, project, stack.names.stream_arn)
    emulator.journal.clear()
    return app_arn(stack.names, project)


def said(done: Done) -> str:
    return "\n".join(done.lines)

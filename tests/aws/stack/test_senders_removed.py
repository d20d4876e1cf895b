"""Configuration sets detached, found for a removal, attached by setup, and the rights that all of it needs."""

from __future__ import annotations

import socket
from dataclasses import replace

import pytest

from due_cli.aws.client import Aws
from due_cli.aws.resources.event_destination import EventDestination
from due_cli.aws.resources.event_stream import EventStream
from due_cli.aws.resources.project import Project
from due_cli.aws.resources.resource import Action
from due_cli.aws.stack import config_sets, person_policies, set_search
from due_cli.aws.stack.execute import execute
from due_cli.aws.stack.options import Options
from due_cli.aws.stack.plan import planned_removal
from due_cli.aws.stack.projects import ProjectChoice, plan_pinpoint, sending_projects
from due_cli.aws.stack.routes import Routes
from due_cli.aws.stack.stack import Stack
from due_cli.aws.tags import STACK_TAG
from due_cli.core.errors import ConfigurationError, DueError, RefusedError
from tests.aws.stack import sending
from tests.aws.stack.sending import OTHER_STREAM, a_project, attach, detach, said, to_project, to_stream, to_topic
from tests.aws_emulator.aws import AwsEmulator
from tests.aws_emulator.pinpoint import Gone


def test_detach_takes_away_what_is_the_stacks_and_nothing_else(emulator: AwsEmulator, stack: Stack) -> None:
    emulator.ses.destinations("marketing").append(to_topic("bounces"))
    attach(stack, "marketing", "receipts")
    done = detach(stack, "marketing")
    assert done.lines == ["Detached configuration set marketing from the delivery stream due-events"]
    assert [one["Name"] for one in emulator.ses.destinations("marketing")] == ["bounces"]
    assert len(emulator.ses.destinations("receipts")) == 1
    emulator.journal.clear()
    assert detach(stack, "marketing").lines == ["Configuration set marketing is not attached"]
    assert emulator.journal.mutating == []
    a_project(emulator, stack)
    attach(stack, "marketing")
    detach(stack, "marketing", "receipts")
    assert [one["Name"] for name in ("marketing", "receipts") for one in emulator.ses.destinations(name)] == ["bounces"]
    emulator.ses.destinations("marketing").append(to_stream("mine", stack.names.stream_arn))
    assert "mine leads to the delivery stream due-events too, and stays" in said(detach(stack, "marketing"))


def test_everything_of_a_stack_is_found_for_its_removal_and_nothing_of_others(
    emulator: AwsEmulator, stack: Stack
) -> None:
    sending.make_stream(emulator, "other")
    sending.make_sets(emulator, "straight", "theirs")
    sending.make_project(emulator, "further")
    used = sending.make_project(emulator, "used")
    other = sending.make_project(emulator, "other", due_stack="other")
    sending.lead(emulator, used, stack.names.stream_arn)
    sending.lead(emulator, other, OTHER_STREAM)
    sending.apply(plan_pinpoint(stack.aws, stack.names, ProjectChoice(project_name="made"), Options()).nodes, stack.aws)
    made = next(one.project_id for one in sending_projects(stack.aws, stack.names) if one.name == "made")
    attach(stack, "marketing")  # through the project that the stack made, although the other one is older
    arn = sending.app_arn(stack.names, made)
    assert emulator.ses.destinations("marketing")[0]["PinpointDestination"] == {"ApplicationArn": arn}
    attach(stack, "straight", via="firehose")
    emulator.ses.destinations("theirs").append(to_stream("event-database", OTHER_STREAM))
    nodes = config_sets.sender_nodes(stack.aws, stack.names)
    assert {node.key for node in nodes} == {
        "pinpoint-role",
        *(f"event-stream-{used}", f"event-stream-{made}", f"project-{made}"),
        *("destination-marketing", "destination-straight"),
    }
    steps = planned_removal(nodes, stack.aws)
    emulator.journal.clear()
    execute(steps, stack.aws)
    assert sending.projects(emulator) == ["further", "other", "used"]
    assert (sending.stream_of(emulator, used), sending.stream_of(emulator, other)) == (None, OTHER_STREAM)
    left = {name: len(emulator.ses.destinations(name)) for name in ("marketing", "straight", "theirs")}
    assert left == {"marketing": 0, "straight": 0, "theirs": 1}
    order = [call.operation for call in emulator.journal.mutating]
    last = max(place for place, name in enumerate(order) if name == "DeleteConfigurationSetEventDestination")
    assert order.index("DeleteApp") > order.index("DeleteEventStream")
    assert order.index("DeleteRole") > max(place for place, name in enumerate(order) if name == "DeleteEventStream")
    assert last < order.index("DeleteApp")
    emulator.journal.clear()
    assert [node.key for node in config_sets.sender_nodes(stack.aws, stack.names)] == ["pinpoint-role"]
    assert planned_removal(config_sets.sender_nodes(stack.aws, stack.names), stack.aws) == []


def test_without_pinpoint_the_sets_and_the_role_are_still_found(emulator: AwsEmulator, stack: Stack) -> None:
    attach(stack, "marketing")
    emulator.pinpoint.gone = Gone.FORBIDDEN
    assert {node.key for node in config_sets.sender_nodes(stack.aws, stack.names)} == {
        "pinpoint-role",
        "destination-marketing",
    }


def test_what_came_to_lead_elsewhere_meanwhile_is_not_removed(emulator: AwsEmulator, stack: Stack) -> None:
    """Between the plan and the removal somebody may have changed it."""
    project = sending.make_project(emulator, "shop", due_stack="other")
    sending.lead(emulator, project, OTHER_STREAM)
    routes = Routes(names=stack.names, projects=frozenset())
    own = Project(title="shop", project_id=project, tags={STACK_TAG: "due"})
    for to in (routes.to_stream(), routes.to_project(own)):
        emulator.ses.destinations("marketing")[:] = [to_stream("event-database", OTHER_STREAM)]
        EventDestination(config_set="marketing", route=to, types=frozenset(("SEND",))).delete(stack.aws)
        assert emulator.ses.destinations("marketing") == [to_stream("event-database", OTHER_STREAM)]
    stream_arn, role_arn = stack.names.stream_arn, stack.names.role_arn("pinpoint")
    EventStream(project=own, stream_arn=stream_arn, role_arn=role_arn).delete(stack.aws)
    own.delete(stack.aws)
    assert sending.stream_of(emulator, project) == OTHER_STREAM


def test_a_lost_answer_is_no_failure(emulator: AwsEmulator, stack: Stack) -> None:
    emulator.faults.fail("sesv2:CreateConfigurationSetEventDestination", after=True, times=1)
    attach(stack, "marketing")
    emulator.faults.fail("sesv2:DeleteConfigurationSetEventDestination", after=True, times=1)
    detach(stack, "marketing")
    assert emulator.ses.destinations("marketing") == []


def test_setup_attaches_straight_behind_the_stream_and_the_role(stack: Stack) -> None:
    sets = set_search.find_config_sets(stack.aws, stack.names, ["marketing"])
    [node] = config_sets.setup_nodes(stack.names, sets, None)
    assert (set(node.depends_on), node.serial_group) == ({"stream", "ses-role"}, "ses")


def test_setup_puts_a_set_behind_the_project_that_it_is_to_make(emulator: AwsEmulator, stack: Stack) -> None:
    project = plan_pinpoint(stack.aws, stack.names, ProjectChoice(), Options())
    sets = set_search.find_config_sets(stack.aws, stack.names, ["marketing"])
    nodes = [*project.nodes, *config_sets.setup_nodes(stack.names, sets, project.project)]
    assert emulator.journal.mutating == []
    assert set(sending.apply(nodes, stack.aws).values()) == {Action.CREATE}
    [made] = sending_projects(stack.aws, stack.names)
    assert emulator.ses.destinations("marketing")[0]["PinpointDestination"] == {"ApplicationArn": made.arn}
    again = plan_pinpoint(stack.aws, stack.names, ProjectChoice(), Options())
    sets = set_search.find_config_sets(stack.aws, stack.names, ["marketing"])
    assert set(
        sending.apply([*again.nodes, *config_sets.setup_nodes(stack.names, sets, again.project)], stack.aws).values()
    ) == {Action.KEEP}


def test_a_set_that_leads_to_the_project_of_a_setup_is_set_right(emulator: AwsEmulator, stack: Stack) -> None:
    """The guide's appendix D by hand, before the project has its event stream."""
    arn = sending.app_arn(stack.names, sending.make_project(emulator, "shop"))
    emulator.ses.destinations("marketing").append(to_project("event-database", arn))
    emulator.ses.destinations("receipts").append(to_project("segments", arn))
    project = plan_pinpoint(stack.aws, stack.names, ProjectChoice(project_name="shop"), Options())
    sets = set_search.find_config_sets(stack.aws, stack.names, ["marketing"])
    sending.apply([*project.nodes, *config_sets.setup_nodes(stack.names, sets, project.project)], stack.aws)
    [found] = emulator.ses.destinations("marketing")
    assert (found["PinpointDestination"], found["MatchingEventTypes"]) == ({"ApplicationArn": arn}, ["SEND"])
    with pytest.raises(RefusedError, match="arrive twice"):
        config_sets.setup_nodes(
            stack.names, set_search.find_config_sets(stack.aws, stack.names, ["receipts"]), project.project
        )


# What the caller of attach and detach needs: everything else is asked of services in their roles.
RIGHTS = {
    "sts:GetCallerIdentity": "*",
    "firehose:DescribeDeliveryStream": "arn:aws:firehose:us-east-1:123456789012:deliverystream/due-events",
    "iam:GetRole": "arn:aws:iam::123456789012:role/due-*-us-east-1",
    "iam:GetRolePolicy": "arn:aws:iam::123456789012:role/due-*-us-east-1",
    "iam:ListRolePolicies": "arn:aws:iam::123456789012:role/due-*-us-east-1",
    "iam:ListAttachedRolePolicies": "arn:aws:iam::123456789012:role/due-*-us-east-1",
    "iam:PassRole": "arn:aws:iam::123456789012:role/due-ses-us-east-1",
    "mobiletargeting:GetApps": "arn:aws:mobiletargeting:us-east-1:123456789012:apps",
    "mobiletargeting:GetEventStream": "arn:aws:mobiletargeting:us-east-1:123456789012:apps/*/eventstream",
    "mobiletargeting:ListTagsForResource": "arn:aws:mobiletargeting:us-east-1:123456789012:apps/*",
    "ses:ListConfigurationSets": "*",
    "ses:ListEmailIdentities": "*",
    "sms-voice:DescribeConfigurationSets": "*",
    "ses:GetEmailIdentity": "arn:aws:ses:us-east-1:123456789012:identity/*",
    **dict.fromkeys(
        (
            "ses:GetConfigurationSetEventDestinations",
            "ses:CreateConfigurationSetEventDestination",
            "ses:UpdateConfigurationSetEventDestination",
            "ses:DeleteConfigurationSetEventDestination",
        ),
        "arn:aws:ses:us-east-1:123456789012:configuration-set/*",
    ),
}


def as_somebody_with(
    emulator: AwsEmulator, monkeypatch: pytest.MonkeyPatch, stack: Stack, rights: dict[str, str]
) -> Stack:
    statements = [{"Effect": "Allow", "Action": action, "Resource": where} for action, where in rights.items()]
    policy = {"Version": "2012-10-17", "Statement": statements}
    for name, value in emulator.iam.user("person", policy).items():
        monkeypatch.setenv(name, value)
    return replace(stack, aws=Aws())


def test_the_rights_that_attaching_needs_and_no_more(
    emulator: AwsEmulator, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_project(emulator, stack)
    emulator.client("sesv2").create_email_identity(EmailIdentity="one.example")
    person = as_somebody_with(emulator, monkeypatch, stack, RIGHTS)
    attach(person, "marketing")
    attach(person, everything=True, via="firehose")
    detach(person, "marketing")
    assert emulator.iam.denied == []
    used = {need for call in emulator.journal.everything if call.by == "user" for need in [call.name.split(":")[1]]}
    assert used >= {action.split(":")[1] for action in RIGHTS} - {"PassRole", "GetCallerIdentity"}
    emulator.iam.denied.clear()
    lacking = {action: where for action, where in RIGHTS.items() if action != "iam:PassRole"}
    with pytest.raises(DueError, match="iam:PassRole"):
        attach(as_somebody_with(emulator, monkeypatch, stack, lacking), "marketing", via="firehose")


@pytest.mark.parametrize("leads_to", ["other-events", "other"])
def test_another_stacks_set_is_left_to_whoever_may_look_at_it(
    emulator: AwsEmulator, stack: Stack, monkeypatch: pytest.MonkeyPatch, leads_to: str
) -> None:
    """With the printed rights on one stack nobody may look at the stream of another."""
    sending.make_stream(emulator, leads_to)
    theirs = to_stream("event-database", stack.names.arn("firehose", f"deliverystream/{leads_to}"))
    emulator.ses.destinations("marketing").append(theirs)
    rights = person_policies.rights("operator", stack.names, stack.options)
    for name, value in emulator.iam.user("person", rights).items():
        monkeypatch.setenv(name, value)
    one = replace(stack, aws=Aws())
    attach(one, "receipts")
    done = attach(one, everything=True)
    assert f"Skipped: configuration set marketing has an event destination {theirs['Name']}" in said(done)
    with pytest.raises(RefusedError, match="not this stack's"):
        attach(one, "marketing")
    nodes = config_sets.sender_nodes(one.aws, one.names)
    assert {node.key for node in nodes} == {"pinpoint-role", "destination-receipts"}
    assert emulator.ses.destinations("marketing") == [theirs]


def test_where_ses_does_not_answer_there_is_nothing_of_it_to_remove(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}"
    monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", nobody)
    notes: list[str] = []
    assert [node.key for node in config_sets.sender_nodes(Aws(), stack.names, notes.append)] == ["pinpoint-role"]
    problem = "Amazon SES is unavailable in this region"
    assert notes == [f"event destinations of configuration sets, if there are any: {problem}"]
    with pytest.raises(ConfigurationError):
        attach(replace(stack, aws=Aws()), everything=True)

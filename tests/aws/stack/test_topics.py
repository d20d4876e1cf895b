"""SNS topics attached, refused and detached, through the emulator over HTTP."""

from __future__ import annotations

import json

import pytest

from due_cli.aws.stack import topics
from due_cli.aws.stack.execute import execute
from due_cli.aws.stack.plan import planned_removal
from due_cli.aws.stack.stack import Stack
from due_cli.core.errors import NotFoundError, RefusedError, UsageError
from due_cli.core.progress import Silent
from due_cli.core.results import Done
from tests.aws.stack import sending
from tests.aws.stack.sending import OTHER_STREAM
from tests.aws_emulator.aws import AwsEmulator
from tests.aws_emulator.needs import arn

INBOUND, FEEDBACK = arn("sns", "us-east-1", "inbound"), arn("sns", "us-east-1", "feedback")
OTHER_ROLE = "arn:aws:iam::123456789012:role/theirs"


@pytest.fixture
def stack(emulator: AwsEmulator) -> Stack:
    """A stack with two topics beside it."""
    for name in ("inbound", "feedback"):
        emulator.client("sns").create_topic(Name=name)
    return sending.a_stack(emulator)


def attach(stack: Stack, *topic_arns: str) -> Done:
    return topics.attach(stack, topic_arns, Silent())


def detach(stack: Stack, *topic_arns: str) -> Done:
    return topics.detach(stack, topic_arns, Silent())


def subscribe(emulator: AwsEmulator, topic_arn: str, stream_arn: str) -> None:
    """Subscribes a stream to a topic as somebody else, with a role of theirs."""
    emulator.iam.enforce = False
    trust = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    iam = emulator.client("iam")
    if "theirs" not in [role["RoleName"] for role in iam.list_roles()["Roles"]]:
        iam.create_role(RoleName="theirs", AssumeRolePolicyDocument=document)
    attributes = {"SubscriptionRoleArn": OTHER_ROLE}
    emulator.client("sns").subscribe(
        TopicArn=topic_arn, Protocol="firehose", Endpoint=stream_arn, Attributes=attributes
    )
    emulator.iam.enforce = True


def test_a_topics_messages_reach_the_stream_in_snss_envelope(emulator: AwsEmulator, stack: Stack) -> None:
    done = attach(stack, INBOUND, FEEDBACK, INBOUND)
    assert done.lines == [
        "Attached topic inbound to the delivery stream due-events",
        "Attached topic feedback to the delivery stream due-events",
    ]
    [found] = emulator.sns.subscriptions(INBOUND)
    assert (found["Endpoint"], found["SubscriptionRoleArn"]) == (stack.names.stream_arn, stack.names.role_arn("sns"))
    emulator.client("sns").publish(TopicArn=INBOUND, Message="hello")
    assert emulator.firehose.buffered("due-events") == 1
    assert emulator.iam.denied == []
    emulator.journal.clear()
    assert attach(stack, INBOUND).lines == ["Topic inbound is already attached to the delivery stream due-events"]
    assert emulator.journal.mutating == []
    assert detach(stack, INBOUND).lines == ["Detached topic inbound from the delivery stream due-events"]
    assert (emulator.sns.subscriptions(INBOUND), len(emulator.sns.subscriptions(FEEDBACK))) == ([], 1)
    assert detach(stack, INBOUND).lines == ["Topic inbound is not attached"]


@pytest.mark.parametrize(
    ("topic_arn", "words"),
    [
        ("inbound", "'inbound' is not the ARN of a topic"),
        ("arn:aws:sqs:us-east-1:123456789012:inbound", "is not the ARN of a topic"),
        ("arn:aws:sns:us-east-1:123456789012:inbound:1f2a", "is not the ARN of a topic"),
        ("arn:aws:sns:us-east-1:123456789012:inbound.fifo", "is a FIFO topic"),
        ("arn:aws:sns:us-east-1:210987654321:inbound", "is not of account 123456789012, region us-east-1"),
        ("arn:aws:sns:eu-west-1:123456789012:inbound", "is not of account 123456789012, region us-east-1"),
        ("arn:aws-cn:sns:us-east-1:123456789012:inbound", "is not of account 123456789012, region us-east-1"),
    ],
)
def test_what_no_stream_can_be_subscribed_to_is_refused(
    emulator: AwsEmulator, stack: Stack, topic_arn: str, words: str
) -> None:
    for call in (attach, detach):
        with pytest.raises(UsageError, match=words):
            call(stack, FEEDBACK, topic_arn)
    assert emulator.journal.mutating == []


def test_a_topic_that_is_not_there_changes_nothing(emulator: AwsEmulator, stack: Stack) -> None:
    with pytest.raises(NotFoundError, match="there is no topic arn:aws:sns:us-east-1:123456789012:inbond"):
        attach(stack, FEEDBACK, arn("sns", "us-east-1", "inbond"))
    assert emulator.journal.mutating == []


def test_what_somebody_else_subscribed_stays(emulator: AwsEmulator, stack: Stack) -> None:
    subscribe(emulator, INBOUND, stack.names.stream_arn)
    subscribe(emulator, FEEDBACK, OTHER_STREAM)
    attach(stack, FEEDBACK)
    emulator.journal.clear()
    with pytest.raises(
        RefusedError, match="with a role that is not this stack's: arn:aws:iam::123456789012:role/theirs"
    ) as caught:
        attach(stack, FEEDBACK, INBOUND)
    assert str(caught.value.hint).startswith("aws sns unsubscribe --subscription-arn arn:aws:sns")
    assert "Topic inbound stays" in detach(stack, INBOUND).lines[0]
    assert emulator.journal.mutating == []
    nodes = topics.subscription_nodes(stack.aws, stack.names)
    assert [node.key for node in nodes] == ["subscription-feedback"]
    execute(planned_removal(nodes, stack.aws), stack.aws)
    assert [one["Endpoint"] for one in emulator.sns.subscriptions(FEEDBACK)] == [OTHER_STREAM]
    assert len(emulator.sns.subscriptions(INBOUND)) == 1


def test_what_was_changed_by_hand_is_set_right(emulator: AwsEmulator, stack: Stack) -> None:
    attach(stack, INBOUND)
    [found] = emulator.sns.subscriptions(INBOUND)
    found["RawMessageDelivery"] = "true"
    assert attach(stack, INBOUND).lines == ["Updated the subscription of topic inbound: RawMessageDelivery"]
    assert not found["RawMessageDelivery"]
    found["PendingConfirmation"] = "true"
    attach(stack, INBOUND)
    assert found["PendingConfirmation"] is False


def test_a_young_role_is_waited_for(emulator: AwsEmulator, stack: Stack) -> None:
    emulator.iam.refusals_of_new_roles = 1
    attach(stack, INBOUND)
    assert len(emulator.journal.of("sns:Subscribe")) == 2

"""The topic of the alarms: it mails one address, and goes where none is wanted any more."""

from __future__ import annotations

import re

import pytest

from due_cli.aws.client import Aws
from due_cli.aws.resources.resource import Action, Node
from due_cli.aws.resources.topic import Topic
from due_cli.aws.stack.desired import desired, obsolete
from due_cli.aws.stack.names import Names, names_of
from due_cli.aws.stack.options import Options
from due_cli.aws.stack.package import package
from due_cli.aws.stack.plan import planned_removal
from due_cli.aws.tags import STACK_TAG
from tests.aws.stack.sending import apply
from tests.aws_emulator.aws import AwsEmulator
from tests.aws_emulator.calls import Call
from tests.aws_emulator.wire import Answer, Request

FIRST, SECOND = "oncall@example.com", "nights@example.com"


@pytest.fixture
def names(aws: Aws) -> Names:
    return names_of("due", aws.caller.account, aws.caller.region, aws.caller.partition)


def topic(names: Names, email: str) -> list[Node[Aws]]:
    """The topic of a stack that mails an address."""
    nodes = desired(names, Options(alarm_email=email), package())
    return [node for node in nodes if isinstance(node.resource, Topic)]


def subscribed(aws: Aws, names: Names, protocol: str = "email") -> list[str]:
    pages = aws.sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=names.arn("sns", names.topic))
    found = [one for page in pages for one in page["Subscriptions"]]
    return sorted(one.get("Endpoint", "") for one in found if one.get("Protocol") == protocol)


def test_another_address_is_mailed_in_the_place_of_the_first(aws: Aws, names: Names) -> None:
    assert apply(topic(names, FIRST), aws) == {"topic": Action.CREATE}
    where = names.arn("sns", names.topic)
    aws.sns.subscribe(TopicArn=where, Protocol="https", Endpoint="https://example.com/alarms")
    assert apply(topic(names, SECOND), aws) == {"topic": Action.UPDATE}
    assert subscribed(aws, names) == [SECOND]
    assert subscribed(aws, names, "https") == ["https://example.com/alarms"]
    assert apply(topic(names, SECOND.title()), aws) == {"topic": Action.KEEP}


def test_an_address_that_has_not_confirmed_cannot_be_unsubscribed(
    emulator: AwsEmulator, aws: Aws, names: Names
) -> None:
    def is_pending(call: Call, _: Request, answer: Answer) -> None:
        if call.name == "sns:ListSubscriptionsByTopic":
            answer.body = re.sub(rb"(<SubscriptionArn>)[^<]*", rb"\1PendingConfirmation", answer.body)
            answer.headers = [pair for pair in answer.headers if pair[0].lower() != "content-length"]

    emulator.watchers.append(is_pending)
    apply(topic(names, FIRST), aws)
    assert apply(topic(names, FIRST), aws) == {"topic": Action.KEEP}
    apply(topic(names, SECOND), aws)
    assert apply(topic(names, SECOND), aws) == {"topic": Action.KEEP}
    assert emulator.journal.of("sns:Unsubscribe") == []


def test_every_page_of_subscriptions_is_read(aws: Aws, names: Names) -> None:
    where = aws.sns.create_topic(Name=names.topic, Tags=[{"Key": STACK_TAG, "Value": "due"}])["TopicArn"]
    for number in range(101):
        aws.sns.subscribe(TopicArn=where, Protocol="https", Endpoint=f"https://example.com/{number}")
    for address in (FIRST, SECOND):
        aws.sns.subscribe(TopicArn=where, Protocol="email", Endpoint=address)
    assert apply(topic(names, FIRST), aws) == {"topic": Action.UPDATE}
    assert apply(topic(names, FIRST), aws) == {"topic": Action.KEEP}
    assert subscribed(aws, names) == [FIRST]


@pytest.mark.parametrize(("owner", "goes"), [("due", True), ("other", False), (None, False)])
def test_a_topic_that_is_not_wanted_goes_if_it_is_the_stacks(
    aws: Aws, names: Names, owner: str | None, goes: bool
) -> None:
    tags = [{"Key": STACK_TAG, "Value": owner}] if owner else []
    aws.sns.create_topic(Name=names.topic, Tags=tags)  # type: ignore[arg-type]  # a TagTypeDef
    steps = planned_removal(obsolete(names, Options()), aws)
    assert [step.node.key for step in steps] == (["topic"] if goes else [])
    assert obsolete(names, Options(alarm_email=FIRST)) == []

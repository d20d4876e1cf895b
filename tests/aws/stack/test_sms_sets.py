"""Configuration sets of End User Messaging attached, refused and detached, through the emulator over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import botocore.session
import pytest

from due_cli.aws.client import Aws
from due_cli.aws.event_types import SMS_TYPES, Channel, Tracking, type_choice
from due_cli.aws.resources import resource
from due_cli.aws.retry import retry_transient
from due_cli.aws.stack import config_sets
from due_cli.aws.stack.execute import execute
from due_cli.aws.stack.plan import planned_removal
from due_cli.aws.stack.stack import Stack
from due_cli.core.errors import ConfigurationError, NotFoundError, RefusedError, UsageError
from tests.aws.stack import sending
from tests.aws.stack.sending import OTHER_STREAM, attach, detach, said
from tests.aws_emulator.aws import AwsEmulator
from tests.events.records import sms_event

CREATE = "pinpoint-sms-voice-v2:CreateEventDestination"


@pytest.fixture
def stack(emulator: AwsEmulator) -> Stack:
    """A stack with configuration sets of both services beside it."""
    sending.make_sets(emulator, "marketing", "both")
    sending.make_sms_sets(emulator, "alerts", "codes", "both")
    return sending.a_stack(emulator)


def to_stream(name: str, stream_arn: str, **more: Any) -> dict[str, Any]:
    """An event destination as End User Messaging keeps it."""
    target = {"IamRoleArn": "arn:aws:iam::123456789012:role/any", "DeliveryStreamArn": stream_arn}
    known = {"EventDestinationName": name, "Enabled": True, "MatchingEventTypes": ["TEXT_ALL"]}
    return {**known, "KinesisFirehoseDestination": target, **more}


def to_topic(name: str) -> dict[str, Any]:
    """An event destination that nobody of due's cares for."""
    target = {"TopicArn": "arn:aws:sns:us-east-1:123456789012:topic"}
    known = {"EventDestinationName": name, "Enabled": True, "MatchingEventTypes": ["ALL"]}
    return {**known, "SnsDestination": target}


def test_the_types_are_those_of_the_service() -> None:
    model = botocore.session.get_session().get_service_model("pinpoint-sms-voice-v2")
    event_type: Any = model.shape_for("EventType")
    assert sorted(SMS_TYPES) == sorted(event_type.enum)


def test_a_set_sends_every_event_to_the_stream_in_a_role_of_its_own(emulator: AwsEmulator, stack: Stack) -> None:
    done = attach(stack, "alerts", "marketing")
    assert done.lines[:2] == [
        "Attached configuration set marketing to the delivery stream due-events",
        "Attached SMS configuration set alerts to the delivery stream due-events",
    ]
    assert emulator.sms.destinations("alerts") == [
        {
            "EventDestinationName": "event-database",
            "Enabled": True,
            "MatchingEventTypes": ["ALL"],
            "KinesisFirehoseDestination": {
                "DeliveryStreamArn": stack.names.stream_arn,
                "IamRoleArn": stack.names.role_arn("sms"),
            },
        }
    ]
    assert emulator.sms.publish("alerts", sms_event(), {**sms_event(), "eventType": "RCS_READ"}) == 2
    assert emulator.firehose.buffered("due-events") == 2
    assert emulator.iam.denied == []
    emulator.journal.clear()
    assert "SMS configuration set alerts is already attached" in said(attach(stack, "alerts"))
    assert emulator.journal.mutating == []
    assert detach(stack, "alerts").lines == [
        "Detached SMS configuration set alerts from the delivery stream due-events"
    ]
    assert emulator.sms.destinations("alerts") == []
    assert detach(stack, "alerts").lines == ["SMS configuration set alerts is not attached"]


def test_the_role_trusts_this_accounts_sets_alone_and_may_put_a_record(emulator: AwsEmulator, stack: Stack) -> None:
    attach(stack, "alerts")
    iam, name = emulator.client("iam"), stack.names.role("sms")
    [statement] = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "sms-voice.amazonaws.com"}
    assert statement["Condition"] == {
        "StringEquals": {"aws:SourceAccount": "123456789012"},
        "ArnLike": {"aws:SourceArn": "arn:aws:sms-voice:us-east-1:123456789012:configuration-set/*"},
    }
    [allowed] = iam.get_role_policy(RoleName=name, PolicyName="due")["PolicyDocument"]["Statement"]
    assert (allowed["Action"], allowed["Resource"]) == (["firehose:PutRecord"], [stack.names.stream_arn])


def test_a_name_that_both_services_have_needs_the_channel(emulator: AwsEmulator, stack: Stack) -> None:
    for call in (attach, detach):
        with pytest.raises(UsageError, match="SES and End User Messaging both have a configuration set both") as caught:
            call(stack, "alerts", "both")
        assert caught.value.hint == "--channel email, or --channel sms"
    assert emulator.journal.mutating == []
    attach(stack, "both", channel="sms")
    assert (len(emulator.sms.destinations("both")), len(emulator.ses.destinations("both"))) == (1, 0)
    attach(stack, "both", channel="email")
    detach(stack, "both", channel="sms")
    assert (len(emulator.sms.destinations("both")), len(emulator.ses.destinations("both"))) == (0, 1)


def test_a_set_that_neither_service_has_has_near_names_of_both(emulator: AwsEmulator, stack: Stack) -> None:
    for name, channel, hint in (
        ("alert", "auto", "did you mean alerts?"),
        ("markting", "auto", "did you mean marketing?"),
        ("alerts", "email", "there are both, marketing"),
        ("marketing", "sms", "there are alerts, both, codes"),
    ):
        with pytest.raises(NotFoundError, match=f"no configuration set {name}") as caught:
            attach(stack, "codes" if channel == "sms" else "marketing", name, channel=channel)
        assert caught.value.hint == hint
    assert emulator.journal.mutating == []


@pytest.mark.parametrize(
    ("denied", "name"), [("pinpoint-sms-voice-v2:*", "marketing"), ("sesv2:GetConfigurationSet*", "alerts")]
)
def test_a_service_that_may_not_be_asked_is_left_out(
    emulator: AwsEmulator, stack: Stack, denied: str, name: str
) -> None:
    emulator.faults.deny(denied)
    assert any(line.startswith("not checked: ") for line in attach(stack, name).lines)
    with pytest.raises(RefusedError, match="access denied"):
        attach(stack, "unknown")


def test_where_end_user_messaging_is_not_there_mail_is_attached_as_ever(
    emulator: AwsEmulator, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_PINPOINT_SMS_VOICE_V2", "http://127.0.0.1:1")
    elsewhere = replace(stack, aws=Aws())
    assert attach(elsewhere, "marketing").lines[0].startswith("Attached configuration set marketing")
    with pytest.raises(ConfigurationError, match="Could not connect"):
        attach(elsewhere, "alerts", channel="sms")
    assert [node.key for node in config_sets.sender_nodes(elsewhere.aws, elsewhere.names)] == [
        "pinpoint-role",
        "destination-marketing",
    ]


def test_all_takes_the_sets_of_both_services_but_for_those_of_others(emulator: AwsEmulator, stack: Stack) -> None:
    sending.make_stream(emulator, "other")
    emulator.sms.destinations("codes").append(to_stream("event-database", OTHER_STREAM))
    emulator.sms.page_size = 2
    done = attach(stack, everything=True)
    assert "Skipped: SMS configuration set codes has an event destination event-database" in said(done)
    assert {name: len(emulator.sms.destinations(name)) for name in ("alerts", "both")} == {"alerts": 1, "both": 1}
    assert len(emulator.ses.destinations("both")) == 1
    assert emulator.sms.destinations("codes") == [to_stream("event-database", OTHER_STREAM)]


# An event destination that somebody else set up, and what is said of it.
THEIRS: dict[str, tuple[Callable[[Stack], list[dict[str, Any]]], str]] = {
    "the name leads to another stream": (
        lambda _: [to_stream("event-database", OTHER_STREAM)],
        "event-database to the delivery stream other, which is not this stack's",
    ),
    "the name leads to a topic": (lambda _: [to_topic("event-database")], "event-database to somewhere else, which"),
    "another name leads here": (
        lambda stack: [to_stream("mine", stack.names.stream_arn)],
        "mine to the delivery stream due-events already: its events would arrive twice",
    ),
    "it is full": (lambda _: [to_topic(f"topic-{number}") for number in range(5)], "has 5 event destinations"),
}


@pytest.mark.parametrize("which", THEIRS)
def test_what_somebody_else_set_up_is_explained_and_not_overwritten(
    emulator: AwsEmulator, stack: Stack, which: str
) -> None:
    sending.make_stream(emulator, "other")
    make, words = THEIRS[which]
    given = make(stack)
    emulator.sms.destinations("alerts").extend(given)
    emulator.journal.clear()
    with pytest.raises(RefusedError) as caught:
        attach(stack, "codes", "alerts")
    assert words in caught.value.message
    assert "aws pinpoint-sms-voice-v2 delete-event-destination --configuration-set-name alerts" in str(
        caught.value.hint
    )
    detach(stack, "alerts")
    assert emulator.journal.mutating == []  # nothing is half done
    assert emulator.sms.destinations("alerts") == given


def test_chosen_types_stay_and_what_concerns_mail_is_refused(emulator: AwsEmulator, stack: Stack) -> None:
    attach(stack, "alerts", types="text_all,RCS_READ", channel="sms")
    attach(stack, "alerts")
    assert set(emulator.sms.destinations("alerts")[0]["MatchingEventTypes"]) == {"TEXT_ALL", "RCS_READ"}
    assert emulator.sms.publish("alerts", {**sms_event(), "eventType": "VOICE_BUSY"}) == 0
    emulator.sms.destinations("alerts")[0]["Enabled"] = False
    assert "Updated SMS configuration set alerts: Enabled" in said(attach(stack, "alerts"))
    emulator.journal.clear()
    with pytest.raises(UsageError, match="--tracking on is for mail, and codes is an SMS configuration set"):
        attach(stack, "codes", tracking="on")
    with pytest.raises(UsageError, match="--via pinpoint is for mail, and codes is an SMS configuration set"):
        attach(stack, "codes", via="pinpoint")
    with pytest.raises(UsageError, match="End User Messaging, of codes, has no event type OPEN"):
        attach(stack, "codes", types="OPEN")
    with pytest.raises(UsageError, match="SES, of marketing, has no event type TEXT_SENT"):
        attach(stack, "marketing", types="TEXT_SENT")
    with pytest.raises(UsageError, match="End User Messaging has no event type TEXT_ALLL") as caught:
        type_choice(Tracking.KEEP, "TEXT_ALLL", Channel.SMS)
    assert "TEXT_ALL" in str(caught.value.hint)
    assert emulator.journal.mutating == []


@pytest.mark.parametrize("words", ["Could not assume IAM role", "Could not access Kinesis Firehose Stream"])
def test_a_young_role_is_waited_for(emulator: AwsEmulator, stack: Stack, words: str) -> None:
    emulator.faults.refuse(CREATE, "ValidationException", words, times=1)
    attach(stack, "alerts")
    assert len(emulator.journal.of(CREATE)) == 2
    emulator.faults.refuse(CREATE, "ValidationException", "no such thing")
    with pytest.raises(RefusedError, match="no such thing"):
        attach(stack, "codes")
    assert len(emulator.journal.of(CREATE)) == 3


def test_a_role_that_stays_young_is_refused_in_the_end(
    emulator: AwsEmulator, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resource, "retry_transient", partial(retry_transient, seconds=2))
    emulator.iam.refusals_of_new_roles = 1000
    with pytest.raises(RefusedError, match="ValidationException: Could not assume IAM role"):
        attach(stack, "alerts")
    assert len(emulator.journal.of(CREATE)) > 1
    assert emulator.sms.destinations("alerts") == []
    emulator.iam.refusals_of_new_roles = 0
    attach(stack, "alerts")
    assert len(emulator.sms.destinations("alerts")) == 1


def test_a_removal_finds_what_is_the_stacks(emulator: AwsEmulator, stack: Stack) -> None:
    sending.make_stream(emulator, "other")
    attach(stack, "alerts", "both", channel="sms")
    emulator.sms.destinations("codes").append(to_stream("event-database", OTHER_STREAM))
    nodes = config_sets.sender_nodes(stack.aws, stack.names)
    assert {node.key for node in nodes} == {"pinpoint-role", "sms-destination-alerts", "sms-destination-both"}
    emulator.sms.destinations("both")[:] = [to_stream("event-database", OTHER_STREAM)]  # changed meanwhile
    execute(planned_removal(nodes, stack.aws), stack.aws)
    left = {name: len(emulator.sms.destinations(name)) for name in ("alerts", "both", "codes")}
    assert left == {"alerts": 0, "both": 1, "codes": 1}


def test_a_lost_answer_is_no_failure(emulator: AwsEmulator, stack: Stack) -> None:
    emulator.faults.fail(CREATE, after=True, times=1)
    attach(stack, "alerts")
    emulator.faults.fail("pinpoint-sms-voice-v2:DeleteEventDestination", after=True, times=1)
    detach(stack, "alerts")
    assert emulator.sms.destinations("alerts") == []

"""Configuration sets attached, moved, refused and detached, through the emulator's SES over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from due_cli.aws.resources.resource import Action, Difference
from due_cli.aws.services import ses
from due_cli.aws.stack import config_sets, set_search
from due_cli.aws.stack.names import Names
from due_cli.aws.stack.plan import planned
from due_cli.aws.stack.stack import Stack
from due_cli.core.errors import ConfigurationError, ExitCode, NotFoundError, RefusedError, UsageError
from tests.aws.stack import sending
from tests.aws.stack.sending import (
    ALL_EVENT_TYPES,
    EVENT_TYPES,
    OTHER_STREAM,
    TRACKED_TYPES,
    a_project,
    attach,
    detach,
    said,
    to_project,
    to_stream,
    to_topic,
)
from tests.aws_emulator.aws import AwsEmulator
from tests.aws_emulator.pinpoint import Gone


def test_a_set_goes_straight_to_the_stream_with_all_types_that_change_no_mail(
    emulator: AwsEmulator, stack: Stack
) -> None:
    done = attach(stack, "marketing")
    assert "Attached configuration set marketing to the delivery stream due-events" in done.lines
    [found] = emulator.ses.destinations("marketing")
    assert (found["Name"], found["Enabled"]) == ("event-database", True)
    assert set(found["MatchingEventTypes"]) == set(ALL_EVENT_TYPES) - TRACKED_TYPES
    assert found["KinesisFirehoseDestination"] == {
        "DeliveryStreamArn": stack.names.stream_arn,
        "IamRoleArn": stack.names.role_arn("ses"),
    }
    assert emulator.ses.publish("marketing", {"eventType": "Send"}, {"eventType": "DeliveryDelay"}) == 2
    assert emulator.firehose.buffered("due-events") == 2
    assert emulator.ses.destinations("receipts") == []


def test_attached_again_nothing_changes(emulator: AwsEmulator, stack: Stack) -> None:
    attach(stack, "marketing", "receipts", "marketing")
    emulator.journal.clear()
    done = attach(stack, "marketing")
    assert "Configuration set marketing is already attached to the delivery stream due-events" in done.lines
    assert emulator.journal.mutating == []


def test_a_set_goes_through_the_stacks_project_with_the_guides_types(emulator: AwsEmulator, stack: Stack) -> None:
    arn = a_project(emulator, stack)
    attach(stack, "marketing")
    [found] = emulator.ses.destinations("marketing")
    assert found["PinpointDestination"] == {"ApplicationArn": arn}
    assert set(found["MatchingEventTypes"]) == set(EVENT_TYPES) - TRACKED_TYPES
    attach(stack, "receipts", tracking="on")
    assert set(emulator.ses.destinations("receipts")[0]["MatchingEventTypes"]) == set(EVENT_TYPES)


def test_a_set_is_moved_in_one_call_and_never_has_both_ways(emulator: AwsEmulator, stack: Stack) -> None:
    a_project(emulator, stack)
    attach(stack, "marketing", via="firehose")
    for via, words in (
        ("pinpoint", "from the delivery stream due-events to the project shop"),
        ("firehose", "to the delivery stream due-events"),
    ):
        emulator.journal.clear()
        assert words in said(attach(stack, "marketing", via=via))
        assert [call.operation for call in emulator.journal.mutating] == ["UpdateConfigurationSetEventDestination"]
        [found] = emulator.ses.destinations("marketing")
        assert ("PinpointDestination" in found) is (via == "pinpoint")
        assert "KinesisFirehoseDestination" not in found or "PinpointDestination" not in found
        emulator.journal.clear()
        attach(stack, "marketing")  # auto leaves the way that it has
        assert emulator.journal.mutating == []


def test_through_pinpoint_wants_a_project(stack: Stack) -> None:
    with pytest.raises(ConfigurationError, match="no Pinpoint project sends its events to due-events") as caught:
        attach(stack, "marketing", via="pinpoint")
    assert "due attach-project" in str(caught.value.hint)


def test_a_set_that_is_not_there_has_near_names(emulator: AwsEmulator, stack: Stack) -> None:
    for call, names in ((attach, ("receipts", "Marketting")), (detach, ("Marketting",))):
        with pytest.raises(NotFoundError, match="no configuration set Marketting") as caught:
            call(stack, *names)
        assert caught.value.hint == "did you mean marketing?"
        assert caught.value.exit_code == ExitCode.NOT_FOUND
    with pytest.raises(NotFoundError) as caught:
        set_search.find_config_sets(stack.aws, stack.names, ["xyz"])
    assert caught.value.hint == "there are marketing, receipts"
    assert emulator.journal.mutating == []


def test_names_or_all(stack: Stack) -> None:
    with pytest.raises(UsageError):
        attach(stack)
    with pytest.raises(UsageError):
        attach(stack, "marketing", everything=True)


def test_a_stack_without_its_stream_is_said_at_once(emulator: AwsEmulator, stack: Stack) -> None:
    emulator.client("firehose").delete_delivery_stream(DeliveryStreamName="due-events")
    with pytest.raises(ConfigurationError, match="has no stream due-events") as caught:
        attach(stack, "marketing")
    assert caught.value.hint == "due setup"


# An event destination that somebody else set up, from a project of theirs, and what is said of it.
THEIRS: dict[str, tuple[Callable[[Names, str], dict[str, Any]], str]] = {
    "the name leads to another stream": (
        lambda names, _: to_stream("event-database", OTHER_STREAM),
        "the delivery stream other, which is not this stack's",
    ),
    "the name leads to another project": (
        lambda names, project: to_project("event-database", sending.app_arn(names, project)),
        "the Pinpoint project {project}, which is not this stack's",
    ),
    "the name leads to a project of another account": (
        lambda names, _: to_project("event-database", "arn:aws:mobiletargeting:us-east-1:210987654321:apps/x"),
        "the Pinpoint project x, which is not this stack's",
    ),
    "the name leads to a topic": (lambda names, _: to_topic("event-database"), "somewhere else, which is not"),
    "another name leads here": (
        lambda names, _: to_stream("mine", names.stream_arn),
        "mine to the delivery stream due-events already: its events would arrive twice",
    ),
}


@pytest.mark.parametrize("which", THEIRS)
def test_what_somebody_else_set_up_is_explained_and_not_overwritten(
    emulator: AwsEmulator, stack: Stack, which: str
) -> None:
    sending.make_stream(emulator, "other")
    project = sending.make_project(emulator, "theirs")
    make, words = THEIRS[which]
    given = make(stack.names, project)
    emulator.ses.destinations("marketing").append(given)
    emulator.journal.clear()
    with pytest.raises(RefusedError) as caught:
        attach(stack, "receipts", "marketing")
    assert words.format(project=project) in caught.value.message
    assert f"--configuration-set-name marketing --event-destination-name {given['Name']}" in str(caught.value.hint)
    sets = set_search.find_config_sets(stack.aws, stack.names, ["receipts", "marketing"])
    with pytest.raises(RefusedError):
        config_sets.setup_nodes(stack.names, sets, None)
    detach(stack, "marketing")
    assert emulator.journal.mutating == []
    done = attach(stack, everything=True)
    assert f"Skipped: configuration set marketing has an event destination {given['Name']}" in said(done)
    assert emulator.ses.destinations("marketing") == [given]
    assert [one["Name"] for one in emulator.ses.destinations("receipts")] == ["event-database"]


def test_a_set_with_a_project_of_its_own_goes_straight_or_not_at_all(emulator: AwsEmulator, stack: Stack) -> None:
    a_project(emulator, stack)
    other = sending.app_arn(stack.names, sending.make_project(emulator, "theirs"))
    emulator.ses.destinations("marketing").append(to_project("segments", other))
    with pytest.raises(RefusedError, match="segments to the Pinpoint project") as caught:
        attach(stack, "marketing")
    assert str(caught.value.hint).startswith("--via firehose")
    attach(stack, "marketing", via="firehose")
    assert [one["Name"] for one in emulator.ses.destinations("marketing")] == ["segments", "event-database"]


def test_a_set_that_is_full_is_said_before_anything_is_made(emulator: AwsEmulator, stack: Stack) -> None:
    emulator.ses.destinations("marketing").extend(to_topic(f"topic-{number}") for number in range(10))
    with pytest.raises(RefusedError, match="has 10 event destinations"):
        attach(stack, "receipts", "marketing")
    assert emulator.journal.mutating == []


@pytest.mark.parametrize("leads", ["a stream that is gone", "a project that is gone"])
def test_what_leads_nowhere_is_in_nobodys_way(emulator: AwsEmulator, stack: Stack, leads: str) -> None:
    gone = to_project("event-database", sending.app_arn(stack.names, "0" * 32))
    if leads == "a stream that is gone":
        gone = to_stream("event-database", OTHER_STREAM)
    emulator.ses.destinations("marketing").append(gone)
    assert "which no longer exists, to the delivery stream due-events" in said(attach(stack, "marketing"))
    [found] = emulator.ses.destinations("marketing")
    assert found["KinesisFirehoseDestination"]["DeliveryStreamArn"] == stack.names.stream_arn


def test_a_set_of_a_pinpoint_that_is_gone_is_moved_by_request_only(emulator: AwsEmulator, stack: Stack) -> None:
    given = to_project("event-database", sending.app_arn(stack.names, "0" * 32))
    emulator.ses.destinations("marketing").append(given)
    emulator.pinpoint.gone = Gone.FORBIDDEN
    with pytest.raises(RefusedError, match="and Pinpoint is unavailable") as caught:
        attach(stack, "marketing")
    assert "due attach-config-set marketing --via firehose" in str(caught.value.hint)
    assert emulator.ses.destinations("marketing") == [given]
    emulator.pinpoint.gone = Gone.NO
    emulator.faults.refuse("pinpoint:*", "ForbiddenException", "User is not authorized to perform: GetApps", 403)
    with pytest.raises(RefusedError, match="which is not this stack's"):  # it may well be there for others
        attach(stack, "marketing", via="firehose")
    emulator.faults.clear()
    emulator.pinpoint.gone = Gone.FORBIDDEN
    assert "which no longer exists, to the delivery stream" in said(attach(stack, "marketing", via="firehose"))
    assert "KinesisFirehoseDestination" in emulator.ses.destinations("marketing")[0]


def test_pinpoint_that_is_gone_is_one_line_and_the_stream_is_the_way(emulator: AwsEmulator, stack: Stack) -> None:
    emulator.pinpoint.gone = Gone.HTTP_404
    done = attach(stack, "marketing")
    assert done.lines[0].startswith("Amazon Pinpoint is unavailable in this account (404")
    assert "KinesisFirehoseDestination" in emulator.ses.destinations("marketing")[0]
    with pytest.raises(RefusedError, match="404"):
        attach(stack, "receipts", via="pinpoint")


def test_what_was_changed_by_hand_is_set_right(emulator: AwsEmulator, stack: Stack) -> None:
    attach(stack, "marketing")
    wanted_destination = dict(emulator.ses.destinations("marketing")[0])
    changed = to_stream("event-database", stack.names.stream_arn, Enabled=False, MatchingEventTypes=["SEND"])
    emulator.ses.destinations("marketing")[0] = changed
    sets = set_search.find_config_sets(stack.aws, stack.names, ["marketing"])
    [step] = planned(config_sets.setup_nodes(stack.names, sets, None), stack.aws)
    assert step.action is Action.UPDATE
    assert step.differences[0] == Difference(setting="Enabled", before=False, desired=True)
    assert "Updated configuration set marketing: Enabled, IamRoleArn" in said(attach(stack, "marketing"))
    assert emulator.ses.destinations("marketing") == [{**wanted_destination, "MatchingEventTypes": ["SEND"]}]


def test_all_takes_every_set_of_every_page(emulator: AwsEmulator, stack: Stack) -> None:
    names = [f"set-{number:03}" for number in range(120)]
    sending.make_sets(emulator, *names)
    assert ses.config_set_names(stack.aws) == sorted(["marketing", "receipts", *names])
    for name in names:
        emulator.client("sesv2").delete_configuration_set(ConfigurationSetName=name)
    attach(stack, everything=True)
    assert all(len(emulator.ses.destinations(name)) == 1 for name in ("marketing", "receipts"))
    delete = emulator.client("sesv2").delete_configuration_set
    emulator.faults.hook(lambda _: delete(ConfigurationSetName="marketing"), name="sesv2:ListConfigurationSets")
    assert [one.name for one in ses.config_sets(stack.aws)] == ["receipts"]  # the other went while it was listed
    emulator.faults.clear()
    delete(ConfigurationSetName="receipts")
    assert "No configuration set in this account and region" in attach(stack, everything=True).lines


def test_identities_that_send_without_a_set_are_named(emulator: AwsEmulator, stack: Stack) -> None:
    ses = emulator.client("sesv2")
    ses.create_email_identity(EmailIdentity="good.example", ConfigurationSetName="marketing")
    for number in range(22):
        ses.create_email_identity(EmailIdentity=f"somebody@d{number:02}.example")
    ses.create_email_identity(EmailIdentity="last.example")
    done = attach(stack, "marketing")
    assert "19 identities without a default configuration set (of the first 20 of 24" in "\n".join(done.lines)
    addresses = [f"  somebody@d{number:02}.example" for number in range(22)]
    assert [line for line in done.lines if line.startswith("  ")] == ["  last.example", *addresses[:18]]
    assert "put-email-identity-configuration-set-attributes" in done.next_steps[-1]
    every = attach(stack, everything=True)
    assert [line for line in every.lines if line.startswith("  ")] == ["  last.example", *addresses]
    for name in ("last.example", *(line.strip() for line in addresses)):
        ses.put_email_identity_configuration_set_attributes(EmailIdentity=name, ConfigurationSetName="marketing")
    assert not any("without a default" in line for line in attach(stack, everything=True).lines)
    emulator.faults.deny("sesv2:ListEmailIdentities")
    done = attach(stack, "receipts")
    assert any("is not known" in line for line in done.lines)
    assert emulator.ses.destinations("receipts")


def test_ses_is_asked_at_the_pace_that_it_answers(emulator: AwsEmulator, stack: Stack) -> None:
    emulator.ses.calls_a_second = 12
    attach(stack, "marketing", "receipts")
    emulator.ses.calls_a_second = None
    assert [call.error for call in emulator.journal if call.error].count("TooManyRequestsException")
    assert all(len(emulator.ses.destinations(name)) == 1 for name in ("marketing", "receipts"))


@pytest.mark.slow
def test_whoever_was_refused_asks_ses_once_a_second(emulator: AwsEmulator, stack: Stack) -> None:
    sending.make_sets(emulator, "alerts", "offers")
    emulator.journal.clear()
    emulator.ses.calls_a_second = 1
    attach(stack, everything=True)
    emulator.ses.calls_a_second = None
    calls = [call for call in emulator.journal if call.service == "sesv2"]
    assert len([call for call in calls if call.error]) <= 2
    assert len(calls) > 12


@pytest.mark.parametrize("words", ["Could not assume IAM role <x>.", "Could not access Kinesis Firehose Stream <x>."])
def test_a_role_that_is_not_known_everywhere_yet_is_waited_for(emulator: AwsEmulator, stack: Stack, words: str) -> None:
    emulator.faults.refuse("sesv2:CreateConfigurationSetEventDestination", "BadRequestException", words, times=1)
    attach(stack, "marketing")
    assert len(emulator.journal.of("sesv2:CreateConfigurationSetEventDestination")) == 2
    emulator.faults.refuse("sesv2:CreateConfigurationSetEventDestination", "BadRequestException", "no such thing")
    with pytest.raises(RefusedError, match="no such thing"):
        attach(stack, "receipts")
    assert len(emulator.journal.of("sesv2:CreateConfigurationSetEventDestination")) == 3


def test_ses_role_that_somebody_deleted_is_made_again(emulator: AwsEmulator, stack: Stack) -> None:
    iam = emulator.client("iam")
    iam.delete_role_policy(RoleName=stack.names.role("ses"), PolicyName="due")
    iam.delete_role(RoleName=stack.names.role("ses"))
    emulator.iam.refusals_of_new_roles = 1
    attach(stack, "marketing")
    assert emulator.ses.publish("marketing", {"eventType": "Send"}) == 1


def test_cut_off_at_any_change_and_run_again_it_is_the_same(emulator: AwsEmulator, stack: Stack) -> None:
    a_project(emulator, stack)
    emulator.client("iam").delete_role_policy(RoleName=stack.names.role("ses"), PolicyName="due")

    def start() -> None:
        emulator.ses.destinations("marketing")[:] = []
        emulator.ses.destinations("receipts")[:] = [to_stream("event-database", stack.names.stream_arn)]
        emulator.journal.clear()

    def end() -> object:
        return [
            {**one, "MatchingEventTypes": sorted(one["MatchingEventTypes"])}
            for name in ("marketing", "receipts")
            for one in emulator.ses.destinations(name)
        ]

    start()
    attach(stack, "marketing", "receipts")
    undisturbed, changes = end(), [call.number for call in emulator.journal.mutating]
    assert len(changes) == 3  # the role's policy, one set made, one set right
    for change in changes:
        start()
        rule = emulator.faults.refuse("*", "AccessDenied", "cut off", 403, number=change, after=True)
        with pytest.raises(RefusedError):
            attach(stack, "marketing", "receipts")
        rule.times = 0
        attach(stack, "marketing", "receipts")
        assert end() == undisturbed
        emulator.journal.clear()
        attach(stack, "marketing", "receipts")
        assert emulator.journal.mutating == []

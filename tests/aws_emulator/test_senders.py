"""The emulator's SES, End User Messaging and SNS refuse what AWS refuses, and show what AWS does to mail."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.aws_emulator import account
from tests.aws_emulator.aws import AwsEmulator
from tests.aws_emulator.needs import arn

SETS = arn("sms-voice", "us-east-1", "configuration-set/*")
TOPIC = arn("sns", "us-east-1", "inbound")
RECOMMENDED = ["DescribeDeliveryStream", "ListTagsForDeliveryStream", "PutRecord", "PutRecordBatch"]


def create(emulator: AwsEmulator, role: str, name: str = "event-database", **more: Any) -> None:
    stream = {"IamRoleArn": role, "DeliveryStreamArn": account.STREAM_ARN}
    given = {"MatchingEventTypes": ["TEXT_ALL"], "KinesisFirehoseDestination": stream, **more}
    emulator.client("pinpoint-sms-voice-v2").create_event_destination(
        ConfigurationSetName="alerts", EventDestinationName=name, **given
    )


def subscribe(emulator: AwsEmulator, topic: str = TOPIC, **attributes: str) -> None:
    emulator.client("sns").subscribe(
        TopicArn=topic, Protocol="firehose", Endpoint=account.STREAM_ARN, Attributes=attributes
    )


def test_open_and_click_tracking_follow_from_the_enabled_event_destinations(emulator: AwsEmulator) -> None:
    emulator.client("sesv2").create_configuration_set(ConfigurationSetName="marketing")
    assert emulator.ses.tracking("marketing") == set()
    topic = {"TopicArn": TOPIC}
    for name, types in (("opens", ["SEND", "OPEN"]), ("clicks", ["CLICK"])):
        destination = {"Enabled": True, "MatchingEventTypes": types, "SnsDestination": topic}
        emulator.client("sesv2").create_configuration_set_event_destination(
            ConfigurationSetName="marketing", EventDestinationName=name, EventDestination=destination
        )
    assert emulator.ses.tracking("marketing") == {"OPEN", "CLICK"}
    emulator.ses.destinations("marketing")[0]["Enabled"] = False
    assert emulator.ses.tracking("marketing") == {"CLICK"}


def test_end_user_messaging_refuses_what_aws_refuses(emulator: AwsEmulator) -> None:
    account.pipeline(emulator)
    sms = emulator.client("pinpoint-sms-voice-v2")
    may = account.allow("firehose:PutRecord", account.STREAM_ARN)
    good = account.role(emulator, "sms-role", account.trust("sms-voice", SETS), may)
    other = account.role(emulator, "other-set", account.trust("sms-voice", SETS.replace("*", "codes")), may)
    mail = account.role(emulator, "mail", account.trust("ses", SETS), may)
    in_batches = account.allow("firehose:PutRecordBatch", account.STREAM_ARN)
    weak = account.role(emulator, "weak", account.trust("sms-voice", SETS), in_batches)
    with pytest.raises(ClientError) as caught:
        create(emulator, good)
    assert account.code(caught) == "ResourceNotFoundException"
    sms.create_configuration_set(ConfigurationSetName="alerts")
    for role, words in (
        (other, "assume IAM role"),
        (mail, "assume IAM role"),
        (weak, "access Kinesis Firehose Stream"),
    ):
        with pytest.raises(ClientError, match=f"Could not {words}") as caught:
            create(emulator, role)
        assert account.code(caught) == "ValidationException"
    with pytest.raises(ClientError, match="unknown"):
        create(emulator, good, MatchingEventTypes=["TEXT_OPENED"])
    emulator.iam.refusals_of_new_roles = 2
    for _ in range(2):
        with pytest.raises(ClientError, match="Could not assume IAM role"):
            create(emulator, good)
    create(emulator, good)
    with pytest.raises(ClientError) as caught:
        create(emulator, good)
    assert account.code(caught) == "ConflictException"
    for number in range(4):
        create(emulator, good, f"more-{number}")
    with pytest.raises(ClientError) as caught:
        create(emulator, good, "one-too-many")
    assert account.code(caught) == "ServiceQuotaExceededException"
    [found] = sms.describe_configuration_sets(ConfigurationSetNames=["alerts"])["ConfigurationSets"]
    assert len(found["EventDestinations"]) == 5


def test_end_user_messaging_puts_records_one_by_one_as_its_role(emulator: AwsEmulator) -> None:
    account.pipeline(emulator)
    emulator.client("pinpoint-sms-voice-v2").create_configuration_set(ConfigurationSetName="alerts")
    may = account.allow("firehose:PutRecord", account.STREAM_ARN)
    create(emulator, account.role(emulator, "sms-role", account.trust("sms-voice", SETS), may))
    records = ({"eventType": "TEXT_QUEUED"}, {"eventType": "TEXT_DELIVERED"}, {"eventType": "VOICE_BUSY"})
    assert emulator.sms.publish("alerts", *records) == 2
    assert emulator.firehose.buffered(account.STREAM) == 2
    assert emulator.iam.denied == []
    emulator.sms.destinations("alerts")[0]["Enabled"] = False
    assert emulator.sms.publish("alerts", *records) == 0


def test_sns_refuses_what_aws_refuses_and_delivers_its_envelope(emulator: AwsEmulator) -> None:
    account.pipeline(emulator)
    sns = emulator.client("sns")
    sns.create_topic(Name="inbound")
    sns.create_topic(Name="inbound.fifo", Attributes={"FifoTopic": "true"})
    may = account.allow([f"firehose:{name}" for name in RECOMMENDED], account.STREAM_ARN)
    good = account.role(emulator, "sns-role", account.trust("sns"), may)
    other = account.role(emulator, "other", account.trust("ses"), may)
    for topic, attributes in (
        (TOPIC, {}),
        (TOPIC, {"SubscriptionRoleArn": other}),
        (f"{TOPIC}.fifo", {"SubscriptionRoleArn": good}),
    ):
        with pytest.raises(ClientError) as caught:
            subscribe(emulator, topic, **attributes)
        assert account.code(caught) in ("InvalidParameter", "InvalidParameterException")
    subscribe(emulator, SubscriptionRoleArn=good)
    subscribe(emulator, SubscriptionRoleArn=good)
    [found] = emulator.sns.subscriptions(TOPIC)
    again = account.role(emulator, "again", account.trust("sns"), may)
    with pytest.raises(ClientError, match="already exists with different attributes"):
        subscribe(emulator, SubscriptionRoleArn=again)
    sns.publish(TopicArn=TOPIC, Message="hello")
    found["RawMessageDelivery"] = "true"
    sns.publish(TopicArn=TOPIC, Message="raw")
    found["PendingConfirmation"] = "true"
    sns.publish(TopicArn=TOPIC, Message="not yet")
    held = [record.data.decode() for record in emulator.firehose.held(account.STREAM)]
    assert '"Message": "hello"' in held[0]
    assert held[1:] == ["raw\n"]
    assert emulator.iam.denied == []

"""End User Messaging and SNS topics on a whole stack: what doctor says of them, and that each event counts once."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from due_cli.aws.client import Aws
from due_cli.aws.stack.teardown import plan_teardown
from tests.aws.doctor_env import DoctorEnv, Expected
from tests.aws.stack import sending
from tests.aws_emulator.needs import arn
from tests.commands import Due
from tests.events.records import iso, sms_event, sms_inbound

SETS, TOPICS, SENDERS = "SMS configuration sets", "topics", "SMS senders"
INBOUND = arn("sns", "us-east-1", "inbound")
SMS = "pinpoint-sms-voice-v2"


def at(env: DoctorEnv, record: dict[str, Any]) -> dict[str, Any]:
    """An event of now."""
    return {**record, "eventTimestamp": int(env.emulator.clock.now() * 1000)}


@pytest.fixture
def attached(env: DoctorEnv, due: Due) -> None:
    """A set of End User Messaging and a topic that are attached."""
    env.client("sns").create_topic(Name="inbound")
    if not env.client(SMS).describe_configuration_sets()["ConfigurationSets"]:
        sending.make_sms_sets(env.emulator, "alerts")
    due("attach-config-set", "alerts").done()
    due("attach-topic", INBOUND).done()


def test_numbers_that_nothing_is_known_of(env: DoctorEnv, due: Due) -> None:
    env.client("sns").create_topic(Name="inbound")
    env.emulator.sms.add_phone_number("+12065550100", INBOUND)
    env.emulator.sms.add_phone_number("+12065550101", "connect.us-east-1.amazonaws.com")  # not a topic
    env.emulator.sms.add_phone_number("+12065550102", INBOUND, Status="DELETED")
    pool = {"PoolId": "pool-1", "Status": "ACTIVE", "TwoWayEnabled": True, "TwoWayChannelArn": INBOUND}
    env.emulator.sms.pools.append(pool)
    env.emulator.sms.sender_ids.append({"SenderId": "SHOP", "IsoCountryCode": "GB"})
    env.emulator.sms.page_size = 1
    nothing = (
        r"no SMS configuration set is attached, so nothing is known of what is sent from phone number \+12065550100"
    )
    receives = r"what phone number \+12065550100, pool pool-1 receives goes to the topic inbound, which is not attached"
    env.assert_problems(
        Expected(SENDERS, nothing, f"aws {SMS} create-configuration-set --configuration-set-name NAME", "warning"),
        Expected(SENDERS, receives, f"due attach-topic {INBOUND}", "warning"),
    )
    sending.make_sms_sets(env.emulator, "alerts")
    checks = env.assert_problems(
        Expected(SENDERS, nothing, "due attach-config-set alerts --channel sms", "warning"),
        Expected(SENDERS, receives, f"due attach-topic {INBOUND}", "warning"),
    )
    env.fix(due, checks)
    env.assert_healthy()
    assert (len(env.emulator.sms.destinations("alerts")), len(env.emulator.sns.subscriptions(INBOUND))) == (1, 1)


def test_event_destinations_and_subscriptions_that_were_changed(env: DoctorEnv, due: Due, attached: None) -> None:
    [alerts] = env.emulator.sms.destinations("alerts")
    [inbound] = env.emulator.sns.subscriptions(INBOUND)
    sending.make_sms_sets(env.emulator, "lost")
    vanished = {**alerts["KinesisFirehoseDestination"], "DeliveryStreamArn": sending.OTHER_STREAM}
    env.emulator.sms.destinations("lost").append({**alerts, "KinesisFirehoseDestination": vanished})
    alerts["Enabled"] = False
    other = "arn:aws:iam::123456789012:role/other"
    alerts["KinesisFirehoseDestination"] = {**alerts["KinesisFirehoseDestination"], "IamRoleArn": other}
    inbound["RawMessageDelivery"] = "true"
    attach = "due attach-config-set alerts --channel sms"
    checks = env.assert_problems(
        Expected(SETS, "alerts/event-database is disabled", attach),
        Expected(SETS, "alerts/event-database uses the role other, not due-sms-us-east-1", attach),
        Expected(SETS, "lost/event-database sends to the delivery stream other, which does not exist", "due attach"),
        Expected(TOPICS, "the subscription to the topic inbound has raw message delivery", "due attach-topic"),
    )
    env.fix(due, checks)
    env.assert_healthy()
    env.emulator.sms.destinations("lost").append({**alerts, "EventDestinationName": "older"})
    inbound["PendingConfirmation"] = "true"
    checks = env.assert_problems(
        Expected(
            SETS, "lost reaches the stream twice, by event-database and older", f"aws {SMS} delete-event-destination"
        ),
        Expected(TOPICS, "the subscription to the topic inbound waits for its confirmation", "due attach-topic"),
    )
    env.fix(due, checks)
    env.assert_healthy()
    for name in ("sms", "sns"):
        env.client("iam").delete_role_policy(RoleName=env.stack.names.role(name), PolicyName="due")
    checks = env.assert_problems(
        Expected("roles", "due-sms-us-east-1 lacks firehose:PutRecord", "due setup"),
        Expected("roles", "due-sns-us-east-1 lacks firehose:DescribeDeliveryStream", "due setup"),
    )
    env.fix(due, checks)
    env.assert_healthy()


def test_one_event_by_three_ways_counts_once(env: DoctorEnv, due: Due, attached: None) -> None:
    record = at(env, sms_event("TEXT_DELIVERED"))
    bus = {
        "version": "0",
        "source": "aws.sms-voice",
        "detail-type": "Text Message Delivery Status Updated",
        "account": "123456789012",
        "region": "us-east-1",
        "time": iso(record["eventTimestamp"]),
        "detail": record,
    }
    assert env.emulator.sms.publish("alerts", record) == 1
    env.client("sns").publish(TopicArn=INBOUND, Message=json.dumps(record))
    env.client("sns").publish(TopicArn=INBOUND, Message=json.dumps(sms_inbound("STOP")))
    env.emulator.firehose.put(env.stack.names.stream, bus)
    env.emulator.flush()
    assert env.emulator.iam.denied == []
    where = f"attributes['message_id'] = '{record['messageId']}'"
    [stored] = due.rows("query", f"SELECT count(*) AS n, count(DISTINCT event_id) AS ids FROM all_events WHERE {where}")
    assert stored == {"n": 3, "ids": 1}
    [cost] = due.rows("report", "sms-cost", "--since", "1d")
    assert cost["sends"] == 1
    [status] = due.rows("status", record["messageId"])
    assert (status["status"], status["success"]) == ("optout", iso(record["eventTimestamp"]))  # the reply names it
    [optout] = due.rows("query", "SELECT count(*) AS n FROM all_events WHERE event_type = '_SMS.OPTOUT'")
    assert optout == {"n": 1}


def test_where_end_user_messaging_is_not_there_it_is_not_needed(
    env: DoctorEnv, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_PINPOINT_SMS_VOICE_V2", "http://127.0.0.1:1")
    DoctorEnv(env.emulator, replace(env.stack, aws=Aws())).assert_healthy()


def test_a_teardown_takes_away_what_attaches_them_and_no_more(env: DoctorEnv, attached: None) -> None:
    theirs = {"EventDestinationName": "theirs", "Enabled": True, "MatchingEventTypes": ["ALL"]}
    env.emulator.sms.destinations("alerts").append({**theirs, "SnsDestination": {"TopicArn": INBOUND}})
    plan = plan_teardown(env.stack, delete_data=False).plan
    assert plan is not None
    rows = {(kind, name) for action, kind, name, _ in plan.rows if action == "delete"}
    assert rows >= {
        ("SMS event destination", "alerts/event-database"),
        ("subscription", "inbound"),
        ("role", "due-sms-us-east-1"),
        ("role", "due-sns-us-east-1"),
    }
    assert not [name for _, name in rows if "theirs" in str(name)]
    del env.emulator.sms.destinations("alerts")[-1]

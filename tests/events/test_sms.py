"""End User Messaging SMS: text, media, RCS and voice events, inbound messages, account events."""

from __future__ import annotations

import pytest

from due_cli.events import Envelope, Json, Record, Row, UnreadableError, rows_of
from tests.events.columns import checked, row_of
from tests.events.records import (
    ABSENT,
    ACCOUNT,
    HAPPENED,
    PUBLISHED,
    RECEIVED,
    SENT,
    SMS_EVENT_TYPES,
    Over,
    sms_event,
    sms_inbound,
    sms_registration,
)
from tests.events.samples import BUS, TOPIC

OPT_OUT_KEYWORDS = "ARRET CANCEL END OPT-OUT OPTOUT QUIT REMOVE STOP TD UNSUBSCRIBE".split()
CHANNELS = {"TEXT": "SMS", "MEDIA": "MMS", "VOICE": "VOICE", "RCS": "RCS"}
STREAM = Envelope(received_at=RECEIVED)

# Design, event types: the status decides, and whatever is not named there is a failure.
SUCCESS = ("SUCCESSFUL", "DELIVERED")
BUFFERED = ("PENDING", "QUEUED", "ACCEPTED", "SENT", "FALLEN_BACK_TO_SMS")
FAILURES = (
    "INVALID UNREACHABLE UNKNOWN BLOCKED CARRIER_UNREACHABLE SPAM INVALID_MESSAGE CARRIER_BLOCKED TTL_EXPIRED FAILED "
    "UNROUTABLE PROTECT_BLOCKED FILE_TYPE_UNSUPPORTED FILE_SIZE_EXCEEDED FILE_INACCESSIBLE UNDELIVERABLE REJECTED "
    "TTL_EXPIRATION_REVOKED TTL_EXPIRATION_REVOKE_FAILED A_STATUS_YET_TO_COME".split()
)

COMMON_DETAILS = {"isFinal": "true", "messageRequestTimestamp": str(SENT)}
FAMILY_DETAILS: dict[str, dict[str, str]] = {
    "TEXT": {
        "isInternationalSend": "false",
        "mcc": "310",
        "mnc": "800",
        "carrierName": "Carrier One",
        "messageEncoding": "GSM",
        "messageStatusDescription": "Message has been accepted by phone carrier",
        "protectConfiguration.protectConfigurationId": "protect-1",
        "protectConfiguration.protectStatus": "ALLOW",
        "protectConfigurationAssessment.protectRecommendation": "DELIVER",
        "protectConfigurationAssessment.protectInsights.blockReason": "none given",
    },
    "VOICE": {"callDurationInSeconds": "61", "totalDurationInMinutes": "3"},
    "RCS": {
        "messageEncoding": "UNICODE",
        "rcsMetadata.billingEventType": "RICH",
        "rcsBusinessId": "business-1",
        "agentIsoCountryCode": "DE",
        "conversationInitiatingMessageId": "sms-eum-0",
        "conversationInitiatingMessageType": "A2P",
        "conversationSessionFee": "0.0123",
    },
}
FAMILY_DETAILS["MEDIA"] = {**FAMILY_DETAILS["TEXT"], "contentType": "MMS"}
FAMILY_ATTRIBUTES: dict[str, dict[str, str]] = {
    "TEXT": {"message_type": "PROMOTIONAL", "number_of_message_parts": "2"},
    "MEDIA": {"message_type": "PROMOTIONAL", "number_of_message_parts": "2"},
    "VOICE": {},
    "RCS": {
        "message_type": "TRANSACTIONAL",
        "number_of_message_parts": "2",
        "origination_phone_number": "rcs-agent-1",
    },
}


@pytest.mark.parametrize("kind", SMS_EVENT_TYPES)
def test_every_column_of_an_event(kind: str) -> None:
    family, _, status = kind.partition("_")
    row = row_of(sms_event(kind), STREAM)

    metrics = {"price_in_millicents_usd": 645.0}
    fee = {"carrier_fee_in_millicents_usd": 302.0} if family in ("TEXT", "MEDIA") else {}
    expected: dict[str, object] = {
        "event_type": type_of(family, status),
        "event_timestamp": HAPPENED,
        "arrival_timestamp": RECEIVED,
        "event_version": "1.0",
        "attributes": {
            "message_id": "sms-eum-1",
            "record_status": status,
            "origination_phone_number": "+12065550142",
            "destination_phone_number": "+14255550156",
            "iso_country_code": "US",
            "customer_context": '{"account":"bar","order":"order-78"}',
            "channel": CHANNELS[family],
            **FAMILY_ATTRIBUTES[family],
        },
        "metrics": metrics,
        "metric_values": {**metrics, **fee},
        "source": "sms",
        "occurred_at": HAPPENED,
        "details": {**COMMON_DETAILS, **FAMILY_DETAILS[family], "eventType": kind},
        "event_id": row["event_id"],
    }
    assert dict(row) == expected
    checked([row])


def type_of(family: str, status: str) -> str:
    if family == "VOICE":
        return f"_VOICE.{status}"
    if status == "READ":
        return "_SMS.READ"
    return "_SMS.SUCCESS" if status in SUCCESS else "_SMS.BUFFERED" if status in BUFFERED else "_SMS.FAILURE"


@pytest.mark.parametrize("family", ["TEXT", "MEDIA", "RCS"])
@pytest.mark.parametrize("status", [*SUCCESS, *BUFFERED, "READ", *FAILURES])
def test_the_message_status_decides_the_type(family: str, status: str) -> None:
    row = row_of(sms_event(f"{family}_QUEUED", messageStatus=status))
    assert row["event_type"] == type_of(family, status)
    assert row["attributes"]["record_status"] == status


@pytest.mark.parametrize("family", ["TEXT", "MEDIA", "RCS"])
@pytest.mark.parametrize(
    ("final", "event_type"), [(False, "BUFFERED"), ("false", "BUFFERED"), (True, "SUCCESS"), (0, "SUCCESS")]
)
def test_a_success_that_is_not_final_is_on_its_way(family: str, final: Json, event_type: str) -> None:
    """The carrier took it; whether the phone did is told by a later receipt."""
    row = row_of(sms_event(f"{family}_SUCCESSFUL", isFinal=final))
    assert row["event_type"] == f"_SMS.{event_type}"
    assert row["attributes"]["record_status"] == "SUCCESSFUL"
    assert row_of(sms_event(f"{family}_DELIVERED", isFinal=False))["event_type"] == "_SMS.SUCCESS"
    assert row_of(sms_event(f"{family}_INVALID", isFinal=False))["event_type"] == "_SMS.FAILURE"


@pytest.mark.parametrize("kind", ["TEXT_CARRIER_UNREACHABLE", "MEDIA_DELIVERED", "RCS_READ", "RCS_FALLEN_BACK_TO_SMS"])
def test_without_a_message_status_the_types_own_counts(kind: str) -> None:
    family, _, status = kind.partition("_")
    row = row_of(sms_event(kind, messageStatus=ABSENT))
    assert row["event_type"] == type_of(family, status)
    assert row["attributes"]["record_status"] == status


def test_a_voice_event_keeps_the_name_of_its_type_whatever_its_status() -> None:
    row = row_of(sms_event("VOICE_FAILED", messageStatus="SPAM"))
    assert (row["event_type"], row["attributes"]["record_status"]) == ("_VOICE.FAILED", "SPAM")


def test_a_text_of_an_rcs_agent_is_rcs() -> None:
    assert row_of(sms_event("TEXT_DELIVERED", rcsBusinessId="b"))["attributes"]["channel"] == "RCS"
    assert row_of(sms_event("TEXT_DELIVERED", rcsMetadata={"billingEventType": "BASIC"}))["attributes"]["channel"] == (
        "RCS"
    )


@pytest.mark.parametrize(
    ("dollars", "millicents"),
    [(0.00645, 645.0), (0.00581, 581.0), (0.06087, 6087.0), (0.013, 1300.0), (0, 0.0), (1, 100_000.0), (1e-7, 0.01)],
)
def test_a_price_in_dollars_becomes_millicents(dollars: Json, millicents: float) -> None:
    row = row_of(sms_event(totalMessagePrice=dollars, totalCarrierFee=dollars))
    assert row["metrics"] == {"price_in_millicents_usd": millicents}
    assert row["metric_values"] == {
        "price_in_millicents_usd": millicents,
        "carrier_fee_in_millicents_usd": millicents,
    }


def test_a_message_without_a_price_has_no_metrics_and_a_fee_alone_is_no_price() -> None:
    row = row_of(sms_event(totalMessagePrice=ABSENT, totalCarrierFee=ABSENT))
    assert "metrics" not in row and "metric_values" not in row
    row = row_of(sms_event(totalMessagePrice=ABSENT))
    assert "metrics" not in row
    assert row["metric_values"] == {"carrier_fee_in_millicents_usd": 302.0}


@pytest.mark.parametrize("dollars", ["0.00645", True, 1e308, [0.1], {"usd": 0.1}])
def test_a_price_that_is_not_a_number_of_dollars_is_kept_and_counted(dollars: Json) -> None:
    found = rows_of(sms_event(totalMessagePrice=dollars))
    row = checked(found.rows)[0]
    assert found.nulled == 1
    assert "metrics" not in row
    assert any(key.startswith("totalMessagePrice") for key in row["details"])


@pytest.mark.parametrize(
    ("context", "text"),
    [({"a": "ü", "n": 1}, '{"a":"ü","n":1}'), ({}, "{}"), ('{"a": 1}', '{"a": 1}')],
)
def test_context_is_its_json_text_and_a_text_stays_as_it_is(context: Json, text: str) -> None:
    record = {**sms_event(), "context": context}
    assert row_of(record)["attributes"]["customer_context"] == text


@pytest.mark.parametrize("keyword", [*OPT_OUT_KEYWORDS, "stop", " Stop "])
def test_an_inbound_message_with_an_opt_out_keyword_is_an_opt_out(keyword: str) -> None:
    assert inbound(keyword)["event_type"] == "_SMS.OPTOUT"


@pytest.mark.parametrize("keyword", ["START", "UNSTOP", "start", " Unstop "])
def test_an_inbound_message_with_an_opt_in_keyword_is_an_opt_in(keyword: str) -> None:
    assert inbound(keyword)["event_type"] == "_SMS.OPTIN"


@pytest.mark.parametrize("keyword", ["STOP", "START"])
def test_the_customer_of_an_opt_out_or_opt_in_is_its_destination(keyword: str) -> None:
    """As in Pinpoint's own events and in the guide's views; any other inbound message is from its customer."""
    customer, sender = "+14255550182", "+12125550101"
    attributes, others = inbound(keyword)["attributes"], inbound("HELLO")["attributes"]
    assert (attributes["destination_phone_number"], attributes["origination_phone_number"]) == (customer, sender)
    assert (others["origination_phone_number"], others["destination_phone_number"]) == (customer, sender)


@pytest.mark.parametrize("keyword", ["HELP", "YES", "STARTED", "STOPPED", "PLEASE STOP", "KEYWORD_123", ""])
def test_any_other_inbound_message_is_inbound(keyword: str) -> None:
    assert inbound(keyword)["event_type"] == "_SMS.INBOUND"


@pytest.mark.parametrize("keyword", [ABSENT, None, 5])
def test_an_inbound_message_without_a_keyword_is_inbound(keyword: Over) -> None:
    assert row_of(sms_inbound(messageKeyword=keyword), TOPIC)["event_type"] == "_SMS.INBOUND"


def inbound(keyword: str) -> Row:
    return row_of(sms_inbound(keyword), TOPIC)


def test_every_column_of_an_inbound_message() -> None:
    row = row_of(sms_inbound("STOP"), Envelope(sent_at=PUBLISHED, received_at=RECEIVED))
    assert row == {
        "event_type": "_SMS.OPTOUT",
        "event_timestamp": PUBLISHED,
        "arrival_timestamp": RECEIVED,
        "attributes": {
            "message_id": "inbound-1",
            "origination_phone_number": "+12125550101",
            "destination_phone_number": "+14255550182",
        },
        "source": "sms",
        "occurred_at": PUBLISHED,
        "details": {
            "messageKeyword": "STOP",
            "messageBody": "please leave me alone",
            "previousPublishedMessageId": "sms-eum-1",
        },
        "event_id": row["event_id"],
    }
    checked([row])


def test_every_column_of_an_account_event() -> None:
    bus = BUS.within(bus_source="aws.sms-voice", detail_type="Registration Status Change")
    row = row_of(sms_registration(), bus)
    assert row == {
        "event_type": "_sms.registration_status_change",
        "event_timestamp": PUBLISHED,
        "arrival_timestamp": PUBLISHED,
        "awsaccountid": ACCOUNT,
        "source": "sms",
        "occurred_at": PUBLISHED,
        "details": {
            "registrationId": "registration-1",
            "registrationStatus": "REVIEWING",
            "versionNumber": "4",
        },
        "event_id": row["event_id"],
    }
    checked([row])


@pytest.mark.parametrize(
    ("kind", "event_type"),
    [
        ("BRAND_NEW_THING", "_sms.brand_new_thing"),
        ("SomethingNew", "_sms.something_new"),
        ("TEXT", "_sms.text"),
        ("VOICE_", "_sms.voice"),
    ],
)
def test_a_type_yet_to_come_keeps_its_name(kind: str, event_type: str) -> None:
    record = {**sms_event("TEXT_DELIVERED"), "eventType": kind}
    row = row_of(record)
    assert row["event_type"] == event_type
    assert row["details"]["messageId"] == "sms-eum-1"


@pytest.mark.parametrize("kind", ["TEXT_SUCCESSFUL", "MEDIA_QUEUED", "VOICE_RINGING"])
def test_the_bus_names_the_account_and_the_event_stays_the_same(kind: str) -> None:
    bus = BUS.within(bus_source="aws.sms-voice", detail_type="Text Message Delivery Status Updated")
    row, bare = row_of(sms_event(kind), bus), row_of(sms_event(kind))
    assert row["awsaccountid"] == ACCOUNT
    assert {**row, "awsaccountid": "", "arrival_timestamp": 0} == {**bare, "awsaccountid": "", "arrival_timestamp": 0}


@pytest.mark.parametrize(
    ("record", "envelope", "reason"),
    [
        (sms_event(messageId=ABSENT), STREAM, "messageId"),
        (sms_event(messageId=""), STREAM, "messageId"),
        (sms_event(messageId=5), STREAM, "messageId"),
        (sms_event(eventTimestamp="soon"), STREAM, "eventTimestamp"),
        (sms_event(eventTimestamp=1), STREAM, "eventTimestamp"),
        (sms_event(eventTimestamp=ABSENT), Envelope(), "eventTimestamp"),
        (sms_event(eventType=7), STREAM, "eventType"),
        (sms_inbound(), STREAM.within(received_at=None), None),
        (sms_inbound(), Envelope(), "SNS notification"),
        (sms_inbound(inboundMessageId=7), TOPIC, "inboundMessageId"),
        (sms_registration(), Envelope(bus_source="aws.sms-voice"), "eventType"),
        (sms_registration(), Envelope(bus_source="aws.sms-voice", detail_type="Registration Status Change"), "Time"),
    ],
)
def test_without_type_time_or_message_id_the_reason_names_what_is_missing(
    record: Record, envelope: Envelope, reason: str | None
) -> None:
    if reason is None:
        assert rows_of(record, envelope).rows[0]["occurred_at"] == RECEIVED
        return
    with pytest.raises(UnreadableError, match=f"(?i){reason}"):
        rows_of(record, envelope)


def test_a_number_of_parts_is_one_number_however_it_is_spelled() -> None:
    attributes = [rows_of(sms_event(totalMessageParts=parts)).rows[0]["attributes"] for parts in (2, 2.0)]
    assert attributes[0] == attributes[1]
    assert attributes[0]["number_of_message_parts"] == "2"

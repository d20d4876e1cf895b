"""WhatsApp through End User Messaging Social: statuses, inbound messages, changes of flows, EventBridge."""

from __future__ import annotations

import json

import pytest

from due_cli.events import Envelope, Json, Record, UnreadableError, rows_of
from tests.events.columns import checked, row_of
from tests.events.records import (
    ABSENT,
    ACCOUNT,
    EXHAUSTED,
    HAPPENED,
    PUBLISHED,
    RECEIVED,
    WHATSAPP_FLOW_EVENTS,
    WHATSAPP_STATUSES,
    Over,
    iso,
    overlaid,
    whatsapp,
    whatsapp_detail,
    whatsapp_flow,
    whatsapp_inbound,
    whatsapp_message,
    whatsapp_status,
    whatsapp_statuses,
    whatsapp_value,
)
from tests.events.samples import BUS

SECOND = HAPPENED // 1000 * 1000
STREAM = Envelope(received_at=RECEIVED)
BUS_SOURCE = BUS.within(bus_source="aws.social-messaging")
ENTRY = "whatsAppWebhookEntry"
VALUE = f"{ENTRY}.changes.value"
HEADER_DETAILS = {
    "context.MetaWabaIds": f'[{{"wabaId":"waba-1","arn":"arn:aws:social-messaging:us-east-1:{ACCOUNT}:waba/1"}}]',
    "context.MetaPhoneNumberIds": '[{"metaPhoneNumberId":"meta-1","arn":"arn:aws:social-messaging:phone/1"}]',
    "message_timestamp": iso(PUBLISHED)[:-1] + "477906Z",
    "messageId": "aws-message-1",
    f"{ENTRY}.id": "entry-1",
}
MESSAGE_DETAILS = {
    **HEADER_DETAILS,
    f"{ENTRY}.changes.field": "messages",
    f"{VALUE}.messaging_product": "whatsapp",
    f"{VALUE}.metadata.display_phone_number": "12065550100",
    f"{VALUE}.metadata.phone_number_id": "phone-number-id-1",
}


@pytest.mark.parametrize(("status", "event_type"), WHATSAPP_STATUSES.items())
def test_every_column_of_a_status(status: str, event_type: str) -> None:
    row = row_of(whatsapp_statuses(whatsapp_status(status)), STREAM)
    assert row == {
        "event_type": event_type,
        "event_timestamp": SECOND,
        "arrival_timestamp": RECEIVED,
        "awsaccountid": ACCOUNT,
        "attributes": {
            "message_id": "wamid.status-1",
            "record_status": status,
            "origination_phone_number": "12065550100",
            "destination_phone_number": "14255550156",
        },
        "source": "whatsapp",
        "occurred_at": SECOND,
        "details": {
            **MESSAGE_DETAILS,
            f"{VALUE}.statuses.biz_opaque_callback_data": "order-79",
            f"{VALUE}.statuses.conversation.id": "conversation-1",
            f"{VALUE}.statuses.conversation.expiration_timestamp": str(HAPPENED // 1000 + 86_400),
            f"{VALUE}.statuses.conversation.origin.type": "utility",
            f"{VALUE}.statuses.pricing.billable": "true",
            f"{VALUE}.statuses.pricing.pricing_model": "CBP",
            f"{VALUE}.statuses.pricing.category": "marketing",
        },
        "event_id": row["event_id"],
    }
    checked([row])


def test_every_column_of_an_inbound_message() -> None:
    row = row_of(whatsapp_inbound(whatsapp_message()), STREAM)
    assert row == {
        "event_type": "_WHATSAPP.INBOUND",
        "event_timestamp": SECOND + 1000,
        "arrival_timestamp": RECEIVED,
        "awsaccountid": ACCOUNT,
        "attributes": {
            "message_id": "wamid.message-1",
            "origination_phone_number": "14255550199",
            "destination_phone_number": "12065550100",
        },
        "source": "whatsapp",
        "occurred_at": SECOND + 1000,
        "details": {
            **MESSAGE_DETAILS,
            f"{VALUE}.contacts": '[{"profile":{"name":"Diego"},"wa_id":"14255550198"}]',
            f"{VALUE}.messages.type": "text",
            f"{VALUE}.messages.text.body": "Hi, where is my parcel?",
        },
        "event_id": row["event_id"],
    }
    checked([row])


@pytest.mark.parametrize(
    ("field", "event", "event_type"),
    [
        ("message_template_status_update", "APPROVED", "_whatsapp.message_template_status_update"),
        ("message_template_status_update", "REJECTED", "_whatsapp.message_template_status_update"),
        ("account_update", "VERIFIED_ACCOUNT", "_whatsapp.account_update"),
        ("phone_number_quality_update", ABSENT, "_whatsapp.phone_number_quality_update"),
        ("flows", "FLOW_STATUS_CHANGE", "_whatsapp.flow_status_change"),
        ("flows", ABSENT, "_whatsapp.flows"),
        ("", "FLOW_STATUS_CHANGE", "_whatsapp.flow_status_change"),
    ],
)
def test_a_change_has_the_type_of_its_field_and_of_flows_the_event_inside(
    field: str, event: Over, event_type: str
) -> None:
    value = overlaid({"message_template_id": 7}, {"event": event})
    row = row_of(whatsapp(value, field=field))
    assert row["event_type"] == event_type
    assert row["details"].get(f"{VALUE}.event") == (None if event is ABSENT else event)


@pytest.mark.parametrize("event", WHATSAPP_FLOW_EVENTS)
def test_every_column_of_a_change_of_a_flow(event: str) -> None:
    row = row_of(whatsapp_flow(event), STREAM)
    assert row == {
        "event_type": f"_whatsapp.{event.lower()}",
        "event_timestamp": PUBLISHED,
        "arrival_timestamp": RECEIVED,
        "awsaccountid": ACCOUNT,
        "source": "whatsapp",
        "occurred_at": PUBLISHED,
        "details": {
            **HEADER_DETAILS,
            f"{ENTRY}.changes.field": "flows",
            f"{VALUE}.event": event,
            f"{VALUE}.flow_id": "flow-1",
            f"{VALUE}.message": "Flow is now blocked",
            f"{VALUE}.p90": "7",
        },
        "event_id": row["event_id"],
    }
    checked([row])


def test_a_notification_gives_a_row_for_every_status_and_message() -> None:
    times = [str(HAPPENED // 1000 + index) for index in range(3)]
    record = whatsapp(
        whatsapp_value(statuses=[whatsapp_status("sent", timestamp=times[0]), whatsapp_status("read", id="wamid.2")]),
        whatsapp_value(messages=[whatsapp_message(timestamp=times[2])]),
    )
    rows = checked(rows_of(record).rows)
    assert [(row["event_type"], row["attributes"]["message_id"]) for row in rows] == [
        ("_WHATSAPP.SENT", "wamid.status-1"),
        ("_WHATSAPP.READ", "wamid.2"),
        ("_WHATSAPP.INBOUND", "wamid.message-1"),
    ]
    assert len({row["event_id"] for row in rows}) == 3
    assert "wamid.2" not in json.dumps(rows[0])


def test_three_statuses_of_one_message_are_three_rows() -> None:
    record = whatsapp_statuses(*(whatsapp_status(status) for status in ("sent", "delivered", "read")))
    assert [row["event_type"] for row in rows_of(record).rows] == [
        "_WHATSAPP.SENT",
        "_WHATSAPP.DELIVERED",
        "_WHATSAPP.READ",
    ]


def test_a_change_without_an_event_is_named_by_its_field() -> None:
    for event in (ABSENT, None, 5, ""):
        value = overlaid({"detail": "x"}, {"event": event})
        assert row_of(whatsapp(value, field="account_update"))["event_type"] == "_whatsapp.account_update"


@pytest.mark.parametrize(
    ("kind", "status", "event_type"),
    [
        ("WhatsApp Message Sent", "sent", "_WHATSAPP.SENT"),
        ("WhatsApp Message Delivered", "delivered", "_WHATSAPP.DELIVERED"),
        ("WhatsApp Message Read", "read", "_WHATSAPP.READ"),
        ("WhatsApp Message Failed", "failed", "_WHATSAPP.FAILED"),
        ("WhatsApp Message Failed", EXHAUSTED, "_WHATSAPP.FAILED"),
        ("WhatsApp Message Received", None, "_WHATSAPP.INBOUND"),
    ],
)
def test_every_column_of_an_event_of_the_bus(kind: str, status: str | None, event_type: str) -> None:
    row = row_of(whatsapp_detail(status, destinationPhoneNumber="14255550156"), BUS_SOURCE.within(detail_type=kind))
    assert row == {
        "event_type": event_type,
        "event_timestamp": SECOND,
        "arrival_timestamp": SECOND,
        "awsaccountid": ACCOUNT,
        "attributes": {
            "message_id": "whatsapp-bus-1",
            "origination_phone_number": "15815550155",
            "destination_phone_number": "14255550156",
            **({"record_status": status} if status else {}),
        },
        "source": "whatsapp",
        "occurred_at": SECOND,
        "details": {"wabaId": "waba-2", "originationPhoneNumberId": "phone-number-id-2"},
        "event_id": row["event_id"],
    }
    checked([row])


@pytest.mark.parametrize(
    "kind",
    ["Message Undeliverable", "Message Handover Succeeded", "Message Handover Failed", "Unknown Notification Received"],
)
def test_an_event_of_the_bus_without_a_status_keeps_its_name_and_every_field(kind: str) -> None:
    row = row_of(whatsapp_detail(None), BUS_SOURCE.within(detail_type=f"WhatsApp {kind}"))
    assert row["event_type"] == f"_whatsapp.{kind.lower().replace(' ', '_')}"
    assert row["occurred_at"] == SECOND
    assert row["details"] == {
        "wabaId": "waba-2",
        "originationPhoneNumber": "15815550155",
        "originationPhoneNumberId": "phone-number-id-2",
        "messageId": "whatsapp-bus-1",
    }


@pytest.mark.parametrize("odd", ["soon", True, [1], 1e308, "9" * 400])
def test_an_event_of_the_bus_with_an_odd_time_happened_when_the_bus_says(odd: Json) -> None:
    found = rows_of(whatsapp_detail(eventTimestamp=odd), BUS_SOURCE.within(detail_type="WhatsApp Message Read"))
    row = checked(found.rows)[0]
    assert (row["occurred_at"], found.nulled) == (PUBLISHED, 1)
    assert "eventTimestamp" in row["details"]


def test_the_entry_may_be_an_object_already() -> None:
    bare = whatsapp_statuses(whatsapp_status())
    text = bare[ENTRY]
    assert isinstance(text, str)
    assert rows_of({**bare, ENTRY: json.loads(text)}).rows == rows_of(whatsapp_statuses(whatsapp_status())).rows


@pytest.mark.parametrize("messageId", [ABSENT, "other"])
def test_the_notifications_own_message_id_is_not_the_messages(messageId: Over) -> None:  # noqa: N803  the field's name
    record = overlaid(whatsapp_statuses(whatsapp_status()), {"messageId": messageId})
    assert row_of(record)["attributes"]["message_id"] == "wamid.status-1"


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (whatsapp_statuses(whatsapp_status(id=ABSENT)), "message id"),
        (whatsapp_statuses(whatsapp_status(status=ABSENT)), "status"),
        (whatsapp_statuses(whatsapp_status(status="...")), "status"),
        (whatsapp_statuses(whatsapp_status(timestamp="soon")), "timestamp"),
        (whatsapp_statuses(whatsapp_status(timestamp="9" * 16)), "timestamp"),
        (whatsapp_statuses(whatsapp_status(timestamp=1e308)), "timestamp"),
        (whatsapp_inbound(whatsapp_message(id=ABSENT)), "message id"),
        (whatsapp_statuses(), "without a status"),
        (whatsapp(), "without a status"),
        (whatsapp({"statuses": ["odd"]}), "statuses"),
        (whatsapp({"statuses": 5}), "statuses"),
        (whatsapp({"other": 1}, message_timestamp=ABSENT), "message_timestamp"),
        (whatsapp({"other": 1}, field=""), "field"),
        ({**whatsapp(), ENTRY: "not JSON"}, "not JSON"),
        ({**whatsapp(), ENTRY: "[1]"}, "not an object"),
        ({**whatsapp(), ENTRY: None}, "not an object"),
        ({**whatsapp(), ENTRY: '{"changes": [5]}'}, "change"),
        ({**whatsapp(), ENTRY: '{"changes": 5}'}, "without a status"),
        ({**whatsapp(), ENTRY: '{"x": NaN, "changes": []}'}, "NaN"),
        ({**whatsapp(), ENTRY: '{"x":' * 5000 + "1" + "}" * 5000}, "deep"),
    ],
)
def test_what_cannot_be_read_says_why(record: Record, reason: str) -> None:
    with pytest.raises(UnreadableError, match=reason):
        rows_of(record)


@pytest.mark.parametrize("envelope", [BUS_SOURCE, BUS_SOURCE.within(detail_type="WhatsApp ")])
def test_an_event_of_the_bus_without_a_type_is_not_read(envelope: Envelope) -> None:
    with pytest.raises(UnreadableError, match="detail-type"):
        rows_of(whatsapp_detail(None), envelope)


def test_half_a_character_in_the_entry_is_replaced() -> None:
    record = whatsapp_inbound(whatsapp_message(text={"body": "broken \ud83d end"}))
    row = row_of(record)
    assert row["details"][f"{VALUE}.messages.text.body"] == "broken \ufffd end"
    checked([row])

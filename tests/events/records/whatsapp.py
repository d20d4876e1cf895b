"""Records of WhatsApp through AWS End User Messaging Social."""

from __future__ import annotations

import json

from due_cli.events.model import Json, Record
from tests.events.records.base import ACCOUNT, HAPPENED, PUBLISHED, Over, iso, overlaid

EXHAUSTED = "Message retries exhausted, dropping message."
WHATSAPP_STATUSES = {
    "accepted": "_WHATSAPP.ACCEPTED",
    "sent": "_WHATSAPP.SENT",
    "delivered": "_WHATSAPP.DELIVERED",
    "read": "_WHATSAPP.READ",
    "failed": "_WHATSAPP.FAILED",
    "deleted": "_WHATSAPP.DELETED",
    "warning": "_WHATSAPP.WARNING",
    EXHAUSTED: "_WHATSAPP.FAILED",
}
WHATSAPP_FLOW_EVENTS = (
    "FLOW_STATUS_CHANGE",
    "ENDPOINT_ERROR_RATE",
    "ENDPOINT_LATENCY",
    "ENDPOINT_AVAILABILITY",
    "FLOW_VERSION_EXPIRY_WARNING",
)


def whatsapp_status(status: str = "sent", /, **over: Over) -> Record:
    """One status of a notification's ``statuses``."""
    return overlaid(
        {
            "id": "wamid.status-1",
            "status": status,
            "timestamp": str(HAPPENED // 1000),
            "recipient_id": "14255550156",
            "biz_opaque_callback_data": "order-79",
            "conversation": {
                "id": "conversation-1",
                "expiration_timestamp": str(HAPPENED // 1000 + 86_400),
                "origin": {"type": "utility"},
            },
            "pricing": {"billable": True, "pricing_model": "CBP", "category": "marketing"},
        },
        over,
    )


def whatsapp_message(**over: Over) -> Record:
    """One inbound message of a notification's ``messages``."""
    return overlaid(
        {
            "from": "14255550199",
            "id": "wamid.message-1",
            "timestamp": str(HAPPENED // 1000 + 1),
            "type": "text",
            "text": {"body": "Hi, where is my parcel?"},
        },
        over,
    )


def whatsapp_value(**over: Over) -> Record:
    """The ``value`` of a change of messages, still without statuses or messages."""
    return overlaid(
        {
            "messaging_product": "whatsapp",
            "metadata": {"display_phone_number": "12065550100", "phone_number_id": "phone-number-id-1"},
        },
        over,
    )


def whatsapp(*values: Record, field: str = "messages", **over: Over) -> Record:
    """A notification with a change for each of ``values``; the webhook entry is JSON in a string."""
    changes: list[Json] = [{"value": value, "field": field} for value in values]
    return overlaid(
        {
            "context": {
                "MetaWabaIds": [{"wabaId": "waba-1", "arn": f"arn:aws:social-messaging:us-east-1:{ACCOUNT}:waba/1"}],
                "MetaPhoneNumberIds": [{"metaPhoneNumberId": "meta-1", "arn": "arn:aws:social-messaging:phone/1"}],
            },
            "whatsAppWebhookEntry": json.dumps({"id": "entry-1", "changes": changes}),
            "aws_account_id": ACCOUNT,
            "message_timestamp": iso(PUBLISHED)[:-1] + "477906Z",
            "messageId": "aws-message-1",
        },
        over,
    )


def whatsapp_statuses(*statuses: Record) -> Record:
    """A notification with statuses."""
    return whatsapp(whatsapp_value(statuses=list(statuses)))


def whatsapp_inbound(*messages: Record) -> Record:
    """A notification with inbound messages."""
    contacts: list[Json] = [{"profile": {"name": "Diego"}, "wa_id": "14255550198"}]
    return whatsapp(whatsapp_value(contacts=contacts, messages=list(messages)))


def whatsapp_flow(event: str = "FLOW_STATUS_CHANGE") -> Record:
    """A change of a flow, which is about no message."""
    return whatsapp({"event": event, "flow_id": "flow-1", "message": "Flow is now blocked", "p90": 7}, field="flows")


def whatsapp_detail(status: str | None = "delivered", /, **over: Over) -> Record:
    """The detail of an EventBridge event."""
    detail: Record = {
        "wabaId": "waba-2",
        "originationPhoneNumber": "15815550155",
        "originationPhoneNumberId": "phone-number-id-2",
        "messageId": "whatsapp-bus-1",
        "status": status,
        "eventTimestamp": str(HAPPENED // 1000),
    }
    if status is None:
        del detail["status"]
    return overlaid(detail, over)

"""How AWS End User Messaging Social writes WhatsApp statuses, messages and account changes."""

from __future__ import annotations

import json

from due_cli.demo.outbox import Record
from due_cli.demo.people import Customer
from due_cli.demo.shop import ACCOUNT, PHONE, REGION
from due_cli.demo.wrappers import on_bus
from due_cli.events.times import iso

_WABA = "1029384756000"
_NUMBER = {"display_phone_number": PHONE.removeprefix("+"), "phone_number_id": "5647382910000"}
_BUS_WORDS = {"sent": "Sent", "delivered": "Delivered", "read": "Read", "failed": "Failed"}


def status(message_id: str, customer: Customer, word: str, at: int) -> Record:
    """One status of a message, as an item of a notification; its time is in whole seconds."""
    found: Record = {
        "id": message_id,
        "status": word,
        "timestamp": str(at // 1000),
        "recipient_id": customer.phone.removeprefix("+"),
    }
    if word == "sent":
        found["conversation"] = {"id": message_id[-32:], "origin": {"type": "utility"}}
    if word in ("sent", "delivered"):
        found["pricing"] = {"billable": True, "pricing_model": "PMP", "category": "utility"}
    if word == "failed":
        found["errors"] = [{"code": 131026, "title": "Message undeliverable"}]
    return found


def message(message_id: str, customer: Customer, body: str, at: int) -> Record:
    """A customer's message, as an item of a notification."""
    return {
        "from": customer.phone.removeprefix("+"),
        "id": message_id,
        "timestamp": str(at // 1000),
        "type": "text",
        "text": {"body": body},
    }


def notification(at: int, *, statuses: list[Record] | None = None, messages: list[Record] | None = None) -> Record:
    """A notification with its statuses or its messages."""
    value: Record = {"messaging_product": "whatsapp", "metadata": _NUMBER}
    if statuses is not None:
        value["statuses"] = statuses
    if messages is not None:
        people = [{"wa_id": one["from"], "profile": {"name": "customer"}} for one in messages]
        value |= {"contacts": people, "messages": messages}
    return _record(at, {"value": value, "field": "messages"})


def flow_change(at: int, before: str, after: str) -> Record:
    """A change of a flow's status, which concerns no message."""
    value: Record = {
        "event": "FLOW_STATUS_CHANGE",
        "message": f"The flow is now {after.lower()}",
        "flow_id": "6677889900",
        "old_status": before,
        "new_status": after,
    }
    return _record(at, {"value": value, "field": "flows"})


def bus_event(message_id: str, customer: Customer, word: str, at: int) -> Record:
    """A status as EventBridge delivers it, where the record is flat."""
    detail: Record = {
        "wabaId": _WABA,
        "originationPhoneNumber": _NUMBER["display_phone_number"],
        "originationPhoneNumberId": _NUMBER["phone_number_id"],
        "destinationPhoneNumber": customer.phone.removeprefix("+"),
        "messageId": message_id,
        "status": word,
        "eventTimestamp": str(at // 1000),
    }
    return on_bus(detail, "aws.social-messaging", f"WhatsApp Message {_BUS_WORDS[word]}", at)


def _record(at: int, change: Record) -> Record:
    arn = f"arn:aws:social-messaging:{REGION}:{ACCOUNT}"
    entry = {"id": _WABA, "changes": [change]}
    return {
        "context": {
            "MetaWabaIds": [{"wabaId": _WABA, "arn": f"{arn}:waba/example"}],
            "MetaPhoneNumberIds": [
                {"metaPhoneNumberId": _NUMBER["phone_number_id"], "arn": f"{arn}:phone-number-id/example"}
            ],
        },
        "whatsAppWebhookEntry": json.dumps(entry, separators=(",", ":")),
        "aws_account_id": ACCOUNT,
        "message_timestamp": f"{iso(at)[:-1]}191477Z",
    }

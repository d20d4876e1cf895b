"""The records of text messages, calls and WhatsApp messages as the services write them."""

from __future__ import annotations

from due_cli.demo.records import TimedRecords, bus_event, pinpoint_event
from due_cli.demo.shop import SCENARIO, SHOP, Customer, TextMessage, TextStatus
from due_cli.demo.templates import SMS, WHATSAPP, Record, compact_json, render
from due_cli.events.times import iso

# Status of a message on its way or of one that arrived -> Pinpoint's event type; any other status is a failure.
_PINPOINT_TEXT_TYPES = {"PENDING": "BUFFERED", "QUEUED": "BUFFERED", "SUCCESSFUL": "SUCCESS", "DELIVERED": "SUCCESS"}
_RCS_AGENT = "rcs-agent-example"


def pinpoint_records(text: TextMessage) -> TimedRecords:
    """The stream's SMS events; they may arrive, by their own clock, before they happened."""
    for status in text.statuses:
        yield status.at, _pinpoint_text(text, status, _PINPOINT_TEXT_TYPES.get(status.status, "FAILURE"))


def pinpoint_opt_out(text: TextMessage, at: int) -> Record:
    """A recipient's STOP, which the stream attributes to the message that it answers."""
    return _pinpoint_text(text, TextStatus("DELIVERED", at, priced=False), "OPTOUT")


def _pinpoint_text(text: TextMessage, status: TextStatus, kind: str) -> Record:
    context = text.context if isinstance(text.context, str | None) else compact_json(text.context)
    values = {
        "event_type": f"_SMS.{kind}",
        "arrived": status.at - status.at % 1000,
        "request_id": text.id[::-1],
        "phone": text.to.phone,
        "status": status.status,
        "country": text.to.country,
        "part_count": str(text.parts),
        "message_id": text.id,
        "message_type": "Promotional" if text.keys else "Transactional",
        "context": context,
        "millicents": round(text.prices[0] * 100_000, 2) if status.priced else None,
        **text.keys,
    }
    return pinpoint_event("sms", status.at, values)


def sms_records(text: TextMessage, family: str = "TEXT") -> TimedRecords:
    """The records of a message of a family (TEXT, MEDIA, RCS, VOICE) of End User Messaging SMS."""
    for status in text.statuses:
        yield status.at, render(SMS[family], _text_values(text, family, status))


def sms_bus_records(text: TextMessage, family: str) -> TimedRecords:
    """The records of a message as EventBridge delivers them: without the destination and the context."""
    for status in text.statuses:
        values = {**_text_values(text, family, status), "phone": None, "context": None}
        detail_type = f"{family.capitalize()} Message Delivery Status Updated"
        yield status.at, bus_event(render(SMS[family], values), "aws.sms-voice", detail_type, status.at)


def _text_values(text: TextMessage, family: str, status: TextStatus) -> Record:
    price, fee = text.prices if status.priced else (None, None)
    completed, blocked = status.status == "COMPLETED", status.status == "PROTECT_BLOCKED"
    name = status.status
    return {
        **SHOP,
        "family": family,
        "status": name,
        "at": status.at,
        "final": name not in SCENARIO["intermediate_statuses"],
        "origination": _RCS_AGENT if family == "RCS" else SHOP["origination"],
        "phone": text.to.phone,
        "international": text.to.country != "US",
        "country": text.to.country,
        "message_id": text.id,
        "requested": text.statuses[0].at - 300,
        "description": SCENARIO["text_descriptions"].get(name, f"Message is {name.lower()}"),
        "parts": text.parts,
        "price": 0.013 if family == "VOICE" else price,
        "fee": fee,
        "call_seconds": 41 if completed else None,
        "call_minutes": 1 if completed else None,
        "protect": SCENARIO["protection"] if blocked else None,
        "context": text.context,
    }


def sms_reply(inbound_id: str, customer: Customer, body: str, answered: str | None) -> Record:
    """A message from a customer's phone, as two-way messaging publishes it; it has no time of its own."""
    values = {"phone": customer.phone, "keyword": body.split()[0].upper(), "body": body, "inbound_id": inbound_id}
    reply: Record = render(SMS["reply"], {**SHOP, **values, "message_id": answered})
    return reply


def whatsapp_item(name: str, message_id: str, customer: Customer, at: int, **values: object) -> Record:
    """A status or a message as an item of a notification, or a status as EventBridge delivers it."""
    recipient = customer.phone.removeprefix("+")
    named = {"message_id": message_id, "recipient": recipient, "at": at}
    item: Record = render(WHATSAPP[name], {**SHOP, **named, **values})
    return item


def whatsapp_status(message_id: str, customer: Customer, status: str, at: int) -> Record:
    """One status of a message, as an item of a notification."""
    priced = status in ("sent", "delivered")
    return whatsapp_item(
        "status",
        message_id,
        customer,
        at,
        status=status,
        conversation={"id": message_id[-32:], "origin": {"type": "utility"}} if status == "sent" else None,
        pricing={"billable": True, "pricing_model": "PMP", "category": "utility"} if priced else None,
        errors=[{"code": 131026, "title": "Message undeliverable"}] if status == "failed" else None,
    )


def whatsapp_bus_record(message_id: str, customer: Customer, status: str, at: int) -> Record:
    """A status as EventBridge delivers it, where the record is flat."""
    detail = whatsapp_item("bus", message_id, customer, at, status=status)
    return bus_event(detail, "aws.social-messaging", f"WhatsApp Message {status.capitalize()}", at)


def whatsapp_notification(at: int, *, statuses: list[Record] | None = None, message: Record | None = None) -> Record:
    """A notification with statuses, or with a customer's message."""
    contacts = [{"wa_id": message["from"], "profile": {"name": "customer"}}] if message else None
    values = {"statuses": statuses, "messages": [message] if message else None, "contacts": contacts}
    return _whatsapp_change(at, "messages", render(WHATSAPP["messages"], {**SHOP, **values}))


def whatsapp_flow_change(at: int, old: str, new: str) -> Record:
    """A change of a flow's status, which concerns no message."""
    values = {"new_name": new.lower(), "old_status": old, "new_status": new}
    return _whatsapp_change(at, "flows", render(WHATSAPP["flow"], values))


def _whatsapp_change(at: int, field: str, value: Record) -> Record:
    entry = render(WHATSAPP["entry"], {**SHOP, "changes": [{"value": value, "field": field}]})
    values = {"entry": entry, "message_timestamp": f"{iso(at)[:-1]}191477Z"}
    notification: Record = render(WHATSAPP["notification"], {**SHOP, **values})
    return notification

"""The records of mails, texts and WhatsApp messages as each service writes them: templates with their values.

Generators yield each record with the time at which it is published.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from due_cli.demo.clock import HOUR, MINUTE
from due_cli.demo.shop import SCENARIO, SHOP_URL, UNSUBSCRIBE_URL, Customer, Mail, MailEvent, Text, TextStatus
from due_cli.demo.templates import compact_json, render, templates
from due_cli.events.times import iso

Record = dict[str, Any]
TimedRecords = Iterator[tuple[int, Record]]

PINPOINT, SES, SMS, WHATSAPP, WRAPPERS = map(templates, ("pinpoint", "ses", "sms", "whatsapp", "wrappers"))
SHOP: Mapping[str, Any] = SCENARIO["shop"]

# Kind of a mail event -> eventType of SES, detail type of EventBridge.
_SES_TYPES = {
    "send": ("Send", "Email Sent"),
    "delivered": ("Delivery", "Email Delivered"),
    "rejected": ("Reject", "Email Rejected"),
    "open": ("Open", "Email Opened"),
    "click": ("Click", "Email Clicked"),
    "unsubscribe": ("Click", "Email Clicked"),
    "hardbounce": ("Bounce", "Email Bounced"),
    "softbounce": ("Bounce", "Email Bounced"),
    "complaint": ("Complaint", "Email Complaint Received"),
    "rendering_failure": ("Rendering Failure", "Email Rendering Failed"),
    "delivery_delay": ("DeliveryDelay", "Email Delivery Delayed"),
    "subscription": ("Subscription", "Email Subscribed"),
}
_NOTIFICATION_TYPES = ("Bounce", "Complaint", "Delivery")
# The fields that SES leaves out of the mail object of some types.
_OMITTED_FROM_MAIL = {
    "Open": ("sourceArn",),
    "Click": ("sourceArn",),
    "Rendering Failure": ("headers", "commonHeaders"),
    "DeliveryDelay": ("headers", "commonHeaders"),
}
_PINPOINT_FEEDBACK = {"send": "received", "delivered": "delivered", "open": "opened"}
# Status of a message on its way or of one that arrived -> Pinpoint's event type; any other status is a failure.
_PINPOINT_TEXT_TYPES = {"PENDING": "BUFFERED", "QUEUED": "BUFFERED", "SUCCESSFUL": "SUCCESS", "DELIVERED": "SUCCESS"}
_INTERMEDIATE_STATUSES = ("QUEUED", "PENDING", "SENT", "INITIATED", "RINGING", "ANSWERED")
_RCS_AGENT = "rcs-agent-example"
_WHATSAPP_ACCOUNT = {
    **SHOP,
    "waba": "1029384756000",
    "display_phone": SHOP["origination"].removeprefix("+"),
    "phone_number_id": "5647382910000",
}


def text_id(text: bytes) -> str:
    """An id in the usual notation that follows from a text, so that a repeated delivery repeats it."""
    digits = hashlib.sha256(text).hexdigest()[:32]
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def bus_event(detail: Record, source: str, detail_type: str, at: int) -> Record:
    """A record as EventBridge delivers it, with the time to the second."""
    values = {"id": text_id(compact_json(detail).encode()), "bus_source": source, "detail_type": detail_type, "at": at}
    event: Record = render(WRAPPERS["EventBridge"], {**SHOP, **values, "detail": detail})
    return event


def pinpoint_event(name: str, at: int, values: Mapping[str, object]) -> Record:
    """An event of Pinpoint's stream from the template of a name; it arrives at once unless the values say when."""
    event: Record = render(PINPOINT[name], {**SHOP, "at": at, "arrived": at, "endpoint": SHOP["account"], **values})
    return event


def pinpoint_mail_records(mail: Mail, history: Iterable[MailEvent]) -> TimedRecords:
    """The stream's email events; a delay has none, an unsubscribe is a click too.

    Every event of a mail repeats the send time as ``event_timestamp``: only ``arrival_timestamp`` tells them apart.
    """
    written = render(PINPOINT["mail"], _mail_values(mail))
    custom = {"legacy_identifier": SHOP["project"], **mail.tags}
    for event in history:
        values = _event_values(mail, event)
        for kind in ("click", "unsubscribe") if event.kind == "unsubscribe" else (event.kind,):
            event_type = f"_email.{kind}"
            if event_type not in PINPOINT:
                continue
            feedback = event.detail if kind == "click" else _PINPOINT_FEEDBACK.get(kind)
            envelope = {
                "event_type": event_type,
                "arrived": event.at,
                "endpoint": mail.to[0].endpoint,
                "attributes": {**({"feedback": feedback} if feedback else {}), **mail.keys},
                "mail_event": {"mail": written, **render(PINPOINT[event_type], values)},
                "custom": custom,
            }
            yield event.at, pinpoint_event("email", mail.sent, envelope)


def ses_records(mail: Mail, history: Iterable[MailEvent], configuration_set: str) -> TimedRecords:
    """The records that a configuration set publishes."""
    tags = render(SES["tags"], {**SHOP, **_SES_SENDER, "configuration_set": configuration_set})
    tags |= {name: [value] for name, value in {**mail.tags, **mail.keys}.items()}
    written = render(SES["mail"], {**_mail_values(mail, with_tags=True), "tags": tags})
    for event in history:
        event_type, _ = _SES_TYPES[event.kind]
        omitted = _OMITTED_FROM_MAIL.get(event_type, ())
        part = {key: value for key, value in written.items() if key not in omitted} if omitted else written
        payload = render(SES[event_type], _event_values(mail, event))
        yield event.at, {"eventType": event_type, "mail": part, **payload}


def ses_notifications(mail: Mail, history: Iterable[MailEvent], _: str) -> TimedRecords:
    """The feedback notifications of an identity: bounces, complaints and deliveries alone, without tags."""
    written = render(SES["mail of a notification"], {**_mail_values(mail, with_tags=True), "caller": "shop-service"})
    for event in history:
        event_type, _ = _SES_TYPES[event.kind]
        if event_type in _NOTIFICATION_TYPES:
            payload = render(SES[event_type], _event_values(mail, event))
            yield event.at, {"notificationType": event_type, **payload, "mail": written}


def ses_bus_records(mail: Mail, history: Iterable[MailEvent], configuration_set: str) -> TimedRecords:
    """The records of a configuration set as EventBridge delivers them."""
    events = list(history)
    for event, (at, record) in zip(events, ses_records(mail, events, configuration_set), strict=True):
        yield at, bus_event(record, "aws.ses", _SES_TYPES[event.kind][1], at)


SES_FORMS: Mapping[str, Callable[[Mail, Iterable[MailEvent], str], TimedRecords]] = {
    "event": ses_records,
    "notification": ses_notifications,
    "bus": ses_bus_records,
}
_SES_SENDER = {"source_ip": "192.0.2.10", "caller": "shop-mailer"}


def _mail_values(mail: Mail, *, with_tags: bool = False) -> dict[str, Any]:
    headers = {"From": mail.sender, "To": ", ".join(mail.addresses), "Subject": mail.subject, "MIME-Version": "1.0"}
    if with_tags and mail.tags:
        headers["X-SES-MESSAGE-TAGS"] = ", ".join(f"{name}={value}" for name, value in mail.tags.items())
    return {
        **SHOP,
        **_SES_SENDER,
        "message_id": mail.id,
        "sent": mail.sent,
        "sender": mail.sender,
        "from": mail.sender,
        "destination": mail.addresses,
        "to": mail.addresses,
        "subject": mail.subject,
        "headers": [{"name": name, "value": value} for name, value in headers.items() if value is not None],
    }


def _event_values(mail: Mail, event: MailEvent) -> dict[str, Any]:
    """The values of an event's own part, for the templates of SES and of Pinpoint."""
    values = {
        "at": event.at,
        "recipients": list(event.addresses),
        "processing_millis": event.at - mail.sent,
        "smtp_response": "250 2.6.0 Message received",
        "remote_ip": "198.51.100.25",
        "reporting_mta": "mta.example.com",
        "ip": mail.to[0].ip,
        "agent": mail.to[0].agent,
        "bot": "Likely" if event.at - mail.sent < 8_000 else "Unlikely",  # few people open within seconds
        "feedback_id": f"{mail.id[:-6]}{event.at % 1_000_000:06d}",
    }
    if event.kind in _KIND_VALUES:
        values |= _KIND_VALUES[event.kind](mail, event)
    return values


def _click_values(_: Mail, event: MailEvent) -> Record:
    link = event.detail or SHOP_URL
    return {"link": link, "link_tags": {"unsubscribeLinkTag": ["click"]} if link == UNSUBSCRIBE_URL else None}


def _bounce_values(_: Mail, event: MailEvent) -> Record:
    bounce_type, sub_type = event.detail.split("/")
    report = SCENARIO["bounces"][event.detail]  # None where no delivery status notification comes back
    status = {"action": "failed", "smtp_status": report[0], "diagnostic_code": report[1]} if report else {}
    return {
        "bounce_type": bounce_type,
        "bounce_sub_type": sub_type,
        "bounced": [{"address": address, **status} for address in event.addresses],
        "dsn_mta": "dsn; mta.example.com" if report else None,
    }


def _complaint_values(_: Mail, event: MailEvent) -> Record:
    """Without a feedback report there is neither its type nor who reported; a suppressed one has a subtype."""
    suppressed = event.detail.startswith("On")
    reported = bool(event.detail) and not suppressed
    return {
        "complained": [{"address": address} for address in event.addresses],
        "complaint_sub_type": event.detail if suppressed else None,
        "feedback_type": event.detail if reported else None,
        "report_agent": "feedback loop 1.0" if reported else None,
        "reported": event.at - MINUTE if reported else None,
    }


def _delay_values(mail: Mail, event: MailEvent) -> Record:
    return {
        "delay_type": event.detail,
        "expiration": mail.sent + 12 * HOUR,
        "reporting_mta": "a8-50.smtp-out.example.com",
        "diagnostic_code": "smtp; 452 4.2.2 try again later",
        "delayed": [{"address": address} for address in event.addresses],
    }


def _subscription_values(_: Mail, event: MailEvent) -> Record:
    old, new = (
        render(SES["preferences"], {"unsubscribe_all": everything, "topics": [{"topic": "offers", "status": topic}]})
        for everything, topic in SCENARIO["preferences"][event.detail]
    )
    return {"contact_list": "customers", "old_preferences": old, "new_preferences": new}


_KIND_VALUES: Mapping[str, Callable[[Mail, MailEvent], Record]] = {
    "click": _click_values,
    "unsubscribe": _click_values,
    "hardbounce": _bounce_values,
    "softbounce": _bounce_values,
    "complaint": _complaint_values,
    "rendering_failure": lambda _, event: {"error_message": event.detail, "template_name": "order"},
    "delivery_delay": _delay_values,
    "subscription": _subscription_values,
}


def endpoint_values(customer: Customer, at: int) -> Record:
    """The values of a campaign's or a journey's event that tell for whom it was executed."""
    details = render(PINPOINT["endpoint_details"], {"at": at, "user": customer.user})
    return {"endpoint": customer.endpoint, "endpoint_details": details}


def campaign_record(keys: Mapping[str, str], customer: Customer, status: str, at: int, arrived: int) -> Record:
    """A campaign executed for one endpoint."""
    values = {"event_type": "_campaign.send", "delivery_type": "EMAIL", "status": status, "arrived": arrived}
    return pinpoint_event("campaign", at, {**endpoint_values(customer, at), **keys, **values})


def journey_record(keys: Mapping[str, str], customer: Customer, status: str, at: int, arrived: int) -> Record:
    """A journey's activity executed for one endpoint."""
    code, message = ("200", '{"errorMessage":null}') if status == "SUCCESS" else ("400", status.lower())
    values = {"event_type": "_journey.send", "status": status, "status_code": code, "status_message": message}
    return pinpoint_event("journey", at, {**endpoint_values(customer, at), **keys, **values, "arrived": arrived})


def pinpoint_text_records(text: Text) -> TimedRecords:
    """The stream's SMS events; they may arrive, by their own clock, before they happened."""
    for status in text.statuses:
        yield status.at, _pinpoint_text(text, status, _PINPOINT_TEXT_TYPES.get(status.status, "FAILURE"))


def pinpoint_opt_out(text: Text, at: int) -> Record:
    """A recipient's STOP, which the stream attributes to the message that it answers."""
    return _pinpoint_text(text, TextStatus("DELIVERED", at, priced=False), "OPTOUT")


def _pinpoint_text(text: Text, status: TextStatus, kind: str) -> Record:
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


def sms_records(text: Text, family: str = "TEXT") -> TimedRecords:
    """The records of a message of a family (TEXT, MEDIA, RCS, VOICE) of End User Messaging SMS."""
    for status in text.statuses:
        yield status.at, render(SMS[family], _text_values(text, family, status))


def sms_bus_records(text: Text, family: str) -> TimedRecords:
    """The records of a message as EventBridge delivers them: without the destination and the context."""
    for status in text.statuses:
        values = {**_text_values(text, family, status), "phone": None, "context": None}
        detail_type = f"{family.capitalize()} Message Delivery Status Updated"
        yield status.at, bus_event(render(SMS[family], values), "aws.sms-voice", detail_type, status.at)


def _text_values(text: Text, family: str, status: TextStatus) -> Record:
    price, fee = text.prices if status.priced else (None, None)
    completed, blocked = status.status == "COMPLETED", status.status == "PROTECT_BLOCKED"
    name = status.status
    return {
        "family": family,
        "status": name,
        "at": status.at,
        "final": name not in _INTERMEDIATE_STATUSES,
        "origination": _RCS_AGENT if family == "RCS" else SHOP["origination"],
        "phone": text.to.phone,
        "international": text.to.country != "US",
        "country": text.to.country,
        "message_id": text.id,
        "requested": text.statuses[0].at - 300,
        "mcc": "310",
        "mnc": "800",
        "message_type": "TRANSACTIONAL",
        "description": SCENARIO["text_descriptions"].get(name, f"Message is {name.lower()}"),
        "parts": text.parts,
        "price": 0.013 if family == "VOICE" else price,
        "fee": fee,
        "call_seconds": 41 if completed else None,
        "call_minutes": 1 if completed else None,
        "protect": {"protectConfigurationId": "protect-example", "protectStatus": "FILTER"} if blocked else None,
        "billing_type": "BASIC",
        "business": "shop",
        "agent_country": "US",
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
    item: Record = render(WHATSAPP[name], {**_WHATSAPP_ACCOUNT, **named, **values})
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
    return _whatsapp_change(at, "messages", render(WHATSAPP["messages"], {**_WHATSAPP_ACCOUNT, **values}))


def whatsapp_flow_change(at: int, old: str, new: str) -> Record:
    """A change of a flow's status, which concerns no message."""
    values = {"new_name": new.lower(), "old_status": old, "new_status": new}
    return _whatsapp_change(at, "flows", render(WHATSAPP["flow"], values))


def _whatsapp_change(at: int, field: str, value: Record) -> Record:
    entry = render(WHATSAPP["entry"], {**_WHATSAPP_ACCOUNT, "changes": [{"value": value, "field": field}]})
    values = {"entry": entry, "message_timestamp": f"{iso(at)[:-1]}191477Z"}
    notification: Record = render(WHATSAPP["notification"], {**_WHATSAPP_ACCOUNT, **values})
    return notification

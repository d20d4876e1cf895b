"""Raw records, each kind of event by one word: a message is described once and then has things happen to it."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from due_cli.events.model import Json, Record

ACCOUNT = "317167123431"
_SES_KINDS = {
    "send": "Send",
    "delivered": "Delivery",
    "open": "Open",
    "click": "Click",
    "unsubscribe": "Click",
    "subscription": "Subscription",
    "hardbounce": "Bounce",
    "softbounce": "Bounce",
    "complaint": "Complaint",
    "rejected": "Reject",
}


def at(text: str) -> int:
    """Epoch milliseconds of an ISO 8601 time in UTC."""
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


@dataclass(frozen=True, slots=True)
class Mail:
    """An email message; without ``to``, its records leave the recipients out.

    ``tags`` are SES's message tags or Pinpoint's attributes, ``context`` Pinpoint's custom map.
    """

    id: str
    sent: int
    to: tuple[str, ...] = ("dora@example.com",)
    subject: str | None = "Hello"
    tags: Mapping[str, str] = field(default_factory=dict)
    context: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Text:
    """An SMS message. ``context`` is the customer context, as an object or as the text that stands for it."""

    id: str
    to: str = "+14255550156"
    tags: Mapping[str, str] = field(default_factory=dict)
    context: Json = None


def ses(mail: Mail, kind: str, happened: int | None = None, people: tuple[str, ...] = (), link: str = "/") -> Record:
    """An event in SES's words. ``people`` bounced or complained; an unsubscribe is a click on a link with its tag."""
    time = iso(mail.sent if happened is None else happened)
    parts: dict[str, Record] = {
        "send": {},
        "rejected": {"reason": "Bad content"},
        "delivered": {"timestamp": time, "recipients": list(mail.to), "smtpResponse": "250 ok"},
        "open": {"timestamp": time, "ipAddress": "192.0.2.1", "userAgent": "Mozilla"},
        "click": {"timestamp": time, "link": link, "linkTags": None},
        "unsubscribe": {"timestamp": time, "link": link, "linkTags": {"unsubscribeLinkTag": ["click"]}},
        "subscription": {"timestamp": time, "contactList": "all", "newTopicPreferences": {"unsubscribeAll": True}},
        "hardbounce": {"timestamp": time, "bounceType": "Permanent", "feedbackId": f"{mail.id}-{time}"},
        "softbounce": {"timestamp": time, "bounceType": "Transient", "feedbackId": f"{mail.id}-{time}"},
        "complaint": {"timestamp": time, "feedbackId": f"{mail.id}-{time}"},
    }
    part = parts[kind]
    who: list[Json] = [{"emailAddress": address} for address in people or mail.to]
    if "bounceType" in part:
        part["bouncedRecipients"] = who
    if kind == "complaint":
        part["complainedRecipients"] = who
    name = _SES_KINDS[kind]
    return {"eventType": name, name.lower(): part, "mail": _ses_mail(mail)}


def pinpoint(
    mail: Mail, kind: str, arrived: int | None = None, people: tuple[str, ...] = (), link: str = "/"
) -> Record:
    """An event in Pinpoint's words: ``event_timestamp`` is the send time on every one of them."""
    parts: dict[str, tuple[str, Record]] = {
        "send": ("send", {}),
        "rejected": ("reject", {"reason": "Bad content"}),
        "delivered": ("delivery", {"recipients": list(mail.to), "smtp_response": "250 ok"}),
        "open": ("open", {"ip_address": "192.0.2.1", "user_agent": "Mozilla"}),
        "click": ("click", {"link": link}),
        "unsubscribe": ("click", {"link": link, "link_tags": {"unsubscribeLinkTag": ["click"]}}),
        "hardbounce": ("bounce", {"bounce_type": "Permanent", "feedback_id": f"{mail.id}-{arrived}"}),
        "softbounce": ("bounce", {"bounce_type": "Transient", "feedback_id": f"{mail.id}-{arrived}"}),
        "complaint": ("complaint", {"feedback_id": f"{mail.id}-{arrived}"}),
    }
    name, part = parts[kind]
    who: list[Json] = [{"email_address": address} for address in people or mail.to]
    if name in ("bounce", "complaint"):
        part["bounced_recipients" if name == "bounce" else "complained_recipients"] = who
    return {
        **_pinpoint(f"_email.{kind}", mail.sent, mail.sent if arrived is None else arrived),
        "attributes": dict(mail.tags),
        "client_context": {"custom": dict(mail.context)},
        "facets": {"email_channel": {"mail_event": {"mail": _pinpoint_mail(mail), name: part}}},
    }


def pinpoint_sms(
    text: Text, kind: str, happened: int, price: float | None = None, status: str | None = "DELIVERED"
) -> Record:
    """An SMS event in Pinpoint's words, such as BUFFERED."""
    attributes: Record = {"message_id": text.id, "destination_phone_number": text.to, **text.tags}
    if status is not None:
        attributes["record_status"] = status
    if text.context is not None:
        attributes["customer_context"] = text.context if isinstance(text.context, str) else json.dumps(text.context)
    record: Record = {**_pinpoint(f"_SMS.{kind}", happened, happened), "attributes": attributes}
    return record if price is None else {**record, "metrics": {"price_in_millicents_usd": price}}


def sms(text: Text, kind: str, happened: int, dollars: float | None = None) -> Record:
    """An event of End User Messaging, such as TEXT_QUEUED; its price is in US dollars."""
    record: Record = {
        "eventType": kind,
        "eventTimestamp": happened,
        "messageId": text.id,
        "destinationPhoneNumber": text.to,
        "messageStatus": kind.partition("_")[2],
    }
    if text.context is not None:
        record["context"] = text.context
    return record if dollars is None else {**record, "totalMessagePrice": dollars}


def inbound(identity: str, keyword: str, happened: int, answers: str | None = None) -> Record:
    """A message that a recipient sent, as its topic carries it."""
    message: Record = {
        "inboundMessageId": identity,
        "originationNumber": "+14255550156",
        "destinationNumber": "+12065550142",
        "messageKeyword": keyword,
        "messageBody": keyword,
        "previousPublishedMessageId": answers,
    }
    return {
        "Type": "Notification",
        "TopicArn": f"arn:aws:sns:us-west-2:{ACCOUNT}:two-way",
        "Message": json.dumps(message),
        "Timestamp": iso(happened),
    }


def received(record: Record, when: int) -> Record:
    """The record in the event of a Firehose transform, which says when the stream received it."""
    data = base64.b64encode(json.dumps(record).encode()).decode()
    return {"records": [{"recordId": "1", "approximateArrivalTimestamp": when, "data": data}]}


def _ses_mail(mail: Mail) -> Record:
    headers: Record = {"from": ["shop@example.org"], "to": list(mail.to)}
    tags: Record = {"ses:configuration-set": ["due"]}
    for name, value in mail.tags.items():
        tags[name] = list(value.split(","))
    if mail.subject is not None:
        headers["subject"] = mail.subject
    return {
        "timestamp": iso(mail.sent),
        "messageId": mail.id,
        "source": "shop@example.org",
        "sendingAccountId": ACCOUNT,
        **_destination(mail),
        "commonHeaders": headers,
        "tags": tags,
    }


def _pinpoint_mail(mail: Mail) -> Record:
    return {
        "message_id": mail.id,
        "message_send_timestamp": mail.sent,
        "from_address": "shop@example.org",
        **_destination(mail),
        "common_headers": {"from": "shop@example.org", "to": list(mail.to), "subject": mail.subject},
    }


def _destination(mail: Mail) -> Record:
    return {"destination": list(mail.to)} if mail.to else {}


def _pinpoint(event_type: str, event: int, arrival: int) -> Record:
    return {
        "event_type": event_type,
        "event_timestamp": event,
        "arrival_timestamp": arrival,
        "event_version": "3.1",
        "application": {"app_id": "app-1", "sdk": {}},
        "client": {"client_id": "endpoint-1"},
        "awsAccountId": ACCOUNT,
    }


def iso(millis: int) -> str:
    """The spelling of SES, of SNS and of due."""
    return f"{datetime.fromtimestamp(millis // 1000, UTC):%Y-%m-%dT%H:%M:%S}.{millis % 1000:03d}Z"

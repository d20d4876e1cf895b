"""Full raw records of every kind that due reads, from the templates of the demo, for any test to build upon.

A builder takes the fields that shall differ: ``ses_bounce(mail={"messageId": "m-2"})`` changes that one field of the
nested object, ``ABSENT`` leaves a field out. The values of a record differ from each other, so a test can tell where
each one went. Each call returns a new record: normalising modifies a record.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Union

from due_cli.demo.templates import PINPOINT, SES, SMS, WHATSAPP, read_templates, render
from due_cli.events.model import Json, Record


class Absent:
    """Stands for a field that is left out."""


ABSENT: Final = Absent()
Over = Union[None, bool, int, float, str, list[Json], Mapping[str, "Over"], Absent]  # noqa: UP007  "|" needs types, not names

ACCOUNT = "317167123431"
SENT = 1_794_000_000_123  # when a message was sent
HAPPENED = 1_794_000_061_234  # when the event of a record happened
ARRIVED = 1_794_000_062_345  # Pinpoint's arrival_timestamp
RECEIVED = 1_794_000_063_456  # when a stream received it
PUBLISHED = 1_794_000_064_567  # when a topic or bus sent it on


def iso(millis: int) -> str:
    """ISO 8601 with milliseconds and Z, as SES and SNS write it."""
    return f"{datetime.fromtimestamp(millis // 1000, UTC):%Y-%m-%dT%H:%M:%S}.{millis % 1000:03d}Z"


def overlaid(record: Record, over: Mapping[str, Over]) -> Record:
    """``record`` with the fields of ``over``: objects are merged, anything else replaces, ABSENT removes."""
    for key, value in over.items():
        before = record.get(key)
        if isinstance(value, Absent):
            record.pop(key, None)
        elif isinstance(value, Mapping):
            record[key] = overlaid(before if isinstance(before, dict) else {}, value)
        else:
            record[key] = value
    return record


def copied(record: Record) -> Record:
    """A deep copy of a record."""
    copy: Record = json.loads(json.dumps(record))
    return copy


_VALUES = read_templates(Path(__file__).with_name("records.json"))
_TIMES = {
    "account": ACCOUNT,
    "sent": SENT,
    "happened": HAPPENED,
    "arrived": ARRIVED,
    "reported": HAPPENED - 5000,
    "expiration": HAPPENED + 840_000,
    "session_start": HAPPENED - 600_000,
    "session_stop": HAPPENED - 1,
    "a_second_later": HAPPENED + 1000,
    "conversation_end": str(HAPPENED // 1000 + 86_400),
}


def _values(*names: str, **values: object) -> dict[str, Any]:
    """The values of ``records.json`` under some names, of which later ones win, and others."""
    merged: dict[str, Any] = {}
    for name in names:
        merged |= render(_VALUES[name], _TIMES)
    return merged | values


PINPOINT_EMAIL_TYPES = tuple(name for name in _VALUES if name.startswith("_email."))
PINPOINT_SMS_TYPES = {
    "_SMS.BUFFERED": "PENDING",
    "_SMS.SUCCESS": "DELIVERED",
    "_SMS.FAILURE": "CARRIER_UNREACHABLE",
    "_SMS.OPTOUT": "OPTED_OUT",
}
PINPOINT_CAMPAIGN_TYPES = (
    "_campaign.send",
    "_campaign.opened_notification",
    "_campaign.received_foreground",
    "_campaign.received_background",
)
PINPOINT_APP_TYPES = (
    "_session.start",
    "_session.stop",
    "_session.pause",
    "_session.resume",
    "_userauth.sign_in",
    "_userauth.sign_up",
    "_userauth.auth_fail",
    "_monetization.purchase",
    "_custom.registered",
    "level finished",
)


def pinpoint_email(event_type: str = "_email.open", **over: Over) -> Record:
    """One email event of Pinpoint's stream; ``event_timestamp`` is the send time on every one of them."""
    known = [event_type] if event_type in PINPOINT_EMAIL_TYPES else []
    values = _values("email", *known)
    mail_event = {"mail": render(PINPOINT["mail"], values)}
    for name in known:
        mail_event |= render(PINPOINT[name], values)
    event = {"event_type": event_type, "at": SENT, "mail_event": mail_event}
    return overlaid(render(PINPOINT["email"], {**values, **event}), over)


def pinpoint_sms(event_type: str = "_SMS.SUCCESS", **over: Over) -> Record:
    """One SMS event of Pinpoint's stream."""
    status = PINPOINT_SMS_TYPES.get(event_type, "UNKNOWN")
    return overlaid(render(PINPOINT["sms"], _values("pinpoint sms", event_type=event_type, status=status)), over)


def pinpoint_campaign(event_type: str = "_campaign.send", **over: Over) -> Record:
    """One campaign event of Pinpoint's stream, with the null that recorded ones have."""
    return overlaid(render(PINPOINT["campaign"], _values("campaign", event_type=event_type)), over)


def pinpoint_journey(event_type: str = "_journey.send", **over: Over) -> Record:
    """A journey event of Pinpoint's stream."""
    return overlaid(render(PINPOINT["journey"], _values("journey", event_type=event_type)), over)


def pinpoint_app(event_type: str = "_session.stop", **over: Over) -> Record:
    """An app event or a custom event of PutEvents."""
    return overlaid(render(PINPOINT["app"], _values("app", event_type=event_type)), over)


def pinpoint_test_event() -> Record:
    """What Pinpoint writes when a stream is attached to a project."""
    return {"event_type": "_test.event_stream", "event_timestamp": HAPPENED}


def ses_send(**over: Over) -> Record:
    """Event publishing: Send, which has no time of its own."""
    return _ses("Send", over)


def ses_delivery(**over: Over) -> Record:
    """Event publishing: Delivery."""
    return _ses("Delivery", over)


def ses_bounce(**over: Over) -> Record:
    """Event publishing: Bounce with the fields that a DSN adds."""
    return _ses("Bounce", over)


def ses_complaint(**over: Over) -> Record:
    """Event publishing: Complaint with a feedback report."""
    return _ses("Complaint", over)


def ses_reject(**over: Over) -> Record:
    """Event publishing: Reject, which has no time of its own."""
    return _ses("Reject", over)


def ses_open(**over: Over) -> Record:
    """Event publishing: Open."""
    return _ses("Open", over)


def ses_click(**over: Over) -> Record:
    """Event publishing: Click on a link with tags of the sender's own."""
    return _ses("Click", over)


def ses_unsubscribe_click(**over: Over) -> Record:
    """Event publishing: Click on a link that carries the unsubscribe tag."""
    return overlaid(ses_click(click={"linkTags": {"unsubscribeLinkTag": ["click"]}}), over)


def ses_rendering_failure(**over: Over) -> Record:
    """Event publishing: Rendering Failure, which has no time of its own and a mail without headers."""
    return overlaid(_ses("Rendering Failure", {"mail": _NO_HEADERS}), over)


def ses_delivery_delay(**over: Over) -> Record:
    """Event publishing: DeliveryDelay."""
    return overlaid(_ses("DeliveryDelay", {"mail": _NO_HEADERS}), over)


def ses_subscription(**over: Over) -> Record:
    """Event publishing: Subscription of one who unsubscribes from everything."""
    old = topic_preferences(unsubscribe_all=False, weekly="OptOut")
    new = topic_preferences(unsubscribe_all=True, weekly="OptOut")
    return _ses("Subscription", over, old_preferences=old, new_preferences=new)


def topic_preferences(*, unsubscribe_all: bool, **topics: str) -> Record:
    """The preferences object of a Subscription record."""
    listed = [{"topic": topic, "status": status} for topic, status in topics.items()]
    preferences: Record = render(SES["preferences"], {"unsubscribe_all": unsubscribe_all, "topics": listed})
    return preferences


def ses_notification(kind: str, **over: Over) -> Record:
    """An identity's feedback notification: Bounce, Complaint or Delivery; no tags, two fields more."""
    values = _values("ses", kind, tags=None)
    payload = render(SES[kind], values)
    payload[kind.lower()]["remoteMtaIp"] = "198.51.100.7"
    mail = render(SES["mail of a notification"], values)
    return overlaid({"notificationType": kind, **payload, "mail": mail}, over)


def ses_unknown(kind: str = "Brand NewEvent", **over: Over) -> Record:
    """A type that SES does not have yet."""
    part: Record = {"timestamp": iso(HAPPENED), "score": 7, "labels": ["new", "newer"]}
    return overlaid({"eventType": kind, "mail": render(SES["mail"], _values("ses")), "brandNew": part}, over)


def ses_account_event(**over: Over) -> Record:
    """The detail of an EventBridge event about no mail: a recommendation, a sending status."""
    data: Record = {
        "resourceArn": f"arn:aws:ses:us-east-1:{ACCOUNT}:tenant/shop/tn-1",
        "impact": "HIGH",
        "findings": ["COMPLAINT", "BOUNCE"],
    }
    return overlaid({"version": "1.0.0", "data": data}, over)


_NO_HEADERS: Mapping[str, Over] = {"headers": ABSENT, "commonHeaders": ABSENT}


def _ses(kind: str, over: Mapping[str, Over], **special: object) -> Record:
    values = _values("ses", kind, **special)
    return overlaid({"eventType": kind, "mail": render(SES["mail"], values), **render(SES[kind], values)}, over)


SMS_EVENT_TYPES = tuple(
    f"{family}_{status}"
    for family, statuses in {
        "TEXT": "DELIVERED SUCCESSFUL QUEUED PENDING BLOCKED TTL_EXPIRED CARRIER_UNREACHABLE INVALID INVALID_MESSAGE "
        "CARRIER_BLOCKED UNREACHABLE SPAM UNKNOWN PROTECT_BLOCKED SENT",
        "MEDIA": "PENDING QUEUED SUCCESSFUL DELIVERED INVALID INVALID_MESSAGE UNREACHABLE CARRIER_UNREACHABLE BLOCKED "
        "CARRIER_BLOCKED SPAM UNKNOWN TTL_EXPIRED FILE_TYPE_UNSUPPORTED FILE_SIZE_EXCEEDED FILE_INACCESSIBLE",
        "VOICE": "INITIATED RINGING ANSWERED COMPLETED BUSY NO_ANSWER FAILED TTL_EXPIRED",
        "RCS": "QUEUED SENT DELIVERED READ FAILED TTL_EXPIRED PROTECT_BLOCKED FALLEN_BACK_TO_SMS",
    }.items()
    for status in statuses.split()
)


def sms_event(event_type: str = "TEXT_DELIVERED", **over: Over) -> Record:
    """A configuration set's event: TEXT_, MEDIA_, VOICE_ or RCS_ and its status."""
    family, _, status = event_type.partition("_")
    return overlaid(render(SMS[family], _values(family, family=family, status=status)), over)


def sms_inbound(keyword: str = "STOP", **over: Over) -> Record:
    """A two-way message as its topic carries it; it has no time of its own."""
    return overlaid(render(SMS["reply"], _values("reply", keyword=keyword)), over)


def sms_registration(**over: Over) -> Record:
    """The detail of EventBridge's Registration Status Change."""
    return overlaid({"registrationId": "registration-1", "registrationStatus": "REVIEWING", "versionNumber": 4}, over)


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
    return overlaid(render(WHATSAPP["status"], _values("whatsapp status", status=status)), over)


def whatsapp_message(**over: Over) -> Record:
    """One inbound message of a notification's ``messages``."""
    return overlaid(render(WHATSAPP["message"], _values("whatsapp message")), over)


def whatsapp_value(**over: Over) -> Record:
    """The ``value`` of a change of messages, still without statuses or messages."""
    return overlaid(render(WHATSAPP["messages"], _values("whatsapp messages")), over)


def whatsapp(*values: Record, field: str = "messages", **over: Over) -> Record:
    """A notification with a change for each of ``values``; the webhook entry is JSON in a string."""
    changes = [{"value": value, "field": field} for value in values]
    entry = render(WHATSAPP["entry"], {"waba": "entry-1", "changes": changes})
    published = iso(PUBLISHED)[:-1] + "477906Z"
    named = _values("whatsapp notification", entry=entry, message_timestamp=published)
    notification: Record = render(WHATSAPP["notification"], named)
    notification["whatsAppWebhookEntry"] = json.dumps(entry)  # in ASCII, which can hold half a character
    return overlaid(notification, over)


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
    return overlaid(render(WHATSAPP["bus"], _values("whatsapp bus", status=status)), over)

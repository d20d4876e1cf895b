"""Amazon SES: event publishing, identity feedback notifications and EventBridge events, which share one record.

Facts: SES developer guide, "Contents of event data" and "Amazon SNS notification contents".
"""

from __future__ import annotations

import re

from due_cli.events.fields import MISMATCH, FieldExtractor, Mismatch, Shape, as_text, complete_row, snake_case, text
from due_cli.events.identity import canonical, mail_event, message_id
from due_cli.events.mail import extract_mail_event, field_map
from due_cli.events.model import Envelope, Json, Record, RecordRows, Row, UnreadableError
from due_cli.events.times import millis

SOURCE = "ses"
SUBSCRIBED_PING = "AmazonSnsSubscriptionSucceeded"  # a notification that no message caused

# Types whose payload has a time of its own, by the payload's key; the others happened when the mail was sent.
_TIMED = {
    "Bounce": "bounce",
    "Complaint": "complaint",
    "Delivery": "delivery",
    "Open": "open",
    "Click": "click",
    "DeliveryDelay": "deliveryDelay",
    "Subscription": "subscription",
}
_TYPES = {
    "Send": "_email.send",
    "Delivery": "_email.delivered",
    "Reject": "_email.rejected",
    "Complaint": "_email.complaint",
    "Open": "_email.open",
    "Click": "_email.click",
    "Rendering Failure": "_email.rendering_failure",
    "DeliveryDelay": "_email.delivery_delay",
}
_OUT = "OptOut"
_NOT_A_LETTER = re.compile(r"[^a-z]")
_BUS_TYPES = {
    "Email Sent": "Send",
    "Email Delivered": "Delivery",
    "Email Bounced": "Bounce",
    "Email Complaint Received": "Complaint",
    "Email Rejected": "Reject",
    "Email Opened": "Open",
    "Email Clicked": "Click",
    "Email Rendering Failed": "Rendering Failure",
    "Email Delivery Delayed": "DeliveryDelay",
    "Email Subscribed": "Subscription",
}


def _letters(kind: str) -> str:
    return _NOT_A_LETTER.sub("", kind.lower())


# The documented name of a type by the letters of any spelling of it, EventBridge's names included.
_NAMES = {
    **{_letters(kind): kind for kind in (*_TIMED, *_TYPES, SUBSCRIBED_PING)},
    **{_letters(name): kind for name, kind in _BUS_TYPES.items()},
}


def _tags(value: Json) -> Json | Mismatch:
    """SES tags are lists of values; a column of message tags has one text for each name."""
    if type(value) is not dict:
        return MISMATCH
    return {name: _tag(listed) for name, listed in value.items() if listed is not None}


def _tag(listed: Json) -> str:
    if type(listed) is not list:
        return as_text(listed)
    if len(listed) == 1 and type(listed[0]) is str:
        return listed[0]
    return ",".join(as_text(item) for item in listed if item is not None)


_ACCOUNT_AND_TAGS: Shape = (("sendingAccountId", "awsaccountid", text), ("tags", "attributes", _tags))


_RENAMED = {"message_send_timestamp": "timestamp", "from_address": "source", "reporting_mta": "reportingMTA"}


def _key_of(column: str) -> str:
    first, *others = column.split("_")
    return _RENAMED.get(column) or first + "".join(word.capitalize() for word in others)


_FIELD_MAP = field_map(_key_of)


def rows_of(record: Record, envelope: Envelope) -> RecordRows:
    """One row, two for a click on an unsubscribe link (Pinpoint sends both), none for SES's own pings.

    Raises :class:`UnreadableError` without a type or the event's own time, or without a ``mail`` object that has a
    ``messageId`` where the type is one of an email's.
    """
    whole = canonical(record) if "mail" not in record else None
    kind = _kind(record, envelope)
    if kind == SUBSCRIBED_PING:
        return RecordRows([])
    if whole is not None and kind not in _TIMED and kind not in _TYPES:
        return RecordRows([_account_row(kind, record, envelope, whole)])
    mail = record.get("mail")
    if not isinstance(mail, dict):
        raise UnreadableError(f"an SES {kind} record without a mail object")
    event_time = _event_time(kind, record, mail)
    event_type = _event_type(kind, record)
    if not event_type.startswith("_email."):
        record["eventType"] = kind  # the event type has it in snake case
    extractor = FieldExtractor()
    row: Row = {"event_type": event_type}
    row.update(extractor.struct(mail, _ACCOUNT_AND_TAGS))  # type: ignore[typeddict-item]  # the shape's columns are Row's
    if envelope.account and not row.get("awsaccountid"):
        row["awsaccountid"] = envelope.account
    event = extract_mail_event(extractor, record, _FIELD_MAP)
    row["facets"] = {"email_channel": {"mail_event": event}}
    if not message_id(row, event):
        raise UnreadableError(f"an SES {kind} record without a mail.messageId")
    first = complete_row(row, SOURCE, event_time, envelope, record)
    rows = [first]
    if _is_unsubscribe_click(first):
        second: Row = {**first, "event_type": "_email.unsubscribe"}
        rows.append(complete_row(second, SOURCE, event_time, envelope, {}))
    return RecordRows(rows, extractor.nulled)


def _kind(record: Record, envelope: Envelope) -> str:
    """The documented name of a record's type, whatever its case and separators; an unknown type as it is."""
    for key in ("eventType", "notificationType"):
        kind = record.pop(key, None)
        if isinstance(kind, str) and kind:
            return kind if kind in _TYPES else _NAMES.get(_letters(kind), kind)
        if kind is not None:
            raise UnreadableError(f"an SES record whose {key} is not text")
    if envelope.detail_type is None:
        raise UnreadableError("an SES record without an eventType")
    return _NAMES.get(_letters(envelope.detail_type), envelope.detail_type)


def _account_row(kind: str, record: Record, envelope: Envelope, whole: str) -> Row:
    """An event about no mail: an advisor recommendation, a sending status, a finding about a tenant."""
    if envelope.sent_at is None:
        raise UnreadableError(f"an SES {kind} record without the EventBridge event that carries its time")
    record["eventType"] = kind
    row: Row = {"event_type": f"_{SOURCE}.{snake_case(kind)}"}
    if envelope.account:
        row["awsaccountid"] = envelope.account
    return complete_row(row, SOURCE, envelope.sent_at, envelope, record, whole=whole)


def _event_time(kind: str, record: Record, mail: Record) -> int:
    key = _TIMED.get(kind)
    payload = record.get(key) if key else _unknown_payload(kind, record)
    if isinstance(payload, dict) and (key or payload.get("timestamp") is not None):
        event_time, path = millis(payload.get("timestamp")), f"{key or 'payload'}.timestamp"
        if event_time is not None:
            del payload["timestamp"]
    else:
        event_time, path = millis(mail.get("timestamp")), "mail.timestamp"
        if key:
            raise UnreadableError(f"an SES {kind} record without a {key} object")
    if event_time is None:
        raise UnreadableError(f"an SES {kind} record whose {path} is not a time")
    return event_time


def _unknown_payload(kind: str, record: Record) -> Json:
    """The object that carries the time of a type that is not known yet: the one beside ``mail``."""
    if kind in _TYPES:
        return None
    return next((value for key, value in record.items() if key != "mail" and isinstance(value, dict)), None)


def _event_type(kind: str, record: Record) -> str:
    if kind == "Bounce":
        bounce = record["bounce"]
        bounce_type = bounce.get("bounceType") if isinstance(bounce, dict) else None
        if not isinstance(bounce_type, str):
            raise UnreadableError("an SES Bounce record without a bounce.bounceType")
        return "_email.hardbounce" if bounce_type == "Permanent" else "_email.softbounce"
    if kind == "Subscription":
        return "_email.unsubscribe" if _opts_out(record["subscription"]) else "_email.subscription"
    return _TYPES.get(kind) or f"_{SOURCE}.{snake_case(kind)}"


def _opts_out(subscription: Json) -> bool:
    """Whether a preference change opts out of everything or of a topic that it was not opted out of before."""
    if not isinstance(subscription, dict):
        return False
    new, old = subscription.get("newTopicPreferences"), subscription.get("oldTopicPreferences")
    if _from_everything(old):
        return False
    before = {**_topics(old, "topicDefaultSubscriptionStatus"), **_topics(old, "topicSubscriptionStatus")}
    return _from_everything(new) or any(
        status == _OUT and before.get(topic) != _OUT
        for topic, status in _topics(new, "topicSubscriptionStatus").items()
    )


def _from_everything(preferences: Json) -> bool:
    return isinstance(preferences, dict) and preferences.get("unsubscribeAll") in (True, "true")


def _topics(preferences: Json, key: str) -> dict[str, Json]:
    """The status of each topic that preferences list under ``key``."""
    listed = preferences.get(key) if isinstance(preferences, dict) else None
    return {
        as_text(topic.get("topicName")): topic.get("subscriptionStatus")
        for topic in (listed if isinstance(listed, list) else [])
        if isinstance(topic, dict)
    }


def _is_unsubscribe_click(row: Row) -> bool:
    if row["event_type"] != "_email.click":
        return False
    click = mail_event(row).get("click")
    return isinstance(click, dict) and "link_tags" in click

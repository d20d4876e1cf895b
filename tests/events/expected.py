"""What each field with a column takes, by its path in the raw record: written out apart from the code."""

from __future__ import annotations

from collections.abc import Callable

from due_cli.events import Json

Takes = Callable[[Json], bool]


def is_text(value: Json) -> bool:
    return isinstance(value, str)


def is_object(value: Json) -> bool:
    return isinstance(value, dict)


def is_texts(value: Json) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def is_objects(value: Json) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def is_number(value: Json) -> bool:
    return type(value) is float or (type(value) is int and abs(value) < 2**63)


def is_int(value: Json) -> bool:
    return type(value) is int and -(2**31) <= value < 2**31


def is_count(value: Json) -> bool:
    return type(value) is int or is_text(value)


def is_bool(value: Json) -> bool:
    return type(value) is bool


def nothing(value: Json) -> bool:
    """None of the odd values is a time."""
    return False


MAIL_EVENT: dict[str, Takes] = {
    "mail.destination": is_texts,
    "mail.headers": is_objects,
    "mail.{headers_truncated}": is_bool,
    "mail.{common_headers}": is_object,
    "mail.{common_headers}.from": lambda value: is_text(value) or is_texts(value),
    "mail.{common_headers}.to": is_texts,
    "mail.{common_headers}.subject": is_text,
    "send": is_object,
    "delivery.{smtp_response}": is_text,
    "delivery.{reporting_mta}": is_text,
    "delivery.recipients": is_texts,
    "delivery.{processing_time_millis}": is_int,
    "open.{ip_address}": is_text,
    "open.{user_agent}": is_text,
    "click.{ip_address}": is_text,
    "click.{user_agent}": is_text,
    "click.link": is_text,
    "click.{link_tags}": is_object,
    "reject": is_object,
    "reject.reason": is_text,
    "bounce.{bounce_type}": is_text,
    "bounce.{bounce_sub_type}": is_text,
    "bounce.{bounced_recipients}": is_objects,
    "bounce.{feedback_id}": is_text,
    "bounce.{reporting_mta}": is_text,
    "complaint.{complained_recipients}": is_objects,
    "complaint.{feedback_id}": is_text,
    "complaint.{user_agent}": is_text,
    "complaint.{complaint_feedback_type}": is_text,
}


def camel_case(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.upper() if word == "mta" else word.capitalize() for word in others)


def spelled(spelling: Callable[[str], str], prefix: str = "") -> dict[str, Takes]:
    """The table above in the spelling of one service."""
    table = {}
    for path, takes in MAIL_EVENT.items():
        keys = [spelling(key[1:-1]) if key.startswith("{") else key for key in path.split(".")]
        table[prefix + ".".join(keys)] = takes
    return table


FACETS = "facets.email_channel.mail_event."
COLUMNS: dict[str, dict[str, Takes]] = {
    "pinpoint": {
        **spelled(str, FACETS),
        f"{FACETS}mail.message_send_timestamp": nothing,
        f"{FACETS}mail.from_address": is_text,
        **{f"{FACETS}{part}": is_object for part in ("delivery", "open", "click", "bounce", "complaint", "reject")},
        "event_timestamp": nothing,
        "arrival_timestamp": nothing,
        "event_version": is_text,
        "application": is_object,
        "application.app_id": is_text,
        "application.sdk": is_object,
        "client": is_object,
        "client.client_id": is_text,
        "client.cognito_id": is_text,
        "device": is_object,
        "device.platform": is_object,
        "session": is_object,
        "attributes": is_object,
        "client_context": is_object,
        "client_context.custom": is_object,
        "awsAccountId": is_text,
        "metrics": is_object,
        "metrics.price_in_millicents_usd": is_number,
        "metrics.score": is_number,
        "metrics.lives": is_number,
    },
    "ses": {
        **spelled(camel_case),
        "mail.timestamp": nothing,
        "mail.source": is_text,
        "mail.sendingAccountId": is_text,
        "mail.tags": is_object,
    },
    "sms": {
        "eventVersion": is_text,
        "messageStatus": is_text,
        "originationPhoneNumber": is_text,
        "destinationPhoneNumber": is_text,
        "originationNumber": is_text,
        "destinationNumber": is_text,
        "isoCountryCode": is_text,
        "messageType": is_text,
        "totalMessageParts": is_count,
        "context": lambda value: is_object(value) or is_text(value),
        "totalMessagePrice": is_number,
        "totalCarrierFee": is_number,
    },
    "whatsapp": {
        "aws_account_id": is_text,
        "whatsAppWebhookEntry.changes.value.metadata": is_object,
        "whatsAppWebhookEntry.changes.value.metadata.display_phone_number": is_text,
        "whatsAppWebhookEntry.changes.value.statuses.recipient_id": is_text,
        "whatsAppWebhookEntry.changes.value.messages.from": is_text,
        "status": is_text,
        "eventTimestamp": nothing,
        "originationPhoneNumber": is_text,
        "destinationPhoneNumber": is_text,
    },
}
# Fields inside a map column: whatever they are, they become text.
MAPS = (
    "attributes",
    "session",
    "sdk",
    "platform",
    "custom",
    "tags",
    "send",
    "headers",
    "context",
    "unsubscribeLinkTag",
)
# These decide what a record is, so another value of them makes another event; they have tests of their own.
DECIDING = (
    *("eventType", "notificationType", "event_type", "event", "field", "unsubscribeAll"),
    *("unsubscribeLinkTag", "linkTags", "link_tags", "rcsMetadata"),
)

"""The records of a mail as Pinpoint's event stream and as SES write them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from due_cli.demo.clock import HOUR, MINUTE
from due_cli.demo.records import TimedRecords, bus_event, pinpoint_event
from due_cli.demo.shop import SCENARIO, SHOP, SHOP_URL, UNSUBSCRIBE_URL, Mail, MailEvent
from due_cli.demo.templates import PINPOINT, SES, Record, render

_SES_TYPES = SCENARIO["ses_types"]  # kind of a mail event -> eventType of SES, detail type of EventBridge
_NOTIFICATION_TYPES = ("Bounce", "Complaint", "Delivery")
_OMITTED_FROM_MAIL = SCENARIO["omitted_from_ses_mail"]  # eventType -> fields that its mail object lacks
_PINPOINT_FEEDBACK = {"send": "received", "delivered": "delivered", "open": "opened"}


def pinpoint_records(mail: Mail, history: Iterable[MailEvent]) -> TimedRecords:
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
    tags = render(SES["tags"], {**SHOP, "configuration_set": configuration_set})
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


def _mail_values(mail: Mail, *, with_tags: bool = False) -> dict[str, Any]:
    headers = {"From": mail.sender, "To": ", ".join(mail.addresses), "Subject": mail.subject, "MIME-Version": "1.0"}
    if with_tags and mail.tags:
        headers["X-SES-MESSAGE-TAGS"] = ", ".join(f"{name}={value}" for name, value in mail.tags.items())
    return {
        **SHOP,
        "message_id": mail.id,
        "header_message_id": mail.id,
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
        **SHOP,
        "at": event.at,
        "recipients": list(event.addresses),
        "processing_millis": event.at - mail.sent,
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
    return {"old_preferences": old, "new_preferences": new}


_KIND_VALUES: Mapping[str, Callable[[Mail, MailEvent], Record]] = {
    "click": _click_values,
    "unsubscribe": _click_values,
    "hardbounce": _bounce_values,
    "softbounce": _bounce_values,
    "complaint": _complaint_values,
    "rendering_failure": lambda _, event: {"error_message": event.detail},
    "delivery_delay": _delay_values,
    "subscription": _subscription_values,
}

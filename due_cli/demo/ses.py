"""How SES writes a mail: event publishing, identity notifications, and events on the bus."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from due_cli.demo.mail import BOUNCES, SHOP_LINK, UNSUBSCRIBE_LINK, Happening, Mail
from due_cli.demo.outbox import Record, Shared
from due_cli.demo.shop import ACCOUNT, DOMAIN, REGION
from due_cli.demo.wrappers import on_bus
from due_cli.events.times import iso

_DELAY_LIMIT = 12 * 3_600_000
# Happening -> eventType, the key of its payload, EventBridge's name for it.
_EVENTS = {
    "send": ("Send", "send", "Email Sent"),
    "delivered": ("Delivery", "delivery", "Email Delivered"),
    "rejected": ("Reject", "reject", "Email Rejected"),
    "open": ("Open", "open", "Email Opened"),
    "click": ("Click", "click", "Email Clicked"),
    "unsubscribe": ("Click", "click", "Email Clicked"),
    "hardbounce": ("Bounce", "bounce", "Email Bounced"),
    "softbounce": ("Bounce", "bounce", "Email Bounced"),
    "complaint": ("Complaint", "complaint", "Email Complaint Received"),
    "rendering_failure": ("Rendering Failure", "failure", "Email Rendering Failed"),
    "delivery_delay": ("DeliveryDelay", "deliveryDelay", "Email Delivery Delayed"),
    "subscription": ("Subscription", "subscription", "Email Subscribed"),
}
_NOTIFIED = ("Bounce", "Complaint", "Delivery")
# A preference change -> unsubscribeAll and the topic's status, before and after.
_PREFERENCES = {
    "leave": ((False, "OptIn"), (True, "OptOut")),
    "leave-topic": ((False, "OptIn"), (False, "OptOut")),
    "return": ((True, "OptOut"), (False, "OptIn")),
}


def events(mail: Mail, happenings: Iterable[Happening], config_set: str) -> Iterator[tuple[int, Record]]:
    """The records that a configuration set publishes, with the time each is published."""
    whole = _mail(mail, config_set)
    written: dict[tuple[str, ...], Shared] = {}
    for happening in happenings:
        kind, key, _ = _EVENTS[happening.kind]
        less = _LESS.get(kind, ())
        if less not in written:
            written[less] = Shared({name: value for name, value in whole.items() if name not in less})
        yield happening.at, {"eventType": kind, "mail": written[less], key: _PAYLOADS[key](mail, happening)}


def notifications(mail: Mail, happenings: Iterable[Happening], _: str) -> Iterator[tuple[int, Record]]:
    """The feedback notifications of an identity: bounces, complaints and deliveries alone, without tags."""
    whole = {**_mail(mail, ""), "sourceIp": "192.0.2.10", "callerIdentity": "shop-service"}
    del whole["tags"]
    written = Shared(whole)
    for happening in happenings:
        kind, key, _ = _EVENTS[happening.kind]
        if kind in _NOTIFIED:
            yield happening.at, {"notificationType": kind, key: _PAYLOADS[key](mail, happening), "mail": written}


def bus_events(mail: Mail, happenings: Iterable[Happening], config_set: str) -> Iterator[tuple[int, Record]]:
    """The same records as EventBridge delivers them."""
    listed = list(happenings)
    for happening, (at, record) in zip(listed, events(mail, listed, config_set), strict=True):
        yield at, on_bus(record, "aws.ses", _EVENTS[happening.kind][2], at)


def placement_event(mail: Mail, at: int, config_set: str) -> Record:
    """A record of a type that SES does not have yet."""
    return {
        "eventType": "InboxPlacement",
        "mail": _mail(mail, config_set),
        "inboxPlacement": {"timestamp": iso(at), "folder": "inbox", "confidence": 0.93},
    }


def _mail(mail: Mail, config_set: str) -> Record:
    headers = [("From", mail.sender), ("To", ", ".join(mail.addresses)), ("MIME-Version", "1.0")]
    common: Record = {"from": [mail.sender], "to": mail.addresses, "messageId": mail.id}
    if mail.subject is not None:
        headers.insert(2, ("Subject", mail.subject))
        common["subject"] = mail.subject
    if mail.tags:
        headers.append(("X-SES-MESSAGE-TAGS", ", ".join(f"{name}={value}" for name, value in mail.tags.items())))
    return {
        "timestamp": iso(mail.sent),
        "source": mail.sender,
        "sourceArn": f"arn:aws:ses:{REGION}:{ACCOUNT}:identity/{DOMAIN}",
        "sendingAccountId": ACCOUNT,
        "messageId": mail.id,
        "destination": mail.addresses,
        "headersTruncated": False,
        "headers": [{"name": name, "value": value} for name, value in headers],
        "commonHeaders": common,
        "tags": {
            "ses:configuration-set": [config_set],
            "ses:source-ip": ["192.0.2.10"],
            "ses:from-domain": [DOMAIN],
            "ses:caller-identity": ["shop-mailer"],
            **{name: [value] for name, value in {**mail.tags, **mail.keys}.items()},
        },
    }


# What SES leaves out of the mail object of some types.
_LESS = {
    "Open": ("sourceArn",),
    "Click": ("sourceArn",),
    "Rendering Failure": ("headers", "commonHeaders"),
    "DeliveryDelay": ("headers", "commonHeaders"),
}


def _reader(mail: Mail, happening: Happening) -> Record:
    likely = happening.at - mail.sent < 8_000  # who opens within seconds is rarely a person
    return {
        "ipAddress": mail.to[0].ip,
        "timestamp": iso(happening.at),
        "userAgent": mail.to[0].agent,
        "isBotEvent": "Likely" if likely else "Unlikely",
    }


def _click(mail: Mail, happening: Happening) -> Record:
    link = happening.detail or SHOP_LINK
    tags = {"unsubscribeLinkTag": ["click"]} if link == UNSUBSCRIBE_LINK else None
    return {**_reader(mail, happening), "link": link, "linkTags": tags}


def _delivery(mail: Mail, happening: Happening) -> Record:
    return {
        "timestamp": iso(happening.at),
        "processingTimeMillis": happening.at - mail.sent,
        "recipients": list(happening.people),
        "smtpResponse": "250 2.6.0 Message received",
        "remoteMtaIp": "198.51.100.25",
        "reportingMTA": "mta.example.com",
    }


def _bounce(mail: Mail, happening: Happening) -> Record:
    kind, _, sub_kind = happening.detail.partition("/")
    report = BOUNCES[happening.detail]
    dsn = {} if report is None else {"action": "failed", "status": report[0], "diagnosticCode": report[1]}
    return {
        "bounceType": kind,
        "bounceSubType": sub_kind,
        "bouncedRecipients": [{"emailAddress": address, **dsn} for address in happening.people],
        "timestamp": iso(happening.at),
        "feedbackId": f"{mail.id[:-6]}{happening.at % 1_000_000:06d}",
        **({} if report is None else {"reportingMTA": "dsn; mta.example.com"}),
    }


def _complaint(mail: Mail, happening: Happening) -> Record:
    """Without a feedback report there is neither its type nor who reported; a suppressed one has a subtype."""
    suppressed = happening.detail.startswith("On")
    found: Record = {
        "complainedRecipients": [{"emailAddress": address} for address in happening.people],
        "timestamp": iso(happening.at),
        "feedbackId": f"{mail.id[:-6]}{happening.at % 1_000_000:06d}",
        "complaintSubType": happening.detail if suppressed else None,
    }
    if happening.detail and not suppressed:
        found |= {"complaintFeedbackType": happening.detail, "userAgent": "feedback loop 1.0"}
        found["arrivalDate"] = iso(happening.at - 60_000)
    return found


def _delay(mail: Mail, happening: Happening) -> Record:
    return {
        "timestamp": iso(happening.at),
        "delayType": happening.detail,
        "expirationTime": iso(mail.sent + _DELAY_LIMIT),
        "reportingMTA": "a8-50.smtp-out.example.com",
        "delayedRecipients": [
            {"emailAddress": address, "status": "4.2.2", "diagnosticCode": "smtp; 452 4.2.2 try again later"}
            for address in happening.people
        ],
    }


def _subscription(_: Mail, happening: Happening) -> Record:
    before, after = (
        {
            "unsubscribeAll": everything,
            "topicSubscriptionStatus": [{"topicName": "offers", "subscriptionStatus": topic}],
        }
        for everything, topic in _PREFERENCES[happening.detail]
    )
    return {
        "contactList": "customers",
        "timestamp": iso(happening.at),
        "source": "UnsubscribeHeader",
        "newTopicPreferences": after,
        "oldTopicPreferences": before,
    }


_PAYLOADS: dict[str, Callable[[Mail, Happening], Record]] = {
    "send": lambda *_: {},
    "delivery": _delivery,
    "reject": lambda *_: {"reason": "Bad content"},
    "open": _reader,
    "click": _click,
    "bounce": _bounce,
    "complaint": _complaint,
    "failure": lambda _, happening: {"errorMessage": happening.detail, "templateName": "order"},
    "deliveryDelay": _delay,
    "subscription": _subscription,
}

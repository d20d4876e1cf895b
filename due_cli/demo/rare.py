"""What an ordinary month may lack: at least one of every event that each service can write, and of its odd forms."""

from __future__ import annotations

import copy
from typing import Any

from due_cli.demo import mails, texts
from due_cli.demo.builder import MonthBuilder
from due_cli.demo.clock import DAY, HOUR, MINUTE, SECOND
from due_cli.demo.histories import history_of, new_text, statuses_of
from due_cli.demo.records import bus_event, campaign_record, journey_record
from due_cli.demo.shop import (
    ARRIVALS,
    MAIL_KINDS,
    ORDER_TAG,
    SCENARIO,
    SHOP,
    WORDS,
    Mail,
    MailEvent,
    MailKind,
    TextStatus,
    journey_keys,
    long_time_customers,
    uuid,
)
from due_cli.demo.templates import SES, SMS, render
from due_cli.demo.traffic import whatsapp_id

_ORDERS = MAIL_KINDS[0]
_TREATMENT, _SUBJECT = ARRIVALS.treatments[0]


def rare(month: MonthBuilder) -> None:
    """One of everything, spread over the month."""
    _pinpoint(month)
    _odd_pinpoint(month)
    for kind in (_ORDERS, *(kind for kind in MAIL_KINDS if kind.form == "bus")):
        _every_mail_event(month, kind)
    _every_reason(month)
    _odd_ses(month)
    _texts(month)
    _replies(month)
    _whatsapp(month)


def highlights(month: MonthBuilder) -> dict[str, str]:
    """Add messages that are worth a closer look; their ids and an address, by the names of :class:`Month`.

    A delayed, delivered, opened and clicked mail, one that bounced in the end, and a text that was blocked. The address
    is that of a customer with a long history: letters for months, orders, and a mailbox that was full for a while.
    """
    customer, start = long_time_customers(month.customers)[0], month.clock.until - 6 * DAY
    interesting = month.mail("orders", [customer], "Your parcel is on its way", start, ORDER_TAG)
    month.add_ses_mail(_ORDERS, interesting, history_of(interesting, "interesting"))
    for day, subject, history in SCENARIO["regular"]:
        mail = month.mail("orders", [customer], subject, month.clock.until - day * DAY, ORDER_TAG)
        month.add_ses_mail(_ORDERS, mail, history_of(mail, history))
    context = {**ORDER_TAG, "order": "o-4711"}
    blocked = new_text(month.rng, month.customer(), *statuses_of("blocked", start), context=context)
    month.add_text(blocked)
    bounced = _campaign_mail(month)
    month.add_pinpoint_mail(bounced, history_of(bounced, "bounced"))
    return {
        "interesting_message": interesting.id,
        "bounced_message": bounced.id,
        "sms_message": blocked.id,
        "address": customer.address,
    }


def _mail(month: MonthBuilder, kind: MailKind, recipients: int = 1) -> Mail:
    to = month.rng.sample(month.customers, recipients)
    return month.mail(kind.name, to, kind.subjects[0], month.clock.early_time(), kind.tags)


def _campaign_mail(month: MonthBuilder) -> Mail:
    customer, at = month.customer(), month.clock.early_time()
    return month.mail("news", [customer], _SUBJECT, at, {}, ARRIVALS.keys(_TREATMENT))


def _pinpoint(month: MonthBuilder) -> None:
    for history in ("read", *SCENARIO["undelivered"]):
        mail = _campaign_mail(month)
        month.add_pinpoint_mail(mail, history_of(mail, history))
    for status in WORDS["campaign_statuses"]:
        at = month.clock.early_time()
        record = campaign_record(ARRIVALS.keys(_TREATMENT), month.customer(), status, at, at + 60)
        month.outbox.add("pinpoint", at, record)
    _, activity, _ = SCENARIO["journey"]["mails"][0]
    for status in WORDS["journey_statuses"]:
        at = month.clock.early_time()
        month.outbox.add("pinpoint", at, journey_record(journey_keys(activity), month.customer(), status, at, at + 60))
    for status in WORDS["pinpoint_text_statuses"]:
        at = month.clock.early_time()
        pending = TextStatus("PENDING", at, priced=False)
        text = new_text(month.rng, month.customer(), pending, TextStatus(status, at + 5 * SECOND))
        month.add("pinpoint", texts.pinpoint_records(text))
        if status == "SPAM":
            month.outbox.add("pinpoint", at + HOUR, texts.pinpoint_opt_out(text, at + HOUR))


def _odd_pinpoint(month: MonthBuilder) -> None:
    """Records without what others have: attributes absent or null, a subject of null, a context that is bare."""
    for missing in ("absent", "null", "subject"):
        mail = _campaign_mail(month)
        for at, shared in mails.pinpoint_records(mail, history_of(mail, "read", 3)):
            record: dict[str, Any] = copy.deepcopy(shared)
            if missing == "absent":
                del record["attributes"], record["client_context"]
            elif missing == "null":
                record["attributes"] = None
            else:
                record["facets"]["email_channel"]["mail_event"]["mail"]["common_headers"]["subject"] = None
            month.outbox.add("pinpoint", at, record)
    for context in ("", "null", "[1,2]", "order 4711", '{"purpose":"order-update"} and more'):
        statuses = statuses_of("odd_context", month.clock.early_time())
        month.add("pinpoint", texts.pinpoint_records(new_text(month.rng, month.customer(), *statuses, context=context)))


def _every_mail_event(month: MonthBuilder, kind: MailKind) -> None:
    """All types of mail events on one route; the three preference changes follow one mail."""
    for history in ("all_types", *SCENARIO["undelivered"]):
        mail = _mail(month, kind)
        month.add_ses_mail(kind, mail, history_of(mail, history))


def _every_reason(month: MonthBuilder) -> None:
    """Each type of bounce, delay and complaint, as event and as notification; bounces of three recipients at once."""
    service = next(kind for kind in MAIL_KINDS if kind.form == "notification")

    def add(mail_kind: MailKind, history: int, kind: str, after: int, reason: str, recipients: int = 1) -> None:
        mail = _mail(month, mail_kind, recipients)
        event = MailEvent(kind, mail.sent + after, tuple(mail.addresses), reason)
        month.add_ses_mail(mail_kind, mail, [*history_of(mail, "read", history), event])

    for mail_kind in (_ORDERS, service):
        for place, reason in enumerate(SCENARIO["bounces"]):
            bounce = "hardbounce" if reason.startswith("Permanent") else "softbounce"
            add(mail_kind, 1, bounce, 20 * SECOND, reason, 1 + place % 3)
    for place, reason in enumerate(SCENARIO["complaint_types"]):
        add((_ORDERS, service)[place % 2], 2, "complaint", DAY, reason)
    for reason in WORDS["delay_types"]:
        add(_ORDERS, 1, "delivery_delay", 5 * MINUTE, reason)


def _odd_ses(month: MonthBuilder) -> None:
    """Optional fields of a wrong type, a time as mail headers write it, a type that is not known yet."""

    def records(events: int) -> list[tuple[int, dict[str, Any]]]:
        mail = _mail(month, _ORDERS)
        return copy.deepcopy(list(mails.ses_records(mail, history_of(mail, "read", events), "shop-orders")))

    for at, record in records(2):
        record["mail"]["headersTruncated"] = "perhaps"
        if "delivery" in record:
            record["delivery"] |= {"processingTimeMillis": "soon", "recipients": 1}
        month.outbox.add("ses", at, record)
    for at, record in records(1):
        record["mail"]["timestamp"] = f"{record['mail']['timestamp'][:19]} +0000"
        month.outbox.add("ses", at, record)
    for sent, record in records(1):
        placement = render(SES["InboxPlacement"], {"at": sent + MINUTE})
        unknown = {"eventType": "InboxPlacement", "mail": record["mail"], **placement}
        month.outbox.add("ses", sent + MINUTE, unknown)
    month.add("ses-errors", records(3))


def _texts(month: MonthBuilder) -> None:
    for message_type in WORDS["message_types"]:
        family, _, status = message_type.partition("_")
        only = TextStatus(status, month.clock.early_time())
        month.add_text(new_text(month.rng, month.customer(), only, context=ORDER_TAG), family=family)
    at = month.clock.early_time()
    month.add_text(new_text(month.rng, month.customer(), *statuses_of("rcs", at)), family="RCS")
    for family in ("TEXT", "MEDIA"):
        delivered = statuses_of("delivered", month.clock.early_time())
        month.add("sms-bus", texts.sms_bus_records(new_text(month.rng, month.customer(), *delivered), family))
    nested = {**ORDER_TAG, "parcel": {"weight": 2.5, "pieces": ["lamp", "shade"]}}
    for context in (nested, "purpose=order-update"):
        only = TextStatus("DELIVERED", month.clock.early_time())
        month.add_text(new_text(month.rng, month.customer(), only, context=context))
    for day, status in ((4, "SUBMITTED"), (5, "REVIEWING"), (9, "COMPLETE")):
        at = month.clock.on_day(day, 14)
        values = {"registration": f"registration-{SHOP['project']}", "status": status}
        detail = render(SMS["registration"], values)
        month.outbox.add("sms-bus", at, bus_event(detail, "aws.sms-voice", "Registration Status Change", at))
    at = month.clock.early_time()
    month.outbox.add("sms", at, render(SMS["NUMBER_REPUTATION_CHANGED"], {**SHOP, "at": at}))


def _replies(month: MonthBuilder) -> None:
    """What customers answer; an opt-out names the notice that it answers."""
    for body in ("STOP", "stop", "Unsubscribe me", "Thank you", "When does it come?", "HELP"):
        customer, at = month.customer(), month.clock.early_time()
        notice = new_text(month.rng, customer, *statuses_of("delivered", at), context=ORDER_TAG)
        month.add_text(notice)
        month.outbox.add("sms-inbound", at + HOUR, texts.sms_reply(uuid(month.rng), customer, body, notice.id))
    at, customer = month.clock.early_time(), month.customer()
    month.outbox.add("sms-inbound", at, texts.sms_reply(uuid(month.rng), customer, "QUIT", None))


def _whatsapp(month: MonthBuilder) -> None:
    """Each status, three in one notification, a customer's message, a flow's change, and the bus."""
    customer = month.customer()
    for status in SCENARIO["whatsapp_statuses"]:
        at = month.clock.early_time()
        statuses = [texts.whatsapp_status(whatsapp_id(month), customer, status, at)]
        month.outbox.add("whatsapp", at, texts.whatsapp_notification(at, statuses=statuses))
    for _ in range(3):
        at, chat = month.clock.early_time(), whatsapp_id(month)
        three = [
            texts.whatsapp_status(chat, customer, "sent", at - 5 * SECOND),
            texts.whatsapp_status(chat, customer, "delivered", at - 2 * SECOND),
            texts.whatsapp_status(whatsapp_id(month), month.customer(), "read", at),
        ]
        month.outbox.add("whatsapp-topic", at, texts.whatsapp_notification(at, statuses=three))
    at = month.clock.early_time()
    question = texts.whatsapp_item("message", whatsapp_id(month), customer, at, body="Do you have it in green?")
    month.outbox.add("whatsapp", at, texts.whatsapp_notification(at, message=question))
    for old, new in (("DRAFT", "PUBLISHED"), ("PUBLISHED", "DEPRECATED")):
        at = month.clock.early_time()
        month.outbox.add("whatsapp", at, texts.whatsapp_flow_change(at, old, new))
    for status in ("sent", "delivered", "read", "failed"):
        at = month.clock.early_time()
        month.outbox.add("whatsapp-bus", at, texts.whatsapp_bus_record(whatsapp_id(month), customer, status, at))

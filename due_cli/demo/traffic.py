"""The ordinary month: what the shop sends to whom, from the weekly newsletter to a call about a parcel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from due_cli.demo import texts
from due_cli.demo.builder import MonthBuilder
from due_cli.demo.clock import DAY, HOUR, MINUTE, SECOND
from due_cli.demo.histories import RATES, new_text, random_statuses, statuses_of
from due_cli.demo.records import campaign_record, journey_record, pinpoint_event
from due_cli.demo.shop import (
    CAMPAIGNS,
    LETTERS,
    MAIL_KINDS,
    ORDER_TAG,
    SCENARIO,
    Campaign,
    Customer,
    MailKind,
    TextMessage,
    TextStatus,
    journey_keys,
    long_time_customers,
    uuid,
)
from due_cli.demo.templates import Record

_NOT_SENT = ("FAILURE", "DAILY_CAP", "QUIET_TIME", "HOLDOUT", "THROTTLED")
_CAMPAIGN_DURATION = 40 * MINUTE
_WEEKS_OF_LETTERS = 17


def ordinary(month: MonthBuilder) -> None:
    """Everything that happens month after month, and the letters of the months before."""
    _letters(month)
    for campaign in CAMPAIGNS:
        _campaign(month, campaign)
    _journey(month)
    for kind in MAIL_KINDS:
        _transactional_mails(month, kind)
    _receipts(month)
    _campaign_texts(month)
    _api_texts(month)
    _notices(month)
    _calls(month)
    _chats(month)


def app_visits(month: MonthBuilder, until: int) -> None:
    """Visits to the shop's app until the outbox holds ``until`` records."""
    while month.outbox.count < until:
        for at, record in _app_visit(month, month.customer(), month.clock.random_time()):
            if month.outbox.count < until:
                month.outbox.add("pinpoint-app", at, record)


def _letters(month: MonthBuilder) -> None:
    """A letter a week to each long-time customer in the months that end where the month begins."""
    first = month.clock.since - _WEEKS_OF_LETTERS * 7 * DAY
    for week in range(_WEEKS_OF_LETTERS):
        treatment, subject = LETTERS.treatments[week % 2]
        for place, customer in enumerate(long_time_customers(month.customers)):
            at = first + week * 7 * DAY + place * 20 * SECOND + int(month.rng.random() * 15 * SECOND)
            mail = month.mail("friends", [customer], subject, at, {}, LETTERS.keys(treatment, week))
            month.add_pinpoint_mail(mail, month.random_history(mail, RATES["letter"]), "pinpoint-past")


def _campaign(month: MonthBuilder, campaign: Campaign) -> None:
    weekly = month.clock.weekly(1, campaign.hour) if campaign.day == 0 else []
    starts = weekly or [month.clock.on_day(campaign.day, campaign.hour)]
    audience = min(month.scaled(campaign.mails) // len(starts), len(month.customers))
    for edition, start in enumerate(starts):
        for customer in month.rng.sample(month.customers, audience):
            if weekly:
                treatment, subject = campaign.treatments[edition % len(campaign.treatments)]
            else:
                treatment, subject = month.rng.choice(campaign.treatments)
            at = start + int(month.rng.random() * _CAMPAIGN_DURATION)
            if month.accepts_mail(customer, at, advertising=True):
                _campaign_mail(month, campaign, subject, campaign.keys(treatment, edition), customer, at)


def _campaign_mail(
    month: MonthBuilder, campaign: Campaign, subject: str, keys: Mapping[str, str], customer: Customer, at: int
) -> None:
    status = "SUCCESS" if month.rng.random() < 0.99 else month.rng.choice(_NOT_SENT)
    arrived = min(at + 68, month.clock.until)
    month.outbox.add("pinpoint", at, campaign_record(keys, customer, status, at, arrived))
    if status == "SUCCESS":
        sent = at + 400 + int(month.rng.random() * 2 * SECOND)
        mail = month.mail("news", [customer], subject, sent, {"campaign": campaign.name}, keys)
        month.add_pinpoint_mail(mail, month.random_history(mail, RATES[campaign.rates]))


def _journey(month: MonthBuilder) -> None:
    journey = SCENARIO["journey"]
    for _ in range(month.scaled(journey["starts"])):
        customer, start = month.customer(), month.clock.random_time()
        for day, activity, subject in journey["mails"]:
            at = start + day * DAY
            if not month.accepts_mail(customer, at, advertising=True):
                break
            keys = journey_keys(activity)
            arrived = min(at + 70, month.clock.until)
            month.outbox.add("pinpoint-kinesis", at, journey_record(keys, customer, "SUCCESS", at, arrived))
            mail = month.mail("welcome", [customer], subject, at + 900, {}, keys)
            month.add_pinpoint_mail(mail, month.random_history(mail, RATES["news"]), "pinpoint-kinesis")


def _transactional_mails(month: MonthBuilder, kind: MailKind) -> None:
    for _ in range(month.scaled(kind.mails)):
        to, at = [month.customer()], month.clock.random_time()
        if month.rng.random() < 0.03:
            to += [customer for customer in month.rng.sample(month.customers, 2) if customer != to[0]]
        if month.accepts_mail(to[0], at):
            # A template that is rendered later leaves no subject in the record.
            subject = None if month.rng.random() < 0.02 else month.rng.choice(kind.subjects)
            mail = month.mail(kind.name, to, subject, at, kind.tags)
            month.add_ses_mail(kind, mail, month.random_history(mail, RATES["service"]))


def _receipts(month: MonthBuilder) -> None:
    """Mails that the shop's till sends through Pinpoint's API, with a context instead of a campaign."""
    for _ in range(month.scaled(SCENARIO["receipts"])):
        customer, at = month.customer(), month.clock.random_time()
        if month.accepts_mail(customer, at):
            mail = month.mail("till", [customer], "Your receipt", at, {**ORDER_TAG, "till": "2"})
            month.add_pinpoint_mail(mail, month.random_history(mail, RATES["service"]))


def _campaign_texts(month: MonthBuilder) -> None:
    campaign = SCENARIO["text_campaign"]
    keys = {"campaign_id": campaign["id"], "campaign_activity_id": campaign["id"][::-1], "treatment_id": "0"}
    start = month.clock.on_day(campaign["day"], campaign["hour"])
    for customer in month.rng.sample(month.customers, month.scaled(campaign["texts"])):
        at = start + int(month.rng.random() * _CAMPAIGN_DURATION)
        text_id = uuid(month.rng)
        statuses = random_statuses(month.rng, at, "PENDING", "SUCCESSFUL")
        text = TextMessage(id=text_id, to=customer, statuses=statuses, keys=keys)
        month.add("pinpoint", texts.pinpoint_records(text))
        if month.rng.random() < 0.01:
            answered = statuses[-1].at + int(month.rng.random() * 5 * HOUR) + SECOND
            month.outbox.add("pinpoint", answered, texts.pinpoint_opt_out(text, answered))


def _api_texts(month: MonthBuilder) -> None:
    """Texts through Pinpoint's API; what comes as their context is as the callers wrote it."""
    for _ in range(month.scaled(SCENARIO["api_texts"])):
        customer, at = month.customer(), month.clock.random_time()
        context: Mapping[str, object] | str | None = {**ORDER_TAG, "userId": customer.user}
        chance = month.rng.random()
        if chance < 0.05:
            context = {**ORDER_TAG, "order": {"id": f"o-{at % 9000}", "pieces": [1, 2]}, "gift": True}
        elif chance < 0.08:
            context = f'{{"purpose":"order-update","userId":"{customer.user}'
        elif chance < 0.12:
            context = None
        statuses = random_statuses(month.rng, at, "PENDING", "DELIVERED")
        month.add("pinpoint", texts.pinpoint_records(new_text(month.rng, customer, *statuses, context=context)))


def _notices(month: MonthBuilder) -> None:
    """Delivery notices through End User Messaging: accepted by the carrier first, then on the phone."""
    for route, count in SCENARIO["notices"].items():
        for _ in range(month.scaled(count)):
            customer, at = month.customer(), month.clock.random_time()
            statuses = random_statuses(month.rng, at, "QUEUED", "SUCCESSFUL")
            if statuses[-1].status == "SUCCESSFUL" and month.rng.random() < 0.6:
                delivered = statuses[-1].at + SECOND + int(month.rng.random() * MINUTE)
                statuses = (*statuses, TextStatus("DELIVERED", delivered))
            context = {**ORDER_TAG, "order": f"o-{at % 90000}"}
            month.add_text(new_text(month.rng, customer, *statuses, context=context), route)


def _calls(month: MonthBuilder) -> None:
    for _ in range(month.scaled(SCENARIO["calls"])):
        at = month.clock.random_time()
        answered = month.rng.random() < 0.7
        statuses = statuses_of("answered_call" if answered else "missed_call", at)
        month.add("sms-bus", texts.sms_bus_records(new_text(month.rng, month.customer(), *statuses), "VOICE"))


def _chats(month: MonthBuilder) -> None:
    """WhatsApp messages about parcels; a third are published on the bus, and some are answered."""
    for _ in range(month.scaled(SCENARIO["chats"])):
        customer, at = month.customer(), month.clock.random_time()
        message = whatsapp_id(month)
        statuses = ["sent", "delivered", "read"] if month.rng.random() < 0.7 else ["sent", "delivered"]
        on_bus = month.rng.random() < 0.33
        for status in statuses:
            at += 5 * SECOND + int(month.rng.random() * 10 * MINUTE)
            if on_bus:
                month.outbox.add("whatsapp-bus", at, texts.whatsapp_bus_record(message, customer, status, at))
            else:
                listed = [texts.whatsapp_status(message, customer, status, at)]
                month.outbox.add("whatsapp", at, texts.whatsapp_notification(at, statuses=listed))
        if month.rng.random() < 0.1:
            at += HOUR
            answer = texts.whatsapp_item("message", f"{message}A", customer, at, body="Thank you!")
            month.outbox.add("whatsapp-topic", at, texts.whatsapp_notification(at, message=answer))


def whatsapp_id(month: MonthBuilder) -> str:
    """A random id as WhatsApp gives it."""
    return f"wamid.{uuid(month.rng).replace('-', '').upper()}"


def _app_visit(month: MonthBuilder, customer: Customer, at: int) -> Iterator[tuple[int, Record]]:
    """A visit to the shop's app: its start, its stop and, now and then, a purchase or an abandoned cart."""
    rng = month.rng
    stopped = at + 20_000 + int(rng.expovariate(1 / 240_000))

    def event(event_type: str, then: int, **values: object) -> tuple[int, Record]:
        visit = {
            "event_type": event_type,
            "arrived": min(then + 900, month.clock.until),
            "endpoint": customer.endpoint,
            "cognito_id": f"us-east-1:{customer.endpoint}",
            "locale": f"en_{customer.country}",
            "country": customer.country,
            "session_id": f"{customer.endpoint[:8]}-{at}",
            "session_start": at,
        }
        return then, pinpoint_event("app", then, {**visit, "attributes": {}, "metrics": {}, **values})

    yield event("_session.start", at)
    between = at + int((stopped - at) * 0.7)
    if rng.random() < 0.15:
        price, pieces = rng.randrange(900, 9000) / 100, rng.randrange(1, 5)
        attributes = {"sku": f"L-{rng.randrange(100, 140)}", "currency": "USD", "category": "lamps"}
        metrics = {"amount": price, "pieces": pieces, "shipping": 4.9 if price < 50 else 0}
        yield event("purchase", between, attributes=attributes, metrics=metrics)
    elif rng.random() < 0.1:
        step = rng.choice(("address", "payment"))
        yield event("cart_left", between, attributes={"step": step}, metrics={"pieces": rng.randrange(1, 4)})
    yield event("_session.stop", stopped, session_stop=stopped)

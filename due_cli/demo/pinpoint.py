"""How Pinpoint's event stream writes a mail, a text message, a campaign, a journey and the shop's app."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from random import Random

from due_cli.demo.mail import BOUNCES, UNSUBSCRIBE_LINK, Happening, Mail
from due_cli.demo.outbox import Record, Shared
from due_cli.demo.people import Customer
from due_cli.demo.phone import Step, Text
from due_cli.demo.shop import ACCOUNT, PROJECT, TEXT_CAMPAIGN
from due_cli.events.times import iso

_FEEDBACK = {"send": "received", "delivered": "delivered", "open": "opened"}
# The event of a message on its way and of one that arrived; any other status is a failure.
_KINDS = {"PENDING": "BUFFERED", "QUEUED": "BUFFERED", "SUCCESSFUL": "SUCCESS", "DELIVERED": "SUCCESS"}


def base(event_type: str, at: int, arrived: int, client: str) -> Record:
    """What every event of the stream has, empty objects included."""
    return {
        "event_type": event_type,
        "event_timestamp": at,
        "arrival_timestamp": arrived,
        "event_version": "3.1",
        "application": {"app_id": PROJECT, "sdk": {}},
        "client": {"client_id": client},
        "device": {"platform": {}},
        "session": {},
    }


def mail_events(mail: Mail, happenings: Iterable[Happening]) -> Iterator[tuple[int, Record]]:
    """The stream's email events with the time each happened; a delay has none, an unsubscribe is a click too.

    Every event of a mail repeats the send time as ``event_timestamp``: only ``arrival_timestamp`` tells them apart.
    """
    written = Shared(_mail(mail))
    custom = {"legacy_identifier": PROJECT, **mail.tags}
    for happening in happenings:
        kinds = ("click", "unsubscribe") if happening.kind == "unsubscribe" else (happening.kind,)
        for kind in kinds:
            if kind not in _PARTS:
                continue
            event = base(f"_email.{kind}", mail.sent, happening.at, mail.to[0].endpoint)
            feedback = happening.detail if kind == "click" else _FEEDBACK.get(kind)
            event["attributes"] = {**({"feedback": feedback} if feedback else {}), **mail.keys}
            event["awsAccountId"] = ACCOUNT
            event["facets"] = {"email_channel": {"mail_event": {"mail": written, **_PARTS[kind](mail, happening)}}}
            event["client_context"] = {"custom": custom}
            yield happening.at, event


def campaign_send(keys: Mapping[str, str], customer: Customer, status: str, at: int, arrived: int) -> Record:
    """A campaign executed for one endpoint; ``campaign_type`` is null in the records that the stream wrote."""
    event = base("_campaign.send", at, arrived, customer.endpoint)
    event["attributes"] = {**keys, "delivery_type": "EMAIL", "campaign_type": None, "campaign_send_status": status}
    event["client_context"] = _endpoint(customer, "EMAIL", at)
    event["awsAccountId"] = ACCOUNT
    return event


def journey_send(keys: Mapping[str, str], customer: Customer, status: str, at: int, arrived: int) -> Record:
    """A journey's activity executed for one endpoint."""
    event = base("_journey.send", at, arrived, customer.endpoint)
    event["attributes"] = {
        **keys,
        "journey_activity_type": "EMAIL",
        "journey_send_status": status,
        "journey_send_status_code": "200" if status == "SUCCESS" else "400",
        "journey_send_status_message": '{"errorMessage":null}' if status == "SUCCESS" else status.lower(),
    }
    event["client_context"] = _endpoint(customer, "EMAIL", at)
    event["awsAccountId"] = ACCOUNT
    return event


def text_events(text: Text) -> Iterator[tuple[int, Record]]:
    """The stream's SMS events; they may arrive, by their own clock, before they happened."""
    for step in text.steps:
        yield step.at, _text_event(text, step, _KINDS.get(step.status, "FAILURE"))


def opt_out(text: Text, at: int) -> Record:
    """The recipient's STOP, which the stream puts to the message that it answers."""
    return _text_event(text, Step("DELIVERED", at, priced=False), "OPTOUT")


def session_events(rng: Random, customer: Customer, at: int, until: int) -> Iterator[tuple[int, Record]]:
    """A visit to the shop's app: its start, its stop and, now and then, a purchase or a cart left behind."""
    stopped = at + 20_000 + int(rng.expovariate(1 / 240_000))
    session = {"session_id": f"{customer.endpoint[:8]}-{at}", "start_timestamp": at}
    yield at, _app_event("_session.start", at, until, customer, session)
    between = at + int((stopped - at) * 0.7)
    if rng.random() < 0.15:
        bought = _app_event("purchase", between, until, customer, session)
        price, pieces = rng.randrange(900, 9000) / 100, rng.randrange(1, 5)
        bought["attributes"] = {"sku": f"L-{rng.randrange(100, 140)}", "currency": "USD", "category": "lamps"}
        bought["metrics"] = {"amount": price, "pieces": pieces, "shipping": 4.9 if price < 50 else 0}
        yield between, bought
    elif rng.random() < 0.1:
        left = _app_event("cart_left", between, until, customer, session)
        left["attributes"] = {"step": rng.choice(("address", "payment"))}
        left["metrics"] = {"pieces": rng.randrange(1, 4)}
        yield between, left
    yield stopped, _app_event("_session.stop", stopped, until, customer, {**session, "stop_timestamp": stopped})


def stream_test(at: int) -> Record:
    """The record that Pinpoint writes when a stream is attached to a project."""
    return {**base("_test.event_stream", at, at, ACCOUNT), "attributes": {}, "awsAccountId": ACCOUNT}


def _mail(mail: Mail) -> Record:
    headers = [("From", mail.sender), ("To", ", ".join(mail.addresses)), ("MIME-Version", "1.0")]
    common: Record = {"from": mail.sender, "to": mail.addresses}
    if mail.subject is not None:
        headers.insert(2, ("Subject", mail.subject))
        common["subject"] = mail.subject
    return {
        "message_id": mail.id,
        "message_send_timestamp": mail.sent,
        "from_address": mail.sender,
        "destination": mail.addresses,
        "headers_truncated": False,
        "headers": [{"name": name, "value": value} for name, value in headers],
        "common_headers": common,
    }


def _reader(mail: Mail) -> Record:
    return {"ip_address": mail.to[0].ip, "user_agent": mail.to[0].agent}


def _click(mail: Mail, happening: Happening) -> Record:
    tags = {"link_tags": {"unsubscribeLinkTag": ["click"]}} if happening.detail == UNSUBSCRIBE_LINK else {}
    return {"click": {**_reader(mail), "link": happening.detail, **tags}}


def _bounce(mail: Mail, happening: Happening) -> Record:
    kind, _, sub_kind = happening.detail.partition("/")
    report = BOUNCES[happening.detail]
    dsn = {} if report is None else {"action": "failed", "status": report[0], "diagnostic_code": report[1]}
    return {
        "bounce": {
            "bounce_type": kind,
            "bounce_sub_type": sub_kind,
            "bounced_recipients": [{"email_address": address, **dsn} for address in happening.people],
            "feedback_id": f"{mail.id[:-6]}{happening.at % 1_000_000:06d}",
            **({} if report is None else {"reporting_mta": "dsn; mta.example.net"}),
        }
    }


def _delivered(mail: Mail, happening: Happening) -> Record:
    return {
        "delivery": {
            "smtp_response": "250 2.6.0 Message received",
            "reporting_mta": "mta.example.com",
            "recipients": list(happening.people),
            "processing_time_millis": happening.at - mail.sent,
        }
    }


def _complaint(mail: Mail, happening: Happening) -> Record:
    return {
        "complaint": {
            "complained_recipients": [{"email_address": address} for address in happening.people],
            "feedback_id": f"{mail.id[:-6]}{happening.at % 1_000_000:06d}",
            "user_agent": "feedback loop 1.0",
            "complaint_feedback_type": happening.detail,
        }
    }


def _rendering_failure(_: Mail, happening: Happening) -> Record:
    return {"rendering_failure": {"error_message": happening.detail, "template_name": "welcome"}}


_PARTS: dict[str, Callable[[Mail, Happening], Record]] = {
    "send": lambda *_: {"send": {}},
    "delivered": _delivered,
    "rejected": lambda *_: {"reject": {"reason": "Bad content"}},
    "open": lambda mail, _: {"open": _reader(mail)},
    "click": _click,
    "unsubscribe": _click,
    "hardbounce": _bounce,
    "softbounce": _bounce,
    "complaint": _complaint,
    "rendering_failure": _rendering_failure,
}


def _text_event(text: Text, step: Step, kind: str) -> Record:
    event = base(f"_SMS.{kind}", step.at, step.at - step.at % 1000, ACCOUNT)
    campaign: Mapping[str, str] = (
        {"campaign_id": TEXT_CAMPAIGN, "campaign_activity_id": TEXT_CAMPAIGN[::-1], "treatment_id": "0"}
        if text.promotional
        else {}
    )
    event["attributes"] = {
        "sender_request_id": text.id[::-1],
        "origination_phone_number": text.sender,
        "destination_phone_number": text.to.phone,
        "record_status": step.status,
        "iso_country_code": text.to.country,
        "number_of_message_parts": str(text.parts),
        "message_id": text.id,
        "message_type": "Promotional" if text.promotional else "Transactional",
        **campaign,
        **({} if text.context is None else {"customer_context": _context(text)}),
    }
    event["metrics"] = {"price_in_millicents_usd": text.millicents} if step.priced else {}
    event["awsAccountId"] = ACCOUNT
    return event


def _context(text: Text) -> str:
    return text.context if isinstance(text.context, str) else json.dumps(text.context, separators=(",", ":"))


def _endpoint(customer: Customer, channel: str, at: int) -> Record:
    endpoint = {
        "ChannelType": channel,
        "EndpointStatus": "ACTIVE",
        "OptOut": "NONE",
        "EffectiveDate": iso(at),
        "User": {"UserId": customer.user},
    }
    return {"custom": {"endpoint": json.dumps(endpoint, separators=(",", ":"))}}


def _app_event(kind: str, at: int, until: int, customer: Customer, session: Record) -> Record:
    return {
        "event_type": kind,
        "event_timestamp": at,
        "arrival_timestamp": min(at + 900, until),
        "event_version": "3.0",
        "application": {
            "app_id": PROJECT,
            "package_name": "com.example.shop",
            "sdk": {"name": "app-sdk", "version": "2.4.8"},
            "title": "Shop",
            "version_name": "1.4",
            "version_code": "14",
        },
        "client": {"client_id": customer.endpoint, "cognito_id": f"us-east-1:{customer.endpoint}"},
        "device": {
            "locale": {"code": f"en_{customer.country}", "country": customer.country, "language": "en"},
            "make": "generic web browser",
            "platform": {"name": "web", "version": "1"},
        },
        "session": session,
        "attributes": {},
        "metrics": {},
    }

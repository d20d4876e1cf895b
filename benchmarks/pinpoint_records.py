"""Records of Amazon Pinpoint's event stream (Pinpoint developer guide, "Streaming events")."""

from __future__ import annotations

import json
import random

Record = dict[str, object]
Events = list[tuple[int, Record]]

_APPLICATION = "e5a9c9a4a0b9f3b2c2c0d4e6f4a9a2b1"
_AGENT = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148"
_DAY_MS = 24 * 3_600_000


def message(chance: random.Random, sent: int) -> Events:
    """The records of one message, or of one visit to an app, each with its own time."""
    kind = chance.random()
    if kind < 0.7:
        return _email(chance, sent)
    return _sms(chance, sent) if kind < 0.9 else _visit(chance, sent)


def _record(chance: random.Random, kind: str, at: int, arrival: int, attributes: dict[str, str]) -> Record:
    endpoint = f"{chance.getrandbits(32):08x}-8c7b-4904-dd36-{chance.getrandbits(48):012x}"
    return {
        "event_type": kind,
        "event_timestamp": at,
        "arrival_timestamp": arrival,
        "event_version": "3.1",
        "application": {"app_id": _APPLICATION, "sdk": {}},
        "client": {"client_id": endpoint},
        "device": {"platform": {}},
        "session": {},
        "attributes": attributes,
        "awsAccountId": "123456789012",
    }


def _email(chance: random.Random, sent: int) -> Events:
    attributes, found = {"feedback": "received"}, []
    if chance.random() < 0.6:
        attributes = {
            "campaign_id": f"5c2d8128c5d9958fd1029e194c{chance.randrange(200):06x}",
            "treatment_id": "0",
            "campaign_activity_id": f"0694008866a04144cc452a188a{chance.randrange(200):06x}",
        }
        send = {**attributes, "delivery_type": "EMAIL", "campaign_send_status": "SUCCESS"}
        found.append((sent - 5, _record(chance, "_campaign.send", sent - 5, sent, send)))
    mail = _mail(chance, sent)

    def add(fact: str, at: int, part: str, body: dict[str, object]) -> None:
        record = _record(chance, f"_email.{fact}", sent, at, attributes)
        facets = {"email_channel": {"mail_event": {"mail": mail, part: body}}}
        found.append((at, {**record, "facets": facets}))

    add("send", sent, "send", {})
    arrived = sent + chance.randrange(400, 9_000)
    if chance.random() < 0.015:
        add("hardbounce", arrived, "bounce", _bounce(chance, mail, arrived))
        return found
    add("delivered", arrived, "delivery", _delivery(chance, mail, arrived - sent))
    if chance.random() < 0.4:
        for _ in range(1 + int(chance.expovariate(0.9))):
            add("open", arrived + int(chance.expovariate(4 / _DAY_MS)), "open", _seen(chance))
        if chance.random() < 0.3:
            link = f"https://shop.example.com/offers/{chance.randrange(10**6)}?utm_source=campaign&utm_medium=email"
            add("click", arrived + int(chance.expovariate(3 / _DAY_MS)), "click", {**_seen(chance), "link": link})
    return found


def _mail(chance: random.Random, sent: int) -> dict[str, object]:
    sender, to = "offers@shop.example.com", f"customer{chance.randrange(400_000)}@post.example.net"
    subject = f"Offer {chance.randrange(3_000)} ends on Sunday"
    headers = {
        "From": sender,
        "To": to,
        "Subject": subject,
        "MIME-Version": "1.0",
        "Content-Type": f'multipart/alternative; boundary="----=_Part_{chance.getrandbits(30)}"',
    }
    return {
        "message_id": f"0100{sent:012x}-{chance.getrandbits(32):08x}-{chance.getrandbits(48):012x}-000000",
        "message_send_timestamp": sent,
        "from_address": sender,
        "destination": [to],
        "headers_truncated": False,
        "headers": [{"name": name, "value": value} for name, value in headers.items()],
        "common_headers": {"from": sender, "to": [to], "subject": subject},
    }


def _delivery(chance: random.Random, mail: dict[str, object], took: int) -> dict[str, object]:
    return {
        "smtp_response": f"250 2.0.0 OK {chance.getrandbits(60):015x} - gsmtp",
        "reporting_mta": f"a{chance.randrange(60)}-{chance.randrange(90)}.smtp-out.amazonses.com",
        "recipients": mail["destination"],
        "processing_time_millis": took,
    }


def _bounce(chance: random.Random, mail: dict[str, object], at: int) -> dict[str, object]:
    destination = mail["destination"]
    assert isinstance(destination, list)
    status = {"action": "failed", "status": "5.1.1", "diagnostic_code": "smtp; 550 5.1.1 user unknown"}
    return {
        "bounce_type": "Permanent",
        "bounce_sub_type": "General",
        "bounced_recipients": [{"email_address": address, **status} for address in destination],
        "feedback_id": f"0100{at:012x}-{chance.getrandbits(64):016x}-000000",
        "reporting_mta": "dsn; a8-31.smtp-out.amazonses.com",
    }


def _seen(chance: random.Random) -> dict[str, object]:
    return {"ip_address": f"198.51.100.{chance.randrange(256)}", "user_agent": _AGENT}


def _sms(chance: random.Random, sent: int) -> Events:
    attributes = {
        "sender_request_id": f"{chance.getrandbits(32):08x}-9b3b-80c2-f6f3-{chance.getrandbits(48):012x}",
        "origination_phone_number": "+15550100042",
        "destination_phone_number": f"+1555{chance.randrange(10**7):07d}",
        "iso_country_code": "US",
        "number_of_message_parts": "1",
        "message_id": f"{chance.getrandbits(80):020x}",
        "message_type": "Transactional",
        "customer_context": json.dumps({"mycustomerid": str(chance.randrange(2_000))}),
    }
    done = sent + chance.randrange(800, 60_000)
    failed = chance.random() < 0.04
    fates = (
        ("BUFFERED", "ACCEPTED", sent),
        ("FAILURE", "UNREACHABLE", done) if failed else ("SUCCESS", "DELIVERED", done),
    )
    return [
        (
            at,
            {
                **_record(chance, f"_SMS.{fact}", at, at, {**attributes, "record_status": status}),
                "metrics": {"price_in_millicents_usd": 645.0},
            },
        )
        for fact, status, at in fates
    ]


def _visit(chance: random.Random, begun: int) -> Events:
    found: Events = []
    platform = {"name": "ios", "version": "18.5"}
    session = {"session_id": f"{chance.getrandbits(64):016x}"}
    for kind, after in (("_session.start", 0), ("basket", chance.randrange(300_000)), ("_session.stop", 300_000)):
        record = _record(chance, kind, begun + after, begun + after + 800, {"screen": "basket", "currency": "EUR"})
        more: Record = {"device": {"platform": platform}, "session": session}
        found.append((begun + after, {**record, **more, "metrics": {"amount": chance.randrange(9_000) / 100}}))
    return found

"""Synthetic raw records as AWS sends them: a month of one sender's mail and SMS, one JSON object a line.

Records come in the order of their arrival: mostly of their own time, one in a hundred hours late, three in a thousand
delivered twice. They are written from the demo's templates, but longer, as those of larger senders are.
"""

from __future__ import annotations

import heapq
import json
import random
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC
from pathlib import Path
from typing import Any

from benchmarks.bench_run import AS_OF, BenchRun
from due_cli.demo import templates
from due_cli.demo.templates import PINPOINT, SES, Record, render

TimedRecords = list[tuple[int, Record]]  # each with its own time (epoch milliseconds)

_DAY_MS = 24 * 3_600_000
_MONTH_MS = 30 * _DAY_MS
_LATE_MS = 6 * 3_600_000
_EVENTS_PER_MESSAGE = 3
_LATE_SHARE, _REPEATED_SHARE = 0.01, 0.003
_SUBJECTS = ("Your order {} is confirmed", "Your parcel {} is on its way", "Invoice {}", "News of week {}")
_SHOP = {
    "account": "123456789012",
    "region": "us-east-1",
    "domain": "shop.example.com",
    "project": "e5a9c9a4a0b9f3b2c2c0d4e6f4a9a2b1",
    "source_ip": "192.0.2.17",
    "caller": "order-service",
    "operation": ["SendEmail"],
    "configuration_set": "shop-events",
    "bounce_sub_type": "General",
    "feedback_type": "abuse",
    "report_agent": "Yahoo!-Mail-Feedback/2.0",
    "complaint_sub_type": None,
    "link_tags": None,
}
_SES_AGENT = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Safari/537.36"
)
_PINPOINT_AGENT = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148"
)


def file_of(bench: BenchRun, family: str) -> Path:
    """The file of raw records of a family (``ses`` or ``pinpoint``)."""
    count = bench.sizes.records

    def write(path: Path) -> None:
        with path.open("w", encoding="utf-8") as file:
            file.writelines(_lines(family, count))

    return bench.cached(f"{family}-{count}", sources(), write)


def sources() -> list[Path]:
    """The files that the records follow from."""
    folder = Path(templates.__file__).with_name("templates")
    return [Path(__file__), folder / "ses.json", folder / "pinpoint.json"]


def ses_message(rng: random.Random, sent: int) -> TimedRecords:
    """The records of one mail that SES sent."""
    values = _ses_values(rng, sent)
    mail, to = render(SES["mail"], values), values["to"]
    records: TimedRecords = []

    def add(kind: str, at: int, **event: object) -> None:
        payload = render(SES[kind], {**values, "at": at, **event})
        records.append((at, {"eventType": kind, "mail": mail, **payload}))

    def feedback_id(at: int) -> str:
        return f"0100{at:012x}-{rng.getrandbits(64):016x}-000000"

    def reader() -> dict[str, str]:
        return {"ip": f"198.51.100.{rng.randrange(256)}", "agent": _SES_AGENT}

    add("Send", sent)
    arrived = sent + rng.randrange(400, 9_000)
    chance = rng.random()
    if chance < 0.02:
        permanent = chance < 0.013
        status, text = ("5.1.1", "550 5.1.1 user unknown") if permanent else ("4.2.2", "452 4.2.2 mailbox full")
        failed = {"action": "failed", "smtp_status": status, "diagnostic_code": f"smtp; {text}"}
        add(
            "Bounce",
            arrived,
            feedback_id=feedback_id(arrived),
            bounce_type="Permanent" if permanent else "Transient",
            bounce_sub_type="General" if permanent else "MailboxFull",
            bounced=[{"address": address, **failed} for address in to],
            dsn_mta="dns; a8-31.smtp-out.amazonses.com",
        )
        return records
    add(
        "Delivery",
        arrived,
        processing_millis=arrived - sent,
        recipients=to,
        smtp_response=f"250 2.0.0 OK {arrived // 1000} {rng.getrandbits(60):015x} - gsmtp",
        remote_ip=f"203.0.113.{rng.randrange(256)}",
        reporting_mta=_mta(rng),
    )
    if rng.random() < 0.45:
        for _ in range(1 + int(rng.expovariate(0.9))):
            at = arrived + int(rng.expovariate(1 / (_DAY_MS / 4)))
            add("Open", at, **reader())
        if rng.random() < 0.3:
            at = arrived + int(rng.expovariate(1 / (_DAY_MS / 3)))
            link = f"https://shop.example.com/orders/{rng.randrange(10**7)}?utm_source=mail&utm_medium=transactional"
            add("Click", at, link=link, **reader())
    if rng.random() < 0.001:
        at = arrived + rng.randrange(_DAY_MS)
        add("Complaint", at, feedback_id=feedback_id(at), complained=[{"address": to[0]}], reported=at)
    return records


def _ses_values(rng: random.Random, sent: int) -> dict[str, Any]:
    message_id = f"0100{sent:012x}-{rng.getrandbits(32):08x}-{rng.getrandbits(48):012x}-000000"
    to = [f"customer{rng.randrange(400_000)}@post{rng.randrange(40)}.example.net"]
    if rng.random() < 0.05:
        to.append(f"customer{rng.randrange(400_000)}@mail.example.org")
    subject = rng.choice(_SUBJECTS).format(rng.randrange(60_000))
    sender = "Example Shop <orders@shop.example.com>"
    headers = {
        "From": sender,
        "To": ", ".join(to),
        "Subject": subject,
        "MIME-Version": "1.0",
        "Content-Type": f'multipart/alternative; boundary="----=_Part_{rng.getrandbits(30)}.{sent}"',
        "Message-ID": f"<{rng.getrandbits(96):024x}@shop.example.com>",
        "X-SES-CONFIGURATION-SET": "shop-events",
    }
    tags = {
        "campaign": [rng.choice(("receipt", "shipping", "invoice", "newsletter"))],
        "mycustomerid": [str(rng.randrange(2_000))],
    }
    return {
        **_mail_values(sent, message_id, sender, to, subject, headers),
        "header_message_id": message_id,
        "tags": {**render(SES["tags"], _SHOP), **tags},
    }


def _mail_values(
    sent: int, message_id: str, sender: str, to: list[str], subject: str, headers: Mapping[str, str]
) -> dict[str, Any]:
    return {
        **_SHOP,
        "sent": sent,
        "message_id": message_id,
        "sender": sender,
        "from": sender,
        "destination": to,
        "to": to,
        "subject": subject,
        "headers": [{"name": name, "value": value} for name, value in headers.items()],
    }


def _mta(rng: random.Random) -> str:
    return f"a{rng.randrange(60)}-{rng.randrange(90)}.smtp-out.amazonses.com"


def pinpoint_message(rng: random.Random, sent: int) -> TimedRecords:
    """The records of one message that Pinpoint sent, or of one visit to an app."""
    chance = rng.random()
    if chance < 0.7:
        return _pinpoint_email(rng, sent)
    return _pinpoint_sms(rng, sent) if chance < 0.9 else _app_visit(rng, sent)


def _pinpoint_event(rng: random.Random, template: str, event_type: str, at: int, **values: object) -> Record:
    endpoint = f"{rng.getrandbits(32):08x}-8c7b-4904-dd36-{rng.getrandbits(48):012x}"
    common: dict[str, Any] = {
        **_SHOP,
        "event_type": event_type,
        "at": at,
        "arrived": at,
        "endpoint": endpoint,
        "custom": {},
    }
    event: Record = render(PINPOINT[template], {**common, **values})
    return event


def _pinpoint_email(rng: random.Random, sent: int) -> TimedRecords:
    records: TimedRecords = []
    attributes = {"feedback": "received"}
    if rng.random() < 0.6:
        attributes = {
            "campaign_id": f"5c2d8128c5d9958fd1029e194c{rng.randrange(200):06x}",
            "treatment_id": "0",
            "campaign_activity_id": f"0694008866a04144cc452a188a{rng.randrange(200):06x}",
        }
        send = {**attributes, "delivery_type": "EMAIL", "campaign_send_status": "SUCCESS"}
        event = _pinpoint_event(rng, "event", "_campaign.send", sent - 5, arrived=sent, attributes=send)
        records.append((sent - 5, {**event, "awsAccountId": _SHOP["account"]}))
    to = [f"customer{rng.randrange(400_000)}@post.example.net"]
    subject = f"Offer {rng.randrange(3_000)} ends on Sunday"
    headers = {
        "From": "offers@shop.example.com",
        "To": to[0],
        "Subject": subject,
        "MIME-Version": "1.0",
        "Content-Type": f'multipart/alternative; boundary="----=_Part_{rng.getrandbits(30)}"',
    }
    message_id = f"0100{sent:012x}-{rng.getrandbits(32):08x}-{rng.getrandbits(48):012x}-000000"
    values = _mail_values(sent, message_id, "offers@shop.example.com", to, subject, headers)
    mail = render(PINPOINT["mail"], values)

    def add(kind: str, at: int, **event: object) -> None:
        mail_event = {"mail": mail, **render(PINPOINT[f"_email.{kind}"], {**values, **event})}
        named = {"arrived": at, "attributes": attributes, "mail_event": mail_event}
        record = _pinpoint_event(rng, "email", f"_email.{kind}", sent, **named)
        del record["client_context"]
        records.append((at, record))

    def reader() -> dict[str, str]:
        return {"ip": f"198.51.100.{rng.randrange(256)}", "agent": _PINPOINT_AGENT}

    add("send", sent)
    arrived = sent + rng.randrange(400, 9_000)
    if rng.random() < 0.015:
        failed = {"action": "failed", "smtp_status": "5.1.1", "diagnostic_code": "smtp; 550 5.1.1 user unknown"}
        bounce = {
            "bounce_type": "Permanent",
            "bounced": [{"address": address, **failed} for address in to],
            "feedback_id": f"0100{arrived:012x}-{rng.getrandbits(64):016x}-000000",
            "dsn_mta": "dsn; a8-31.smtp-out.amazonses.com",
        }
        add("hardbounce", arrived, **bounce)
        return records
    smtp_response = f"250 2.0.0 OK {rng.getrandbits(60):015x} - gsmtp"
    took = {"recipients": to, "processing_millis": arrived - sent}
    add("delivered", arrived, smtp_response=smtp_response, reporting_mta=_mta(rng), **took)
    if rng.random() < 0.4:
        for _ in range(1 + int(rng.expovariate(0.9))):
            add("open", arrived + int(rng.expovariate(4 / _DAY_MS)), **reader())
        if rng.random() < 0.3:
            link = f"https://shop.example.com/offers/{rng.randrange(10**6)}?utm_source=campaign&utm_medium=email"
            add("click", arrived + int(rng.expovariate(3 / _DAY_MS)), link=link, **reader())
    return records


def _pinpoint_sms(rng: random.Random, sent: int) -> TimedRecords:
    values = {
        "request_id": f"{rng.getrandbits(32):08x}-9b3b-80c2-f6f3-{rng.getrandbits(48):012x}",
        "origination": "+15550100042",
        "phone": f"+1555{rng.randrange(10**7):07d}",
        "country": "US",
        "part_count": "1",
        "message_id": f"{rng.getrandbits(80):020x}",
        "message_type": "Transactional",
        "context": json.dumps({"mycustomerid": str(rng.randrange(2_000))}),
        "millicents": 645.0,
    }
    done = sent + rng.randrange(800, 60_000)
    failed = rng.random() < 0.04
    last = ("FAILURE", "UNREACHABLE", done) if failed else ("SUCCESS", "DELIVERED", done)
    return [
        (at, _pinpoint_event(rng, "sms", f"_SMS.{kind}", at, status=status, **values))
        for kind, status, at in (("BUFFERED", "ACCEPTED", sent), last)
    ]


def _app_visit(rng: random.Random, start: int) -> TimedRecords:
    records: TimedRecords = []
    visit = {"device": {"platform": {"name": "ios", "version": "18.5"}}}
    session = {"session_id": f"{rng.getrandbits(64):016x}"}
    for event_type, after in (("_session.start", 0), ("basket", rng.randrange(300_000)), ("_session.stop", 300_000)):
        at = start + after
        attributes = {"screen": "basket", "currency": "EUR"}
        event = _pinpoint_event(rng, "event", event_type, at, arrived=at + 800, attributes=attributes)
        metrics = {"amount": rng.randrange(9_000) / 100}
        event |= {"awsAccountId": _SHOP["account"], **visit, "session": session, "metrics": metrics}
        records.append((at, event))
    return records


_FAMILIES: Mapping[str, Callable[[random.Random, int], TimedRecords]] = {
    "ses": ses_message,
    "pinpoint": pinpoint_message,
}


def _lines(family: str, count: int) -> Iterator[str]:
    """``count`` records: messages begin evenly over the month, their events wait for their time in a heap."""
    rng = random.Random(f"due {family}")
    begin = int(AS_OF.replace(tzinfo=UTC).timestamp() * 1000) - _MONTH_MS
    waiting: list[tuple[int, int, str]] = []
    messages = written = 0
    step = _MONTH_MS * _EVENTS_PER_MESSAGE / count
    while written < count:
        now = begin + int(messages * step)
        while waiting and waiting[0][0] <= now and written < count:
            yield heapq.heappop(waiting)[2]
            written += 1
        for number, (at, record) in enumerate(_FAMILIES[family](rng, now)):
            line = json.dumps(record, separators=(",", ":")) + "\n"
            late = rng.randrange(_LATE_MS) if rng.random() < _LATE_SHARE else 0
            heapq.heappush(waiting, (at + late, messages * 32 + number, line))
            if rng.random() < _REPEATED_SHARE:
                heapq.heappush(waiting, (at + late + rng.randrange(60_000), messages * 32 + 16 + number, line))
        messages += 1

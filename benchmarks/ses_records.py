"""Records of Amazon SES event publishing (SES developer guide, "Contents of event data")."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

Record = dict[str, object]

_AGENT = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Safari/537.36"
)
_SUBJECTS = ("Your order {} is confirmed", "Your parcel {} is on its way", "Invoice {}", "News of week {}")
_DAY_MS = 24 * 3_600_000


def message(chance: random.Random, sent: int) -> list[tuple[int, Record]]:
    """The records of one message, each with its own time."""
    mail, to = _mail(chance, sent)
    found: list[tuple[int, Record]] = [(sent, {"eventType": "Send", "mail": mail, "send": {}})]
    arrived = sent + chance.randrange(400, 9_000)
    fate = chance.random()
    if fate < 0.02:
        return [*found, (arrived, _bounce(chance, mail, to, arrived, permanent=fate < 0.013))]
    found.append((arrived, _delivery(chance, mail, to, sent, arrived)))
    if chance.random() < 0.45:
        for _ in range(1 + int(chance.expovariate(0.9))):
            at = arrived + int(chance.expovariate(1 / (_DAY_MS / 4)))
            found.append((at, {"eventType": "Open", "mail": mail, "open": _seen(chance, at)}))
        if chance.random() < 0.3:
            at = arrived + int(chance.expovariate(1 / (_DAY_MS / 3)))
            link = f"https://shop.example.com/orders/{chance.randrange(10**7)}?utm_source=mail&utm_medium=transactional"
            click = {**_seen(chance, at), "link": link, "linkTags": None}
            found.append((at, {"eventType": "Click", "mail": mail, "click": click}))
    if chance.random() < 0.001:
        at = arrived + chance.randrange(_DAY_MS)
        found.append((at, _complaint(chance, mail, to, at)))
    return found


def _mail(chance: random.Random, sent: int) -> tuple[Record, list[str]]:
    identity = f"0100{sent:012x}-{chance.getrandbits(32):08x}-{chance.getrandbits(48):012x}-000000"
    to = [f"customer{chance.randrange(400_000)}@post{chance.randrange(40)}.example.net"]
    if chance.random() < 0.05:
        to.append(f"customer{chance.randrange(400_000)}@mail.example.org")
    subject = chance.choice(_SUBJECTS).format(chance.randrange(60_000))
    sender = "Example Shop <orders@shop.example.com>"
    headers = {
        "From": sender,
        "To": ", ".join(to),
        "Subject": subject,
        "MIME-Version": "1.0",
        "Content-Type": f'multipart/alternative; boundary="----=_Part_{chance.getrandbits(30)}.{sent}"',
        "Message-ID": f"<{chance.getrandbits(96):024x}@shop.example.com>",
        "X-SES-CONFIGURATION-SET": "shop-events",
    }
    mail: Record = {
        "timestamp": iso(sent),
        "source": sender,
        "sourceArn": "arn:aws:ses:us-east-1:123456789012:identity/shop.example.com",
        "sendingAccountId": "123456789012",
        "messageId": identity,
        "destination": to,
        "headersTruncated": False,
        "headers": [{"name": name, "value": value} for name, value in headers.items()],
        "commonHeaders": {"from": [sender], "to": to, "messageId": identity, "subject": subject},
        "tags": {
            "ses:operation": ["SendEmail"],
            "ses:configuration-set": ["shop-events"],
            "ses:source-ip": ["192.0.2.17"],
            "ses:from-domain": ["shop.example.com"],
            "ses:caller-identity": ["order-service"],
            "campaign": [chance.choice(("receipt", "shipping", "invoice", "newsletter"))],
            "mycustomerid": [str(chance.randrange(2_000))],
        },
    }
    return mail, to


def _delivery(chance: random.Random, mail: Record, to: list[str], sent: int, at: int) -> Record:
    delivery = {
        "timestamp": iso(at),
        "processingTimeMillis": at - sent,
        "recipients": to,
        "smtpResponse": f"250 2.0.0 OK {at // 1000} {chance.getrandbits(60):015x} - gsmtp",
        "remoteMtaIp": f"203.0.113.{chance.randrange(256)}",
        "reportingMTA": f"a{chance.randrange(60)}-{chance.randrange(90)}.smtp-out.amazonses.com",
    }
    return {"eventType": "Delivery", "mail": mail, "delivery": delivery}


def _bounce(chance: random.Random, mail: Record, to: list[str], at: int, *, permanent: bool) -> Record:
    status, text = ("5.1.1", "550 5.1.1 user unknown") if permanent else ("4.2.2", "452 4.2.2 mailbox full")
    people = [
        {"emailAddress": address, "action": "failed", "status": status, "diagnosticCode": f"smtp; {text}"}
        for address in to
    ]
    bounce = {
        "feedbackId": f"0100{at:012x}-{chance.getrandbits(64):016x}-000000",
        "bounceType": "Permanent" if permanent else "Transient",
        "bounceSubType": "General" if permanent else "MailboxFull",
        "bouncedRecipients": people,
        "timestamp": iso(at),
        "reportingMTA": "dns; a8-31.smtp-out.amazonses.com",
    }
    return {"eventType": "Bounce", "mail": mail, "bounce": bounce}


def _complaint(chance: random.Random, mail: Record, to: list[str], at: int) -> Record:
    complaint = {
        "feedbackId": f"0100{at:012x}-{chance.getrandbits(64):016x}-000000",
        "complaintSubType": None,
        "complainedRecipients": [{"emailAddress": to[0]}],
        "timestamp": iso(at),
        "userAgent": "Yahoo!-Mail-Feedback/2.0",
        "complaintFeedbackType": "abuse",
        "arrivalDate": iso(at),
    }
    return {"eventType": "Complaint", "mail": mail, "complaint": complaint}


def _seen(chance: random.Random, at: int) -> Record:
    return {"timestamp": iso(at), "ipAddress": f"198.51.100.{chance.randrange(256)}", "userAgent": _AGENT}


def iso(milliseconds: int) -> str:
    """A time as SES writes it."""
    moment = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=milliseconds)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{milliseconds % 1000:03d}Z"

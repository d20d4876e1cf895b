"""How AWS End User Messaging SMS writes texts, media, RCS messages, calls, replies and account events."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from due_cli.demo.outbox import Record
from due_cli.demo.people import Customer, uuid
from due_cli.demo.phone import Step, Text
from due_cli.demo.shop import PHONE, PROJECT
from due_cli.demo.wrappers import on_bus

_SOURCE = "aws.sms-voice"
_BUS_TYPES = {"TEXT": "Text", "MEDIA": "Media", "VOICE": "Voice"}
_ON_THE_WAY = ("QUEUED", "PENDING", "SENT", "INITIATED", "RINGING", "ANSWERED")
RCS_AGENT = "rcs-agent-example"


def events(text: Text, family: str = "TEXT") -> Iterator[tuple[int, Record]]:
    """The records of a message of a family (TEXT, MEDIA, RCS, VOICE) with the time each is published."""
    for step in text.steps:
        yield step.at, _event(text, family, step)


def bus_events(text: Text, family: str) -> Iterator[tuple[int, Record]]:
    """The same records as EventBridge delivers them: without the destination and the context."""
    for at, record in events(text, family):
        detail = {key: value for key, value in record.items() if key not in ("destinationPhoneNumber", "context")}
        yield at, on_bus(detail, _SOURCE, f"{_BUS_TYPES[family]} Message Delivery Status Updated", at)


def reply(rng: Random, customer: Customer, body: str, answers: str | None) -> Record:
    """A message from a customer's phone, as two-way messaging publishes it; it has no time of its own."""
    return {
        "originationNumber": customer.phone,
        "destinationNumber": PHONE,
        "messageKeyword": body.split()[0].upper(),
        "messageBody": body,
        "inboundMessageId": uuid(rng),
        **({} if answers is None else {"previousPublishedMessageId": answers}),
    }


def registration_change(status: str, at: int) -> Record:
    """A step of the registration of the shop's number; the time is the bus's."""
    detail: Record = {
        "registrationId": f"registration-{PROJECT}",
        "registrationType": "US_TOLL_FREE_REGISTRATION",
        "registrationVersionNumber": 1,
        "registrationStatus": status,
    }
    return on_bus(detail, _SOURCE, "Registration Status Change", at)


def number_event(at: int) -> Record:
    """A record of a type that the service does not have yet."""
    return {
        "eventType": "NUMBER_REPUTATION_CHANGED",
        "eventVersion": "1.0",
        "eventTimestamp": at,
        "originationPhoneNumber": PHONE,
        "reputation": {"from": "good", "to": "excellent"},
    }


def _event(text: Text, family: str, step: Step) -> Record:
    record: Record = {
        "eventType": f"{family}_{step.status}",
        "eventVersion": "1.0",
        "eventTimestamp": step.at,
        "isFinal": step.status not in _ON_THE_WAY,
        "originationPhoneNumber": RCS_AGENT if family == "RCS" else text.sender,
        "destinationPhoneNumber": text.to.phone,
        "isInternationalSend": text.to.country != "US",
        "isoCountryCode": text.to.country,
        "messageId": text.id,
        "messageRequestTimestamp": text.steps[0].at - 300,
        "messageStatus": step.status,
    }
    if family == "VOICE":
        record |= {"totalMessagePrice": 0.013}
        if step.status == "COMPLETED":
            record |= {"callDurationInSeconds": 41, "totalDurationInMinutes": 1}
    else:
        record |= _written(text, family, step)
    if text.context is not None:
        record["context"] = text.context
    return record


def _written(text: Text, family: str, step: Step) -> Record:
    """What a message in writing has and a call has not."""
    found: Record = {
        "mcc": "310",
        "mnc": "800",
        "messageEncoding": "UNICODE" if family == "RCS" else "GSM",
        "messageType": "PROMOTIONAL" if text.promotional else "TRANSACTIONAL",
        "messageStatusDescription": _DESCRIPTIONS.get(step.status, f"Message is {step.status.lower()}"),
        "totalMessageParts": text.parts,
    }
    if step.priced:
        found |= {"totalMessagePrice": text.price, "totalCarrierFee": text.fee}
    if family == "MEDIA":
        found["contentType"] = "MMS"
    if family == "RCS":
        found |= {"rcsMetadata": {"billingEventType": "BASIC"}, "rcsBusinessId": "shop", "agentIsoCountryCode": "US"}
    if step.status == "PROTECT_BLOCKED":
        found["protectConfiguration"] = {"protectConfigurationId": "protect-example", "protectStatus": "FILTER"}
    return found


_DESCRIPTIONS = {
    "SUCCESSFUL": "Message has been accepted by phone carrier",
    "DELIVERED": "Message has been delivered",
    "CARRIER_BLOCKED": "Phone carrier has blocked this message",
    "UNREACHABLE": "Phone is currently unreachable/unavailable",
}

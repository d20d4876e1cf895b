"""The event ids that due 0.1.0 made, frozen: rows that it stored keep them, and are recognised by them.

It hashed JSON text where the id now follows from values, and had the recipient of a phone message in it. Nothing here
changes any more, whatever :mod:`due_cli.events.identity` becomes.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re

from due_cli.events.model import Json, Row, Struct

_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"))
_WHATSAPP_EVENT = "whatsAppWebhookEntry.changes.value.event"
_PHONE_FAMILIES = ("_SMS.", "_VOICE.", "_WHATSAPP.")
_WORD_BREAK = re.compile(r"[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])")
_RECIPIENTS = (("bounce", "bounced_recipients"), ("complaint", "complained_recipients"))

# Types of SES in a spelling which it did not know, ``OPEN`` for ``Open``, were types of their own.
_OTHER_SPELLINGS = {
    "_email.send": ("_ses.send",),
    "_email.delivered": ("_ses.delivery",),
    "_email.hardbounce": ("_ses.bounce",),
    "_email.softbounce": ("_ses.bounce",),
    "_email.complaint": ("_ses.complaint",),
    "_email.rejected": ("_ses.reject",),
    "_email.open": ("_ses.open",),
    "_email.click": ("_ses.click",),
    "_email.unsubscribe": ("_ses.subscription",),
    "_email.subscription": ("_ses.subscription",),
    "_email.rendering_failure": ("_ses.rendering_failure", "_ses.renderingfailure"),
    "_email.delivery_delay": ("_ses.delivery_delay", "_ses.deliverydelay"),
}


def first_release_ids(row: Row) -> tuple[str, ...]:
    """Return the ids that due 0.1.0 may have given the event of a row; mostly one.

    An event of no message was hashed whole, as its record was: a row does not tell whether its ``arrival_timestamp``,
    account, region and resources are the record's or of what stood around it, so they may have been either.
    """
    event = _mail_event(row)
    message = _message_id(row, event)
    if message is None:
        wholes = [{**row, "event_id": "", "event_type": event_type} for event_type in _event_types(row)]
        return tuple(_digest(_CANONICAL.encode(one)) for whole in wholes for one in _records(whole))
    own = (message, _recipient(row, event), row["occurred_at"], _distinction(row, event))
    return tuple(_digest(_CANONICAL.encode([row["source"], event_type, *own])) for event_type in _event_types(row))


def _mail_event(row: Row) -> Struct:
    facets = row.get("facets")
    return facets["email_channel"]["mail_event"] if facets else {}


def _message_id(row: Row, event: Struct) -> str | None:
    mail = event.get("mail")
    if isinstance(mail, dict):
        found = mail.get("message_id")
        return found if isinstance(found, str) else None
    if row.get("event_type", "").startswith(_PHONE_FAMILIES):
        return (row.get("attributes") or {}).get("message_id")
    return None


def _snake_case(name: str) -> str:
    return "_".join(word for word in _WORD_BREAK.split(name) if word).lower()


def _event_types(row: Row) -> tuple[str, ...]:
    """The types that due 0.1.0 may have given a row.

    It knew a type of SES by one spelling alone, took no notice of ``isFinal``, knew no opt-ins, and named every change
    of a WhatsApp account by the event inside.
    """
    current, source = row["event_type"], row["source"]
    others: tuple[str, ...] = ()
    if source == "ses":
        others = _OTHER_SPELLINGS.get(current, ())
    elif current == "_SMS.BUFFERED" and (row.get("attributes") or {}).get("record_status") == "SUCCESSFUL":
        others = ("_SMS.SUCCESS",)
    elif current == "_SMS.OPTIN":
        others = ("_SMS.INBOUND",)
    elif source == "whatsapp" and (event := (row.get("details") or {}).get(_WHATSAPP_EVENT)):
        others = (f"_whatsapp.{_snake_case(event)}",)
    return (current, *others)


def _records(row: dict[str, object]) -> list[dict[str, object]]:
    """The rows that a record may have given without what stood around it, the row itself first."""
    records = [row]
    for key in ("arrival_timestamp", "awsaccountid"):
        if key in row:
            records += [{name: value for name, value in one.items() if name != key} for one in records]
    for key in ("region", "resources", "account"):
        records += [_without_detail(one, key) for one in records if key in _details(one)]
    return records


def _details(record: dict[str, object]) -> dict[str, object]:
    details = record.get("details")
    return details if isinstance(details, dict) else {}


def _without_detail(record: dict[str, object], key: str) -> dict[str, object]:
    others = {name: value for name, value in _details(record).items() if name != key}
    bare = {name: value for name, value in record.items() if name != "details"}
    return {**bare, "details": others} if others else bare


def _recipient(row: Row, event: Struct) -> Json:
    for part, listed in _RECIPIENTS:
        inner = event.get(part)
        people = inner.get(listed) if isinstance(inner, dict) else None
        if isinstance(people, list):
            return [person.get("email_address") for person in people if isinstance(person, dict)]
    delivery = event.get("delivery")
    if isinstance(delivery, dict) and delivery.get("recipients"):
        return delivery["recipients"]
    if delayed := (row.get("details") or {}).get("deliveryDelay.delayedRecipients"):
        return delayed
    mail = event.get("mail")
    if isinstance(mail, dict):
        return mail.get("destination")
    is_reply = row["source"] == "sms" and row["event_type"] in (
        "_SMS.OPTOUT",
        "_SMS.OPTIN",
    )  # its sender is the customer
    return (row.get("attributes") or {}).get("origination_phone_number" if is_reply else "destination_phone_number")


def _distinction(row: Row, event: Struct) -> Json:
    if not event:
        return (row.get("attributes") or {}).get("record_status")
    for part, key in (("bounce", "feedback_id"), ("complaint", "feedback_id"), ("click", "link")):
        inner = event.get(part)
        if isinstance(inner, dict) and inner.get(key) is not None:
            return inner[key]
    return None


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()[:16])[:22].decode()

"""Which event a row is: the id that makes a second delivery of it recognisable (design: data contract, event_id)."""

from __future__ import annotations

import base64
import json

from due_cli.events.model import Json, Row, Struct

_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"))
_quoted = json.encoder.encode_basestring_ascii
PHONE_FAMILIES = ("_SMS.", "_VOICE.", "_WHATSAPP.")

# Where the recipients of one event stand, when it does not concern every recipient of its message.
_RECIPIENTS = (("bounce", "bounced_recipients"), ("complaint", "complained_recipients"))


def event_id(row: Row) -> str:
    """22 characters: 128 bits of SHA-256, URL-safe base64.

    Over source, type, message id, recipient, own time and what else tells two events of a message apart; a row without
    a message id is hashed whole, so that two custom events of one moment stay two.
    """
    event = mail_event(row)
    message = message_id(row, event)
    if message is None:
        return _digest(_CANONICAL.encode({**row, "event_id": ""}))
    own = (row["source"], row["event_type"], message, _recipient(row, event), row["occurred_at"])
    return _digest(f"[{','.join(map(_as_json, own))},{_as_json(_distinction(row, event))}]")


def message_id(row: Row, event: Struct | None = None) -> str | None:
    """The id of the message that an event is about, or None for events of no message (campaign, journey, app)."""
    mail = (mail_event(row) if event is None else event).get("mail")
    if isinstance(mail, dict):
        found = mail.get("message_id")
        return found if isinstance(found, str) else None
    if row.get("event_type", "").startswith(PHONE_FAMILIES):
        return (row.get("attributes") or {}).get("message_id")
    return None


def mail_event(row: Row) -> Struct:
    """``facets.email_channel.mail_event`` of a row, or an empty struct."""
    facets = row.get("facets")
    return facets["email_channel"]["mail_event"] if facets else {}


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
    return (row.get("attributes") or {}).get("destination_phone_number")


def _distinction(row: Row, event: Struct) -> Json:
    """The feedback id or link; for a phone the record's own status, of which several share one event type."""
    if not event:
        return (row.get("attributes") or {}).get("record_status")
    for part, key in (("bounce", "feedback_id"), ("complaint", "feedback_id"), ("click", "link")):
        inner = event.get(part)
        if isinstance(inner, dict) and inner.get(key) is not None:
            return inner[key]
    return None


def _as_json(value: Json) -> str:
    """A value as ``_CANONICAL`` writes it; setting an encoder going takes longer than nearly all values."""
    if type(value) is str:
        return _quoted(value)
    if type(value) is int:
        return str(value)
    if type(value) is list and len(value) == 1:
        return f"[{_as_json(value[0])}]"
    return "null" if value is None else _CANONICAL.encode(value)


def _digest(canonical: str) -> str:
    import hashlib  # not needed to look a status up, and slow to load

    return base64.urlsafe_b64encode(hashlib.sha256(canonical.encode()).digest()[:16])[:22].decode()

"""Which event a row is: the id that makes a second delivery of it recognisable (docs/data.md, "Identity").

An id follows from values alone. Key order, white space, escapes and the spelling of numbers change nothing, so that a
record which a pipeline has parsed and written again is still the same event.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable

from due_cli.events.model import Json, Row, Struct

_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"))
_quoted = json.encoder.encode_basestring_ascii
PHONE_FAMILIES = ("_SMS.", "_VOICE.", "_WHATSAPP.")

# Where the recipients of one event stand, when it does not concern every recipient of its message.
_RECIPIENTS = (("bounce", "bounced_recipients"), ("complaint", "complained_recipients"))
_DELAYED = "deliveryDelay.delayedRecipients"


def event_id(row: Row, *, whole: str | None = None, participant: str | None = None) -> str:
    """Return the id of a row's event: 22 characters, 128 bits of SHA-256 in URL-safe base64.

    Over source, type, message id, recipient addresses, own time (epoch ms) and what else tells two events of a message
    apart. A message to a phone has one recipient, whose number some deliveries leave out, so none is in its id;
    ``participant`` is the member of a WhatsApp group that a status is of. ``whole`` is the :func:`canonical` record of
    an event of no message, which is hashed in place of all that, so that two custom events of one moment stay two.
    """
    event = mail_event(row)
    own: tuple[Json, ...]
    if whole is not None:
        own = (row["source"], row["event_type"], row["occurred_at"], whole)
    else:
        recipients: Json = _addresses(row, event) if event else participant
        message = message_id(row, event)
        own = (row["source"], row["event_type"], message, recipients, row["occurred_at"], _distinction(row, event))
    return _digest(f"[{','.join(map(_as_json, own))}]")


def canonical(value: Json) -> str:
    """Return JSON text that is the same for equal values: keys sorted, whole numbers as integers, nulls left out."""
    return _CANONICAL.encode(_plain(value))


def message_id(row: Row, event: Struct | None = None) -> str | None:
    """Return the id of the message that an event is about; None for events of no message (campaign, journey, app)."""
    mail = (mail_event(row) if event is None else event).get("mail")
    if isinstance(mail, dict):
        found = mail.get("message_id")
        return found if isinstance(found, str) else None
    if row.get("event_type", "").startswith(PHONE_FAMILIES):
        return (row.get("attributes") or {}).get("message_id")
    return None


def mail_event(row: Row) -> Struct:
    """Return ``facets.email_channel.mail_event`` of a row, or an empty struct."""
    facets = row.get("facets")
    return facets["email_channel"]["mail_event"] if facets else {}


def bare_address(text: str) -> str:
    """Return an address without its display name, in lower case: ``Ada <Ada@Example.com>`` is ``ada@example.com``."""
    if text.endswith(">") and "<" in text:
        text = text[text.rindex("<") + 1 : -1]
    return text.strip().lower()


def _addresses(row: Row, event: Struct) -> Json:
    """The addresses that an email event concerns: bare, sorted, each once; None where it names none at all."""
    listed = _recipients(row, event)
    if type(listed) is not list:
        return None
    if len(listed) == 1 and type(listed[0]) is str:  # nearly all, and sooner
        return [bare_address(listed[0])]
    return sorted({bare_address(address) for address in _texts(listed)})  # type: ignore[return-value]  # texts are Json


def _recipients(row: Row, event: Struct) -> Json:
    for part, column in _RECIPIENTS:
        inner = event.get(part)
        if isinstance(inner, dict) and isinstance(people := inner.get(column), list):
            return people
    delivery = event.get("delivery")
    if isinstance(delivery, dict) and delivery.get("recipients"):
        return delivery["recipients"]
    if delayed := (row.get("details") or {}).get(_DELAYED):
        return _parsed(delayed)
    mail = event.get("mail")
    return mail.get("destination") if isinstance(mail, dict) else None


def _texts(listed: list[Json]) -> Iterable[str]:
    for item in listed:
        if isinstance(item, dict):
            item = item.get("email_address", item.get("emailAddress"))
        if isinstance(item, str):
            yield item


def _parsed(text: str) -> Json:
    """A list that ``details`` holds as JSON text."""
    try:
        found: Json = json.loads(text)
    except ValueError:
        return [text]
    return found if isinstance(found, list) else [text]


def _distinction(row: Row, event: Struct) -> Json:
    """The feedback id or link; for a phone the record's own status, of which several share one event type."""
    if not event:
        return (row.get("attributes") or {}).get("record_status")
    for part, key in (("bounce", "feedback_id"), ("complaint", "feedback_id"), ("click", "link")):
        inner = event.get(part)
        if isinstance(inner, dict) and inner.get(key) is not None:
            return inner[key]
    return None


def _plain(value: Json) -> Json:
    if type(value) is dict:
        return {key: _plain(item) for key, item in value.items() if item is not None}
    if type(value) is list:
        return [_plain(item) for item in value]
    if type(value) is float and value.is_integer():
        return int(value)
    return value


def _as_json(value: Json) -> str:
    """A value as ``_CANONICAL`` writes it; setting an encoder going takes longer than nearly all values."""
    if type(value) is str:
        return _quoted(value)
    if type(value) is int:
        return str(value)
    if type(value) is list and len(value) == 1:
        return f"[{_as_json(value[0])}]"
    return "null" if value is None else _CANONICAL.encode(value)


def _digest(text: str) -> str:
    import hashlib  # not needed to look a status up, and slow to load

    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()[:16])[:22].decode()

"""AWS End User Messaging SMS: text, media, RCS and voice messages, inbound messages, account events.

Facts: End User Messaging SMS user guide, "Event types for SMS, MMS, and voice" and "Example event data".
"""

from __future__ import annotations

import math

from due_cli.events.fields import MISMATCH, FieldExtractor, Mismatch, as_text, complete_row, number, snake_case, time
from due_cli.events.identity import canonical
from due_cli.events.model import Envelope, Json, Record, RecordRows, Row, UnreadableError

SOURCE = "sms"
MILLICENTS_A_DOLLAR = 100_000

# Answers that opt out (user guide, "Required opt-out keywords").
OPT_OUT_KEYWORDS = frozenset(
    ("ARRET", "CANCEL", "END", "OPT-OUT", "OPTOUT", "QUIT", "REMOVE", "STOP", "TD", "UNSUBSCRIBE")
)
# Answers that opt in again (the same page; of US toll-free numbers the carriers read them).
OPT_IN_KEYWORDS = frozenset(("START", "UNSTOP"))
_CHANNELS = {"TEXT": "SMS", "MEDIA": "MMS", "RCS": "RCS", "VOICE": "VOICE"}
_SUCCESS = frozenset(("SUCCESSFUL", "DELIVERED"))
_BUFFERED = frozenset(("PENDING", "QUEUED", "ACCEPTED", "SENT", "FALLEN_BACK_TO_SMS"))

# Pinpoint's attribute keys for the fields of the record, so that the SMS views show both sources alike.
_ATTRIBUTES = (
    ("messageId", "message_id"),
    ("messageStatus", "record_status"),
    ("originationPhoneNumber", "origination_phone_number"),
    ("destinationPhoneNumber", "destination_phone_number"),
    ("isoCountryCode", "iso_country_code"),
    ("messageType", "message_type"),
)
_INBOUND = (
    ("inboundMessageId", "message_id"),
    ("originationNumber", "origination_phone_number"),
    ("destinationNumber", "destination_phone_number"),
)

# An opt-out or opt-in is about the customer, as Pinpoint's own: the number that the sender's number sends to.
_PREFERENCE = (
    ("inboundMessageId", "message_id"),
    ("destinationNumber", "origination_phone_number"),
    ("originationNumber", "destination_phone_number"),
)


def is_record(record: Record) -> bool:
    """Whether an object is a message event, with its time or without, or an inbound message."""
    if "inboundMessageId" in record:
        return True
    kind = record.get("eventType")
    if "eventTimestamp" in record or not isinstance(kind, str):
        return "eventType" in record and "eventTimestamp" in record
    return "messageId" in record and kind.partition("_")[0] in _CHANNELS


def rows_of(record: Record, envelope: Envelope) -> RecordRows:
    """The one row of a message event, an inbound message or an account event.

    ``eventType`` stays in ``details``: several of them share one event type.

    Raises :class:`UnreadableError` without a type, a readable time, or on a message event without a ``messageId``.
    """
    if "inboundMessageId" in record:
        return _inbound(record, envelope)
    kind = record.get("eventType") or envelope.detail_type
    if not isinstance(kind, str):
        raise UnreadableError("an End User Messaging record without an eventType")
    family, _, status = kind.partition("_")
    of_message = family in _CHANNELS and status != ""
    whole = None if of_message else canonical(record)
    extractor = FieldExtractor()
    event_time = extractor.value(record, "eventTimestamp", time)
    if event_time is None and not of_message:
        event_time = envelope.sent_at
    elif event_time is None and record.get("eventTimestamp") is None:
        event_time = envelope.sent_at or envelope.received_at
    if not isinstance(event_time, int):
        raise UnreadableError(f"an End User Messaging {kind} record without a readable eventTimestamp")
    row: Row = {}
    if (version := extractor.string(record, "eventVersion")) is not None:
        row["event_version"] = version
    if envelope.account:
        row["awsaccountid"] = envelope.account
    if of_message:
        _extract_message(extractor, record, row, kind)
    else:
        row["event_type"] = f"_{SOURCE}.{snake_case(envelope.detail_type or kind)}"
    return RecordRows([complete_row(row, SOURCE, event_time, envelope, record, whole=whole)], extractor.nulled)


def _extract_message(extractor: FieldExtractor, record: Record, row: Row, kind: str) -> None:
    family, _, status = kind.partition("_")
    attributes = _attributes(extractor, record, _ATTRIBUTES)
    if not attributes.get("message_id"):
        raise UnreadableError(f"an End User Messaging {kind} record without a messageId")
    attributes.setdefault("record_status", status)
    attributes["channel"] = _channel(record, family)
    for key, column, check in (
        ("totalMessageParts", "number_of_message_parts", _count),
        ("context", "customer_context", _context),
    ):
        value = extractor.value(record, key, check)
        if value is not None:
            attributes[column] = as_text(value)
    row["attributes"] = attributes
    is_final = record.get("isFinal") is not False and record.get("isFinal") != "false"
    row["event_type"] = f"_VOICE.{status}" if family == "VOICE" else _event_type(attributes["record_status"], is_final)
    _extract_prices(extractor, record, row)


def _attributes(extractor: FieldExtractor, record: Record, columns: tuple[tuple[str, str], ...]) -> dict[str, str]:
    attributes = {}
    for key, column in columns:
        value = extractor.string(record, key)
        if value is not None:
            attributes[column] = value
    return attributes


def _channel(record: Record, family: str) -> str:
    """RCS may come as TEXT_ with an RCS agent as its origination identity (docs/data.md, "Record facts")."""
    if family == "TEXT" and ("rcsMetadata" in record or "rcsBusinessId" in record):
        return "RCS"
    return _CHANNELS[family]


def _count(value: Json) -> Json | Mismatch:
    if type(value) is float and value.is_integer() and abs(value) < 2**53:  # 2.0 is 2, by another serialiser
        return int(value)
    return value if type(value) is int or type(value) is str else MISMATCH


def _context(value: Json) -> Json | Mismatch:
    """The sender's map; its JSON text becomes ``customer_context``, as Pinpoint writes it."""
    return value if type(value) is dict or type(value) is str else MISMATCH


def _event_type(status: str, is_final: bool) -> str:
    """The type of a status; SUCCESSFUL that is not final is the carrier's, and the phone's receipt may be a failure."""
    if status == "SUCCESSFUL" and not is_final:
        return "_SMS.BUFFERED"
    if status in _SUCCESS:
        return "_SMS.SUCCESS"
    if status in _BUFFERED:
        return "_SMS.BUFFERED"
    return "_SMS.READ" if status == "READ" else "_SMS.FAILURE"


def _extract_prices(extractor: FieldExtractor, record: Record, row: Row) -> None:
    """Prices are US dollars in these records, although the documentation's table says otherwise (docs/data.md)."""
    values = {}
    for key, metric in (
        ("totalMessagePrice", "price_in_millicents_usd"),
        ("totalCarrierFee", "carrier_fee_in_millicents_usd"),
    ):
        price: Json = extractor.value(record, key, _millicents)
        if isinstance(price, float):
            values[metric] = price
    if values:
        row["metric_values"] = values
    if "price_in_millicents_usd" in values:
        row["metrics"] = {"price_in_millicents_usd": values["price_in_millicents_usd"]}


def _millicents(dollars: Json) -> Json | Mismatch:
    checked = number(dollars)
    if not isinstance(checked, float) or not math.isfinite(checked * MILLICENTS_A_DOLLAR):
        return MISMATCH
    return round(checked * MILLICENTS_A_DOLLAR, 6)


def _inbound(record: Record, envelope: Envelope) -> RecordRows:
    """A two-way message: it has no time of its own, so its SNS notification's counts."""
    event_time = envelope.sent_at or envelope.received_at
    if event_time is None:
        raise UnreadableError("an inbound message without the SNS notification that carries its time")
    extractor = FieldExtractor()
    event_type = _inbound_type(record.get("messageKeyword"))
    attributes = _attributes(extractor, record, _INBOUND if event_type == "_SMS.INBOUND" else _PREFERENCE)
    if not attributes.get("message_id"):
        raise UnreadableError("an inbound message whose inboundMessageId is not text")
    row: Row = {"event_type": event_type, "attributes": attributes}
    if envelope.account:
        row["awsaccountid"] = envelope.account
    return RecordRows([complete_row(row, SOURCE, event_time, envelope, record)], extractor.nulled)


def _inbound_type(keyword: Json) -> str:
    word = keyword.strip().upper() if isinstance(keyword, str) else ""
    if word in OPT_OUT_KEYWORDS:
        return "_SMS.OPTOUT"
    return "_SMS.OPTIN" if word in OPT_IN_KEYWORDS else "_SMS.INBOUND"

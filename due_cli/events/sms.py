"""AWS End User Messaging SMS: text, media, RCS and voice messages, inbound messages, account events.

Facts: End User Messaging SMS user guide, "Event types for SMS, MMS, and voice" and "Example event data".
"""

from __future__ import annotations

from due_cli.events.fields import Taker, as_text, number
from due_cli.events.finish import finished, snake_case
from due_cli.events.model import Envelope, Json, Normalised, Record, Row, UnreadableError
from due_cli.events.times import millis

SOURCE = "sms"
MILLICENTS_A_DOLLAR = 100_000

# What a person may answer to opt out (user guide, "Required opt-out keywords").
OPT_OUT_KEYWORDS = frozenset(
    ("ARRET", "CANCEL", "END", "OPT-OUT", "OPTOUT", "QUIT", "REMOVE", "STOP", "TD", "UNSUBSCRIBE")
)
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


def rows_of(record: Record, envelope: Envelope) -> Normalised:
    """The one row of a message event, an inbound message or an account event.

    ``eventType`` stays in ``details``: several of them share one event type.

    Raises :class:`UnreadableError` without a type, a readable time, or on a message event without a ``messageId``.
    """
    if "inboundMessageId" in record:
        return _inbound(record, envelope)
    kind = record.get("eventType") or envelope.detail_type
    if not isinstance(kind, str):
        raise UnreadableError("an End User Messaging record without an eventType")
    family = kind.partition("_")[0]
    own_time = millis(record.get("eventTimestamp"))
    if own_time is not None:
        del record["eventTimestamp"]
    elif (own_time := envelope.sent_at) is None or family in _CHANNELS:
        raise UnreadableError(f"an End User Messaging {kind} record without a readable eventTimestamp")
    taker = Taker()
    row: Row = {}
    if version := taker.string(record, "eventVersion"):
        row["event_version"] = version
    if envelope.account:
        row["awsaccountid"] = envelope.account
    if family in _CHANNELS:
        _take_message(taker, record, row, kind, family)
    else:
        row["event_type"] = f"_{SOURCE}.{snake_case(envelope.detail_type or kind)}"
    return Normalised([finished(row, SOURCE, own_time, envelope, record)], taker.nulled)


def _take_message(taker: Taker, record: Record, row: Row, kind: str, family: str) -> None:
    attributes = _attributes(taker, record, _ATTRIBUTES)
    if not attributes.get("message_id"):
        raise UnreadableError(f"an End User Messaging {kind} record without a messageId")
    attributes.setdefault("record_status", kind.partition("_")[2])
    attributes["channel"] = _channel(record, family)
    parts = record.pop("totalMessageParts", None)
    if parts is not None:
        attributes["number_of_message_parts"] = as_text(parts)
    context = record.pop("context", None)
    if context is not None:
        attributes["customer_context"] = as_text(context)
    row["attributes"] = attributes
    row["event_type"] = _event_type(kind, family, attributes["record_status"])
    _take_prices(taker, record, row)


def _attributes(taker: Taker, record: Record, columns: tuple[tuple[str, str], ...]) -> dict[str, str]:
    found = {}
    for key, column in columns:
        value = taker.string(record, key)
        if value is not None:
            found[column] = value
    return found


def _channel(record: Record, family: str) -> str:
    """RCS may come as TEXT_ with an RCS agent as its origination identity (FACTS a)."""
    if family == "TEXT" and ("rcsMetadata" in record or "rcsBusinessId" in record):
        return "RCS"
    return _CHANNELS[family]


def _event_type(kind: str, family: str, status: str) -> str:
    if family == "VOICE":
        return f"_VOICE.{kind.partition('_')[2]}"
    if status in _SUCCESS:
        return "_SMS.SUCCESS"
    if status in _BUFFERED:
        return "_SMS.BUFFERED"
    return "_SMS.READ" if status == "READ" else "_SMS.FAILURE"


def _take_prices(taker: Taker, record: Record, row: Row) -> None:
    """Prices are US dollars in these records, whatever the documentation's table says (FACTS d)."""
    values = {}
    for key, metric in (
        ("totalMessagePrice", "price_in_millicents_usd"),
        ("totalCarrierFee", "carrier_fee_in_millicents_usd"),
    ):
        dollars: Json = taker.value(record, key, number)
        if isinstance(dollars, float):
            values[metric] = round(dollars * MILLICENTS_A_DOLLAR, 6)
    if values:
        row["metric_values"] = values
    if "price_in_millicents_usd" in values:
        row["metrics"] = {"price_in_millicents_usd": values["price_in_millicents_usd"]}


def _inbound(record: Record, envelope: Envelope) -> Normalised:
    """A two-way message: it has no time of its own, so its SNS notification's counts."""
    own_time = envelope.sent_at or envelope.received_at
    if own_time is None:
        raise UnreadableError("an inbound message without the SNS notification that carries its time")
    taker = Taker()
    attributes = _attributes(taker, record, _INBOUND)
    if not attributes.get("message_id"):
        raise UnreadableError("an inbound message whose inboundMessageId is not text")
    keyword = record.get("messageKeyword")
    opts_out = isinstance(keyword, str) and keyword.strip().upper() in OPT_OUT_KEYWORDS
    row: Row = {"event_type": "_SMS.OPTOUT" if opts_out else "_SMS.INBOUND", "attributes": attributes}
    if envelope.account:
        row["awsaccountid"] = envelope.account
    return Normalised([finished(row, SOURCE, own_time, envelope, record)], taker.nulled)

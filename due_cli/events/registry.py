"""Which source a record is of. A new source is one module with ``rows_of`` and one line here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from due_cli.events import canonical, pinpoint, ses, sms, whatsapp
from due_cli.events.model import Envelope, Json, Record, RecordRows, UnreadableError
from due_cli.events.not_records import FILE_KEY

# SES sends this text to a topic that becomes an event destination; no message caused it.
_TOPIC_PING = "Successfully validated SNS topic for Amazon SES event publishing."
UNKNOWN_RECORD = "not a record of Pinpoint, SES, End User Messaging SMS or WhatsApp"


def is_control_message(record: Record) -> bool:
    """Whether a message of CloudWatch Logs is the one with which it tries a subscription's destination."""
    return record.get("messageType") == "CONTROL_MESSAGE" and "logEvents" in record


def _is_word(value: Json) -> bool:
    return isinstance(value, str) and value != ""


@dataclass(frozen=True, slots=True)
class Source:
    """A family of records: how one is recognised, and its normaliser."""

    name: str
    recognises: Callable[[Record, Envelope], bool]
    rows_of: Callable[[Record, Envelope], RecordRows]


SOURCES = (
    Source(canonical.SOURCE, lambda record, _: canonical.is_row(record), canonical.rows_of),
    Source(pinpoint.SOURCE, lambda record, _: _is_word(record.get("event_type")), pinpoint.rows_of),
    Source(
        ses.SOURCE,
        lambda record, envelope: (
            envelope.bus_source == "aws.ses"
            or "notificationType" in record
            or ("eventType" in record and "mail" in record)
        ),
        ses.rows_of,
    ),
    Source(
        whatsapp.SOURCE,
        lambda record, envelope: whatsapp.is_record(record) or envelope.bus_source == whatsapp.BUS_SOURCE,
        whatsapp.rows_of,
    ),
    Source(
        sms.SOURCE,
        lambda record, envelope: envelope.bus_source == "aws.sms-voice" or sms.is_record(record),
        sms.rows_of,
    ),
)


def is_record(record: Record, envelope: Envelope = Envelope()) -> bool:  # noqa: B008  frozen
    """Whether an object is a record of a known source, whatever stands in its fields."""
    return any(source.recognises(record, envelope) for source in SOURCES)


def rows_of(record: Json, envelope: Envelope = Envelope()) -> RecordRows:  # noqa: B008  frozen
    """The rows of one record out of its wrappers; none for a test ping. ``record`` loses its fields.

    Raises :class:`UnreadableError` with the reason where the record cannot become a row.
    """
    if record == _TOPIC_PING:
        return RecordRows([])
    if not isinstance(record, dict):
        raise UnreadableError("a JSON value that is not an object")
    for source in SOURCES:
        if source.recognises(record, envelope):
            try:
                return source.rows_of(record, envelope)
            except RecursionError:  # of a caller whose decoder reads more levels than due's do
                raise UnreadableError("JSON nested deeper than can be read") from None
    if is_control_message(record):
        return RecordRows([])
    if record.get("Type") in ("SubscriptionConfirmation", "UnsubscribeConfirmation"):
        raise UnreadableError(f"an SNS {record['Type']}: open its SubscribeURL to confirm the topic's subscription")
    if isinstance(file := record.get(FILE_KEY), dict) and isinstance(reason := file.get("reason"), str):
        raise UnreadableError(reason)
    raise UnreadableError(UNKNOWN_RECORD)

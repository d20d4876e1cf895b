"""WhatsApp through AWS End User Messaging Social: message statuses, inbound messages, account changes.

Facts: End User Messaging Social user guide, "Message and event format" and "Monitoring with Amazon EventBridge".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from due_cli.events.documents import loads
from due_cli.events.fields import FieldExtractor, as_text, complete_row, snake_case, time_in_seconds
from due_cli.events.identity import canonical
from due_cli.events.model import Envelope, Json, Record, RecordRows, Row, UnreadableError
from due_cli.events.times import millis, seconds

SOURCE = "whatsapp"
BUS_SOURCE = "aws.social-messaging"
# The service writes this in place of a status when its 180 minutes of retries are over (docs/data.md, "Record facts").
_EXHAUSTED = "Message retries exhausted, dropping message."
_ENTRY = "whatsAppWebhookEntry"
_INBOUND = "INBOUND"
# The fields of a WhatsApp account's webhook (Meta, "Webhooks reference: WhatsApp Business Account").
_FIELD = re.compile(
    r"(?:messages|flows|calls|security|history|message_|template_|account_|phone_number_|business_|smb_|user_pref|payment_)"
)
_FLOWS = "flows"
_NOT_A_WORD = re.compile(r"[^A-Z0-9]+")


def is_record(record: Record) -> bool:
    """Whether an object is a notification of AWS's, or an entry, change or value as Meta's own webhook has it."""
    return _ENTRY in record or _entry_of(record) is not None


def _entry_of(record: Record) -> Record | None:
    """The webhook entry that Meta's bare entry, change or value is; None for anything else."""
    if record.get("messaging_product") == SOURCE and ("statuses" in record or "messages" in record):
        return {"changes": [{"value": record}]}
    if _is_change(record):
        return {"changes": [record]}
    changes = record.get("changes")
    return record if isinstance(changes, list) and any(map(_is_change, changes)) else None


def _is_change(change: Json) -> bool:
    """Whether an object is a change of a WhatsApp account; those of Meta's other products have the same shape."""
    value = change.get("value") if isinstance(change, dict) else None
    if not isinstance(change, dict) or not isinstance(value, dict):
        return False
    return value.get("messaging_product") == SOURCE or _FIELD.match(as_text(change.get("field"))) is not None


def rows_of(record: Record, envelope: Envelope) -> RecordRows:
    """A row for each status, each inbound message and each other change of a notification.

    Raises :class:`UnreadableError` where the webhook entry is not JSON, holds nothing, or an item has no id or time.
    """
    extractor = FieldExtractor()
    if _ENTRY not in record and envelope.bus_source != BUS_SOURCE and (entry := _entry_of(record)) is not None:
        record = {_ENTRY: entry}
    account = extractor.string(record, "aws_account_id") or envelope.account
    items = _from_webhook(extractor, record, envelope) if _ENTRY in record else [_from_bus(extractor, record, envelope)]
    rows = []
    for item in items:
        if account:
            item.row["awsaccountid"] = account
        identity = {"whole": item.whole, "participant": item.participant}
        rows.append(complete_row(item.row, SOURCE, item.event_time, envelope, item.rest, **identity))
    if not rows:
        raise UnreadableError("a WhatsApp notification without a status, a message or another change")
    return RecordRows(rows, extractor.nulled)


class _Item(NamedTuple):
    """The row of one status, message or change, its own time (epoch ms), and the rest of its record.

    ``whole`` and ``participant`` are what :func:`~due_cli.events.identity.event_id` needs beside the row.
    """

    row: Row
    event_time: int
    rest: Record
    whole: str | None = None
    participant: str | None = None


def _from_webhook(extractor: FieldExtractor, record: Record, envelope: Envelope) -> Iterator[_Item]:
    """The items of a notification's webhook entry, which is JSON in a string."""
    entry = record.pop(_ENTRY)
    try:
        entry = loads(entry.encode()) if isinstance(entry, str) else entry
    except UnreadableError as error:
        raise UnreadableError(f"a WhatsApp notification whose {_ENTRY} is {error}") from None
    if not isinstance(entry, dict):
        raise UnreadableError(f"a WhatsApp notification whose {_ENTRY} is not an object")
    changes = entry.pop("changes", None)
    for change in changes if isinstance(changes, list) else []:
        value = change.pop("value", None) if isinstance(change, dict) else None
        if not isinstance(value, dict):
            raise UnreadableError("a WhatsApp change without a value object")
        yield from _from_change(extractor, record, {**entry, "changes": change}, value, envelope)


def _from_change(
    extractor: FieldExtractor, header: Record, entry: Record, value: Record, envelope: Envelope
) -> Iterator[_Item]:
    statuses, messages = value.pop("statuses", None), value.pop("messages", None)
    number = _sender_number(extractor, value)

    def rest(name: str, item: Record) -> Record:
        change = entry["changes"]
        inner = {**value, name: item} if name else value
        return {
            **header,
            _ENTRY: {**entry, "changes": {**(change if isinstance(change, dict) else {}), "value": inner}},
        }

    for status in _objects(statuses, "statuses"):
        participant = _participant(status)
        yield _Item(*_status(extractor, status, number, envelope), rest("statuses", status), participant=participant)
    for message in _objects(messages, "messages"):
        yield _Item(*_message(extractor, message, number), rest("messages", message))
    if statuses is None and messages is None:
        whole = canonical({**entry, "value": value})
        yield _Item(*_change(header, entry, value, envelope), rest("", {}), whole)


def _participant(status: Record) -> str | None:
    """The member of a group that a status is of; a message to a group has a status for each of them."""
    participant = status.get("recipient_participant_id") or status.get("recipient_participant_user_id")
    return as_text(participant) if participant else None


def _sender_number(extractor: FieldExtractor, value: Record) -> str | None:
    """The sender's number; it stays in ``details`` too, because every item of the change has it."""
    metadata = extractor.object(value, "metadata")
    return None if metadata is None else extractor.string(dict(metadata), "display_phone_number")


def _objects(items: Json, name: str) -> Iterator[Record]:
    for item in items if isinstance(items, list) else [] if items is None else [items]:
        if not isinstance(item, dict):
            raise UnreadableError(f"a WhatsApp notification whose {name} are not objects")
        yield item


def _status(extractor: FieldExtractor, status: Record, number: str | None, envelope: Envelope) -> tuple[Row, int]:
    word = extractor.string(status, "status")
    if not word:
        raise UnreadableError("a WhatsApp status without a status")
    row = _row(_status_type(word), extractor.string(status, "id"), number, extractor.string(status, "recipient_id"))
    row["attributes"]["record_status"] = word
    sent_at = envelope.sent_at or envelope.received_at
    if status.get("timestamp") is None and sent_at is not None:
        return row, sent_at
    return row, _event_time(extractor, status, "status")


def _message(extractor: FieldExtractor, message: Record, number: str | None) -> tuple[Row, int]:
    row = _row(f"_WHATSAPP.{_INBOUND}", extractor.string(message, "id"), extractor.string(message, "from"), number)
    return row, _event_time(extractor, message, "message")


def _change(header: Record, entry: Record, value: Record, envelope: Envelope) -> tuple[Row, int]:
    """A change of the account and not of a message: its type is its field, of ``flows`` the event inside."""
    change = entry["changes"]
    field = change.get("field") if isinstance(change, dict) else None
    event = value.get("event")
    named = (event, field) if field == _FLOWS else (field, event)
    kind = next((name for name in named if isinstance(name, str) and snake_case(name)), None)
    event_time = millis(header.get("message_timestamp")) or seconds(entry.get("time")) or envelope.sent_at
    if kind is None:
        raise UnreadableError("a WhatsApp change without a field or an event")
    if event_time is None:
        raise UnreadableError(f"a WhatsApp {kind} change without a readable message_timestamp")
    return {"event_type": f"_{SOURCE}.{snake_case(kind)}"}, event_time


def _from_bus(extractor: FieldExtractor, detail: Record, envelope: Envelope) -> _Item:
    """An EventBridge event, whose detail is flat."""
    kind = (envelope.detail_type or "").removeprefix("WhatsApp ")
    if not snake_case(kind):
        raise UnreadableError("a WhatsApp event of EventBridge without a detail-type")
    whole = canonical(detail)
    event_time = extractor.value(detail, "eventTimestamp", time_in_seconds)
    if not isinstance(event_time, int):
        event_time = envelope.sent_at
    if event_time is None:
        raise UnreadableError(f"a WhatsApp {kind} event without a readable eventTimestamp")
    status = extractor.string(detail, "status")
    if kind == "Message Received":
        event_type = f"_WHATSAPP.{_INBOUND}"
    elif status:
        event_type = _status_type(status)
    else:
        return _Item({"event_type": f"_{SOURCE}.{snake_case(kind)}"}, event_time, detail, whole)
    sender, receiver = (extractor.string(detail, f"{end}PhoneNumber") for end in ("origination", "destination"))
    row = _row(event_type, extractor.string(detail, "messageId"), sender, receiver)
    if status:
        row["attributes"]["record_status"] = status
    return _Item(row, event_time, detail)


def _status_type(word: str) -> str:
    name = "FAILED" if word == _EXHAUSTED else _NOT_A_WORD.sub("_", word.upper()).strip("_")
    if not name:
        raise UnreadableError(f"a WhatsApp status that names none: {word}")
    return f"_WHATSAPP.{name}"


def _row(event_type: str, message_id: str | None, sender: str | None, receiver: str | None) -> Row:
    if not message_id:
        raise UnreadableError(f"a {event_type} record without a message id")
    attributes = {"message_id": message_id}
    if sender is not None:
        attributes["origination_phone_number"] = sender
    if receiver is not None:
        attributes["destination_phone_number"] = receiver
    return {"event_type": event_type, "attributes": attributes}


def _event_time(extractor: FieldExtractor, item: Record, name: str) -> int:
    event_time = extractor.value(item, "timestamp", time_in_seconds)
    if not isinstance(event_time, int):
        raise UnreadableError(f"a WhatsApp {name} without a readable timestamp (epoch seconds)")
    return event_time

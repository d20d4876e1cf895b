"""Amazon Pinpoint's event stream: email, SMS, campaign, journey, app and custom events.

The table's schema is this stream's own (guide, "Amazon Athena database"), so a record keeps its shape. Facts:
Pinpoint developer guide, "Streaming events".
"""

from __future__ import annotations

from due_cli.events.fields import FieldExtractor, Shape, complete_row, number, text, text_map, time
from due_cli.events.identity import canonical, message_id
from due_cli.events.mail import extract_mail_event, field_map
from due_cli.events.model import Envelope, Record, RecordRows, Row, UnreadableError

SOURCE = "pinpoint"
TEST_EVENT = "_test.event_stream"  # written when a stream is attached to a project


_ROW: Shape = (
    ("event_timestamp", "event_timestamp", time),
    ("arrival_timestamp", "arrival_timestamp", time),
    ("event_version", "event_version", text),
    ("session", "session", text_map),
    ("attributes", "attributes", text_map),
    ("awsAccountId", "awsaccountid", text),
)
_APPLICATION: Shape = (("app_id", "app_id", text), ("sdk", "sdk", text_map))
_CLIENT: Shape = (("client_id", "client_id", text), ("cognito_id", "cognito_id", text))
_DEVICE: Shape = (("platform", "platform", text_map),)
_CLIENT_CONTEXT: Shape = (("custom", "custom", text_map),)
_FIELD_MAP = field_map(lambda column: column)


def rows_of(record: Record, envelope: Envelope) -> RecordRows:
    """The one row of a stream record; no row for the test ping.

    The own time of an email event is ``arrival_timestamp``, because ``event_timestamp`` repeats the send time on
    every event of a message (docs/data.md); for ``_email.send`` and all other types it is ``event_timestamp``.

    Raises :class:`UnreadableError` without a readable time, or without a message id on an email or SMS event.
    """
    event_type = str(record.pop("event_type"))
    if event_type == TEST_EVENT:
        return RecordRows([])
    of_message = event_type.startswith(("_email.", "_SMS."))
    whole = None if of_message else canonical(record)
    extractor = FieldExtractor()
    row: Row = {"event_type": event_type}
    row.update(extractor.struct(record, _ROW))  # type: ignore[typeddict-item]  # the shape's columns are Row's
    event_time = _event_time(row)
    extract_structs(extractor, record, row)
    _extract_metrics(extractor, record, row)
    message = message_id(row)
    if of_message and not message:
        raise UnreadableError(f"a Pinpoint {event_type} record without a message_id")
    whole = whole if message is None else None
    return RecordRows([complete_row(row, SOURCE, event_time, envelope, record, whole=whole)], extractor.nulled)


def _event_time(row: Row) -> int:
    event, arrival = row.get("event_timestamp"), row.get("arrival_timestamp")
    email = row["event_type"].startswith("_email.") and row["event_type"] != "_email.send"
    event_time = (arrival or event) if email else (event or arrival)
    if event_time is None:
        raise UnreadableError(
            f"a Pinpoint {row['event_type']} record without a readable event_timestamp (epoch milliseconds)"
        )
    return event_time


def extract_structs(extractor: FieldExtractor, record: Record, row: Row) -> None:
    """The columns that are structs, from a record that has them in the table's own shape."""
    for key, shape in (
        ("application", _APPLICATION),
        ("client", _CLIENT),
        ("device", _DEVICE),
        ("client_context", _CLIENT_CONTEXT),
    ):
        struct = extractor.nested(record, key, shape)
        if struct is not None:
            row[key] = struct  # type: ignore[literal-required]  # the four keys are Row's
    facets = extractor.object(record, "facets")
    channel = extractor.object(facets, "email_channel") if facets else None
    event = extractor.object(channel, "mail_event") if channel else None
    if event is not None:
        row["facets"] = {"email_channel": {"mail_event": extract_mail_event(extractor, event, _FIELD_MAP)}}


def _extract_metrics(extractor: FieldExtractor, record: Record, row: Row) -> None:
    """Every metric by its name; the solution's table kept the SMS price alone and dropped all others."""
    metrics = extractor.object(record, "metrics")
    if metrics is None:
        return
    values = extractor.struct(metrics, tuple((name, name, number) for name in list(metrics)))
    numbers = {name: float(value) for name, value in values.items() if isinstance(value, (int, float))}
    if numbers:
        row["metric_values"] = numbers
    if (price := numbers.get("price_in_millicents_usd")) is not None:
        row["metrics"] = {"price_in_millicents_usd": price}

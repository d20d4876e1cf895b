"""Amazon Pinpoint's event stream: email, SMS, campaign, journey, app and custom events.

The table's schema is this stream's own (guide, "Amazon Athena database"), so a record keeps its shape. Facts:
Pinpoint developer guide, "Streaming events".
"""

from __future__ import annotations

from due_cli.events.fields import FieldExtractor, Shape, number, text, text_map, time
from due_cli.events.finish import finished
from due_cli.events.identity import canonical, message_id
from due_cli.events.mail import spelling, taken_mail_event
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
_SPELLING = spelling(lambda column: column)


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
    taker = FieldExtractor()
    row: Row = {"event_type": event_type}
    row.update(taker.struct(record, _ROW))  # type: ignore[typeddict-item]  # the shape's columns are Row's
    event_time = _own_time(row)
    take_structs(taker, record, row)
    _take_metrics(taker, record, row)
    message = message_id(row)
    if of_message and not message:
        raise UnreadableError(f"a Pinpoint {event_type} record without a message_id")
    whole = whole if message is None else None
    return RecordRows([finished(row, SOURCE, event_time, envelope, record, whole=whole)], taker.nulled)


def _own_time(row: Row) -> int:
    event, arrival = row.get("event_timestamp"), row.get("arrival_timestamp")
    email = row["event_type"].startswith("_email.") and row["event_type"] != "_email.send"
    found = (arrival or event) if email else (event or arrival)
    if found is None:
        raise UnreadableError(
            f"a Pinpoint {row['event_type']} record without a readable event_timestamp (epoch milliseconds)"
        )
    return found


def take_structs(taker: FieldExtractor, record: Record, row: Row) -> None:
    """The columns that are structs, taken from a record that has them in the table's own shape."""
    for key, shape in (
        ("application", _APPLICATION),
        ("client", _CLIENT),
        ("device", _DEVICE),
        ("client_context", _CLIENT_CONTEXT),
    ):
        found = taker.nested(record, key, shape)
        if found is not None:
            row[key] = found  # type: ignore[literal-required]  # the four keys are Row's
    facets = taker.object(record, "facets")
    channel = taker.object(facets, "email_channel") if facets else None
    event = taker.object(channel, "mail_event") if channel else None
    if event is not None:
        row["facets"] = {"email_channel": {"mail_event": taken_mail_event(taker, event, _SPELLING)}}


def _take_metrics(taker: FieldExtractor, record: Record, row: Row) -> None:
    """Every metric by its name; the solution's table kept the SMS price alone and dropped all others."""
    metrics = taker.object(record, "metrics")
    if metrics is None:
        return
    values = taker.struct(metrics, tuple((name, name, number) for name in list(metrics)))
    taken = {name: float(value) for name, value in values.items() if isinstance(value, (int, float))}
    if taken:
        row["metric_values"] = taken
    if (price := taken.get("price_in_millicents_usd")) is not None:
        row["metrics"] = {"price_in_millicents_usd": price}

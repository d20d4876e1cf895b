"""Rows of ``all_events`` themselves: those that the transform wrote and Firehose could not convert.

They are the ``rawData`` of a failed conversion (docs/aws.md), so a replay reads them like any record.
"""

from __future__ import annotations

from due_cli.events.fields import FieldExtractor, Shape, details_of, number, numbers, text, text_map, time
from due_cli.events.model import Envelope, Record, RecordRows, Row, UnreadableError
from due_cli.events.pinpoint import extract_structs

SOURCE = "canonical"
_REQUIRED = frozenset(("event_type", "event_id", "source", "occurred_at"))  # a service's record has no two of them
_COLUMNS: Shape = (
    *((column, column, text) for column in ("event_type", "event_version", "awsaccountid", "event_id", "source")),
    *((column, column, time) for column in ("event_timestamp", "arrival_timestamp", "occurred_at")),
    *((column, column, text_map) for column in ("session", "attributes", "details")),
    ("metric_values", "metric_values", numbers),
)
_METRICS: Shape = (("price_in_millicents_usd", "price_in_millicents_usd", number),)


def is_row(record: Record) -> bool:
    """Whether a record is a row already."""
    return record.keys() >= _REQUIRED


def rows_of(record: Record, envelope: Envelope) -> RecordRows:
    """The row, with its own id; a column with an unexpected type goes to ``details``.

    Raises :class:`UnreadableError` without a readable type, id, source or own time.
    """
    extractor = FieldExtractor()
    row: Row = {}
    row.update(extractor.struct(record, _COLUMNS))  # type: ignore[typeddict-item]  # the shape's columns are Row's
    for column in sorted(_REQUIRED):
        if not row.get(column):
            raise UnreadableError(f"a row of all_events without a readable {column}")
    extract_structs(extractor, record, row)
    if metrics := extractor.nested(record, "metrics", _METRICS):
        row["metrics"] = metrics  # type: ignore[typeddict-item]  # _METRICS makes its value a float
    if details := details_of(record):
        row["details"] = {**details, **row.get("details", {})}
    if "arrival_timestamp" not in row:
        row["arrival_timestamp"] = envelope.received_at if envelope.received_at is not None else row["occurred_at"]
    return RecordRows([row], extractor.nulled)

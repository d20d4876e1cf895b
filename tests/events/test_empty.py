"""Empty lists and maps are NULL in the table, on both targets, and change neither the event's id nor its status."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from due_cli.aws.pipeline import records
from due_cli.events import Json, Row, UnreadableError, rows_of, status_of
from due_cli.ingest import batch
from tests.events.fields import Path, closed, opened, replaced
from tests.events.samples import SAMPLES, Sample

ENCODERS = (records.encode_row, batch.encode_row)


def containers(value: Json, path: Path = ()) -> Iterator[tuple[Path, Json]]:
    """Every list and object inside a record, with its path and what it is when it is empty."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        if isinstance(item, (dict, list)):
            yield (*path, key), type(item)()
            yield from containers(item, (*path, key))


def empties(value: Json) -> Iterator[Json]:
    if isinstance(value, (dict, list)):
        if not value:
            yield value
        for item in value.values() if isinstance(value, dict) else value:
            yield from empties(item)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_no_row_is_stored_with_an_empty_list_or_map(sample: Sample) -> None:
    for path, empty in containers(opened(sample.build())):
        record = replaced(opened(sample.build()), path, empty)
        assert isinstance(record, dict)
        try:
            rows = rows_of(closed(record), sample.envelope).rows
        except UnreadableError:
            continue
        for row in rows:
            lines = [json.loads(encode(row)) for encode in ENCODERS]
            assert lines[0] == lines[1]
            assert list(empties(lines[0])) == []
            stored: Row = lines[0]
            assert stored["event_id"] == row["event_id"]
            assert status_of(stored) == status_of(row)


def test_what_is_not_empty_stays() -> None:
    row: Row = {"event_id": "[]", "attributes": {"a": "", "b": "{}"}, "session": {}, "occurred_at": 0}
    expected = {"event_id": "[]", "attributes": {"a": "", "b": "{}"}, "occurred_at": 0}
    assert [json.loads(encode(row)) for encode in ENCODERS] == [expected] * 2


def test_a_row_with_empty_columns_is_the_same_line_as_one_without() -> None:
    """So that a stored row of an earlier version counts as the same delivery."""
    row: Row = {"event_id": "a", "occurred_at": 0}
    more: Row = {**row, "details": {}, "facets": {"email_channel": {"mail_event": {"mail": {"headers": [{}]}}}}}
    assert [encode(more) for encode in ENCODERS] == [encode(row) for encode in ENCODERS]

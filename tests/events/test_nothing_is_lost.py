"""Every field of every record is found again in a column or in ``details`` (docs/data.md)."""

from __future__ import annotations

import json

import pytest

from due_cli.events import Json, Record, Row, UnreadableError, rows_of
from due_cli.events.times import millis
from tests.events.columns import checked, texts_in
from tests.events.fields import Path, closed, leaves, opened, replaced
from tests.events.samples import SAMPLES, Sample

# A type becomes the row's event type, which has its own tests; it may be nowhere else.
TYPES = ("eventType", "notificationType")
DOLLARS = ("totalMessagePrice", "totalCarrierFee")


def spellings(path: Path, value: Json) -> set[str]:
    """How a leaf may stand in a row: its text, the time or the millicents it says."""
    found = {value if isinstance(value, str) else json.dumps(value)}
    time = millis(value) or (isinstance(value, str) and value.isdigit() and millis(int(value) * 1000))
    if time:
        found.add(str(time))
    if path[-1] in DOLLARS and isinstance(value, float):
        found.add(json.dumps(round(value * 100_000, 6)))
    if isinstance(value, int) and not isinstance(value, bool):
        found.add(json.dumps(float(value)))
    return found


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_every_leaf_of_a_record_stands_in_its_rows(sample: Sample) -> None:
    rows = checked(rows_of(sample.build(), sample.envelope).rows)
    standing = set().union(*(texts_in(row) for row in rows))
    # A tag of two values is one text.
    standing |= {part for text in standing for part in text.split(",")}
    for path, value in leaves(opened(sample.build())):
        if path[-1] not in TYPES:
            assert spellings(path, value) & standing, f"{path} is lost"


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_every_leaf_that_changes_changes_the_row(sample: Sample) -> None:
    """So that no field is found again by chance, because another has the same value."""
    before = columns(rows_of(sample.build(), sample.envelope).rows)
    for path, value in leaves(opened(sample.build())):
        record = closed(_record(replaced(opened(sample.build()), path, other(value))))
        try:
            assert columns(rows_of(record, sample.envelope).rows) != before, f"{path} is lost"
        except UnreadableError:
            continue  # the time or the type of the event, whose loss is told


def other(value: Json) -> Json:
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float)):
        return value + 1
    assert isinstance(value, str)
    if value.isdigit():
        return str(int(value) + 1)
    return value.replace("Z", "").replace("T", " ") + "+01:00" if millis(value) else value + "x"


def columns(rows: list[Row]) -> list[dict[str, object]]:
    return [{key: value for key, value in row.items() if key != "event_id"} for row in rows]


def _record(value: Json) -> Record:
    assert isinstance(value, dict)
    return value


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_a_field_yet_to_come_is_kept_wherever_it_stands(sample: Sample) -> None:
    ends = [path for path, _ in leaves(opened(sample.build()))]
    for path in sorted({end[:length] for end in ends for length in range(len(end))}, key=repr):
        record = opened(sample.build())
        inner: Json = record
        for key in path:
            assert isinstance(inner, (dict, list))
            inner = inner[key]  # type: ignore[index]  # a path of this record
        if isinstance(inner, dict):
            inner["brandNewField"] = "brand new value"
            rows = checked(rows_of(closed(record), sample.envelope).rows)
            assert rows and all("brand new value" in texts_in(row) for row in rows), f"lost under {path}"

"""The database that the engines are compared on has what they could see differently."""

from __future__ import annotations

from collections import defaultdict

import pyarrow.parquet as pq

from due_cli.events.identity import message_id
from tests.engines.held import Held
from tests.events.samples import SAMPLES
from tests.queries import plain_table
from tests.queries.reference import Filed, context_of


def _by_message(events: list[Filed]) -> list[list[Filed]]:
    found: dict[str | None, list[Filed]] = defaultdict(list)
    for event in events:
        found[message_id(event.row) if event.row["event_type"] else None].append(event)
    found.pop(None)
    return list(found.values())


def test_every_kind_of_record_is_there(rich: Held) -> None:
    wanted = {kind for sample in SAMPLES for kind in sample.types}
    assert wanted < {event.row["event_type"] for event in rich.rows}


def test_events_repeat_come_twice_and_come_at_odd_times(rich: Held) -> None:
    repeated = twice = early = late = 0
    for events in _by_message(rich.events):
        opens = {event.row["event_id"] for event in events if event.row["event_type"] == "_email.open"}
        repeated += len(opens) > 1
        twice += len({(event.row["event_id"], event.hour) for event in events}) > len(
            {event.row["event_id"] for event in events}
        )
        sends = [event.hour for event in events if event.row["event_type"] == "_email.send"]
        early += bool(sends) and min(event.hour for event in events) < min(sends)
        late += bool(sends) and max(event.hour for event in events) > max(sends)
    assert min(repeated, twice, early, late) > 10


def test_every_column_has_values_and_lacks_them(rich: Held) -> None:
    rows = plain_table.rows(rich.rows)
    for name in rows[0]:
        assert any(row[name] is not None for row in rows), name
        assert name == "ingest_timestamp" or any(row[name] is None for row in rows), name


def test_contexts_are_nested_and_malformed(rich: Held) -> None:
    texts = [event for event in rich.rows if (event.row.get("attributes") or {}).get("customer_context")]
    contexts = [context_of(event.row) for event in texts]
    assert sum(context is None for context in contexts) > 10
    nested = [value for context in contexts for value in (context or {}).values() if value and value[0] in "{["]
    assert len(nested) > 10


def test_files_have_three_shapes(rich: Held) -> None:
    """due's own, the AWS solution's, and that from before some fields were added; none lies alone in its hour."""
    shapes: dict[frozenset[str], set[str]] = defaultdict(set)
    for file in (rich.database / "events").rglob("*.parquet"):
        shapes[frozenset(pq.read_schema(file).names)].add(str(file.parent))
    own, second, first = sorted(shapes, key=len, reverse=True)
    assert own - second == {"event_id", "source", "occurred_at", "metric_values", "details"}
    assert second - first == {"session"}
    assert shapes[own] & shapes[second] and shapes[own] & shapes[first]

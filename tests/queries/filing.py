"""Putting events into folders: through ``due ingest``, or as Parquet files that due did not write."""

from __future__ import annotations

import json
import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from due_cli.cli.app import main
from due_cli.core.progress import Silent
from due_cli.events import documents, loads, rows_of, units
from due_cli.events.model import Json
from due_cli.local.folder import Folder
from due_cli.local.ingest import ingest_paths
from tests.queries.reference import Filed

AWS_COLUMNS = 13  # of the AWS solution's table; due's own come after them
_HOUR = 3_600_000


def filed(records: Iterable[Json]) -> list[Filed]:
    """The rows of raw records, each under the hour in which it arrived (docs/data.md, "The table")."""
    found = []
    for record in records:
        for document in documents(json.dumps(record).encode(), loads):
            for unit in units(document, loads):
                for row in rows_of(unit.record, unit.envelope).rows:
                    found.append(Filed(row, hour_of(row["arrival_timestamp"])))
    return found


def hour_of(millis: int) -> datetime:
    """The hour (naive UTC) of epoch milliseconds."""
    return datetime.fromtimestamp(millis // _HOUR * 3600, UTC).replace(tzinfo=None)


def call(home: Path, *words: str) -> None:
    """``due`` for a fixture that outlives a test, which must succeed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(home))
        assert main([*words, "--quiet"]) == 0


def ingested(place: Path, *files: Sequence[Json], by_hour: bool = False) -> Path:
    """A new database with the records of each file; with ``by_hour`` laid out as a stack is."""
    raw = place / "raw"
    raw.mkdir(parents=True)
    for number, records in enumerate(files):
        lines = "".join(json.dumps(record) + "\n" for record in records)
        (raw / f"{number}.json").write_text(lines)
    database = place / "database"
    call(place, "setup", "--local", str(database))
    ingest_paths(Folder(database, by_hour=by_hour), [str(raw)], Silent())
    return database


def adopted(place: Path, events: Sequence[Filed], like: Path) -> Path:
    """A new database over Parquet files as the AWS solution wrote them: its columns, with keys in lower case.

    ``like`` is a database with a file that due wrote, whose types are taken.
    """
    example = next((like / "events").rglob("*.parquet"))
    schema = pa.schema([_lowered(column) for column in list(pq.read_schema(example))[:AWS_COLUMNS]])
    hours: dict[datetime, list[dict[str, Any]]] = defaultdict(list)
    for event in events:
        fields = {name.lower(): value for name, value in event.row.items()}
        hours[event.hour].append({column.name: _cell(fields.get(column.name), column.type) for column in schema})
    for hour, rows in hours.items():
        folder = place / "events" / f"{hour:%Y/%m/%d/%H}"
        folder.mkdir(parents=True)
        half = len(rows) // 2 if hour.hour % 6 == 0 else 0
        for part in (rows[:half], rows[half:]):
            if part:
                pq.write_table(pa.Table.from_pylist(part, schema=schema), folder / f"{uuid.uuid4()}.parquet")
    call(place, "setup", "--local", str(place))
    return place


def lowered(event: Filed) -> Filed:
    """The event as the AWS solution stored it: every key of its maps in lower case."""
    row = json.loads(json.dumps(event.row))
    for holder, key in ((row, "attributes"), (row.get("client_context") or {}, "custom")):
        if key in holder:
            holder[key] = {name.lower(): value for name, value in holder[key].items()}
    return Filed(row, event.hour)


def _lowered(field: pa.Field) -> pa.Field:
    """A column with the names inside it in lower case, as Firehose's OpenX deserializer left them."""
    return pa.field(field.name.lower(), _lowered_type(field.type))


def _lowered_type(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_struct(kind):
        return pa.struct([_lowered(kind.field(index)) for index in range(kind.num_fields)])
    return pa.list_(_lowered_type(kind.value_type)) if pa.types.is_list(kind) else kind


def _cell(value: Any, kind: pa.DataType) -> Any:
    """A value as Arrow takes it for a type."""
    if value is None:
        return None
    if pa.types.is_struct(kind):
        fields = {name.lower(): item for name, item in value.items()}
        return {field.name: _cell(fields.get(field.name), field.type) for field in kind}
    if pa.types.is_map(kind):
        return list(value.items())
    if pa.types.is_list(kind):
        return [_cell(item, kind.value_type) for item in value]
    return value

"""Columns of other types in files that due did not write: the rows are those of the same records ingested."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from due_cli.core.progress import Silent
from due_cli.local import queries
from due_cli.local.folder import Folder
from due_cli.local.setup import set_up
from tests.commands import Due
from tests.local import foreign_files
from tests.local.database import Row
from tests.local.foreign_files import in_order
from tests.local.test_adopt import RECORDS
from tests.queries.filing import ingested

TIMES = ("event_timestamp", "arrival_timestamp")
COLUMNS = (
    "event_type",
    *TIMES,
    "event_version",
    "application",
    "client",
    "device",
    "session",
    "attributes",
    "client_context",
    "awsaccountid",
    "facets",
    "metrics",
)
Change = Callable[[Any], Any]
Variant = dict[str, tuple[pa.DataType | None, Change]]


def each(change: Change) -> Change:
    """A change of the values that are there."""
    return lambda value: None if value is None else change(value)


def moment(millis: int) -> datetime:
    return datetime.fromtimestamp(millis / 1000, UTC)


def iso(millis: int) -> str:
    return moment(millis).isoformat(timespec="milliseconds")


def entries(value: dict[str, Any]) -> list[tuple[str, Any]]:
    return list(value.items())


def pairs(value: Any) -> list[dict[str, Any]]:
    return [{"key": name, "value": inner} for name, inner in value.items()]


def filled(value: Any) -> Any:
    """Without what is NULL or empty, as many writers leave it out."""
    if isinstance(value, dict):
        return {name: filled(inner) for name, inner in value.items() if filled(inner) not in (None, {})}
    return [filled(item) for item in value] if isinstance(value, list) else value


def as_json(value: Any) -> str:
    return json.dumps(filled(value))


def columns(names: Iterable[str], kind: pa.DataType | None, change: Change) -> Variant:
    return {name: (kind, each(change)) for name in names}


UTF8_MAP, DOUBLE_MAP = pa.map_(pa.string(), pa.string()), pa.map_(pa.string(), pa.float64())
MAPS = ("session", "attributes")
# What another writer makes of columns: their type (None: what pyarrow infers), and each value that is there.
OTHERS = {
    "times as timestamps of milliseconds": columns(TIMES, pa.timestamp("ms"), moment),
    "times as timestamps of microseconds with a zone": columns(TIMES, pa.timestamp("us", "Europe/Berlin"), moment),
    "times as timestamps of nanoseconds": columns(TIMES, pa.timestamp("ns"), lambda at: at * 1_000_000),
    "times as ISO 8601": columns(TIMES, pa.string(), iso),
    "times as binary digits": columns(TIMES, pa.binary(), lambda at: str(at).encode()),
    "times as decimal seconds": columns(TIMES, pa.decimal128(18, 3), lambda at: Decimal(at) / 1000),
    "times as seconds in floating point": columns(TIMES, pa.float64(), lambda at: at / 1000),
    "times as microseconds": columns(TIMES, pa.int64(), lambda at: at * 1000),
    "times as dictionaries of large texts": columns(TIMES, pa.dictionary(pa.int32(), pa.large_string()), str),
    "metrics as a map": columns(["metrics"], DOUBLE_MAP, entries),
    "metrics as a map of texts": columns(["metrics"], UTF8_MAP, lambda value: [(k, str(v)) for k, v in value.items()]),
    "metrics as a wider struct": columns(["metrics"], None, lambda value: {**value, "other": None}),
    "metrics as pairs": columns(["metrics"], None, pairs),
    "metrics as JSON": columns(["metrics"], pa.string(), as_json),
    "maps as structs": columns(MAPS, None, filled),
    "maps as pairs": columns(MAPS, None, pairs),
    "maps as JSON": columns(MAPS, pa.string(), as_json),
    "maps as binary JSON": columns(MAPS, pa.binary(), lambda value: as_json(value).encode()),
    "maps of binary": columns(
        MAPS,
        pa.map_(pa.binary(), pa.binary()),
        lambda value: [(k.encode(), None if v is None else v.encode()) for k, v in value.items()],
    ),
    "facets as JSON": columns(["facets"], pa.string(), as_json),
    "facets, client and context as inferred": columns(["facets", "client", "client_context"], None, filled),
    "a client as a map": columns(["client"], UTF8_MAP, entries),
    "structs as JSON": columns(["application", "client", "device", "client_context"], pa.large_string(), as_json),
    "an account as a number": columns(["awsaccountid"], pa.int64(), int),
    "plain texts as binary": columns(["event_type", "event_version", "awsaccountid"], pa.binary(), str.encode),
}
FIRST_YEAR = 1990  # of the variants' folders: their arrival is not that of their events


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ingested(tmp_path_factory.mktemp("original"), RECORDS)


@pytest.fixture(scope="module")
def expected(original: Path) -> list[Row]:
    """The rows of the records ingested, in the order of their ids."""
    return selected(original, "event_id")


@pytest.fixture(scope="module")
def rows_by_year(original: Path, expected: list[Row], tmp_path_factory: pytest.TempPathFactory) -> dict[int, list[Row]]:
    """The rows of every variant, each in a year of its own."""
    place = tmp_path_factory.mktemp("others")
    table = pa.concat_tables([pq.read_table(file, partitioning=None) for file in foreign_files.own_files(original)])
    table = table.sort_by("event_id").select(COLUMNS)
    half = len(table) // 2
    for year, variant in enumerate(OTHERS.values(), FIRST_YEAR):
        for part in (slice(None, half), slice(half, None)):  # types are inferred from some of the rows
            first, last, _ = part.indices(len(table))
            path = place / f"events/{year}/01/01/00/part-{first}.parquet"
            write(table.slice(first, last - first), expected[part], variant, path)
    set_up(Folder(place), "due_eventdb", None, Silent())
    rows: dict[int, list[Row]] = {}
    for row in selected(place, "1"):
        rows.setdefault(row["ingest_timestamp"].year, []).append(row)
    return rows


def write(table: pa.Table, rows: list[Row], variant: Variant, path: Path) -> None:
    """Write a table as the AWS solution does, but for the columns of a variant."""
    for name, (kind, change) in variant.items():
        source = "metric_values" if name == "metrics" else name
        changed = pa.array([change(row[source]) for row in rows], kind)
        if not pa.types.is_null(changed.type):
            table = table.set_column(table.column_names.index(name), name, changed)
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, store_schema=False)


def selected(place: Path, order: str) -> list[Row]:
    names = ", ".join((*COLUMNS, "metric_values", "ingest_timestamp"))
    table = queries.table(Folder(place), f"SELECT {names} FROM all_events ORDER BY {order}")
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]


@pytest.mark.parametrize("name", OTHERS)
def test_the_rows_are_those_of_the_same_records_ingested(
    rows_by_year: dict[int, list[Row]], expected: list[Row], name: str
) -> None:
    year = FIRST_YEAR + list(OTHERS).index(name)
    metrics = {} if "metrics" in OTHERS[name] else {"metric_values": None}
    assert comparable(rows_by_year[year]) == comparable([{**row, **metrics} for row in expected])


def comparable(rows: list[Row]) -> list[Row]:
    """Rows without what is NULL or empty, and without the hour of their file."""
    return in_order([filled({**row, "ingest_timestamp": None}) for row in rows])


def test_doctor_counts_what_cannot_be_read_column_by_column(
    due: Due, original: Path, expected: list[Row], tmp_path: Path
) -> None:
    table = pa.concat_tables([pq.read_table(file, partitioning=None) for file in foreign_files.own_files(original)])
    table = table.sort_by("event_id").select(COLUMNS)
    spoilt = {
        "event_timestamp": (pa.string(), lambda at: "soon" if at % 2 else str(at)),
        "session": (pa.string(), lambda _: "{cut"),
        "device": (pa.int64(), lambda _: 1),
        "metrics": (UTF8_MAP, each(lambda value: [("price_in_millicents_usd", "645"), ("other", "many")])),
        "awsaccountid": (pa.string(), each(str)),
    }
    for number in range(2):
        write(table, expected, spoilt, tmp_path / f"data/events/2024/01/02/0{number}/part-0.parquet")
    place = foreign_files.set_up(due, tmp_path / "data")
    checks = due("doctor", "--local", str(place), "-o", "json").done().json
    found = [check["found"] for check in checks if check["check"] == "values" and check["outcome"] == "warning"]
    odd = 2 * sum(row["event_timestamp"] % 2 for row in expected)
    priced = 2 * sum(row["metric_values"] is not None for row in expected)
    example = "as in events/2024/01/02/00/part-0.parquet"
    assert found == [
        f"event_timestamp of {odd:,} rows, {example}, cannot be read and is NULL",
        f"device of {2 * len(expected)} rows, {example}, cannot be read and is NULL",
        f"session of {2 * len(expected)} rows, {example}, cannot be read and is NULL",
        "1 more such column",
    ]
    assert priced and odd
    shown = due.rows("query", "SELECT COUNT(*) - COUNT(event_timestamp) AS n FROM all_events", "--local", str(place))
    assert shown == [{"n": odd}]

"""``-o ndjson`` and ``-o parquet --to FILE``: wherever rows are returned, and however many."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.commands import Due, write_lines
from tests.events.records import pinpoint_app, ses_delivery, ses_send
from tests.memory import peak_memory

COMMANDS = (
    ("query", "SELECT event_type, attributes, ingest_timestamp, NULL AS nothing FROM all_events ORDER BY event_id"),
    ("query", "SELECT event_type FROM all_events WHERE false"),
    ("report", "bounce-rate", "--since", "2026-11-01", "--until", "2026-12-01"),
    ("report",),
    ("view", "list"),
    ("failed", "list"),
    ("outputs",),
)


@pytest.fixture
def filled(due: Due, folder: Path, tmp_path: Path) -> Path:
    records = [ses_send(), ses_delivery(), pinpoint_app(), b"{"]
    due("ingest", str(write_lines(tmp_path / "records.json", records))).done()
    return folder


def test_ndjson_has_an_object_a_line(due: Due, filled: Path) -> None:
    for words in COMMANDS:
        printed = due(*words, "-o", "json").done().json
        lines = due(*words, "-o", "ndjson").done().out.splitlines()
        assert [json.loads(line) for line in lines] == (printed if isinstance(printed, list) else [printed]), words


def test_parquet_has_the_rows_and_their_types(due: Due, filled: Path, tmp_path: Path) -> None:
    for number, words in enumerate(COMMANDS):
        file = tmp_path / f"{number}.parquet"
        ran = due(*words, "-o", "parquet", "--to", str(file)).done()
        assert ran.out == ""
        table = pq.read_table(file)
        printed = due(*words, "-o", "json").done().json
        objects = printed if isinstance(printed, list) else [printed]
        assert table.num_rows == len(objects), words
        assert not objects or table.column_names == list(objects[0])
        assert f"wrote {len(objects)} row" in ran.err
    types = {field.name: str(field.type) for field in pq.read_schema(tmp_path / "0.parquet")}
    assert (types["event_type"], types["ingest_timestamp"]) == ("string", "timestamp[us, tz=UTC]")
    assert types["attributes"].startswith("map<string, string")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("-o", "parquet"), "-o parquet writes a file, and none is named"),
        (("-o", "csv", "--to", "x.csv"), "--to names the file of -o parquet"),
        (("--to", "x.parquet"), "--to names the file of -o parquet"),
    ],
    ids=str,
)
def test_the_format_and_its_file_go_together(due: Due, folder: Path, words: tuple[str, ...], says: str) -> None:
    assert says in due("report", *words).failed(2).err
    assert list(Path().iterdir()) == []


def test_a_file_is_whole_or_as_it_was(due: Due, filled: Path, tmp_path: Path) -> None:
    file = tmp_path / "place" / "rows.parquet"
    words = ("-o", "parquet", "--to", str(file))
    assert "no such file" in due("query", "SELECT 1 AS one", *words).failed(1).err
    file.parent.mkdir()
    due("query", "SELECT 1 AS one", *words).done()
    before = file.read_bytes()
    fails_late = "SELECT 1 / NULLIF(COUNT(*) - 3, 0) AS x, CAST(MAX(event_type) AS bigint) AS y FROM all_events"
    due("query", fails_late, *words).failed(6)
    two = "SELECT 1 AS x, 2 AS x"
    assert "two columns are named x" in due("query", two, *words).failed(2).err
    assert file.read_bytes() == before
    assert list(file.parent.iterdir()) == [file]
    assert "is not a file" in due("query", "SELECT 1", "-o", "parquet", "--to", "/dev/null").failed(1).err


@pytest.mark.slow
@pytest.mark.parametrize(
    "words", [("-o", "ndjson"), ("-o", "parquet", "--to", "rows.parquet")], ids=["ndjson", "parquet"]
)
def test_a_million_rows_stream(filled: Path, words: tuple[str, ...]) -> None:
    """Kept, they would take 300 MB more."""
    peaks = []
    for number in (100_000, 1_000_000):
        recipient = "rpad('recipient-' || CAST(n AS varchar), 250, 'x')"
        sql = f"SELECT n, {recipient} AS recipient FROM UNNEST(sequence(1, {number})) AS s (n)"
        command = ["sh", "-c", '"$@" > rows.txt', "sh", sys.executable, "-m", "due_cli", "query", sql, *words]
        peaks.append(peak_memory(command)[0].together)
        rows = Path("rows.parquet")
        lines = pq.read_metadata(rows).num_rows if rows.exists() else len(Path("rows.txt").read_bytes().splitlines())
        assert lines == number
    assert peaks[1] - peaks[0] < 150_000_000, peaks

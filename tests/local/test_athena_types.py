"""Which columns of another writer's Parquet Athena cannot read: told by the footer alone."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from due_cli.local.athena_types import unreadable_columns
from tests.local.parquet_layouts import LAYOUTS, set_layout

FIRST_RELEASE = Path(__file__).parents[1] / "first_release"
TEXTS = pa.map_(pa.string(), pa.string())
MAIL = pa.struct([("message_id", pa.string()), ("message_send_timestamp", pa.timestamp("ms"))])
CASES: dict[str, tuple[str, pa.DataType, list[str]]] = {
    "text": ("event_type", pa.string(), []),
    "text without its mark": ("event_type", pa.binary(), []),
    "a number for text": ("event_version", pa.int32(), ["event_version (int32)"]),
    "milliseconds in fewer bytes": ("event_timestamp", pa.int32(), []),
    "a whole decimal number": ("event_timestamp", pa.decimal128(13, 0), []),
    "a time for milliseconds": ("event_timestamp", pa.timestamp("ms"), ["event_timestamp (timestamp[ms])"]),
    "text for milliseconds": ("arrival_timestamp", pa.string(), ["arrival_timestamp (string)"]),
    "a float for milliseconds": ("arrival_timestamp", pa.float64(), ["arrival_timestamp (double)"]),
    "a map": ("attributes", TEXTS, []),
    "a struct for a map": ("attributes", pa.struct([("a", pa.string())]), ["attributes (struct)"]),
    "numbers in a map of texts": ("attributes", pa.map_(pa.string(), pa.int64()), ["attributes.value (int64)"]),
    "a map for a struct": ("metrics", pa.map_(pa.string(), pa.float64()), ["metrics (map)"]),
    "a wider struct": ("metrics", pa.struct([("Price_in_millicents_usd", pa.float32()), ("x", pa.int8())]), []),
    "JSON for a struct": ("client", pa.string(), ["client (string)"]),
    "a column that the table lacks": ("mine", pa.timestamp("us"), []),
    "deep inside": (
        "facets",
        pa.struct([("email_channel", pa.struct([("mail_event", pa.struct([("mail", MAIL)]))]))]),
        ["facets.email_channel.mail_event.mail.message_send_timestamp (timestamp[ms])"],
    ),
}


def written(path: Path, name: str, kind: pa.DataType) -> bytes:
    pq.write_table(pa.table({name: pa.array([None], kind)}), path, store_schema=False)
    return path.read_bytes()


@pytest.mark.parametrize("case", CASES)
def test_a_column_is_named_where_it_does_not_fit(tmp_path: Path, case: str) -> None:
    name, kind, expected = CASES[case]
    assert unreadable_columns(written(tmp_path / "a.parquet", name, kind)) == expected


@pytest.mark.parametrize("layout", LAYOUTS)
def test_lists_and_maps_fit_however_they_are_laid_out(tmp_path: Path, layout: str) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"attributes": pa.array([{"a": "b"}], TEXTS)}), path, store_schema=False)
    set_layout(path, LAYOUTS[layout])
    assert unreadable_columns(path.read_bytes()) == []


def test_files_of_due_fit() -> None:
    files = list(FIRST_RELEASE.rglob("*.parquet"))
    assert len(files) >= 2
    assert [unreadable_columns(file.read_bytes()) for file in files] == [[]] * len(files)


def test_the_end_of_a_file_is_enough_and_more_is_asked_for_where_it_is_too_short(tmp_path: Path) -> None:
    content = written(tmp_path / "a.parquet", *CASES["a map for a struct"][:2])
    needed = unreadable_columns(content[-20:])
    assert isinstance(needed, int)
    assert unreadable_columns(content[-needed:]) == ["metrics (map)"]
    assert unreadable_columns(content[: -needed // 2]) is None
    assert unreadable_columns(b"") is None
    assert unreadable_columns(b'{"event_type": "a"}') is None
    assert unreadable_columns(b"PAR1" + b"x" * 40 + (40).to_bytes(4, "little") + b"PAR1") is None

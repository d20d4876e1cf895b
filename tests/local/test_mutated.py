"""Records and texts that nobody thought of: mutated by chance, and cut anywhere."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from due_cli.events.model import Json
from due_cli.ingest import inputs
from due_cli.ingest.batch import Batch, Block, read_block
from tests.commands import Due
from tests.events.records import copied, ses_send
from tests.events.samples import SAMPLES
from tests.local.conftest import NewDatabase
from tests.local.database import ingest, rows
from tests.local.test_bad_input import ALSO_GOOD, GOOD, kept_failures
from tests.sampling import costly


class _Trickle:
    """A stream that gives a little at a time, so that small texts are cut as large ones are."""

    def __init__(self, data: bytes, most: int) -> None:
        self._stream, self._most = io.BytesIO(data), most

    def read(self, size: int, /) -> bytes:
        return self._stream.read(min(size, self._most))


_PARTS = (
    *(GOOD, json.dumps(ses_send(), indent=2).encode(), b'"text", ' + ALSO_GOOD, b"log " + GOOD, GOOD + ALSO_GOOD),
    *(b"words", b'"text"', b"12", b"null", b"{", b"}", b'{"a":', b'{"a": "b', b"[", b"]", b",", b"\r", b""),
    *(b"[\n" + json.dumps(ses_send(), indent=1).encode() + b",\n" + GOOD + b"\n]", b"{}", b"[1, {", b'"a" {"b":'),
)
_TEXTS = st.lists(st.tuples(st.sampled_from(_PARTS), st.sampled_from((b"\n", b"\r\n", b""))), max_size=14)


def _outcome(batches: Iterable[Batch]) -> tuple[int, list[bytes], list[tuple[bytes, str, str]]]:
    records, rows, failures = 0, [], []
    for batch in batches:
        records += batch.records
        rows += [row.line for row in batch.rows]
        failures += [(failure.raw, failure.reason, failure.origin) for failure in batch.failures]
    return records, rows, failures


@given(parts=_TEXTS, most=st.sampled_from((50, 200, 1000, 5000)))
def test_records_do_not_depend_on_where_a_text_is_cut(parts: list[tuple[bytes, bytes]], most: int) -> None:
    text = b"".join(part + end for part, end in parts)
    blocks = [piece for piece in inputs.split(_Trickle(text, most), "origin") if isinstance(piece, Block)]
    assert _outcome(map(read_block, blocks)) == _outcome([read_block(Block("origin", 1, text))])


_ODD: st.SearchStrategy[Json] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**25), 10**25)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(
        ("", "\0", "\ud83d", "x" * 3000, "2026-11-06T20:00:00Z", "1794000000123", "{", '{"a": [1]}', "é\u2028")
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def _places(value: Json, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The path of everything inside a record."""
    inner: Iterable[tuple[str | int, Json]] = ()
    if isinstance(value, dict):
        inner = value.items()
    elif isinstance(value, list):
        inner = enumerate(value)
    for key, item in inner:
        yield (*path, key)
        yield from _places(item, (*path, key))


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """The line of a real record in which some values are others, some bytes too, and some are missing."""
    record: Any = copied(draw(st.sampled_from(SAMPLES)).build())
    places = list(_places(record))
    for path in draw(st.lists(st.sampled_from(places), max_size=3)):
        _replace(record, path, draw(_ODD))
    line = bytearray(json.dumps(record).encode())
    for _ in range(draw(st.sampled_from((0, 0, 0, 1, 2)))):
        at = draw(st.integers(0, len(line) - 1))
        line[at : at + draw(st.integers(0, 40))] = draw(st.binary(max_size=8)).replace(b"\n", b"")
    return bytes(line)


def _replace(record: Any, path: tuple[str | int, ...], value: Json) -> None:
    """Puts a value in the place of another, which may be gone with what held it."""
    with suppress(KeyError, IndexError, TypeError):
        for key in path[:-1]:
            record = record[key]
        record[path[-1]] = value


@given(lines=st.lists(mutated(), min_size=5, max_size=25), packed=st.booleans())
@costly(0.15)
def test_mutated_records_never_stop_an_ingest(
    due: Due, new_database: NewDatabase, tmp_path: Path, lines: list[bytes], packed: bool
) -> None:
    """Every second line is a good one, and must be kept."""
    database, good = new_database(), [GOOD.replace(b"good-1", b"good-%d" % number) for number in range(len(lines))]
    text = b"".join(bad + b"\n" + one + b"\n" for bad, one in zip(lines, good, strict=True))
    place = tmp_path / "mutated.json"
    place.write_bytes(gzip.compress(text) if packed else text)
    summary = ingest(due, database, place)
    found = rows(due, database)
    assert len(found) == summary["rows"]
    messages = {(row["attributes"] or {}).get("message_id") for row in found}
    assert {f"good-{number}" for number in range(len(lines))} <= messages
    assert all(raw in text for raw in kept_failures(due, database))
    again = ingest(due, database, place)
    assert (again["kept"], again["failed"], again["records"]) == (0, summary["failed"], summary["records"])
    assert rows(due, database) == found

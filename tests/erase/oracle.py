"""A search for a person by other means than due's: everything is unescaped and decoded, then compared."""

from __future__ import annotations

import base64
import bz2
import gzip
import html
import json
import lzma
import quopri
import re
import sqlite3
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import unquote, unquote_plus

import pyarrow as pa
import pyarrow.parquet as pq

_RUN = re.compile(rb"[A-Za-z0-9+/_-]{8,}")
_JSON_ESCAPE = re.compile(r"\\+u([0-9a-fA-F]{4})")
_CONTROL = re.compile(r"\\+[nrtbf\"'/\\]")


def names(data: bytes, address: str, depth: int = 3) -> bool:
    """Whether bytes name an address or number, whole, in any spelling that the tests use."""
    for text in _readings(data.decode("utf-8", "replace")):
        if _pattern(address).search(text.lower()):
            return True
    return depth > 0 and any(names(inner, address, depth - 1) for inner in _inner(data))


def _pattern(address: str) -> re.Pattern[str]:
    if address.startswith("+"):
        digits = r"[ .()/-]{0,2}".join(address[1:])
        return re.compile(rf"(?<![0-9a-z_])(?:\+|00)?{digits}(?![0-9a-z_])")
    return re.compile(rf"(?<![a-z0-9._+-]){re.escape(address.lower())}(?![a-z0-9-]|\.[a-z0-9])")


def _readings(text: str) -> Iterator[str]:
    yield text
    plain = _CONTROL.sub(" ", _JSON_ESCAPE.sub(lambda match: chr(int(match[1], 16)), text))
    yield plain
    yield html.unescape(text)
    for unescape in (unquote, unquote_plus):
        yield unescape(plain)
        yield unescape(unescape(plain))
    with suppress(ValueError):
        if "=40" in text:
            yield quopri.decodestring(text.encode()).decode("utf-8", "replace")


def _inner(data: bytes) -> Iterator[bytes]:
    unpackers: tuple[tuple[bytes, Callable[[bytes], bytes]], ...] = (
        (b"\x1f\x8b", gzip.decompress),
        (b"BZh", bz2.decompress),
        (b"\xfd7zXZ", lzma.decompress),
    )
    for magic, unpack in unpackers:
        if data.startswith(magic):
            with suppress(OSError, EOFError, zlib.error, lzma.LZMAError):
                yield unpack(data)
    for run in _RUN.findall(data):
        standard = run.replace(b"-", b"+").replace(b"_", b"/")
        for start in range(4):
            part = standard[start:]
            with suppress(ValueError):
                yield base64.b64decode(part[: len(part) - (len(part) % 4 == 1)] + b"=" * (-len(part) % 4))


def places_that_name(folder: Path, address: str) -> list[str]:
    """What in a database names an address: raw files, decoded Parquet, SQLite's values; none after an erasure."""
    found = []
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        name = str(path.relative_to(folder))
        data = path.read_bytes()
        if _pattern(address).search(data.decode("latin-1").lower()):
            found.append(f"{name}: raw")
        if data.startswith(b"PAR1"):
            found += [f"{name}: values" for leaf in _leaves(path) if names(leaf, address)][:1]
        elif name.endswith("state.sqlite"):
            found += [f"{name}: {table}" for table, value in _cells(path) if names(value, address)]
    return found


def _leaves(path: Path) -> Iterator[bytes]:
    for row in pq.read_table(path, partitioning=None).to_pylist():
        yield from (leaf.encode() for leaf in _texts(row))


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.items():
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)


def _cells(path: Path) -> Iterator[tuple[str, bytes]]:
    with closing(sqlite3.connect(path)) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            for row in connection.execute(f"SELECT * FROM {table}"):
                for value in row:
                    if isinstance(value, str | bytes):
                        yield table, value.encode() if isinstance(value, str) else value


def row_names(row: dict[str, object], address: str) -> bool:
    """Whether a row names an address."""
    return any(names(text.encode(), address) for text in _texts(row))


def multiset(rows: list[dict[str, object]]) -> dict[str, int]:
    """Rows counted by what they hold."""
    counts: dict[str, int] = {}
    for row in rows:
        text = json.dumps(row, sort_keys=True)
        counts[text] = counts.get(text, 0) + 1
    return counts


def decoded_pages(path: Path) -> Iterator[bytes]:
    """Every text of a Parquet file as its columns have it, dictionaries whole."""
    with pq.ParquetFile(path) as file:
        names_of_columns = [file.schema.column(number).path for number in range(len(file.schema))]
    table = pq.read_table(path, partitioning=None, read_dictionary=names_of_columns)
    for column in table.columns:
        for chunk in column.chunks:
            if isinstance(chunk, pa.DictionaryArray):
                yield from (str(value).encode() for value in chunk.dictionary.to_pylist())

"""Athena's result files as rows of Python values.

The CSV of a query quotes every value and writes NULL as nothing between two commas; a statement about tables (SHOW,
DESCRIBE, EXPLAIN) leaves lines of text (Athena user guide, "Find query output files in Amazon S3"; both verified).

They are not read by PyAthena's cursors (4.2): ``S3FSCursor`` tells NULL from '', but returns CR LF and CR in a value as
LF, takes twice the CPU time and holds blocks of 32 MiB; ``Cursor`` makes a call for each thousand rows; those of Arrow,
pandas and Polars load the whole result, or need libraries that due does not have.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from due_cli.core.results import ColumnType, TypeKind, Value

Converter = Callable[[str], Value]
_FIELD = re.compile(r'(?:^|,)("[^"]*(?:""[^"]*)*"|[^,"]*)')


def rows_of_csv(parts: Iterable[bytes], converters: Sequence[Converter]) -> Iterator[tuple[Value, ...]]:
    """The rows of a CSV result, without its header, as a stream."""
    records = _records(parts)
    next(records, None)
    for record in records:
        fields = _FIELD.findall(record)
        yield tuple(
            convert(_unquoted(field)) if field else None for convert, field in zip(converters, fields, strict=True)
        )


def rows_of_text(parts: Iterable[bytes], columns: int) -> Iterator[tuple[Value, ...]]:
    """The lines of a result of text as rows; fields are padded, with tabs between those of several columns."""
    for line in _lines(parts):
        if columns == 1:
            yield (line.rstrip(),)
        elif line.strip():
            fields: list[Value] = [field.strip() for field in line.split("\t", columns - 1)]
            yield (*fields, *[None] * (columns - len(fields)))


def converter(kind: str) -> Converter:
    """The function that converts values of an Athena type; those of an unknown type stay text."""
    return _CONVERTERS.get(kind, str)


def column_type(kind: str) -> ColumnType:
    """An Athena type as one of a result; maps, arrays and rows that were not cast to JSON are text."""
    return ColumnType(_KINDS.get(kind, "text"))


def json_value(text: str) -> Value:
    """The value of a column that was cast to JSON."""
    value: Value = json.loads(text)
    return value


def _records(parts: Iterable[bytes]) -> Iterator[str]:
    """The records of a CSV: lines, joined where a quoted value has line breaks."""
    record: list[str] = []
    is_open = False
    for line in _lines(parts):
        record.append(line)
        is_open ^= line.count('"') % 2 == 1
        if not is_open:
            yield "\n".join(record)
            record.clear()


def _lines(parts: Iterable[bytes]) -> Iterator[str]:
    """The lines between line feeds; other line breaks are parts of values."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    rest = ""
    for part in parts:
        *lines, rest = (rest + decoder.decode(part)).split("\n")
        yield from lines
    if rest:
        yield rest


def _unquoted(field: str) -> str:
    return field[1:-1].replace('""', '"') if field[0] == '"' else field


def _zoned(text: str) -> Value:
    moment, _, zone = text.rpartition(" ")
    if zone[:1] in "+-":
        return datetime.fromisoformat(f"{moment}{zone}")
    try:
        return datetime.fromisoformat(moment).replace(tzinfo=UTC if zone == "UTC" else ZoneInfo(zone))
    except KeyError:  # ZoneInfoNotFoundError
        return text


def _parsed_or_text(parse: Converter) -> Converter:
    def convert(text: str) -> Value:
        try:
            return parse(text)
        except ValueError:
            return text

    return convert


_CONVERTERS: dict[str, Converter] = {
    "boolean": lambda text: text == "true",
    **dict.fromkeys(("tinyint", "smallint", "integer", "bigint"), int),
    **dict.fromkeys(("real", "float", "double"), float),
    "decimal": Decimal,
    "timestamp": _parsed_or_text(datetime.fromisoformat),  # Python's years have four digits
    "timestamp with time zone": _parsed_or_text(_zoned),
    "date": _parsed_or_text(date.fromisoformat),
    "time": _parsed_or_text(time.fromisoformat),
    "varbinary": bytes.fromhex,
}
_KINDS: dict[str, TypeKind] = {
    "boolean": "boolean",
    **dict.fromkeys(("tinyint", "smallint", "integer", "bigint"), "integer"),
    **dict.fromkeys(("real", "float", "double", "decimal"), "double"),
    **dict.fromkeys(("timestamp", "timestamp with time zone"), "timestamp"),
    "date": "date",
    "time": "time",
    "varbinary": "bytes",
}

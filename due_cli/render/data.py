"""Results for programs: JSON, a line of JSON a row, CSV and Markdown, never shortened."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import SupportsFloat, TextIO

from due_cli.core.errors import UsageError
from due_cli.core.results import Certificate, Checks, Done, IngestSummary, Plan, Record, Result, Statuses, Table

_CSV_SPECIAL = re.compile(r'[",\r\n]')


def plain(value: object) -> object:
    """A cell as a JSON value: times in ISO 8601, UTC with Z, maps as objects, NaN and infinity as null."""
    if isinstance(value, datetime):
        moment = value if value.tzinfo is None else value.astimezone(UTC).replace(tzinfo=None)
        return moment.isoformat(timespec="milliseconds") + "Z"
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if value is None or isinstance(value, (str, int)):
        return value
    if isinstance(value, date):
        return value.isoformat()
    return float(value) if isinstance(value, SupportsFloat) else str(value)


def text(value: object) -> str:
    """A cell as text for CSV and Markdown: NULL as empty text, maps and arrays as JSON."""
    as_json = plain(value)
    if as_json is None:
        return ""
    return as_json if isinstance(as_json, str) else json.dumps(as_json, ensure_ascii=False)


def json_text(result: Result, stream: TextIO) -> None:
    """Write an array of row objects, or one object for a result that is one."""
    if isinstance(result, (Record, Certificate)):
        stream.write(_json(result.fields) + "\n")
    elif isinstance(result, IngestSummary):
        stream.write(_json(_summary_fields(result)) + "\n")
    elif isinstance(result, Plan):
        stream.write(_json({**result.fields, "steps": list(_objects(result.steps))}) + "\n")
    elif isinstance(result, Done):
        stream.write(_json({"done": list(result.lines)} if result.fields is None else result.fields) + "\n")
    else:
        separator = "[\n "
        for fields in _objects(result):
            stream.write(separator + _json(fields))
            separator = ",\n "
        stream.write("[]\n" if separator == "[\n " else "\n]\n")


def ndjson_text(result: Result, stream: TextIO) -> None:
    """Write an object a line."""
    if isinstance(result, (Record, IngestSummary, Done)):
        json_text(result, stream)
    else:
        stream.writelines(_json(fields) + "\n" for fields in _objects(result))


def csv_text(result: Result, stream: TextIO) -> None:
    """Write a header and a line per row (RFC 4180, with line feeds); NULL is empty, and empty text is ``""``."""
    table = table_of(result)
    stream.write(",".join(map(_csv_field, table.columns)) + "\n")
    stream.writelines(",".join(map(_csv_field, row)) + "\n" for row in table.rows)


def _csv_field(value: object) -> str:
    if value is None:
        return ""
    field = value if type(value) is str else text(value)
    return '"' + field.replace('"', '""') + '"' if not field or _CSV_SPECIAL.search(field) else field


def markdown_text(result: Result, stream: TextIO) -> None:
    """Write a Markdown table."""
    table = table_of(result)
    stream.write(f"| {' | '.join(table.columns)} |\n|{' --- |' * len(table.columns)}\n")
    for row in table.rows:
        cells = (text(value).replace("|", "\\|").replace("\n", "<br>") for value in row)
        stream.write(f"| {' | '.join(cells)} |\n")


def _json(fields: Mapping[str, object]) -> str:
    return json.dumps(plain(fields), ensure_ascii=False)


def _summary_fields(summary: IngestSummary) -> dict[str, object]:
    return {**asdict(summary), "problems": list(summary.problems)}


def _objects(result: Result) -> Iterator[Mapping[str, object]]:
    if isinstance(result, Statuses):
        yield from (line.item for line in result.timelines)
        return
    table = table_of(result)
    require_distinct(table.columns)
    for row in table.rows:
        yield dict(zip(table.columns, row, strict=True))


def require_distinct(columns: Sequence[str]) -> None:
    """Raise :class:`UsageError` where two columns have the same name."""
    if repeated := [name for name, count in Counter(columns).items() if count > 1]:
        raise UsageError(
            f"two columns are named {repeated[0]}, and a row has each name once", "name one: AS other_name"
        )


def table_of(result: Result) -> Table:
    """The rows of any result that has some."""
    if isinstance(result, Table):
        return result
    return result.steps if isinstance(result, Plan) else Table(*_grid(result))


def _grid(result: Result) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
    if isinstance(result, Checks):
        # "mend" is the fix; the first release named the column so, and programs read it.
        columns = ("check", "outcome", "found", "mend", "code")
        return columns, [(one.check, one.outcome, one.found, one.fix, one.code) for one in result.checks]
    if isinstance(result, Statuses):
        items = [line.item for line in result.timelines]
        names = list(dict.fromkeys(name for item in items for name in item))
        return names, [[item.get(name) for name in names] for item in items]
    if isinstance(result, (Record, Certificate)):
        return list(result.fields), [list(result.fields.values())]
    if isinstance(result, IngestSummary):
        fields = _summary_fields(result)
        return list(fields), [list(fields.values())]
    if isinstance(result, Done) and result.fields is not None:
        return list(result.fields), [list(result.fields.values())]
    if isinstance(result, Done):
        return ("done",), [(line,) for line in result.lines]
    raise TypeError(f"{type(result).__name__} has no rows")

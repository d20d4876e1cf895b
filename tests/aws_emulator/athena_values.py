"""Values as Athena writes them, and the objects that it leaves in S3."""

from __future__ import annotations

from datetime import datetime, time
from decimal import Decimal
from typing import Any

from tests.aws_emulator.engine import Result


def text(value: Any) -> str | None:
    """A value as text; None for NULL."""
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}.{value.microsecond // 1000:03d}" + (" UTC" if value.tzinfo else "")
    if isinstance(value, time):
        return value.isoformat("milliseconds")
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}={_inner(one)}" for key, one in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_inner(one) for one in value) + "]"
    if isinstance(value, bytes):
        return " ".join(f"{one:02x}" for one in value)
    if isinstance(value, float):
        return _double(value)
    return str(value)


def _inner(value: Any) -> str:
    found = text(value)
    return "null" if found is None else found


def _double(value: float) -> str:
    """As Java writes a double: an exponent from ten million on, and below a thousandth."""
    if value != value or value in (float("inf"), float("-inf")):
        return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return repr(value) if "e" not in repr(value) else f"{Decimal(repr(value)):f}"
    sign, digits, power = Decimal(repr(value)).normalize().as_tuple()
    words = "".join(map(str, digits))
    return f"{'-' if sign else ''}{words[0]}.{words[1:] or '0'}E{int(power) + len(words) - 1}"


def csv(result: Result) -> bytes:
    """The result object: every value quoted, NULL as nothing at all."""
    lines = [",".join(_quoted(one) for one in result.columns)]
    lines += [",".join("" if one is None else _quoted(text(one) or "") for one in row) for row in result.rows]
    return ("\n".join(lines) + "\n").encode()


def _quoted(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'


def columns(result: Result) -> list[dict[str, Any]]:
    """The columns as GetQueryResults describes them."""
    return [
        {
            "CatalogName": "hive",
            "SchemaName": "",
            "TableName": "",
            "Name": name,
            "Label": name,
            "Type": kind,
            "Precision": {"varchar": 2147483647, "bigint": 19, "integer": 10, "double": 17, "timestamp": 3}.get(
                kind, 0
            ),
            "Scale": 0,
            "Nullable": "UNKNOWN",
            "CaseSensitive": kind == "varchar",
        }
        for name, kind in zip(result.columns, result.types, strict=True)
    ]


def row(values: Any) -> dict[str, Any]:
    """A row as GetQueryResults has it."""
    return {"Data": [{} if one is None else {"VarCharValue": text(one)} for one in values]}

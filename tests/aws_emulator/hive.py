"""Glue's types as Arrow's, and JSON read by the rules of the Hive JSON deserializer."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa

_SIMPLE: dict[str, Any] = {
    "string": pa.string(),
    "bigint": pa.int64(),
    "int": pa.int32(),
    "integer": pa.int32(),
    "smallint": pa.int16(),
    "tinyint": pa.int8(),
    "double": pa.float64(),
    "float": pa.float32(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("ms"),
    "binary": pa.binary(),
}
_WORD = re.compile(r"[^<>:,()]+")


class MismatchError(Exception):
    """A value that is not of its column's type."""


def arrow_type(text: str) -> Any:
    """The Arrow type of a Glue type such as ``map<string,array<int>>``; names of fields in lower case, as in Hive."""
    kind, rest = _parsed(text.replace(" ", "").replace("`", ""))
    if rest:
        raise ValueError(f"not a Glue type: {text}")
    return kind


def _parsed(text: str) -> tuple[Any, str]:
    found = _WORD.match(text)
    if not found:
        raise ValueError(f"not a Glue type: {text}")
    name, rest = found.group().lower(), text[found.end() :]
    if name == "array":
        inner, rest = _parsed(rest[1:])
        return pa.list_(inner), rest[1:]
    if name == "map":
        key, rest = _parsed(rest[1:])
        value, rest = _parsed(rest[1:])
        return pa.map_(key, value), rest[1:]
    if name == "struct":
        fields = []
        while rest[0] in "<,":
            field = _WORD.match(rest[1:])
            assert field
            inner, rest = _parsed(rest[1 + field.end() + 1 :])
            fields.append(pa.field(field.group().lower(), inner))
        return pa.struct(fields), rest[1:]
    if name == "decimal":
        inside, _, rest = rest[1:].partition(")")
        precision, scale = (int(part) for part in inside.split(","))
        return pa.decimal128(precision, scale), rest
    if name in ("varchar", "char"):
        return pa.string(), rest.partition(")")[2] if rest.startswith("(") else rest
    return _SIMPLE[name], rest


def in_lower_case(found: Any) -> Any:
    """A JSON value as the OpenX deserializer reads it by its defaults: every key in lower case, those of maps too."""
    if isinstance(found, dict):
        return {key.lower(): in_lower_case(value) for key, value in found.items()}
    return [in_lower_case(one) for one in found] if isinstance(found, list) else found


def documents(data: bytes) -> Iterator[dict[str, Any]]:
    """The JSON objects of a record, one after another."""
    text = data.decode()
    decoder, at = json.JSONDecoder(), 0
    while True:
        while at < len(text) and text[at].isspace():
            at += 1
        if at == len(text):
            return
        found, at = decoder.raw_decode(text, at)
        if not isinstance(found, dict):
            raise MismatchError("Start of object expected")
        yield found


def read(value: Any, kind: Any, where: str = "") -> Any:
    """A JSON value as its column has it; raises :class:`MismatchError` where Hive would."""
    if value is None:
        return None
    if pa.types.is_struct(kind):
        return _struct(value, kind, where)
    if pa.types.is_map(kind):
        if not isinstance(value, dict):
            raise MismatchError(f"{where}: start of object expected")
        _refuse_empty(value, where)
        return [(read(key, kind.key_type), read(one, kind.item_type, f"{where}.{key}")) for key, one in value.items()]
    if pa.types.is_list(kind):
        if not isinstance(value, list):
            raise MismatchError(f"{where}: start of array expected")
        _refuse_empty(value, where)
        return [read(one, kind.value_type, where) for one in value]
    return _primitive(value, kind, where)


def _refuse_empty(value: Any, where: str) -> None:
    """As Hive's Parquet writer did before HIVE-13632; which one Firehose has is not known."""
    if not value:
        raise MismatchError(f"{where}: empty fields are illegal, the field should be ommited completely instead")


def _struct(value: Any, kind: Any, where: str) -> dict[str, Any]:
    """Fields match whatever their case; what has no field is dropped."""
    if not isinstance(value, dict):
        raise MismatchError(f"{where}: start of object expected")
    given = {key.lower(): one for key, one in value.items()}
    found = {}
    for index in range(kind.num_fields):
        field = kind.field(index)
        found[field.name] = read(given.get(field.name), field.type, f"{where}.{field.name}".lstrip("."))
    return found


def _primitive(value: Any, kind: Any, where: str) -> Any:
    if isinstance(value, (dict, list)):
        raise MismatchError(f"{where}: a {kind} expected, an object or array found")
    if pa.types.is_string(kind):
        return value if isinstance(value, str) else json.dumps(value)
    if pa.types.is_boolean(kind):
        if not isinstance(value, bool):
            raise MismatchError(f"{where}: boolean expected, {value!r} found")
        return value
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return _number(value, kind, where)
    try:
        if pa.types.is_timestamp(kind):
            return datetime.fromisoformat(str(value))
        if pa.types.is_date(kind):
            return date.fromisoformat(str(value))
    except ValueError as error:
        raise MismatchError(f"{where}: {error}") from None
    return str(value).encode()


def _number(value: Any, kind: Any, where: str) -> Any:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise MismatchError(f"{where}: current token not numeric, {value!r} found")
    if pa.types.is_floating(kind):
        return float(value)
    if pa.types.is_decimal(kind):
        return Decimal(str(value))
    whole = int(value)
    if not -(2 ** (kind.bit_width - 1)) <= whole < 2 ** (kind.bit_width - 1):
        raise MismatchError(f"{where}: numeric value {value} out of range of {kind}")
    return whole

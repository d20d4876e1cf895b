"""Taking a record apart: what has a column is taken, what is left goes to ``details``.

A source normaliser describes each object of its record by a :data:`Shape`: the record's key, the column it becomes
and how its value is checked. A value of a wrong type stays where it is, so it reaches ``details`` under its own path
instead of being lost, and is counted.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Final

from due_cli.events.model import Json, Record, Struct
from due_cli.events.times import millis, seconds


class Wrong:
    """The answer of a check to a value that its column cannot hold."""


WRONG: Final = Wrong()
_COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
Check = Callable[[Json], Json | Wrong]
Shape = tuple[tuple[str, str, Check], ...]


def text(value: Json) -> Json | Wrong:
    """A string column."""
    return value if type(value) is str else WRONG


def boolean(value: Json) -> Json | Wrong:
    """A boolean column; SES's table calls ``headersTruncated`` a string, so its two spellings are read too."""
    if type(value) is bool:
        return value
    return value == "true" if value in ("true", "false") else WRONG


def int32(value: Json) -> Json | Wrong:
    """An int column."""
    if type(value) is float and value.is_integer():
        value = int(value)
    return value if type(value) is int and -(2**31) <= value < 2**31 else WRONG


def number(value: Json) -> Json | Wrong:
    """A double column; it holds no infinity, which is what a number too large becomes."""
    if type(value) is float:
        return value if math.isfinite(value) else WRONG
    return float(value) if type(value) is int and abs(value) < 2**63 else WRONG


def numbers(value: Json) -> Json | Wrong:
    """A map<string,double> column."""
    if type(value) is not dict:
        return WRONG
    found: Struct = {}
    for key, item in value.items():
        checked = number(item)
        if isinstance(checked, Wrong):
            return WRONG
        found[key] = checked
    return found


def time(value: Json) -> Json | Wrong:
    """A bigint column that holds epoch milliseconds."""
    found = millis(value)
    return WRONG if found is None else found


def time_in_seconds(value: Json) -> Json | Wrong:
    """The same for what the record writes as epoch seconds."""
    found = seconds(value)
    return WRONG if found is None else found


def texts(value: Json) -> Json | Wrong:
    """An array<string> column."""
    if type(value) is not list:
        return WRONG
    for item in value:
        if type(item) is not str:
            return WRONG
    return value


def joined(value: Json) -> Json | Wrong:
    """A string column for what SES writes as a list (``commonHeaders.from``)."""
    if type(value) is not list or texts(value) is WRONG:
        return text(value)
    return ", ".join(value)  # type: ignore[arg-type]  # texts


def text_map(value: Json) -> Json | Wrong:
    """A map<string,string> column: scalars as their text, anything nested as its JSON text, null as absent."""
    if type(value) is not dict:
        return WRONG
    for item in value.values():
        if type(item) is not str:
            return {key: as_text(item) for key, item in value.items() if item is not None}
    return value


def text_maps(value: Json) -> Json | Wrong:
    """An array<map<string,string>> column (mail headers)."""
    if type(value) is not list:
        return WRONG
    maps: list[Json] = []
    for item in value:
        found = text_map(item)
        if isinstance(found, Wrong):
            return WRONG
        maps.append(found)
    return maps


def as_text(value: Json) -> str:
    """A JSON value as text: strings as they are, everything else as compact JSON."""
    return value if type(value) is str else _COMPACT.encode(value)


class FieldExtractor:
    """Takes objects apart by their shapes and counts the fields of a wrong type."""

    __slots__ = ("nulled",)

    def __init__(self) -> None:
        self.nulled = 0

    def struct(self, record: Record, shape: Shape) -> Struct:
        """The columns of ``shape`` found in ``record``; what was taken is removed from it."""
        found: Struct = {}
        for key, column, check in shape:
            value = record.pop(key, None)
            if value is None:
                continue
            if check is text and type(value) is str:  # most fields, without a call
                found[column] = value
            elif isinstance(checked := check(value), Wrong):
                self.nulled += 1
                record[key] = value
            else:
                found[column] = checked
        return found

    def nested(self, record: Record, key: str, shape: Shape) -> Struct | None:
        """The struct under ``key``, or None where there is none; what is left of it stays for ``details``."""
        inner = self.object(record, key)
        return None if inner is None else self.struct(inner, shape)

    def object(self, record: Record, key: str) -> Record | None:
        """The object under ``key``; a value that is not an object is counted and left."""
        inner = record.get(key)
        if type(inner) is dict:
            return inner
        if inner is not None:
            self.nulled += 1
        return None

    def structs(self, record: Record, key: str, shape: Shape) -> list[Json] | None:
        """An array of structs (``bouncedRecipients``); fields without a column stay in the list for ``details``."""
        items = record.get(key)
        if items is None:
            return None
        if type(items) is not list or not all(type(item) is dict for item in items):
            self.nulled += 1
            return None
        found: list[Json] = []
        left: list[Json] = []
        for item in items:
            assert isinstance(item, dict)  # noqa: S101  checked above; mypy cannot carry it through all()
            found.append(self.struct(item, shape))
            left.append(item)
        if any(left):
            record[key] = left
        else:
            del record[key]
        return found

    def value(self, record: Record, key: str, check: Check) -> Json:
        """One field, taken; None where it is absent or of a wrong type."""
        return self.struct(record, ((key, key, check),)).get(key)

    def string(self, record: Record, key: str) -> str | None:
        """One string field, taken."""
        found = self.value(record, key, text)
        return found if type(found) is str else None


def details_of(left: Record) -> dict[str, str]:
    """What no column took, under its path in the record: objects by their keys, lists as JSON text, null as absent."""
    found: dict[str, str] = {}
    _flatten(left, "", found)
    return found


def _flatten(left: Record, prefix: str, found: dict[str, str]) -> None:
    for key, value in left.items():
        kind = type(value)
        if kind is dict:
            _flatten(value, f"{prefix}{key}.", found)  # type: ignore[arg-type]  # kind is dict
        elif value is not None:
            path = prefix + key
            while path in found:  # {"a.b": 1, "a": {"b": 2}}: two fields, one path
                path += "'"
            found[path] = value if kind is str else as_text(value)  # type: ignore[assignment]  # kind is str

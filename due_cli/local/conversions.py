"""How columns of any type become the table's: the SQL of a value, and of whether it was lost.

The conversions of plain values are a table, ``conversions.sql``. A struct is read from a struct, a map or JSON text; a
map from a map, a struct, a list of key and value, or JSON text; a list from a list, JSON text, or the one value that it
would hold. Names are compared without regard to case.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
from duckdb.sqltypes import DuckDBPyType

from due_cli.local.engine import text_literal
from due_cli.sql import files

Columns = Mapping[str, DuckDBPyType]
Field = tuple[str, DuckDBPyType]

_TABLE = files.statements(Path(__file__).with_name("conversions.sql"))
_CAN_FAIL = re.compile(r"\bTRY(_CAST)?\(")
_TARGETS = {"varchar": "text", "bigint": "millis", "integer": "integer", "double": "number", "boolean": "boolean"}
_SOURCES = {
    **dict.fromkeys(("varchar", "enum", "uuid", "json"), "text"),
    **dict.fromkeys(("tinyint", "smallint", "integer", "bigint", "utinyint", "usmallint", "uinteger"), "integer"),
    **dict.fromkeys(("ubigint", "hugeint", "uhugeint", "decimal", "float", "double"), "number"),
    **dict.fromkeys(("timestamp", "timestamp_s", "timestamp_ms", "timestamp_ns"), "time"),
    **dict.fromkeys(("timestamp with time zone", "date"), "time"),
    **dict.fromkeys(("boolean", "struct", "map", "list"), None),
}
_ACCOUNT = "awsaccountid"
_METRICS, _METRIC_VALUES = "metrics", "metric_values"
_TEXT = duckdb.type("VARCHAR")


@dataclass(frozen=True, slots=True, kw_only=True)
class Converted:
    """The SQL of a converted value, and of the condition under which it is NULL though there was one (None: never)."""

    value: str
    lost: str | None = None


def macros() -> str:
    """The statements that define the functions which converted values call."""
    return ";\n".join(f"CREATE OR REPLACE TEMP MACRO {name}(x) AS {sql}" for name, sql in _TABLE.items())


def convert_columns(source: Columns, target: Columns) -> dict[str, Converted]:
    """The columns of the table from those of a file; a column that the file lacks is NULL.

    Every metric of a file's ``metrics`` is in ``metric_values``, as in rows of due's, where the file has no such column
    and more than the one metric that the table's ``metrics`` has.
    """
    available = {name.lower(): (quoted(name), kind) for name, kind in source.items()}
    if _METRICS in available and _METRIC_VALUES not in available:
        metrics = available[_METRICS]
        if [name.lower() for name, _ in fields(metrics[1])] != [name for name, _ in fields(target[_METRICS])]:
            available[_METRIC_VALUES] = metrics
    converted = {}
    for name, kind in target.items():
        value, source_kind = available.get(name.lower(), (None, None))
        if value is None or source_kind is None:
            converted[name] = _missing(kind)
        elif name == _ACCOUNT and _source_name(source_kind) in ("integer", "number"):
            converted[name] = _leaf(value, "account", source_kind, kind)
        else:
            converted[name] = convert(value, source_kind, kind)
    return converted


def convert(value: str, source: DuckDBPyType, target: DuckDBPyType) -> Converted:
    """A value converted from one type to another.

    A nested value of the table's own type stays as it is: DuckDB then reads only the fields that a statement asks for.
    """
    if str(source).lower() == str(target).lower() and target.id != "bigint":
        return Converted(value=value)
    if source.id == "blob":
        text = convert(f"TRY(decode({value}))", _TEXT, target)
        return Converted(value=text.value, lost=f"({value} IS NOT NULL AND ({text.value}) IS NULL)")
    return _RULES.get(target.id, _leaf_of)(value, source, target)


def fields(kind: DuckDBPyType) -> list[Field]:
    """The fields of a struct, the item of a list, or key and value of a map."""
    if kind.id not in ("struct", "list", "map"):
        return []
    return [(name, child) for name, child in kind.children if isinstance(child, DuckDBPyType)]


def quoted(name: str) -> str:
    """A column's or field's name as SQL."""
    return '"' + name.replace('"', '""') + '"'


def _struct(value: str, source: DuckDBPyType, target: DuckDBPyType) -> Converted:
    if source.id == "struct":
        available = {name.lower(): (f"{value}.{quoted(name)}", kind) for name, kind in fields(source)}
        return _packed(value, available, target)
    if source.id == "map":
        key, item = (kind for _, kind in fields(source))
        if key.id == "varchar":
            names = [name for name, _ in fields(target)]
            return _packed(value, {name.lower(): (f"{value}[{text_literal(name)}]", item) for name in names}, target)
    if entry := _entry(source):
        texts = _of_entries(value, *entry, _TEXT)
        packed = _struct(texts.value, duckdb.type("MAP(VARCHAR, VARCHAR)"), target)
        return Converted(value=packed.value, lost=_any(texts.lost, packed.lost))
    if _source_name(source) == "text":
        structure = {name: "VARCHAR" for name, _ in fields(target)}
        read = f"from_json(object_in({value}), {text_literal(json.dumps(structure))})"
        packed = _packed("parsed", {name.lower(): (f"parsed.{quoted(name)}", _TEXT) for name in structure}, target)
        return Converted(
            value=_once(read, packed.value),
            lost=_any(f"({_is_given(value, source)} AND ({read}) IS NULL)", packed.lost and _once(read, packed.lost)),
        )
    return _unreadable(value, source, target)


def _packed(value: str, available: Mapping[str, Field], target: DuckDBPyType) -> Converted:
    """A struct of the fields that are available by their lower-case names."""
    converted = {
        name: convert(*available[name.lower()], kind) if name.lower() in available else _missing(kind)
        for name, kind in fields(target)
    }
    packed = ", ".join(f"{quoted(name)} := {field.value}" for name, field in converted.items())
    return Converted(
        value=f"CASE WHEN {value} IS NOT NULL THEN struct_pack({packed}) END",
        lost=_any(*(field.lost for field in converted.values())),
    )


def _list(value: str, source: DuckDBPyType, target: DuckDBPyType) -> Converted:
    ((_, item_kind),) = fields(target)
    if source.id == "list":
        return _of_items(value, fields(source)[0][1], item_kind)
    if _source_name(source) == "text":
        array = f"""from_json(array_in({value}), '["VARCHAR"]')"""
        read = f"COALESCE({array}, CASE WHEN {_is_given(value, source)} THEN [CAST({value} AS VARCHAR)] END)"
        return _of_items(read, _TEXT, item_kind)
    return _of_items(f"CASE WHEN {value} IS NOT NULL THEN [{value}] END", source, item_kind)


def _of_items(value: str, source: DuckDBPyType, target: DuckDBPyType) -> Converted:
    item = convert("item", source, target)
    if target.id == "struct" and len(fields(target)) == 1 and _source_name(source) == "text":
        # Where lists have two levels, DuckDB reads a struct of one field as that field.
        ((name, _),) = fields(target)
        field = _packed("item", {name.lower(): ("item", source)}, target)
        item = Converted(value=f"CASE WHEN object_in(item) IS NULL THEN {field.value} ELSE {item.value} END")
    return Converted(
        value=f"list_transform({value}, lambda item: {item.value})",
        lost=item.lost and f"len(list_filter({value}, lambda item: {item.lost})) > 0",
    )


def _map(value: str, source: DuckDBPyType, target: DuckDBPyType) -> Converted:
    item_kind = fields(target)[1][1]
    if source.id == "map":
        (_, key), (_, item) = fields(source)
        return _of_entries(f"map_entries({value})", ("key", key), ("value", item), item_kind)
    if entry := _entry(source):
        return _of_entries(value, *entry, item_kind)
    if source.id == "struct":
        return _of_fields(value, source, item_kind)
    if _source_name(source) == "text":
        read = f"""from_json(object_in({value}), '"MAP(VARCHAR, VARCHAR)"')"""
        converted = convert(read, duckdb.type("MAP(VARCHAR, VARCHAR)"), target)
        return Converted(
            value=converted.value,
            lost=_any(f"({_is_given(value, source)} AND ({read}) IS NULL)", converted.lost),
        )
    return _unreadable(value, source, target)


def _entry(source: DuckDBPyType) -> tuple[Field, Field] | None:
    """Key and value of a list of such pairs; None for another type."""
    entry = fields(fields(source)[0][1]) if source.id == "list" else []
    if len(entry) != 2 or entry[0][1].id not in ("varchar", "blob"):
        return None
    return entry[0], entry[1]


def _of_entries(value: str, key: Field, item: Field, item_kind: DuckDBPyType) -> Converted:
    """A map of a list of structs of key and value."""
    name = convert(f"entry.{quoted(key[0])}", key[1], _TEXT)
    content = convert(f"entry.{quoted(item[0])}", item[1], item_kind)
    entries = f"list_transform({value}, lambda entry: struct_pack(k := {name.value}, v := {content.value}))"
    lost = _any(name.lost, content.lost)
    return Converted(
        value=f"map_of({entries})",
        lost=lost and f"len(list_filter({value}, lambda entry: {lost})) > 0",
    )


def _of_fields(value: str, source: DuckDBPyType, item_kind: DuckDBPyType) -> Converted:
    """A map of the fields of a struct that are not NULL."""
    items = {name: convert(f"{value}.{quoted(name)}", kind, item_kind) for name, kind in fields(source)}
    entries = ", ".join(f"struct_pack(k := {text_literal(name)}, v := {item.value})" for name, item in items.items())
    present = f"list_filter([{entries}], lambda entry: entry.v IS NOT NULL)"
    return Converted(
        value=f"CASE WHEN {value} IS NOT NULL THEN map_of({present}) END",
        lost=_any(*(item.lost for item in items.values())),
    )


def _leaf_of(value: str, source: DuckDBPyType, target: DuckDBPyType) -> Converted:
    return _leaf(value, _TARGETS[target.id], source, target)


def _leaf(value: str, target_name: str, source: DuckDBPyType, target: DuckDBPyType) -> Converted:
    macro = f"{target_name}_from_{_source_name(source)}"
    if macro not in _TABLE:
        return _unreadable(value, source, target)
    converted = f"{macro}({value})"
    can_fail = _CAN_FAIL.search(_TABLE[macro]) is not None
    return Converted(
        value=converted, lost=f"({_is_given(value, source)} AND {converted} IS NULL)" if can_fail else None
    )


def _missing(target: DuckDBPyType) -> Converted:
    return Converted(value=f"CAST(NULL AS {target})")


def _unreadable(value: str, source: DuckDBPyType, target: DuckDBPyType) -> Converted:
    return Converted(value=f"CAST(NULL AS {target})", lost=_is_given(value, source))


def _is_given(value: str, source: DuckDBPyType) -> str:
    """Whether there is a value: blank text and the JSON text of null are none."""
    return f"trim({value}) NOT IN ('', 'null')" if source.id == "varchar" else f"{value} IS NOT NULL"


def _once(value: str, result: str) -> str:
    """A result that names a value as ``parsed``, which is then computed once."""
    return f"list_transform([{value}], lambda parsed: {result})[1]"


def _any(*conditions: str | None) -> str | None:
    return " OR ".join(condition for condition in conditions if condition) or None


def _source_name(source: DuckDBPyType) -> str | None:
    """The name of a type in the table of conversions; None for one that it does not have."""
    return _SOURCES.get(source.id, "other") or source.id


_RULES: dict[str, Callable[[str, DuckDBPyType, DuckDBPyType], Converted]] = {
    "struct": _struct,
    "list": _list,
    "map": _map,
}

"""DuckDB's types under the names that Trino and Hive have for them."""

from __future__ import annotations

from typing import Any

_TRINO = {
    "varchar": "varchar",
    "bigint": "bigint",
    "hugeint": "bigint",
    "integer": "integer",
    "smallint": "smallint",
    "tinyint": "tinyint",
    "double": "double",
    "float": "real",
    "boolean": "boolean",
    "date": "date",
    "json": "json",
    "blob": "varbinary",
    "timestamp": "timestamp(3)",
    "timestamp_ms": "timestamp(3)",
    "timestamp with time zone": "timestamp(3) with time zone",
}
_HIVE = {
    "varchar": "string",
    "integer": "int",
    "real": "float",
    "varbinary": "binary",
    "timestamp(3)": "timestamp",
    "json": "string",
}


def trino_type(kind: Any) -> str:
    """The type in full, as a view in Trino's form names it."""
    if kind.id == "list":
        return f"array({trino_type(_children(kind)[0])})"
    if kind.id == "map":
        return "map({}, {})".format(*map(trino_type, _children(kind)))
    if kind.id == "struct":
        return "row(" + ", ".join(f'"{name}" {trino_type(one)}' for name, one in kind.children) + ")"
    if kind.id == "decimal":
        return str(kind).lower()
    return _TRINO.get(str(kind).lower(), "varchar")


def hive_type(kind: Any) -> str:
    """The type as Glue names it."""
    if kind.id == "list":
        return f"array<{hive_type(_children(kind)[0])}>"
    if kind.id == "map":
        return "map<{},{}>".format(*map(hive_type, _children(kind)))
    if kind.id == "struct":
        return "struct<" + ",".join(f"{name}:{hive_type(one)}" for name, one in kind.children) + ">"
    found = trino_type(kind)
    return _HIVE.get(found, found)


def _children(kind: Any) -> list[Any]:
    return [one for _, one in kind.children]

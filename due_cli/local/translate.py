"""Athena's SQL as DuckDB's, remembered by the folder: translating costs more than most queries."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from due_cli.local.state import State
from due_cli.sql import files


def translated(state: State, sql: str) -> str:
    """A statement of due's own files or a stored view in DuckDB's dialect."""

    def translate() -> str:
        from due_cli.sql import duckdb as dialect

        return dialect.to_duckdb(dialect.parsed(sql))

    return _remembered(state, "statement", sql, translate)


def canonical_columns(state: State) -> dict[str, str]:
    """Column names and DuckDB types of ``all_events`` (``queries/tables``), without its partition column."""
    sql = files.query("tables", "all_events").sql

    def translate() -> str:
        from due_cli.sql import duckdb as dialect

        return json.dumps(dialect.columns_of(sql))

    found: dict[str, str] = json.loads(_remembered(state, "columns", sql, translate))
    return found


def _remembered(state: State, kind: str, sql: str, translate: Callable[[], str]) -> str:
    rules = b"".join(Path(files.__file__).with_name(name).read_bytes() for name in ("duckdb.py", "functions.py"))
    text = "\0".join((kind, sql, version("sqlglot"))).encode()
    key = hashlib.sha256(rules + text).hexdigest()
    known = state.one("translation", key)
    if known is not None:
        return str(known)
    found = translate()
    state.remember("set_translation", key, found)
    return found

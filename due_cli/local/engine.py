"""DuckDB: connections that answer as Athena does, statements in its dialect, its errors as due's."""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib.metadata import version
from pathlib import Path

import duckdb

from due_cli import __version__
from due_cli.core.errors import DueError, QueryError
from due_cli.local.folder import Folder
from due_cli.local.state import State
from due_cli.sql import files

_SQL = Path(__file__).with_name("parquet.sql")
INGEST_MEMORY = "224MB"
QUERY_MEMORY = "60%"  # of the machine's or its container's; beyond that a query spills to disk

_ERROR_KIND = re.compile(r"^\w+ Error: ")


def statement(name: str, **values: object) -> str:
    """A statement of ``due_cli/local/parquet.sql`` with its braces replaced by due's own values."""
    return files.statements(_SQL)[name].format(**values)


def text_literal(text: str) -> str:
    """Text as a DuckDB literal, for names of files and types: values that users type are bound."""
    return "'" + text.replace("'", "''") + "'"


def text_list(texts: list[str]) -> str:
    """A DuckDB list of text literals."""
    return "[" + ", ".join(text_literal(text) for text in texts) + "]"


@contextmanager
def connect(
    folder: Folder, memory: str = QUERY_MEMORY, threads: int | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A new connection with Athena's semantics (UTC, integer division); ``threads`` defaults to the number of cores."""
    temporary = f"{folder.query_temp_prefix}{os.getpid()}"
    connection = duckdb.connect()
    try:
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 2
        settings = statement(
            "settings", threads=threads or cores, memory=memory, temporary=temporary.replace("'", "''")
        )
        connection.execute(settings)
        with _interruptible(connection):
            yield connection
    finally:
        connection.close()


@contextmanager
def translate_errors() -> Iterator[None]:
    """Raise DuckDB's errors as :class:`QueryError` (the statement's fault) or :class:`DueError` (the system's)."""
    try:
        yield
    except duckdb.InterruptException:
        raise KeyboardInterrupt from None
    except RuntimeError as error:
        if str(error) != "Query interrupted":  # raised by DuckDB's Python layer where it sees the Ctrl-C itself
            raise
        raise KeyboardInterrupt from None
    except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
        raise DueError(_first_line(error), "due doctor") from None
    except duckdb.PermissionException as error:
        message = (
            f"{_first_line(error).partition(' - ')[0]}: a query reads the table and the views of the database alone"
        )
        raise QueryError(message, "due ingest PATH...") from None
    except duckdb.Error as error:
        raise QueryError(_first_line(error)) from None


def translate(state: State, sql: str) -> str:
    """A shipped statement or a stored view in DuckDB's dialect, from the state's cache where it is there."""

    def to_duckdb() -> str:
        from due_cli.sql import transpile

        return transpile.to_duckdb(transpile.parse(sql))

    return _cached(state, "statement", sql, to_duckdb)


def canonical_columns(state: State) -> dict[str, str]:
    """Column names and DuckDB types of ``all_events`` (``queries/tables``), without its partition column."""
    sql = files.query("tables", "all_events").sql

    def columns() -> str:
        from due_cli.sql import transpile

        return json.dumps(transpile.column_types(sql))

    parsed: dict[str, str] = json.loads(_cached(state, "columns", sql, columns))
    return parsed


def _cached(state: State, kind: str, sql: str, translation: Callable[[], str]) -> str:
    """A translation from the state's cache: making it takes longer than most queries.

    The cache key holds the versions of due and sqlglot and, for whoever works on due, when its rules were edited.
    """
    key = hashlib.sha256("\0".join((kind, sql, *_versions())).encode()).hexdigest()
    cached = state.one("translation", key)
    if cached is not None:
        return str(cached)
    new = translation()
    state.cache("set_translation", (key, new))
    return new


@cache
def _versions() -> tuple[str, ...]:
    edited = max(path.stat().st_mtime_ns for path in Path(files.__file__).parent.glob("*.py"))
    return __version__, version("sqlglot"), str(edited)


@contextmanager
def _interruptible(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """While this lasts, Ctrl-C ends a query at once: DuckDB looks for signals only between its tasks."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    reader, writer = os.pipe()
    os.set_blocking(writer, False)

    def watch() -> None:
        while number := os.read(reader, 1):
            if number[0] == signal.SIGINT and signal.getsignal(number[0]) is signal.default_int_handler:
                connection.interrupt()  # where Ctrl-C is not deferred

    watcher = threading.Thread(target=watch, daemon=True)
    previous = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    watcher.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(previous)
        os.close(writer)
        watcher.join()
        os.close(reader)


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return _ERROR_KIND.sub("", lines[0]) if lines else type(error).__name__

"""DuckDB: connections that answer as Athena does, statements in its dialect, its errors as due's."""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path

import duckdb

from due_cli import __version__
from due_cli.core.errors import DueError, QueryError
from due_cli.core.results import ColumnType, TypeKind
from due_cli.local.folder import Folder
from due_cli.local.state import State
from due_cli.sql import files

_SQL = Path(__file__).with_name("parquet.sql")
INGEST_MEMORY = "224MB"
QUERY_MEMORY = "60%"  # of the machine's or its container's; beyond that a query spills to disk

_KINDS: dict[str, TypeKind] = {
    "boolean": "boolean",
    **dict.fromkeys(("tinyint", "smallint", "integer", "bigint", "hugeint"), "integer"),  # a hugeint is a sum
    **dict.fromkeys(("utinyint", "usmallint", "uinteger", "ubigint"), "integer"),
    **dict.fromkeys(("float", "double", "decimal"), "double"),
    "blob": "bytes",
    "date": "date",
    "time": "time",
    **dict.fromkeys(("timestamp", "timestamp_s", "timestamp_ms", "timestamp_ns"), "timestamp"),
    "timestamp with time zone": "timestamp",
}
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
    temporary = f"{folder.query_temp_prefix}{os.getpid()}-{os.urandom(4).hex()}"  # DuckDB clears it when it closes
    connection = duckdb.connect()
    try:
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 2
        settings = statement(
            "settings", threads=threads or cores, memory=memory, temporary=temporary.replace("'", "''")
        )
        connection.execute(settings)
        with _INTERRUPTS.watching(connection):
            yield connection
    finally:
        connection.close()


def column_type(kind: duckdb.sqltypes.DuckDBPyType) -> ColumnType:
    """A type of DuckDB's as one of a result."""
    if kind.id in ("list", "array", "map", "struct"):
        parts = [(name, column_type(part)) for name, part in kind.children if isinstance(part, type(kind))]
        return ColumnType("list" if kind.id == "array" else kind.id, tuple(parts))
    return ColumnType(_KINDS.get(kind.id, "text"))


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


class _Interrupts:
    """The open connections, whose queries Ctrl-C ends at once: DuckDB looks for signals only between its tasks.

    A process has one place that is told of signals, and only the main thread may set it; results may be open side by
    side, and be closed in any order and thread. Whatever was told of signals before still is.
    """

    def __init__(self) -> None:
        self._connections: list[duckdb.DuckDBPyConnection] = []
        self._lock = threading.RLock()  # reentrant: what is forgotten is closed by the garbage collector, at any time
        self._stop_watching: Callable[[], None] | None = None

    @contextmanager
    def watching(self, connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
        """While this lasts, Ctrl-C ends the connection's query."""
        with self._lock:
            self._connections.append(connection)
            if self._stop_watching is None and _in_main_thread():
                self._stop_watching = self._watch()
        try:
            yield
        finally:
            with self._lock:
                self._connections.remove(connection)
                if not self._connections and self._stop_watching is not None and _in_main_thread():
                    self._stop_watching()
                    self._stop_watching = None

    def _watch(self) -> Callable[[], None]:
        """Be told of signals; return what ends that."""
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        previous = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        watcher = threading.Thread(target=self._interrupt_on_signals, args=(reader, previous), daemon=True)
        watcher.start()

        def stop() -> None:
            replaced = signal.set_wakeup_fd(previous)
            if replaced != writer:  # somebody else is told of signals by now
                signal.set_wakeup_fd(replaced)
            os.close(writer)
            watcher.join()
            os.close(reader)

        return stop

    def _interrupt_on_signals(self, reader: int, previous: int) -> None:
        while number := os.read(reader, 1):
            if previous != -1:
                with suppress(OSError):
                    os.write(previous, number)
            if number[0] == signal.SIGINT and signal.getsignal(number[0]) is signal.default_int_handler:
                for connection in tuple(self._connections):  # where Ctrl-C is not deferred
                    connection.interrupt()


_INTERRUPTS = _Interrupts()  # one for the process, as there is one place that is told of signals


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return _ERROR_KIND.sub("", lines[0]) if lines else type(error).__name__

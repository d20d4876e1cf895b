"""DuckDB connections: the settings that make it answer as Athena does, and its errors in due's words."""

from __future__ import annotations

import os
import re
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from due_cli.core.errors import DueError, QueryError
from due_cli.local.folder import Folder
from due_cli.sql import loader

_SQL = Path(__file__).with_name("parquet.sql")
INGEST_MEMORY = "224MB"
QUERY_MEMORY = "60%"  # of what the machine or its container has; beyond that a query works on disk

_KIND_OF_ERROR = re.compile(r"^\w+ Error: ")


def statement(name: str, **values: object) -> str:
    """A statement of ``due_cli/local/parquet.sql`` with its braces filled in by due's own values."""
    return loader.statements(_SQL)[name].format(**values)


def text_literal(text: str) -> str:
    """Text as a DuckDB literal: paths that due made up or found."""
    return "'" + text.replace("'", "''") + "'"


def text_list(texts: list[str]) -> str:
    """A DuckDB list of text literals."""
    return "[" + ", ".join(text_literal(text) for text in texts) + "]"


@contextmanager
def connected(
    folder: Folder, memory: str = QUERY_MEMORY, threads: int | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection of its own with Athena's session: UTC, integer division, nothing written but spilled work.

    It uses as many threads as there are cores, if not told otherwise.
    """
    temporary = f"{folder.query_work}{os.getpid()}"
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
    """DuckDB's errors as :class:`QueryError` (the statement's fault) or :class:`DueError` (the system's)."""
    try:
        yield
    except duckdb.InterruptException:
        raise KeyboardInterrupt from None
    except RuntimeError as error:
        if str(error) != "Query interrupted":  # what DuckDB's Python layer makes of a Ctrl-C that it noticed itself
            raise
        raise KeyboardInterrupt from None
    except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
        raise DueError(_first_line(error), "due doctor") from None
    except duckdb.Error as error:
        raise QueryError(_first_line(error), _hint(error)) from None


@contextmanager
def _interruptible(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """While this lasts, Ctrl-C ends a query at once: DuckDB looks for signals only between its tasks."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    told, tells = os.pipe()
    os.set_blocking(tells, False)

    def watch() -> None:
        while number := os.read(told, 1):
            if number[0] == signal.SIGINT:
                connection.interrupt()

    watcher = threading.Thread(target=watch, daemon=True)
    before = signal.set_wakeup_fd(tells, warn_on_full_buffer=False)
    watcher.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        os.close(tells)
        watcher.join()
        os.close(told)


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return _KIND_OF_ERROR.sub("", lines[0]) if lines else type(error).__name__


def _hint(error: duckdb.Error) -> str | None:
    if isinstance(error, duckdb.CatalogException):
        return "due view list shows the views; due query 'DESCRIBE email_send' a view's columns"
    if isinstance(error, duckdb.BinderException):
        return "due query 'DESCRIBE email_send' shows a view's columns"
    return None

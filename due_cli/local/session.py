"""Queries on a local folder: the tables and views that a statement names, its rows as a stream."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime

import duckdb

from due_cli.core.errors import QueryError
from due_cli.core.results import Table
from due_cli.local.catalog import ALL_TIME, Window, define_all_events
from due_cli.local.engine import connected, translate_errors
from due_cli.local.folder import Folder
from due_cli.local.state import State, View, opened
from due_cli.sql.parameters import Parameter

_FETCH_ROWS = 2_000
_WORD = re.compile(r"\w+")


@contextmanager
def session(
    folder: Folder, names: set[str] | None, window: Window = ALL_TIME
) -> Iterator[tuple[duckdb.DuckDBPyConnection, State]]:
    """A connection with ``all_events`` and the stored views that ``names`` ask for, however deep; all without names."""
    with opened(folder) as state, folder.reading(), connected(folder) as connection:
        views = state.views()
        with translate_errors():
            connection.execute(f'CREATE SCHEMA "{state.meta("database")}"')
            connection.execute(f'USE "{state.meta("database")}"')
            define_all_events(connection, state, window)
            for view in in_order(views, views.keys() if names is None else names):
                connection.execute(view.translated)
        yield connection, state


def table(
    folder: Folder,
    translated: str,
    parameters: Mapping[str, Parameter] | None = None,
    window: Window = ALL_TIME,
    *,
    every_view: bool = False,
) -> Table:
    """The rows of a statement in DuckDB's dialect, read as they are asked for.

    Only the views that it names are there, unless ``every_view`` (for SHOW).
    """
    names = None if every_view else {word.lower() for word in _WORD.findall(translated)}
    stack = ExitStack()
    try:
        connection, _ = stack.enter_context(session(folder, names, window))
        with translate_errors():
            cursor = connection.execute(translated, dict(parameters) if parameters else None)
            columns = [column[0] for column in cursor.description or []]
    except BaseException:
        stack.close()
        raise
    return Table(columns, _rows(cursor, stack))


def in_order(views: dict[str, View], names: Set[str]) -> list[View]:
    """The views that are named, and those that they read, so that each comes after what it needs.

    Raises :class:`QueryError` for views that read each other in a circle.
    """
    found: dict[str, View] = {}

    def add(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            raise QueryError(f"views that read each other: {' -> '.join((*path, name))}", f"due view drop {name}")
        if name in views and name not in found:
            for needed in views[name].depends_on:
                add(needed, (*path, name))
            found[name] = views[name]

    for name in sorted(names & views.keys()):
        add(name, ())
    return list(found.values())


def hours_since_epoch(moment: datetime) -> int:
    """The hour that a naive UTC time lies in, as the state counts hours."""
    return int(moment.replace(tzinfo=UTC).timestamp()) // 3600


def _rows(cursor: duckdb.DuckDBPyConnection, stack: ExitStack) -> Iterator[Sequence[object]]:
    with stack, translate_errors():
        while rows := cursor.fetchmany(_FETCH_ROWS):
            yield from rows

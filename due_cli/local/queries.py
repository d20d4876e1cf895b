"""Reports and other queries on a folder: a session with the views that a statement names, its rows as a stream."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime

import duckdb

from due_cli.core.errors import DueError, QueryError
from due_cli.core.results import Table
from due_cli.local import data_files, facts
from due_cli.local.all_events import ALL_TIME, Window, define_all_events
from due_cli.local.engine import column_type, connect, statement, text_list, translate, translate_errors
from due_cli.local.folder import Folder
from due_cli.local.state import State, View, open_state
from due_cli.sql.parameters import Parameter
from due_cli.sql.reports import BoundReport

_FETCH_ROWS = 2_000
_FILE_ERRORS = (duckdb.Error, duckdb.IOException, duckdb.InvalidInputException)  # a broken footer is the first of them
_WORD = re.compile(r"\w+")


def report(folder: Folder, bound: BoundReport) -> Table:
    """The rows of a report; only the files of its period are opened."""
    window = (hours_since_epoch(bound.first_hour), hours_since_epoch(bound.end_hour))
    names = {word.lower() for word in _WORD.findall(bound.sql)}
    with _stream(folder) as stack:
        connection, state, has_facts = stack.enter_context(_session(folder, names, window, families=bound.families))
        sql = translate(state, bound.facts_sql if has_facts else bound.sql)
        return _executed(folder, stack, connection, sql, bound.parameters)


def newest_hour(folder: Folder) -> datetime | None:
    """The newest hour (naive, UTC) that has files; None where there is none."""
    with open_state(folder) as state, folder.reader_lock():
        own = state.one("newest_hour")
        since = own if isinstance(own, int) else None
        hours = [data_files.newest_hour(folder, file) for file in state.data_files(own)] if isinstance(own, int) else []
        hours += [hour for _, hour in state.foreign_files(since)]
    return datetime.fromtimestamp(max(hours) * 3600, UTC).replace(tzinfo=None) if hours else None


def table(
    folder: Folder,
    sql: str,
    parameters: Mapping[str, Parameter | list[str]] | None = None,
    window: Window = ALL_TIME,
    *,
    hours: Set[int] | None = None,
    every_view: bool = False,
) -> Table:
    """The rows of a statement in DuckDB's dialect, as a stream; with ``hours`` from the files of these hours alone.

    Only the views that it names are defined, unless ``every_view`` (for SHOW).
    """
    names = None if every_view else {word.lower() for word in _WORD.findall(sql)}
    with _stream(folder) as stack:
        connection, _ = stack.enter_context(session(folder, names, window, hours=hours))
        return _executed(folder, stack, connection, sql, parameters)


@contextmanager
def _stream(folder: Folder) -> Iterator[ExitStack]:
    """What a stream of rows keeps open: closed here where it could not be made, else by its last row."""
    stack = ExitStack()
    try:
        with translate_errors(), _named_file(folder):
            yield stack
    except BaseException:
        stack.close()
        raise


def _executed(
    folder: Folder,
    stack: ExitStack,
    connection: duckdb.DuckDBPyConnection,
    sql: str,
    parameters: Mapping[str, Parameter | list[str]] | None,
) -> Table:
    cursor = connection.execute(sql, dict(parameters) if parameters else None)
    description = cursor.description or []
    types = [column_type(column[1]) for column in description]
    return Table([column[0] for column in description], _rows(folder, cursor, stack), types=types)


@contextmanager
def session(
    folder: Folder,
    names: set[str] | None,
    window: Window = ALL_TIME,
    *,
    hours: Set[int] | None = None,
    only_types: bool = False,
) -> Iterator[tuple[duckdb.DuckDBPyConnection, State]]:
    """A connection with ``all_events`` and the stored views of these names with all that they read; None for all.

    With ``only_types`` over one file of each schema: enough to describe them.
    """
    with _session(folder, names, window, hours=hours, only_types=only_types) as (connection, state, _):
        yield connection, state


@contextmanager
def _session(
    folder: Folder,
    names: set[str] | None,
    window: Window,
    *,
    hours: Set[int] | None = None,
    only_types: bool = False,
    families: Sequence[str] = (),
) -> Iterator[tuple[duckdb.DuckDBPyConnection, State, bool]]:
    """A session, and whether it has stored facts of some families of messages in the place of their events.

    It has none where a view is read that needs the events.
    """
    with open_state(folder) as state, folder.reader_lock(), connect(folder) as connection:
        views = dependency_order(state.views(), state.views().keys() if names is None else names)
        with translate_errors(), _named_file(folder):
            connection.execute(statement("database", database=state.meta("database")))
            has_facts = define_all_events(
                connection, state, window, hours=hours, only_types=only_types, families=() if views else families
            )
            for view in views:
                connection.execute(view.translated)
            folders = [f"{folder.events}/", *([f"{folder.facts}/"] if has_facts else [])]
            connection.execute(statement("no_other_files", folders=text_list(folders)))
        yield connection, state, has_facts


def dependency_order(views: dict[str, View], names: Set[str]) -> list[View]:
    """The named views and those that they read, each after what it depends on.

    Raises :class:`QueryError` for a cycle.
    """
    ordered: dict[str, View] = {}

    def add(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            raise QueryError(f"views that read each other: {' -> '.join((*path, name))}", f"due view drop {name}")
        if name in views and name not in ordered:
            for dependency in views[name].depends_on:
                add(dependency, (*path, name))
            ordered[name] = views[name]

    for name in sorted(names & views.keys()):
        add(name, ())
    return list(ordered.values())


@contextmanager
def _named_file(folder: Folder) -> Iterator[None]:
    """Raise DuckDB's errors about a file, which may not name it, as :class:`DueError` naming the first broken one."""
    try:
        yield
    except duckdb.Error as error:
        if type(error) in _FILE_ERRORS:
            if broken := facts.broken(folder):
                raise DueError(
                    f"{folder.facts / broken[0]} is not readable", folder.command("doctor --repair")
                ) from None
            for path, _ in folder.parquet_files():
                if fault := data_files.parquet_fault(folder, path):
                    raise DueError(f"{folder.root / path} {fault}", folder.command("doctor")) from None
        raise


def _rows(folder: Folder, cursor: duckdb.DuckDBPyConnection, stack: ExitStack) -> Iterator[Sequence[object]]:
    with stack, translate_errors(), _named_file(folder):
        while rows := cursor.fetchmany(_FETCH_ROWS):
            yield from rows


def hours_since_epoch(moment: datetime) -> int:
    """The hour that a naive UTC time lies in, as the state counts hours."""
    return int(moment.replace(tzinfo=UTC).timestamp()) // 3600

"""The views of a local folder: the fifteen of the guide, and those that its users make."""

from __future__ import annotations

from due_cli.core.errors import NotFoundError, QueryError, UsageError
from due_cli.core.progress import Silent
from due_cli.core.results import Table
from due_cli.local.engine import translate_errors
from due_cli.local.folder import Folder
from due_cli.local.session import session
from due_cli.local.state import State, View, opened, writing
from due_cli.local.translate import translated
from due_cli.sql import duckdb as dialect
from due_cli.sql import files

TABLE = dialect.TABLE


def standard(state: State) -> list[View]:
    """The guide's views as this version ships them."""
    found = []
    for name in files.names("views"):
        sql = files.query("views", name).sql
        found.append(View(name, sql, translated(state, sql), (TABLE,)))
    return found


def store(state: State, view: View) -> None:
    """Keeps a view under its name, in place of the one there."""
    state.run("set_view", view.name, view.sql, view.translated, " ".join(view.depends_on))


def create(folder: Folder, sql: str) -> str:
    """Makes the view of a ``CREATE [OR REPLACE] VIEW`` statement stay; returns its name.

    The view is tried before it is kept. Raises :class:`QueryError` where it does not run, and :class:`UsageError`
    where a plain CREATE VIEW names one that exists.
    """
    statement = dialect.parsed(sql)
    name = dialect.new_view(statement)
    needs = tuple(sorted(dialect.tables_of(statement) - {name}))
    view = View(name, dialect.without_end(sql), dialect.to_duckdb(statement), needs)
    with writing(folder, Silent()) as state:
        if name in state.views() and not dialect.replaces(statement):
            raise UsageError(f"the view {name} exists", "write CREATE OR REPLACE VIEW to replace it")
        with session(folder, set(needs)) as (connection, _), translate_errors():
            connection.execute(view.translated)
        with state.transaction():
            store(state, view)
    return name


def drop(folder: Folder, name: str, *, missing_ok: bool = False) -> None:
    """Removes a view that a user made; raises where there is none, where it is the guide's, or where others need it."""
    name = name.lower()
    with writing(folder, Silent()) as state:
        views = state.views()
        if name not in views and missing_ok:
            return
        if name not in views:
            raise NotFoundError(f"no view {name}", "due view list")
        if name in files.names("views"):
            raise UsageError(f"{name} is one of the guide's views, which stay", "due doctor --repair mends it")
        needed = sorted(view.name for view in views.values() if name in view.depends_on)
        if needed:
            raise QueryError(f"the view {name} is needed by {', '.join(needed)}", f"due view drop {needed[0]}")
        with state.transaction():
            state.run("forget_view", name)


def listed(folder: Folder) -> Table:
    """Every view, with what it shows."""
    with opened(folder) as state:
        stored = state.views()
    shipped = files.names("views")
    rows = []
    for name in stored:
        about = files.query("views", name).about if name in shipped else "your own"
        rows.append((name, about))
    return Table(("view", "about"), rows)


def shown(folder: Folder, name: str) -> str:
    """A view's statement; raises :class:`NotFoundError`."""
    with opened(folder) as state:
        found = state.views().get(name.lower())
    if found is None:
        raise NotFoundError(f"no view {name}", "due view list")
    return found.sql


def columns_of(folder: Folder, names: list[str]) -> dict[str, list[tuple[str, str]]]:
    """Column names and types of views (and of the table), by asking DuckDB; a view that fails has none."""
    with session(folder, set(names)) as (connection, _), translate_errors():
        found = {}
        for name in names:
            found[name] = [(row[0], row[1]) for row in connection.execute(f'DESCRIBE "{name}"').fetchall()]
        return found

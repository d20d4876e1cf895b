"""The views of a folder: those of the guide, and those of its users."""

from __future__ import annotations

from collections.abc import Iterable

from due_cli.core.errors import QueryError
from due_cli.core.progress import Silent
from due_cli.core.results import Table
from due_cli.local.engine import translate, translate_errors
from due_cli.local.folder import Folder
from due_cli.local.queries import dependency_order, session
from due_cli.local.state import State, View, open_for_writing, open_state
from due_cli.sql import files, statements, transpile
from due_cli.sql.files import TABLE


def shipped_views(state: State) -> list[View]:
    """The guide's views as this version ships them."""
    sql_by_name = {name: files.query("views", name).sql for name in files.names("views")}
    return [View(name, sql, translate(state, sql), (TABLE,)) for name, sql in sql_by_name.items()]


def update_shipped_views(state: State) -> int:
    """Store the guide's views as this version ships them; return how many were missing or differed."""
    stored = state.views()
    changed = [view for view in shipped_views(state) if stored.get(view.name) != view]
    for view in changed:
        _store(state, view)
    return len(changed)


def create(folder: Folder, sql: str) -> str:
    """Store the view of a ``CREATE [OR REPLACE] VIEW`` statement; return its name.

    The view is run first. Raises :class:`QueryError` where that fails, and :class:`UsageError` where a plain CREATE
    VIEW names an existing one.
    """
    statement = transpile.parse(sql)
    name = statements.new_view_name(statement)
    depends_on = tuple(sorted(transpile.table_names(statement) - {name}))
    view = View(name, transpile.without_semicolon(sql), transpile.to_duckdb(statement), depends_on)
    with open_for_writing(folder, Silent()) as state:
        statements.require_replaceable(statement, name, exists=name in state.views())
        with session(folder, set(depends_on)) as (connection, _), translate_errors():
            connection.execute(view.translated)
        with state.transaction():
            _store(state, view)
    return name


def _store(state: State, view: View) -> None:
    state.run("set_view", view.name, view.sql, view.translated, " ".join(view.depends_on))


def drop(folder: Folder, name: str, *, missing_ok: bool = False) -> bool:
    """Drop a user's view; return whether there was one.

    Raises for an unknown one unless ``missing_ok``, for the guide's, and where other views read it.
    """
    name = name.lower()
    with open_for_writing(folder, Silent()) as state:
        views = state.views()
        if name not in views and missing_ok:
            return False
        if name not in views:
            raise statements.unknown_view(name)
        dependents = sorted(view.name for view in views.values() if name in view.depends_on)
        statements.require_droppable(name, dependents, "due doctor --repair")
        with state.transaction():
            state.run("delete_view", name)
    return True


def list_views(folder: Folder) -> Table:
    """Every view, with its description."""
    with open_state(folder) as state:
        return statements.view_table(state.views())


def view_sql(folder: Folder, name: str) -> str:
    """A view's statement; raises :class:`NotFoundError`."""
    with open_state(folder) as state:
        view = state.views().get(name.lower())
    if view is None:
        raise statements.unknown_view(name)
    return view.sql


def table_names(folder: Folder) -> list[str]:
    """The names of the table and of every view."""
    with open_state(folder) as state:
        return [TABLE, *sorted(state.views())]


def column_names(folder: Folder, names: Iterable[str]) -> list[str]:
    """The names of the columns of some of them."""
    found = columns_of(folder, names).values()
    return [name for columns in found if not isinstance(columns, QueryError) for name, _ in columns]


def columns_of(folder: Folder, names: Iterable[str]) -> dict[str, list[tuple[str, str]] | QueryError]:
    """Column names and types of views or the table, by asking DuckDB; its error where a view fails."""
    found: dict[str, list[tuple[str, str]] | QueryError] = {}
    with session(folder, set(), only_types=True) as (connection, state):
        views = state.views()
        created: set[str] = set()
        for name in names:
            try:
                with translate_errors():
                    for view in dependency_order(views, {name}):
                        if view.name not in created:
                            connection.execute(view.translated)
                        created.add(view.name)
                    rows = connection.execute(f'DESCRIBE "{name}"').fetchall()
            except QueryError as error:
                found[name] = error
            else:
                found[name] = [(row[0], row[1]) for row in rows]
    return found

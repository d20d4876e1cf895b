"""Statements of the user, run by DuckDB after their translation."""

from __future__ import annotations

from functools import partial

from due_cli.core.errors import QueryError
from due_cli.core.results import Done, Table
from due_cli.local import queries, views
from due_cli.local.folder import Folder
from due_cli.sql import metadata, statements, transpile
from due_cli.sql.suggest import with_suggestion
from due_cli.sql.transpile import Statement


def run(folder: Folder, sql: str) -> Table | Done:
    """The rows of a statement, or the view that it created or dropped."""
    folder.require()
    statement = transpile.parse(sql)
    try:
        done = statements.change_view(
            statement, sql, partial(views.create, folder), partial(views.drop, folder), "due doctor --repair"
        )
        return done or _shown(folder, sql) or _explained(folder, statement) or _rows(folder, statement)
    except QueryError as error:
        names, columns = partial(views.table_names, folder), partial(views.column_names, folder)
        raise with_suggestion(error, statement, names, columns) from None


def _rows(folder: Folder, statement: Statement) -> Table:
    every_view = statements.is_metadata_query(statement)
    return queries.table(folder, transpile.to_duckdb(statement), every_view=every_view)


def _shown(folder: Folder, sql: str) -> Table | None:
    """What a SHOW that DuckDB does not know shows, with Athena's names of the columns."""
    what, name = metadata.show(sql)
    if what == "functions":
        return metadata.functions()
    if what == "views":
        return Table(("views",), [(view,) for view in views.table_names(folder)[1:]])
    if what == "create":
        return Table(("Create View",), [(line,) for line in views.view_sql(folder, name).splitlines()])
    if what == "columns":
        columns = views.columns_of(folder, [name])[name]
        if isinstance(columns, QueryError):
            raise columns
        return Table(("field",), [(column,) for column, _ in columns])
    return None


def _explained(folder: Folder, statement: Statement) -> Table | None:
    """The plan of an EXPLAIN, a row for each line of it, under Athena's name of the column."""
    words, sql = statements.explained(statement) or ("", "")
    if not words:
        return None
    explained = transpile.parse(sql)
    rows = queries.table(folder, f"{words} {transpile.to_duckdb(explained)}", every_view=True).rows
    return Table(("Query Plan",), [(line,) for row in rows for line in str(row[-1]).splitlines()])

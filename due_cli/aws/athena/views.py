"""The views of a stack's database: those of the guide, and the user's own."""

from __future__ import annotations

import re
from collections.abc import Iterable

from due_cli.aws.resources.view import AthenaView, is_view, query_of, table_of, views_of
from due_cli.aws.stack.stack import Stack
from due_cli.core.errors import QueryError, UsageError
from due_cli.core.results import Table
from due_cli.sql import statements, transpile
from due_cli.sql.files import TABLE, template


def create(stack: Stack, sql: str) -> str:
    """Create the view of a ``CREATE [OR REPLACE] VIEW`` statement; return its name.

    Raises :class:`QueryError` where Athena rejects it, and :class:`UsageError` where a plain CREATE VIEW names one
    that exists, or the statement another database.
    """
    statement = transpile.parse(sql)
    name, database = statements.new_view_name(statement), stack.options.database
    if statements.database_of(statement) not in (None, database):
        raise UsageError(
            f"due makes views in its own database alone, {database}", f"write CREATE OR REPLACE VIEW {name} AS …"
        )
    if not statements.or_replace(statement):
        statements.require_replaceable(statement, name, exists=table_of(stack.aws, database, name) is not None)
    sql = transpile.without_semicolon(sql)
    AthenaView(database=database, name=name, sql=sql, workgroup=stack.names.workgroup).create(stack.aws)
    return name


def drop(stack: Stack, name: str, *, missing_ok: bool = False) -> bool:
    """Drop a view of the user's own; return whether there was one.

    Raises where it does not exist, unless ``missing_ok``, is the guide's, or is read by other views.
    """
    name = name.lower()
    views = {view["Name"]: query_of(view) for view in views_of(stack.aws, stack.options.database)}
    if name not in views:
        if missing_ok:
            return False
        raise statements.unknown_view(name)
    dependents = [other for other, query in views.items() if other != name and _reads(query, name)]
    statements.require_droppable(name, dependents, "due setup")
    database, workgroup = stack.options.database, stack.names.workgroup
    AthenaView(database=database, name=name, sql="", workgroup=workgroup).delete(stack.aws)
    return True


def list_views(stack: Stack) -> Table:
    """Every view, with what it shows."""
    return statements.view_table(view["Name"] for view in views_of(stack.aws, stack.options.database))


def table_names(stack: Stack) -> list[str]:
    """The names of the table and of every view."""
    return [TABLE, *(view["Name"] for view in views_of(stack.aws, stack.options.database))]


def column_names(stack: Stack, names: Iterable[str]) -> list[str]:
    """The names of the columns of some of them."""
    columns: list[str] = []
    for name in names:
        if table := table_of(stack.aws, stack.options.database, name):
            listed = (*table.get("StorageDescriptor", {}).get("Columns", ()), *table.get("PartitionKeys", ()))
            columns += [column["Name"] for column in listed]
    return columns


def view_sql(stack: Stack, name: str) -> str:
    """The statement of a view as Athena stored it; raises :class:`NotFoundError`."""
    table = table_of(stack.aws, stack.options.database, name.lower())
    if table is None or not is_view(table):
        raise statements.unknown_view(name)
    return template("athena")["view"].format(name=table["Name"], query=query_of(table))


def _reads(query: str, name: str) -> bool:
    """Whether a view's query reads another view."""
    if not re.search(rf"\b{re.escape(name)}\b", query, re.IGNORECASE):
        return False
    try:
        return name in transpile.table_names(transpile.parse(query))
    except QueryError:  # the parser does not know the syntax, but the name occurs in it
        return True

"""Statements of the user, run by Athena as they were typed."""

from __future__ import annotations

import re
from functools import partial

from due_cli.aws.athena import views
from due_cli.aws.athena.engine import execute, table
from due_cli.aws.stack.stack import Stack
from due_cli.core.errors import QueryError
from due_cli.core.progress import Progress
from due_cli.core.results import Done, Table
from due_cli.sql import metadata, statements, transpile
from due_cli.sql.as_json import as_json, columns_query, complex_columns
from due_cli.sql.suggest import with_suggestion

# An error with a position: Athena rejected the statement before it scanned anything.
_REJECTED = re.compile(r"\bline \d+:\d+")
_LINES_BEFORE = 1  # of due's, where what was typed becomes part of another query


def run(stack: Stack, progress: Progress, sql: str) -> Table | Done:
    """The rows of a query, or the view that a statement created or dropped."""
    statement = transpile.parse(sql)
    done = statements.change_view(statement, sql, partial(views.create, stack), partial(views.drop, stack), "due setup")
    if done is not None:
        return done
    if metadata.show(sql)[0] == "functions":  # which Athena does not tell
        return metadata.functions()
    text = transpile.without_semicolon(sql)
    try:
        return query(stack, progress, text) if statements.returns_rows(statement) else table(stack, progress, text)
    except QueryError as error:
        columns = partial(views.column_names, stack)
        raise with_suggestion(error, statement, partial(views.table_names, stack), columns) from None


def query(stack: Stack, progress: Progress, sql: str) -> Table:
    """The rows of a SELECT, WITH or VALUES, with maps, arrays and rows as Python values.

    Athena reports column types only of a query that ran, so the query runs without rows first.
    """
    columns = execute(stack, progress, columns_query(sql), lines_before=_LINES_BEFORE)
    names, types = [name for name, _ in columns.columns], [kind for _, kind in columns.columns]
    cast = complex_columns(types)
    if not cast:
        return table(stack, progress, sql, scanned=columns.scanned)
    wrapped = as_json(sql, transpile.parse(sql), names, cast)
    try:
        return table(stack, progress, wrapped, json_columns=cast, lines_before=_LINES_BEFORE, scanned=columns.scanned)
    except QueryError as error:
        if not _REJECTED.search(error.message):
            raise
    # The query itself ran without rows, so it is the cast that was rejected: there is no JSON of an array of bytes.
    rows = table(stack, progress, sql, scanned=columns.scanned)
    progress.note("a column cannot be read as JSON; maps, arrays and rows are shown as Athena writes them")
    return rows

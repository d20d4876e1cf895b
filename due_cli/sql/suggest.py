"""Did you mean: similar names for the table, column or function that an engine does not know."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable

from sqlglot import exp

from due_cli.core.errors import QueryError
from due_cli.core.suggestions import similar
from due_cli.sql.function_names import FUNCTIONS
from due_cli.sql.transpile import table_names

# The messages of DuckDB and of Athena.
_TABLE = re.compile(r"Table with name \"?(\w+)\"? does not exist|Table '(?:\w+\.)*(\w+)' does not exist")
_COLUMN = re.compile(
    r"Referenced column \"([^\"]+)\" (?:not|was not) found|have a column named \"([^\"]+)\"|"
    r"Could not find key \"([^\"]+)\"|Column '(?:[^']*\.)?([^'.]+)' cannot be resolved"
)
_FUNCTION = re.compile(r"Function with name \"?(\w+)\"? does not exist|Function '?(\w+)'? not registered")


def with_suggestion(
    error: QueryError,
    statement: exp.Expr,
    tables: Callable[[], Iterable[str]],
    columns: Callable[[Iterable[str]], Iterable[str]],
) -> QueryError:
    """The error with a hint that names similar tables and views, columns of those in the statement, or functions.

    Where nothing is similar, the hint is a command that lists what there is.
    """
    if found := _unknown(_TABLE, error):
        return _with_hint(error, similar(found, tables()) or "due view list")
    if found := _unknown(_COLUMN, error):
        read = sorted(table_names(statement) & {name.lower() for name in tables()})
        describe = f"due query {shlex.quote(f'DESCRIBE {read[0]}')}" if read else None
        return _with_hint(error, similar(found, columns(read)) or describe)
    if found := _unknown(_FUNCTION, error):
        return _with_hint(error, similar(found, FUNCTIONS) or "due query 'SHOW FUNCTIONS'")
    return error


def _unknown(pattern: re.Pattern[str], error: QueryError) -> str | None:
    match = pattern.search(error.message)
    return next(filter(None, match.groups())) if match else None


def _with_hint(error: QueryError, hint: str | None) -> QueryError:
    return QueryError(error.message, hint or error.hint)

"""Statements that a user types: Athena's SQL on a local folder."""

from __future__ import annotations

from functools import partial

from due_cli.core.results import Done, Table
from due_cli.local import views
from due_cli.local.folder import Folder
from due_cli.local.session import table
from due_cli.sql import duckdb as dialect
from due_cli.sql.statements import changed


def run(folder: Folder, sql: str) -> Table | Done:
    """The rows of a query, or the view that a statement made or dropped."""
    folder.require()
    statement = dialect.parsed(sql)
    done = changed(statement, sql, partial(views.create, folder), partial(views.drop, folder))
    if done is not None:
        return done
    return table(folder, dialect.to_duckdb(statement), every_view=dialect.is_command(statement))

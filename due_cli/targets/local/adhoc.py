"""Statements that a user types: Athena's SQL on a local folder."""

from __future__ import annotations

from due_cli.results import Done, Table
from due_cli.sql import duckdb as dialect
from due_cli.sql.custom import try_it
from due_cli.targets.local import views
from due_cli.targets.local.folder import Folder
from due_cli.targets.local.session import table


def run(folder: Folder, sql: str) -> Table | Done:
    """The rows of a query, or the view that a statement made or dropped."""
    folder.require()
    statement = dialect.parsed(sql)
    if dialect.created_view(statement) is not None:
        name = views.create(folder, sql)
        return Done([f"the view {name} is there"], (try_it(name),))
    dropped = dialect.dropped_view(statement)
    if dropped is not None:
        views.drop(folder, dropped, missing_ok=bool(statement.args.get("exists")))
        return Done([f"the view {dropped} is gone"])
    dialect.must_read(statement, sql)
    return table(folder, dialect.to_duckdb(statement), every_view=dialect.is_command(statement))

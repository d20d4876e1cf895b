"""``due query``."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from due_cli.cli.command import App, Section
from due_cli.cli.completion import times
from due_cli.cli.options import LimitOption, database_of
from due_cli.core.results import Done, Table

app = App(section=Section.ASK, position=2)


@app.add(
    "due query 'SELECT event_type, COUNT(*) AS n FROM all_events GROUP BY 1'",
    "due query 'SELECT COUNT(*) AS sends FROM email_send WHERE ingest_timestamp >= :since' --since 7d",
)
def query(
    context: typer.Context,
    sql: Annotated[
        str | None, typer.Argument(metavar="SQL", help="Statement in Athena's SQL; - for standard input.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", "-f", metavar="FILE", help="Read the statement from a file.")
    ] = None,
    param: Annotated[
        list[str] | None, typer.Option("--param", metavar="NAME=VALUE", help="Value of :NAME in the statement.")
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="TIME", help="Value of :since, a whole hour.", autocompletion=times)
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="TIME", help="Value of :until, a whole hour.", autocompletion=times)
    ] = None,
    limit: LimitOption = None,
) -> Table | Done:
    """Run one statement on the table and the views.

    The statement is in Athena's SQL (Trino); without SQL and FILE it is read from standard input. Only statements that
    read are allowed, and CREATE OR REPLACE VIEW and DROP VIEW, which create and drop views of your own.
    """
    from due_cli.sql.parameters import given_parameters
    from due_cli.sql.statements import statement_text

    values = given_parameters(param or [], None, None, datetime.now(UTC))
    statement = statement_text(sql, file)
    return database_of(context).query(statement, parameters=values, since=since, until=until, limit=limit).result

"""``due query``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from due_cli.cli.command import App
from due_cli.cli.options import LimitOption, limited, target_of
from due_cli.core.results import Done, Table

app = App(position=7)


@app.add("due query 'SELECT event_type, COUNT(*) AS n FROM all_events GROUP BY 1'")
def query(
    context: typer.Context,
    sql: Annotated[
        str | None, typer.Argument(metavar="SQL", help="Statement in Athena's SQL; - for standard input.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", "-f", metavar="FILE", help="Read the statement from a file.")
    ] = None,
    limit: LimitOption = None,
) -> Table | Done:
    """Run one statement on the table and the views.

    The statement is in Athena's SQL (Trino). Only statements that read are allowed, and CREATE OR REPLACE VIEW and DROP
    VIEW, which create and drop views of your own.
    """
    from due_cli.sql.statements import statement_text

    return limited(target_of(context).query(statement_text(sql, file)), limit)

"""``due query`` and ``due view``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from due_cli.cli.options import target_of
from due_cli.core.results import Done, Table, Text

Name = Annotated[str, typer.Argument(metavar="NAME", help="The view's name.")]


def query(
    context: typer.Context,
    sql: Annotated[
        str | None, typer.Argument(metavar="SQL", help="A statement in Athena's SQL; - for standard input.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", "-f", metavar="FILE", help="Read the statement from a file.")
    ] = None,
) -> Table | Done:
    """Run one statement on the table and the views.

    The statement is Athena's SQL (Trino), as the guide writes it. It reads; only CREATE OR REPLACE VIEW and DROP VIEW
    change something, and the view stays.
    """
    from due_cli.sql.statements import statement_text

    return target_of(context).query(statement_text(sql, file))


def view_create(
    context: typer.Context,
    name: Name,
    event_type: Annotated[str, typer.Option("--event-type", metavar="TYPE", help="The event type, such as purchase.")],
    attribute: Annotated[
        list[str] | None,
        typer.Option("--attribute", metavar="KEY[=column]", help="An attribute as a column. May be repeated."),
    ] = None,
    metric: Annotated[
        list[str] | None,
        typer.Option("--metric", metavar="KEY[=column]", help="A metric as a column. May be repeated."),
    ] = None,
) -> Done:
    """Make a view of a custom event (guide, appendix E), or replace it."""
    from due_cli.sql.custom import custom_view, try_it

    target_of(context).create_view(custom_view(name, event_type, attribute or [], metric or []))
    return Done([f"Created view {name}"], (try_it(name),))


def view_list(context: typer.Context) -> Table:
    """List the views: the guide's fifteen and your own."""
    return target_of(context).views()


def view_show(context: typer.Context, name: Name) -> Text:
    """Print a view's statement, ready to paste into Athena."""
    return Text(target_of(context).view(name))


def view_drop(context: typer.Context, name: Name) -> Done:
    """Remove a view of your own."""
    target_of(context).drop_view(name)
    return Done([f"Dropped view {name}"])

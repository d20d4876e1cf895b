"""``due view``: views of the guide and of the user."""

from __future__ import annotations

from typing import Annotated

import typer

from due_cli.cli.command import App, Section
from due_cli.cli.completion import views
from due_cli.cli.options import target_of
from due_cli.core.results import Done, Table, Text

Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the view.", autocompletion=views)]

app = App(section=Section.ASK, position=4)


@app.add_group()
def view(context: typer.Context) -> None:
    """Create, list, show and drop views."""


@app.add("due view create purchases --event-type purchase --attribute currency --metric amount", name="create")
def create(
    context: typer.Context,
    name: Name,
    event_type: Annotated[str, typer.Option("--event-type", metavar="TYPE", help="Event type, such as purchase.")],
    attribute: Annotated[
        list[str] | None,
        typer.Option("--attribute", metavar="KEY[=column]", help="Attribute to show as a column. May be repeated."),
    ] = None,
    metric: Annotated[
        list[str] | None,
        typer.Option("--metric", metavar="KEY[=column]", help="Metric to show as a column. May be repeated."),
    ] = None,
) -> Done:
    """Create or replace a view of a custom event."""
    from due_cli.sql.custom import custom_view, preview_command

    target_of(context).create_view(custom_view(name, event_type, attribute or [], metric or []))
    return Done([f"Created view {name}"], (preview_command(name),))


@app.add("due view list", name="list")
def view_list(context: typer.Context) -> Table:
    """List the views: the guide's and your own."""
    return target_of(context).views()


@app.add("due view show email_send", name="show")
def show(context: typer.Context, name: Name) -> Text:
    """Print a view's statement, ready to paste into Athena."""
    return Text(target_of(context).view(name))


@app.add("due view drop purchases", name="drop")
def drop(context: typer.Context, name: Name) -> Done:
    """Drop a view of your own."""
    target_of(context).drop_view(name)
    return Done([f"Dropped view {name}"])

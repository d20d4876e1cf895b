"""``due help``."""

from __future__ import annotations

from typing import Annotated

import typer

from due_cli.cli.command import App, Section
from due_cli.cli.options import Invocation

app = App(section=Section.OTHER, position=1)


@app.add("due help report bounce-rate", name="help")
def show_help(
    context: typer.Context,
    words: Annotated[list[str] | None, typer.Argument(metavar="[COMMAND...]", help="A command.")] = None,
) -> None:
    """Show the help of a command, as --help does."""
    context.find_root().command.main(args=[*(words or []), "--help"], prog_name="due", obj=Invocation())

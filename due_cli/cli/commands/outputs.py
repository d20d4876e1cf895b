"""``due outputs``."""

from __future__ import annotations

import typer

from due_cli.cli.command import App, Section
from due_cli.cli.options import target_of
from due_cli.core.results import Record

app = App(section=Section.LOOK_AFTER, position=4)


@app.add("due outputs -o json")
def outputs(context: typer.Context) -> Record:
    """Show the database's resources, by the guide's output keys."""
    return Record(target_of(context).outputs())

"""``due demo``."""

from __future__ import annotations

import typer

from due_cli.cli.command import App, Section
from due_cli.cli.options import progress_of, settings_of
from due_cli.core.results import Parts

app = App(section=Section.START, position=1)


@app.add("due demo", "due demo --local ./tour")
def demo(context: typer.Context) -> Parts:
    """Run a guided demo on this machine: a synthetic month of a small shop, ingested and reported on.

    Creates the folder due-demo, or the one given with --local, and does not change the recorded target.
    """
    from due_cli.demo.tour import tour

    return Parts(tour(settings_of(context).local, progress_of(context)))

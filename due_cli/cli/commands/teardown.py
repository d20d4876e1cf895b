"""``due teardown``."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from due_cli.cli.command import App, Section
from due_cli.cli.options import YesOption, confirm, preview, progress_of, settings_of, target_of
from due_cli.core.results import Done
from due_cli.core.settings import choose_target, forget_target

app = App(section=Section.LOOK_AFTER, position=6)


@app.add("due teardown --yes", "due teardown --delete-data --yes")
def teardown(
    context: typer.Context,
    delete_data: Annotated[
        bool, typer.Option("--delete-data", help="Delete the events and failed records too.")
    ] = False,
    yes: YesOption = False,
) -> Done:
    """Remove what due created, on AWS or in a folder; the events stay unless --delete-data is given."""
    target = target_of(context, allow_partial=True)
    removal = target.removal(delete_data=delete_data)
    if removal.plan is not None:
        preview(context, removal.plan)
    if not confirm(removal.question, yes=yes, what="due teardown"):
        return Done(["Nothing was removed"])
    choice = choose_target(settings_of(context), os.environ)  # before the working directory may be gone
    done = removal.execute(progress_of(context))
    forget_target(choice, os.environ)
    return done

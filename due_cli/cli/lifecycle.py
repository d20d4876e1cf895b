"""``due outputs`` and ``due teardown``."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from due_cli.cli.options import YesOption, confirm, preview, progress_of, settings_of, target_of
from due_cli.core.results import Done, Record
from due_cli.core.settings import chosen, forget


def outputs(context: typer.Context) -> Record:
    """Show what the database is made of, by the guide's output keys."""
    return Record(target_of(context).outputs())


def teardown(
    context: typer.Context,
    delete_data: Annotated[
        bool, typer.Option("--delete-data", help="Delete the events and failed records too.")
    ] = False,
    yes: YesOption = False,
) -> Done:
    """Remove what due made, on AWS or of a folder; the events stay unless --delete-data."""
    target = target_of(context, even_partly=True)
    removal = target.removal(delete_data=delete_data)
    if removal.plan is not None:
        preview(context, removal.plan)
    if not confirm(removal.question, yes=yes, what="due teardown"):
        return Done(["nothing was removed"])
    done = target.take_down(delete_data=delete_data, progress=progress_of(context))
    forget(chosen(settings_of(context), os.environ), os.environ)
    return done

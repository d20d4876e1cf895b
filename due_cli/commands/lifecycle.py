"""``due setup``, ``due outputs`` and ``due teardown``."""

from __future__ import annotations

import os
import re
from typing import Annotated

import typer

from due_cli.commands.options import YesOption, confirm, folder_of, progress_of, settings_of
from due_cli.errors import ConfigurationError, UsageError
from due_cli.results import Done, Record
from due_cli.settings import SETUP_FORMS, forget, record

_DATABASE = re.compile(r"[a-z0-9_]{1,128}")


def setup(
    context: typer.Context,
    database: Annotated[
        str, typer.Option(metavar="NAME", help="Name of the database: lower-case letters, digits and _.")
    ] = "due_eventdb",
    status_days: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="DAYS", help="How long a message's status is kept after its last event. [default: 90]"
        ),
    ] = None,
) -> Done:
    """Make a folder the events database, or bring one up to date.

    Parquet files that are in DIR/events/YYYY/MM/DD/HH already (the AWS solution's own data) are read as they are.
    """
    from due_cli.targets.local.folder import Folder
    from due_cli.targets.local.lifecycle import set_up

    settings = settings_of(context)
    if settings.local is None:
        raise ConfigurationError("due setup needs a place for the events", SETUP_FORMS)
    if not _DATABASE.fullmatch(database):
        raise UsageError(f"{database!r} is not a database name", "use lower-case letters, digits and _")
    folder = Folder(settings.local.absolute())
    found = set_up(folder, database, status_days, progress_of(context))
    lines = [f"{folder.root} is {'now' if found.made else 'already'} the events database {database}"]
    try:
        record(folder.root, os.environ)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        lines.append(f"{error.filename}: {reason}: name the folder to later commands with --local or DUE_LOCAL")
    if found.adopted_files:
        lines.append(f"found {found.adopted_rows:,} events in {found.adopted_files:,} files of due's own")
    if found.views_changed and not found.made:
        lines.append(f"{found.views_changed} views brought up to date")
    return Done(lines, ("due ingest PATH...", "due report", "due doctor"))


def outputs(context: typer.Context) -> Record:
    """Show what the database is made of, by the guide's output keys."""
    from due_cli.targets.local import lifecycle

    return Record(lifecycle.outputs(folder_of(context)))


def teardown(
    context: typer.Context,
    delete_data: Annotated[
        bool, typer.Option("--delete-data", help="Delete the events and failed records too.")
    ] = False,
    yes: YesOption = False,
) -> Done:
    """Remove what due made of a folder; the events stay unless --delete-data."""
    from due_cli.targets.local import lifecycle

    folder = folder_of(context)
    found = lifecycle.removal(folder)
    what = f"{found.own_rows:,} events in {found.own_files:,} files, " if delete_data else ""
    question = f"Remove {what}the views, statuses and bookkeeping of {folder.root}?"
    if not confirm(question, yes=yes, what="due teardown"):
        return Done(["nothing was removed"])
    left = lifecycle.take_down(folder, delete_data=delete_data, progress=progress_of(context))
    forget(folder.root, os.environ)
    return Done([f"{folder.root} is no events database any more", *left])

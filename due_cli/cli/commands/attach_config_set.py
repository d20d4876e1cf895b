"""``due attach-config-set``."""

from __future__ import annotations

from enum import StrEnum, unique
from typing import Annotated

import typer

from due_cli.aws.event_types import Tracking, type_choice
from due_cli.cli.command import App, Section
from due_cli.cli.options import progress_of, stack_of
from due_cli.core.results import Done

app = App(section=Section.AWS, position=1)


@unique
class Via(StrEnum):
    """How a configuration set's events reach the delivery stream."""

    AUTO = "auto"
    PINPOINT = "pinpoint"
    FIREHOSE = "firehose"


@app.add("due attach-config-set NAME", "due attach-config-set NAME --tracking on", "due attach-config-set --all")
def attach_config_set(
    context: typer.Context,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME...", help="SES configuration sets.", show_default=False)
    ] = None,
    via: Annotated[
        Via, typer.Option(help="Through the stack's Pinpoint project, or directly to Firehose; auto: Pinpoint if any.")
    ] = Via.AUTO,
    tracking: Annotated[
        Tracking,
        typer.Option(help="Subscribe to opens and clicks: keep (where the set tracks already), on, or off."),
    ] = Tracking.KEEP,
    types: Annotated[
        str | None,
        typer.Option(metavar="A,B", help="Exactly these of SES's event types.", show_default=False),
    ] = None,
    everything: Annotated[
        bool,
        typer.Option("--all", help="All configuration sets of the account and region; checks every identity too."),
    ] = False,
) -> Done:
    """Send the mail events of SES configuration sets to the database.

    Each gets an event destination named event-database: directly to Firehose with SES's event types, or through
    Pinpoint with the guide's. A set that uses the other way is moved; no set gets both.

    For OPEN and CLICK SES changes the mail: it inserts an invisible image and rewrites the links. A new event
    destination has them only where the set tracks already or with --tracking on; an existing one keeps its types.
    """
    from due_cli.aws.stack import config_sets

    choice = type_choice(tracking, types)
    return config_sets.attach(stack_of(context), names or [], via.value, everything, progress_of(context), choice)

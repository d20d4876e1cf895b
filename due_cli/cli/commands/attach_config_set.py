"""``due attach-config-set``."""

from __future__ import annotations

from enum import StrEnum, unique
from typing import Annotated

import typer

from due_cli.cli.command import App
from due_cli.cli.options import progress_of, stack_of
from due_cli.core.results import Done

app = App(position=2)


@unique
class Via(StrEnum):
    """How a configuration set's events reach the delivery stream."""

    AUTO = "auto"
    PINPOINT = "pinpoint"
    FIREHOSE = "firehose"


@app.add("due attach-config-set NAME", "due attach-config-set --all")
def attach_config_set(
    context: typer.Context,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME...", help="SES configuration sets.", show_default=False)
    ] = None,
    via: Annotated[
        Via, typer.Option(help="Through the stack's Pinpoint project, or directly to Firehose; auto: Pinpoint if any.")
    ] = Via.AUTO,
    everything: Annotated[
        bool,
        typer.Option("--all", help="All configuration sets of the account and region; checks every identity too."),
    ] = False,
) -> Done:
    """Send the mail events of SES configuration sets to the database.

    Each gets an event destination named event-database: directly to Firehose with all ten event types, or through
    Pinpoint with the guide's eight. A set that uses the other way is moved; no set gets both.
    """
    from due_cli.aws.stack import config_sets

    return config_sets.attach(stack_of(context), names or [], via.value, everything, progress_of(context))

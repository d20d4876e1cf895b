"""``due detach-config-set``."""

from __future__ import annotations

from typing import Annotated

import typer

from due_cli.aws.event_types import Channel
from due_cli.cli.command import App, Section
from due_cli.cli.completion import config_sets as complete_sets
from due_cli.cli.options import progress_of, stack_of
from due_cli.core.results import Done

app = App(section=Section.AWS, position=2)


@app.add("due detach-config-set NAME")
def detach_config_set(
    context: typer.Context,
    names: Annotated[
        list[str], typer.Argument(metavar="NAME...", help="Configuration sets.", autocompletion=complete_sets)
    ],
    channel: Annotated[
        Channel,
        typer.Option(help="Service of the sets: email (SES), sms (End User Messaging), auto (by their names)."),
    ] = Channel.AUTO,
) -> Done:
    """Remove the event destinations that attach configuration sets to the database; others stay."""
    from due_cli.aws.stack import config_sets

    return config_sets.detach(stack_of(context), names, progress_of(context), channel)

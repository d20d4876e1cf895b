"""``due attach-config-set``."""

from __future__ import annotations

from enum import StrEnum, unique
from typing import Annotated

import typer

from due_cli.aws.event_types import Channel, Tracking, type_choice
from due_cli.cli.command import App, Section
from due_cli.cli.completion import config_sets as complete_sets
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
        list[str] | None,
        typer.Argument(metavar="NAME...", help="Configuration sets.", show_default=False, autocompletion=complete_sets),
    ] = None,
    channel: Annotated[
        Channel,
        typer.Option(help="Service of the sets: email (SES), sms (End User Messaging), auto (by their names)."),
    ] = Channel.AUTO,
    via: Annotated[
        Via, typer.Option(help="Through the stack's Pinpoint project, or directly to Firehose; auto: Pinpoint if any.")
    ] = Via.AUTO,
    tracking: Annotated[
        Tracking,
        typer.Option(help="Subscribe to opens and clicks: keep (where the set tracks already), on, or off."),
    ] = Tracking.KEEP,
    types: Annotated[
        str | None,
        typer.Option(metavar="A,B", help="Exactly these event types.", show_default=False),
    ] = None,
    everything: Annotated[
        bool,
        typer.Option("--all", help="All configuration sets of the account and region; checks every identity too."),
    ] = False,
) -> Done:
    """Send the events of configuration sets to the database: of mail (SES), and of SMS, MMS, RCS and voice.

    Each gets an event destination named event-database, directly to Firehose; mail through Pinpoint instead where the
    stack has a project, with the guide's event types. A set that uses the other way is moved; no set gets both.

    For OPEN and CLICK SES changes the mail: it inserts an invisible image and rewrites the links. A new event
    destination has them only where the set tracks already or with --tracking on; an existing one keeps its types.
    """
    from due_cli.aws.stack import config_sets

    request = config_sets.AttachRequest(
        set_names=tuple(names or ()),
        everything=everything,
        channel=channel,
        via=via.value,
        types=type_choice(tracking, types, channel),
    )
    return config_sets.attach(stack_of(context), request, progress_of(context))

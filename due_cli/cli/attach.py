"""``due attach-project``, ``due attach-config-set`` and their counterparts: what sends its events to a stack."""

from __future__ import annotations

import os
from enum import StrEnum, unique
from typing import TYPE_CHECKING, Annotated

import typer

from due_cli.cli.options import progress_of, settings_of
from due_cli.core.errors import UsageError
from due_cli.core.results import Done
from due_cli.core.settings import LocalChoice, chosen

if TYPE_CHECKING:
    from due_cli.aws.stack.stack import Stack

ProjectId = Annotated[str, typer.Argument(metavar="PROJECT_ID", help="The id of an Amazon Pinpoint project.")]


@unique
class Via(StrEnum):
    """The ways of mail events to the stream."""

    AUTO = "auto"
    PINPOINT = "pinpoint"
    FIREHOSE = "firehose"


def attach_project(context: typer.Context, project_id: ProjectId) -> Done:
    """Send the events of a further Amazon Pinpoint project to the database (guide, appendix C).

    A project has one event stream; one that leads elsewhere is not overwritten.
    """
    from due_cli.aws.stack import pinpoint

    return pinpoint.attach(_stack(context), project_id)


def detach_project(context: typer.Context, project_id: ProjectId) -> Done:
    """Remove the event stream of a project that leads to the database."""
    from due_cli.aws.stack import pinpoint

    return pinpoint.detach(_stack(context), project_id)


def attach_config_set(
    context: typer.Context,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME...", help="SES configuration sets.", show_default=False)
    ] = None,
    via: Annotated[
        Via, typer.Option(help="Through the stack's Pinpoint project if it has one, or straight to the stream.")
    ] = Via.AUTO,
    everything: Annotated[
        bool, typer.Option("--all", help="Every configuration set of the account and region; asks every identity too.")
    ] = False,
) -> Done:
    """Send the mail events of SES configuration sets to the database (guide, appendix D).

    Each gets an event destination event-database: straight to the stream with all ten event types, or through
    Pinpoint with the guide's eight. A set that reaches the stream the other way is moved, never given both.
    """
    from due_cli.aws.stack import senders

    return senders.attach(_stack(context), names or [], via.value, everything, progress_of(context))


def detach_config_set(
    context: typer.Context,
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="SES configuration sets.")],
) -> Done:
    """Remove the event destinations that attach configuration sets to the database; any other stays."""
    from due_cli.aws.stack import senders

    return senders.detach(_stack(context), names, progress_of(context))


def _stack(context: typer.Context) -> Stack:
    choice = chosen(settings_of(context), os.environ)
    if isinstance(choice, LocalChoice):
        raise UsageError(
            f"{choice.folder} is a folder, and events are attached to a stack on AWS",
            "--stack NAME names one; due ingest PATH... takes events into a folder",
        )
    from due_cli.aws.client import Aws
    from due_cli.aws.stack.stack import found

    return found(Aws(choice.profile, choice.region), choice.stack)

"""``due attach-topic``."""

from __future__ import annotations

from typing import Annotated

import typer

from due_cli.cli.command import App, Section
from due_cli.cli.options import progress_of, stack_of
from due_cli.core.results import Done

app = App(section=Section.AWS, position=3)


@app.add("due attach-topic ARN")
def attach_topic(
    context: typer.Context,
    arns: Annotated[list[str], typer.Argument(metavar="ARN...", help="Standard SNS topics of the account and region.")],
) -> Done:
    """Send the messages of SNS topics to the database: inbound SMS, and notifications of SES identities.

    The delivery stream is subscribed to each topic. An event that arrives by a configuration set too counts once.
    """
    from due_cli.aws.stack import topics

    return topics.attach(stack_of(context), arns, progress_of(context))

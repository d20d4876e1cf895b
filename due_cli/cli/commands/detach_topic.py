"""``due detach-topic``."""

from __future__ import annotations

from typing import Annotated

import typer

from due_cli.cli.command import App, Section
from due_cli.cli.options import progress_of, stack_of
from due_cli.core.results import Done

app = App(section=Section.AWS, position=4)


@app.add("due detach-topic ARN")
def detach_topic(
    context: typer.Context,
    arns: Annotated[list[str], typer.Argument(metavar="ARN...", help="SNS topics.")],
) -> Done:
    """Remove the subscriptions that attach SNS topics to the database; others stay."""
    from due_cli.aws.stack import topics

    return topics.detach(stack_of(context), arns, progress_of(context))

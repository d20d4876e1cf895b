"""``due status``."""

from __future__ import annotations

from typing import Annotated

import typer

from due_cli.cli.command import App, Section
from due_cli.cli.options import database_of, settings_of
from due_cli.core.results import Statuses
from due_cli.core.settings import Output

app = App(section=Section.ASK, position=3)


@app.add("due status 0100019a-example-000000")
def status(
    context: typer.Context,
    message_ids: Annotated[
        list[str],
        typer.Argument(metavar="MESSAGE_ID...", help="Message ids as returned by SES, Pinpoint or End User Messaging."),
    ],
    everywhere: Annotated[bool, typer.Option("--everywhere", help="Search all events, however old.")] = False,
) -> Statuses:
    """Show a message's delivery history.

    An id may stand in quotes or angle brackets, be a Message-ID header or, in a folder, the beginning of one id alone.
    A message that the status store does not know is looked up in the events: from the time that an id of SES tells,
    on AWS else those of the last 30 days. Exits with code 4 if a message is unknown.
    """
    details = settings_of(context).output is Output.TABLE
    return database_of(context).status(message_ids, everywhere=everywhere, details=details).result

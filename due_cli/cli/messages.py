"""``due status`` and ``due doctor``."""

from __future__ import annotations

from typing import Annotated

import typer

from due_cli.cli.options import progress_of, target_of
from due_cli.core.results import Checks, Statuses


def status(
    context: typer.Context,
    message_ids: Annotated[
        list[str], typer.Argument(metavar="MESSAGE_ID...", help="Ids as SES, Pinpoint or End User Messaging gave them.")
    ],
) -> Statuses:
    """Show what became of messages: did this one arrive?

    Exit code 4 where a message is unknown.
    """
    return target_of(context).statuses(message_ids)


def doctor(
    context: typer.Context,
    repair: Annotated[bool, typer.Option("--repair", help="Mend what can be mended, then check.")] = False,
    send_test: Annotated[
        bool, typer.Option("--send-test", help="AWS: put a marked record in and follow it to the table.")
    ] = False,
) -> Checks:
    """Check the database: table, views, a report, files, statuses, failed records, and every hop on the way to it.

    Exit code 7 where something is to be mended; each problem comes with the command that mends it.
    """
    return target_of(context).examine(progress_of(context), repair=repair, send_test=send_test)

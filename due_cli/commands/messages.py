"""``due status`` and ``due doctor``."""

from __future__ import annotations

from typing import Annotated

import typer

from due_cli.commands.options import folder_of, progress_of
from due_cli.results import Checks, Statuses


def status(
    context: typer.Context,
    message_ids: Annotated[
        list[str], typer.Argument(metavar="MESSAGE_ID...", help="Ids as SES, Pinpoint or End User Messaging gave them.")
    ],
) -> Statuses:
    """Show what became of messages: did this one arrive?

    Exit code 4 where a message is unknown.
    """
    from due_cli.targets.local.messages import statuses

    return statuses(folder_of(context), message_ids)


def doctor(
    context: typer.Context,
    repair: Annotated[bool, typer.Option("--repair", help="Mend what can be mended, then check.")] = False,
) -> Checks:
    """Check the database: table, views, a report, files, statuses, failed records, disk space.

    Exit code 7 where something is to be mended; each problem comes with the command that mends it.
    """
    from due_cli.targets.local import doctor as checks

    folder, progress = folder_of(context), progress_of(context)
    return checks.examine(folder, progress, checks.repair(folder, progress) if repair else None)

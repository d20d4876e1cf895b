"""``due doctor``."""

from __future__ import annotations

from typing import Annotated

import typer

from due_cli.cli.command import App, Section
from due_cli.cli.options import progress_of, target_of
from due_cli.core.results import Checks

app = App(section=Section.LOOK_AFTER, position=1)


@app.add("due doctor", "due doctor --repair")
def doctor(
    context: typer.Context,
    repair: Annotated[bool, typer.Option("--repair", help="Repair what can be repaired, then check.")] = False,
    accept_loss: Annotated[
        list[str] | None,
        typer.Option(metavar="HOUR", help="Accept that events of an hour (2026-11-22T03) are lost. May be repeated."),
    ] = None,
    send_test: Annotated[
        bool, typer.Option("--send-test", help="AWS only: send a marked record and follow it to the table.")
    ] = False,
) -> Checks:
    """Check the database: table, views, a report, files, statuses, failed records, and every hop on the way to it.

    Exits with code 7 if a check finds a problem; each problem comes with the command that fixes it.
    """
    return target_of(context).examine(
        progress_of(context), repair=repair, send_test=send_test, accept_loss=accept_loss or []
    )

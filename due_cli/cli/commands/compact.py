"""``due compact``."""

from __future__ import annotations

from typing import Annotated

import typer

from due_cli.cli.command import App, Section
from due_cli.cli.options import progress_of, target_of
from due_cli.core.errors import UsageError
from due_cli.core.results import Done

app = App(section=Section.LOOK_AFTER, position=3)


@app.add("due compact --plan", "due compact", "due compact --adopted")
def compact(
    context: typer.Context,
    plan: Annotated[bool, typer.Option("--plan", help="Show what would be done, without doing it.")] = False,
    adopted: Annotated[
        bool, typer.Option("--adopted", help="Rewrite files that due did not write too; keep the originals aside.")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="With --adopted: delete the originals that an earlier run kept.")
    ] = False,
) -> Done:
    """Write each closed day of a folder as one sorted, compressed file, which reports read faster.

    A day is closed two hours after its end (UTC). Every due ingest compacts what is worth it by itself; this command
    does all days now. Queries see each event once meanwhile, and it can be interrupted and run again.

    With --adopted the rows of files that due did not write are written to such files too, each event once. The
    originals are moved to DIR/replaced, where no query reads them. Look at the result, then delete them with
    due compact --adopted --yes; until then due teardown --delete-data puts them back.
    """
    if yes and not adopted:
        raise UsageError("--yes deletes the originals of --adopted", "due compact --adopted --yes")
    return target_of(context).compact(progress_of(context), plan=plan, adopted=adopted, delete=yes)

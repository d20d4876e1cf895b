"""``due failed``: records that could not be read."""

from __future__ import annotations

from typing import Annotated

import typer

from due_cli.cli.command import App, Section
from due_cli.cli.options import LimitOption, YesOption, confirm, progress_of, settings_of, target_of
from due_cli.core.results import Done, IngestSummary, Table, Text, counted, limited
from due_cli.core.settings import Output

app = App(section=Section.LOOK_AFTER, position=2)


@app.add_group()
def failed(context: typer.Context) -> None:
    """List, show, replay and discard records that could not be read."""


@app.add("due failed list", "due failed list --all", name="list")
def failed_list(
    context: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="List each record.")] = False,
    limit: LimitOption = None,
) -> Table:
    """List the reasons for which records could not be read, with the number of records.

    With --all, and always as json, csv and markdown, it lists each record: its id, the reason, when it was kept, where
    it came from and its size.
    """
    by_reason = not everything and settings_of(context).output is Output.TABLE
    return limited(target_of(context).failed(by_reason=by_reason), limit)


@app.add("due failed show abcdef", name="show")
def show(
    context: typer.Context,
    identity: Annotated[
        str, typer.Argument(metavar="ID", help="An id, or its beginning, as shown by due failed list.")
    ],
) -> Text:
    """Print one failed record, byte for byte as it was received."""
    return Text(target_of(context).failed_record(identity))


@app.add("due failed replay", name="replay")
def replay(
    context: typer.Context,
    identities: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ID...]", help="Ids, or their beginnings, as shown by due failed list; default: all."),
    ] = None,
) -> IngestSummary:
    """Ingest failed records again; those that can be read now leave the list."""
    return target_of(context).replay(identities or [], progress_of(context))


@app.add("due failed discard --all --yes", name="discard")
def discard(
    context: typer.Context,
    identities: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ID...]", help="Ids, or their beginnings, as shown by due failed list."),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Discard all failed records.")] = False,
    yes: YesOption = False,
) -> Done:
    """Delete failed records permanently."""
    target = target_of(context)
    chosen = target.chosen_failed(identities or [], everything=everything)
    question = f"Permanently delete {counted(len(chosen), 'failed record')}?"
    if not confirm(question, yes=yes, what="due failed discard"):
        return Done(["Nothing was deleted"])
    count = target.discard(chosen, progress_of(context))
    return Done([f"Deleted {counted(count, 'failed record')}"])

"""``due ingest`` and ``due failed``."""

from __future__ import annotations

from typing import Annotated

import typer

from due_cli.cli.options import YesOption, confirm, progress_of, target_of
from due_cli.core.results import Done, IngestSummary, Table, Text, counted

Ids = Annotated[list[str], typer.Argument(metavar="ID...", help="Ids that due failed list shows; a beginning will do.")]


def ingest(
    context: typer.Context,
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Files, folders, or - for standard input.")],
) -> IngestSummary:
    """Put event records into the database: JSON in any wrapper, one per line or not, gzip or not.

    Records may be of Amazon Pinpoint, Amazon SES, End User Messaging SMS and WhatsApp, mixed. What is there already is
    not added again; what cannot be read is kept (due failed list).
    """
    return target_of(context).ingest(paths, progress_of(context))


def failed_list(context: typer.Context) -> Table:
    """List the records that could not be read, with the reason."""
    return target_of(context).failed()


def failed_show(
    context: typer.Context, identity: Annotated[str, typer.Argument(metavar="ID", help="An id of due failed list.")]
) -> Text:
    """Print one failed record, byte for byte as it was received."""
    return Text(target_of(context).failed_record(identity))


def failed_replay(
    context: typer.Context,
    identities: Annotated[
        list[str] | None, typer.Argument(metavar="[ID...]", help="Ids of due failed list; all without one.")
    ] = None,
) -> IngestSummary:
    """Ingest failed records again; those that can be read now leave the list."""
    return target_of(context).replay(identities or [], progress_of(context))


def failed_discard(
    context: typer.Context,
    identities: Annotated[list[str] | None, typer.Argument(metavar="[ID...]", help="Ids of due failed list.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
    yes: YesOption = False,
) -> Done:
    """Delete failed records for good."""
    target = target_of(context)
    chosen = target.chosen_failed(identities or [], everything=everything)
    if not confirm(f"Delete {counted(len(chosen), 'failed record')} for good?", yes=yes, what="due failed discard"):
        return Done(["nothing was deleted"])
    count = target.discard(chosen, progress_of(context))
    return Done([f"{counted(count, 'failed record')} deleted"])

"""``due ingest``."""

from __future__ import annotations

from typing import Annotated

import typer

from due_cli.cli.command import App, Section
from due_cli.cli.options import database_of
from due_cli.core.results import IngestSummary

app = App(section=Section.START, position=3)


@app.add("due ingest ./records", "zcat records.json.gz | due ingest -")
def ingest(
    context: typer.Context,
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Files, folders, or - for standard input.")],
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 when any record failed.")] = False,
) -> IngestSummary:
    """Add event records to the database: JSON, however it is wrapped (SNS, EventBridge, Firehose, ...) or compressed.

    Records of Amazon Pinpoint, Amazon SES, End User Messaging SMS and WhatsApp may be mixed. An event is filed under
    the hour in which it arrived or, where its record does not say, happened. The same input again adds nothing;
    records that cannot be read are kept (due failed list). The exit code is 1 when every record failed.
    """
    return database_of(context).ingest(paths).result.judged(strict=strict)

"""Reports on a stack."""

from __future__ import annotations

from datetime import datetime

from due_cli.aws.athena.engine import table
from due_cli.aws.stack.stack import Stack
from due_cli.core.progress import Progress
from due_cli.core.results import Table
from due_cli.core.target import ReportOptions
from due_cli.sql import files
from due_cli.sql.parameters import period, values, written_in


def report(
    stack: Stack,
    progress: Progress,
    name: str,
    options: ReportOptions,
    since: str | None,
    until: str | None,
    now: datetime,
) -> Table:
    """The rows of a report; no report has a column that Athena cannot write as it is."""
    query = files.query("reports", name)
    parameters = values(query, period(query.since if since is None else since, until, now), options)
    return table(stack, progress, written_in(query.sql, parameters))

"""Reports on a local folder."""

from __future__ import annotations

from datetime import datetime

from due_cli.core.results import Table
from due_cli.core.target import ReportOptions
from due_cli.local.folder import Folder
from due_cli.local.session import hours_since_epoch, table
from due_cli.local.state import opened
from due_cli.local.translate import translated
from due_cli.sql import files
from due_cli.sql.parameters import named_in, period, values


def report(
    folder: Folder, name: str, options: ReportOptions, since: str | None, until: str | None, now: datetime
) -> Table:
    """The rows of a report; only the files of its period are opened."""
    query = files.query("reports", name)
    parameters = values(query, period(query.since if since is None else since, until, now), options)
    with opened(folder) as state:
        sql = translated(state, query.sql)
    first, last = parameters["read_from"], parameters["until"]
    assert isinstance(first, datetime) and isinstance(last, datetime)  # noqa: S101  the period's values are times
    used = named_in(query.sql, parameters)
    return table(folder, sql, used, (hours_since_epoch(first), hours_since_epoch(last)))

"""Reports: which there are, their rows, and what a person should know of these."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from due_cli.api.target import Target
from due_cli.core.errors import DueError, NotFoundError, UsageError
from due_cli.core.results import Table, Value, limited, time_ago
from due_cli.core.suggestions import similar
from due_cli.sql import files
from due_cli.sql.parameters import substitute
from due_cli.sql.reports import BoundReport, ReportOptions, bind

_HOUR = timedelta(hours=1)
_FRESH = 3 * _HOUR  # an hour is named by its beginning
_SEND = "'_email.send'"  # in the text of a report on messages that were sent


def reports() -> Table:
    """The reports, each with what it is about."""
    queries = [files.query("reports", name) for name in files.names("reports")]
    steps = ("due report NAME --since 7d", "due report NAME --help")
    return Table(("report", "about"), [(query.name, query.about) for query in queries], steps)


def bind_report(name: str, options: ReportOptions, since: str | None, until: str | None, now: datetime) -> BoundReport:
    """The report of a name with its values; options may be named with ``_`` for ``-``.

    Raises :class:`NotFoundError` for a name, :class:`UsageError` for an option that it does not have.
    """
    if name not in files.names("reports"):
        hint = similar(name, files.names("reports")) or "due report lists the reports"
        raise NotFoundError(f"there is no report {name!r}", hint)
    named = {option.replace("_", "-"): value for option, value in options.items()}
    known = [option.name for option in files.query("reports", name).options]
    if unknown := [option for option in named if option not in known]:
        raise UsageError(f"report {name} has no option --{unknown[0]}", f"due report {name} --help")
    return bind(name, named, since, until, now=now)


def run(target: Target, report: BoundReport, now: datetime, *, limit: int | None, fresh: bool) -> Table:
    """The rows of a report, with what is said of them."""
    query = files.query("reports", report.name)
    opens = "" if limit else query.opens  # the rows that are left out may have some
    table = limited(target.report(report, fresh=fresh), limit)
    table = _with_hint(table, report, opens, target, now.replace(tzinfo=None))
    return replace(table, empty=lambda: _why_empty(target, report)) if _SEND in report.sql else table


def _with_hint(table: Table, report: BoundReport, opens: str, target: Target, now: datetime) -> Table:
    """The table with what is said of it once its rows are read: its period and place, how old its newest events are.

    If the column ``opens`` is empty in all its rows, the target has something to say about that too.
    """
    column = list(table.columns).index(opens) if opens else None
    is_empty, has_opens = True, column is None

    def rows() -> Iterator[Sequence[Value]]:
        nonlocal is_empty, has_opens
        for row in table.rows:
            is_empty = False
            has_opens = has_opens or (column is not None and bool(row[column]))
            yield row

    def hint() -> str:
        lines = [f"{report.since_hour:%Y-%m-%d %H:%M} to {report.end_hour:%Y-%m-%d %H:%M} UTC, {target.place}"]
        with suppress(DueError):  # who may not list the hours has the report all the same
            newest = target.newest_hour()
            if newest is None:
                lines.append("no events yet")
            elif is_empty or now - newest > _FRESH:
                lines.append(f"newest events {time_ago(now - newest - _HOUR)}")
        if not is_empty and not has_opens and (about_opens := target.opens_hint()):
            lines.append(about_opens)
        return "\n".join(lines)

    return replace(table, rows=rows(), hint=hint)


def _why_empty(target: Target, report: BoundReport) -> str:
    """Whether a report on sends has no rows because only other events of email came."""
    hours = {"read_from": report.first_hour, "since": report.since_hour, "until": report.end_hour}
    counts = target.query(substitute(files.query("checks", "email_sends").sql, hours))
    rows = list(counts.rows) if isinstance(counts, Table) else []
    events, sends, sends_before = rows[0] if rows else (0, 0, 0)
    if events and not sends and sends_before:
        return (
            "no rows: no message was sent in the period, and its email events are of messages sent before, which count "
            "where they were sent: choose an earlier --since"
        )
    if events and not sends:
        return (
            "no rows: the period has email events but no Send events, by which a message is counted; identity "
            "notifications have none: publish Send through a configuration set (due attach-config-set)"
        )
    return "no rows"

"""``due report``: one command for each file in ``queries/reports/``, with the options that its header declares."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand, TyperGroup

from due_cli.cli.command import App, LazyGroup, Section
from due_cli.cli.options import LimitOption, limited, option_parameter, target_of, with_signature
from due_cli.core.errors import DueError
from due_cli.core.results import Table, Text, Value, time_ago

if TYPE_CHECKING:
    from due_cli.cli.target import Target
    from due_cli.sql import files
    from due_cli.sql.reports import BoundReport

_TYPES: dict[files.OptionType, type] = {"TEXT": str, "INTEGER": int, "DURATION": str, "KEY=VALUE": str}

_HOUR = timedelta(hours=1)
_FRESH = 3 * _HOUR  # an hour is named by its beginning
_SEND = "'_email.send'"  # in the text of a report on messages that were sent

app = App(section=Section.ASK, position=1)


class Reports(LazyGroup):
    """The reports, each read from its file when it is called or listed."""

    def names(self) -> Sequence[str]:
        """The names of the reports, in alphabetical order."""
        from due_cli.sql import files

        return files.names("reports")

    def make(self, name: str) -> TyperCommand | TyperGroup | None:
        """The command of a report."""
        from due_cli.sql import files

        if name not in self.names():
            return None
        query = files.query("reports", name)
        command = App()
        columns = [f"Columns: {', '.join(query.columns)}."] if query.columns else []
        text = "\n\n".join([f"{query.title}.", query.about, *columns])
        command.add(query.example, name=name, text=text)(_command(query))
        return command.built()


@app.add_group("due report", "due report bounce-rate --since 7d", cls=Reports, runs_alone=True)
def report(context: typer.Context) -> Table | None:
    """Run a report on the events; without a name, list the reports."""
    if context.invoked_subcommand is not None:
        return None
    from due_cli.sql import files

    queries = [files.query("reports", name) for name in files.names("reports")]
    steps = ("due report NAME --since 7d", "due report NAME --help")
    return Table(("report", "about"), [(query.name, query.about) for query in queries], steps)


def _command(query: files.Query) -> Callable[..., Any]:
    """A function whose signature is the report's options, as Typer reads them."""

    def run(
        context: typer.Context,
        since: str | None,
        until: str | None,
        sql: bool,
        limit: int | None,
        fresh: bool,
        **values: str | int | None,
    ) -> Table | Text:
        from due_cli.sql.reports import bind

        options = {option.name: values[_parameter(option)] for option in query.options}
        now = datetime.now(UTC)
        report = bind(query.name, options, since, until, now=now)
        if sql:
            return Text(report.statement)
        target = target_of(context)
        opens = "" if limit else query.opens  # the rows that are left out may have some
        table = _with_hint(
            limited(target.report(report, fresh=fresh), limit), report, opens, target, now.replace(tzinfo=None)
        )
        return replace(table, empty=lambda: _why_empty(target, report)) if _SEND in query.sql else table

    since = f"Start of the period: a time (2026-11-01, 2026-11, yesterday) or a duration (7d). [default: {query.since}]"
    until = "End of the period: a time, or a duration before now. [default: now]"
    fresh = "Run the query again, even if no event of the period came since an earlier run."
    sql = "Print the statement for Athena, with its values, instead of running it."
    return with_signature(
        run,
        [
            inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context),
            *map(_report_parameter, query.options),
            option_parameter("since", str | None, flag="--since", metavar="TIME", text=since),
            option_parameter("until", str | None, flag="--until", metavar="TIME", text=until),
            inspect.Parameter("limit", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=LimitOption),
            option_parameter("fresh", bool, flag="--fresh", text=fresh, default=False),
            option_parameter("sql", bool, flag="--sql", text=sql, default=False),
        ],
    )


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
    from due_cli.sql import files
    from due_cli.sql.parameters import substitute

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


def _parameter(option: files.Option) -> str:
    """The name of an option's parameter: no option of a report shadows a global one."""
    return "report_" + option.name.replace("-", "_")


def _report_parameter(option: files.Option) -> inspect.Parameter:
    name, kind, flag = _parameter(option), _TYPES[option.type], f"--{option.name}"
    if option.default is None:
        required = inspect.Parameter.empty
        return option_parameter(name, kind, flag=flag, metavar=option.type, text=option.help, default=required)
    text = f"{option.help} [default: {option.default}]"
    return option_parameter(name, kind | None, flag=flag, metavar=option.type, text=text)

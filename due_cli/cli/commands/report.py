"""``due report``: one command for each file in ``queries/reports/``, with the options that its header declares."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand, TyperGroup

from due_cli.cli.command import App, LazyGroup, Section
from due_cli.cli.completion import times
from due_cli.cli.options import LimitOption, database_of, option_parameter, with_signature
from due_cli.core.results import Table, Text

if TYPE_CHECKING:
    from due_cli.sql import files

_TYPES: dict[files.OptionType, type] = {"TEXT": str, "INTEGER": int, "DURATION": str, "KEY=VALUE": str}

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
    from due_cli.api import reports

    return reports.reports()


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
        if sql:
            return Text(bind(query.name, options, since, until, now=datetime.now(UTC)).statement)
        database = database_of(context)
        return database.report(query.name, since=since, until=until, limit=limit, fresh=fresh, **options).result

    since = f"Start of the period: a time (2026-11-01, 2026-11, yesterday) or a duration (7d). [default: {query.since}]"
    until = "End of the period: a time, or a duration before now. [default: now]"
    fresh = "Run the query again, even if no event of the period came since an earlier run."
    sql = "Print the statement for Athena, with its values, instead of running it."
    return with_signature(
        run,
        [
            inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context),
            *map(_report_parameter, query.options),
            option_parameter("since", str | None, flag="--since", metavar="TIME", text=since, completion=times),
            option_parameter("until", str | None, flag="--until", metavar="TIME", text=until, completion=times),
            inspect.Parameter("limit", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=LimitOption),
            option_parameter("fresh", bool, flag="--fresh", text=fresh, default=False),
            option_parameter("sql", bool, flag="--sql", text=sql, default=False),
        ],
    )


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

"""``due report``: one command for each file in ``queries/reports/``, with the options that its header declares."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer

from due_cli.cli.options import declared, examples, signed, target_of
from due_cli.core.results import Result, Table, Text

if TYPE_CHECKING:
    from due_cli.sql import files

_TYPES: dict[files.OptionType, type] = {"TEXT": str, "INTEGER": int, "DURATION": str, "KEY=VALUE": str}


def reports(context: typer.Context) -> Table | None:
    """Answer a question of the guide's appendix B from the events; without a name, list the reports."""
    if context.invoked_subcommand is not None:
        return None
    from due_cli.sql import files

    queries = [files.query("reports", name) for name in files.names("reports")]
    steps = ("due report NAME --since 7d", "due report NAME --help")
    return Table(("report", "about"), [(query.name, query.about) for query in queries], steps)


def add_reports(app: typer.Typer) -> None:
    """Adds a command for each report."""
    from due_cli.sql import files

    for name in files.names("reports"):
        query = files.query("reports", name)
        app.command(name, help=f"{query.title}.\n\n{query.about}", epilog=examples(query.example))(_command(query))


def _command(query: files.Query) -> Callable[..., Result]:
    """A function whose signature is the report's options, as Typer reads them."""

    def run(context: typer.Context, since: str | None, until: str | None, sql: bool, **own: str | int | None) -> Result:
        options = {option.name: own[_parameter(option)] for option in query.options}
        if sql:
            from due_cli.sql.parameters import period, values, written_in

            now = datetime.now(UTC)
            return Text(written_in(query.sql, values(query, period(since or query.since, until, now), options)))
        return target_of(context).report(query.name, options, since, until, datetime.now(UTC))

    parameters = [inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)]
    parameters += [_own_parameter(option) for option in query.options]
    parameters += [
        declared(
            "since",
            str | None,
            None,
            "--since",
            "TIME",
            f"From when: a time, or a duration before --until. [default: {query.since}]",
        ),
        declared(
            "until", str | None, None, "--until", "TIME", "Until when: a time, or a duration before now. [default: now]"
        ),
        declared("sql", bool, False, "--sql", None, "Print the statement for Athena, with its values, instead."),
    ]
    return signed(run, parameters)


def _parameter(option: files.Option) -> str:
    return "own_" + option.name.replace("-", "_")


def _own_parameter(option: files.Option) -> inspect.Parameter:
    kind: type = _TYPES[option.type]
    if option.default is None:
        return declared(_parameter(option), kind, inspect.Parameter.empty, f"--{option.name}", option.type, option.help)
    text = f"{option.help} [default: {option.default}]"
    return declared(_parameter(option), kind | None, None, f"--{option.name}", option.type, text)

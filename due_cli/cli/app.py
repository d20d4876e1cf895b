"""The ``due`` command: its commands, its global options, and the one place where errors become exit codes."""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated, TypedDict, Unpack

import typer

from due_cli import __version__
from due_cli.cli import attach, demo, events, lifecycle, messages, queries, report, setup
from due_cli.cli.options import examples
from due_cli.core.errors import DueError, ExitCode
from due_cli.core.results import Result
from due_cli.core.settings import Settings, output_of

# Global options work before and after the command; those with a value, and flags.
_WITH_VALUE = ("--local", "--stack", "--region", "--profile", "--output", "-o")
_FLAGS = ("--quiet", "-q", "--debug", "--no-color")
_COMPLETION = "_DUE_COMPLETE"  # is set where a shell asks for what may follow


def run() -> None:
    """The console script."""
    _open_streams()
    signal.signal(signal.SIGTERM, _ended)
    sys.exit(main())


def _ended(number: int, _frame: object) -> None:
    """Ends as from within, so that what was begun is taken back and no process is left."""
    sys.exit(128 + number)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command and returns its exit code."""
    words = hoisted(sys.argv[1:] if arguments is None else arguments)
    try:
        build_app(None if _COMPLETION in os.environ else words)(args=words, prog_name="due")
    except SystemExit as ended:
        if ended.code == ExitCode.INTERRUPTED:
            from due_cli.render import note

            note("due: interrupted")
        return ended.code if isinstance(ended.code, int) else ExitCode.FAILED
    except DueError as problem:
        return _failed(problem, words)
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        return _failed(DueError(f"{error.filename}: {reason}" if error.filename else reason), words)
    except Exception as bug:
        if "--debug" in words:
            _traceback(bug)
        return _failed(DueError(f"a bug: {type(bug).__name__}: {bug}", "the same command with --debug"), words)
    return ExitCode.DONE


def hoisted(words: Sequence[str]) -> list[str]:
    """The words with the global options moved to the front, where the root command takes them."""
    front: list[str] = []
    rest: list[str] = []
    iterator = iter(words)
    for word in iterator:
        if word == "--":
            rest += [word, *iterator]
        elif word in _FLAGS or word.startswith(tuple(f"{option}=" for option in _WITH_VALUE)):
            front.append(word)
        elif word in _WITH_VALUE:
            front += [word, *([following] if (following := next(iterator, None)) is not None else [])]
        else:
            rest.append(word)
    return front + rest


def build_app(words: Sequence[str] | None = None) -> typer.Typer:
    """Every command with its help.

    Options that are read from elsewhere, those of the reports and of setup, only where ``words`` ask for them.
    """
    app = typer.Typer(
        help="The digital user engagement events database: every email and SMS event in one table.",
        epilog=examples("due demo", "due setup --local ./events", "due report bounce-rate --since 7d"),
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        result_callback=_emit,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_globals)
    setting_up = setup.command(with_options=words is None or "setup" in words)
    app.command("setup", help=setup.HELP, epilog=examples("due setup --plan", "due setup --local ./events"))(setting_up)
    app.command("attach-config-set", epilog=examples("due attach-config-set NAME", "due attach-config-set --all"))(
        attach.attach_config_set
    )
    app.command("detach-config-set", epilog=examples("due detach-config-set NAME"))(attach.detach_config_set)
    app.command("attach-project", epilog=examples("due attach-project PROJECT_ID"))(attach.attach_project)
    app.command("detach-project", epilog=examples("due detach-project PROJECT_ID"))(attach.detach_project)
    app.command(epilog=examples("due ingest ./records", "zcat records.json.gz | due ingest -"))(events.ingest)
    app.add_typer(_report_app(with_reports=words is None or "report" in words), name="report")
    app.command(epilog=examples("due query 'SELECT event_type, COUNT(*) AS n FROM all_events GROUP BY 1'"))(
        queries.query
    )
    app.add_typer(_view_app(), name="view")
    app.command(epilog=examples("due status 0100019a-example-000000"))(messages.status)
    app.add_typer(_failed_app(), name="failed")
    app.command(epilog=examples("due doctor", "due doctor --repair"))(messages.doctor)
    app.command(epilog=examples("due outputs -o json"))(lifecycle.outputs)
    app.command(epilog=examples("due demo", "due demo --local ./tour"))(demo.demo)
    app.command(epilog=examples("due teardown --yes", "due teardown --delete-data --yes"))(lifecycle.teardown)
    return app


def _report_app(*, with_reports: bool) -> typer.Typer:
    app = typer.Typer(invoke_without_command=True, rich_markup_mode=None)
    app.callback(epilog=examples("due report", "due report bounce-rate --since 7d"))(report.reports)
    if with_reports:
        report.add_reports(app)
    return app


def _view_app() -> typer.Typer:
    app = typer.Typer(help="Views of the guide and your own.", no_args_is_help=True, rich_markup_mode=None)
    creating = "due view create purchases --event-type purchase --attribute currency --metric amount"
    app.command("create", epilog=examples(creating))(queries.view_create)
    app.command("list", epilog=examples("due view list"))(queries.view_list)
    app.command("show", epilog=examples("due view show email_send"))(queries.view_show)
    app.command("drop", epilog=examples("due view drop purchases"))(queries.view_drop)
    return app


def _failed_app() -> typer.Typer:
    app = typer.Typer(help="Records that could not be read.", no_args_is_help=True, rich_markup_mode=None)
    app.command("list", epilog=examples("due failed list"))(events.failed_list)
    app.command("show", epilog=examples("due failed show abcdef"))(events.failed_show)
    app.command("replay", epilog=examples("due failed replay"))(events.failed_replay)
    app.command("discard", epilog=examples("due failed discard --all --yes"))(events.failed_discard)
    return app


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"due {__version__}")
        raise typer.Exit


class _Same(TypedDict, total=False):
    """The options that are settings as they stand."""

    local: Path | None
    stack: str | None
    region: str | None
    profile: str | None
    quiet: bool
    debug: bool


def _settings(
    output: str | None = None,
    no_color: bool = False,
    version: bool = False,  # noqa: ARG001  comes with the others
    **same: Unpack[_Same],
) -> Settings:
    color = not no_color and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return Settings(output=output_of(output), color=color, **same)


def _globals(
    context: typer.Context,
    local: Annotated[
        Path | None, typer.Option(metavar="DIR", help="The folder to work on. [env var: DUE_LOCAL]")
    ] = None,
    stack: Annotated[
        str | None, typer.Option(metavar="NAME", help="The stack on AWS to work on. [env var: DUE_STACK]")
    ] = None,
    region: Annotated[str | None, typer.Option(metavar="REGION", help="The AWS region.")] = None,
    profile: Annotated[str | None, typer.Option(metavar="NAME", help="The profile of the AWS CLI to use.")] = None,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FORMAT",
            envvar="DUE_OUTPUT",
            help="table, json, csv or markdown.",
            show_envvar=True,
        ),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no hints.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show a traceback when something goes wrong.")] = False,
    no_color: Annotated[bool, typer.Option("--no-color", help="No colours; NO_COLOR works too.")] = False,
    version: Annotated[  # noqa: ARG001  its callback ends the call
        bool, typer.Option("--version", is_eager=True, callback=_version, help="Show the version.")
    ] = False,
) -> None:
    context.obj = _settings(
        output, no_color, local=local, stack=stack, region=region, profile=profile, quiet=quiet, debug=debug
    )


def _emit(result: Result | None, **given: object) -> None:
    from due_cli.render import emit

    try:
        code = ExitCode.DONE if result is None else emit(result, _settings(**given))  # type: ignore[arg-type]  # as parsed
    except BrokenPipeError:
        _stop_writing()  # the reader has all it wants
    except OSError as error:
        if error.filename is not None:
            raise
        _stop_writing()
        raise DueError(f"standard output: {(error.strerror or str(error)).lower()}") from None
    else:
        if code:
            raise typer.Exit(code)


def _open_streams() -> None:
    """Gives a process that was started without them its output streams; what due writes is UTF-8 in every locale."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free, so that no file of due's does
    sys.stdout = sys.stdout or open(1, "w", closefd=False)  # noqa: SIM115  lives as long as the process
    sys.stderr = sys.stderr or open(2, "w", closefd=False)  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def _stop_writing() -> None:
    """What is still buffered must not fail again at exit."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _traceback(problem: Exception) -> None:
    import traceback

    traceback.print_exception(problem)


def _failed(problem: DueError, words: Sequence[str]) -> int:
    from due_cli.render import error

    if "--debug" in words:
        _traceback(problem)
    return error(problem)

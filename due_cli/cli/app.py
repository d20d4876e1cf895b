"""The ``due`` command: it finds its commands, and is the one place where errors become exit codes."""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from due_cli import __version__
from due_cli.cli import commands
from due_cli.cli.command import App, LazyGroup, Section
from due_cli.cli.hints import with_target
from due_cli.cli.options import Invocation
from due_cli.core.errors import DueError, ExitCode, of_system
from due_cli.core.settings import Settings

_STOPPED_OUTPUT = "PacifyFlushWrapper"  # Typer's, in the place of the output of a help whose reader has enough


def run() -> None:
    """The console script."""
    _open_streams()
    signal.signal(signal.SIGTERM, _exit_on_signal)
    sys.exit(main())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    invocation = Invocation()
    try:
        build_app().main(args=words, prog_name="due", obj=invocation)
    except SystemExit as ended:
        if ended.code == ExitCode.INTERRUPTED:
            from due_cli.render import note

            note("due: interrupted")
        if type(sys.stdout).__name__ == _STOPPED_OUTPUT:
            return ExitCode.DONE
        return ended.code if isinstance(ended.code, int) else ExitCode.FAILED
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except Exception as error:
        # An error before the options are parsed (a module that cannot be imported) still has its traceback.
        settings = invocation.settings or Settings(debug="--debug" in words)
        return _report_error(error, settings)
    return ExitCode.DONE


class _Commands(LazyGroup):
    """The commands of the modules in ``due_cli/cli/commands``."""

    def names(self) -> list[str]:
        return sorted(commands.names(), key=lambda name: (commands.load(name).section, commands.load(name).position))

    def sections(self, ctx: Any) -> Iterator[tuple[str, Sequence[str]]]:  # noqa: ARG002
        for section in Section:
            yield section, [name for name in self.names() if commands.load(name).section is section]

    def make(self, name: str) -> TyperCommand | TyperGroup | None:
        return commands.load(name).built() if name in commands.names() else None


def build_app() -> TyperGroup:
    """``due``, with every command."""
    app = App(add_completion=True)
    app.add_group("due demo", "due setup --local ./events", "due report bounce-rate --since 7d", cls=_Commands)(due)
    group = app.built()
    assert isinstance(group, TyperGroup)  # noqa: S101  as just declared
    return group


def _show_version(is_given: bool) -> None:
    if is_given:
        typer.echo(f"due {__version__}")
        raise typer.Exit


def due(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", "-V", is_eager=True, callback=_show_version, help="Show the version.")
    ] = False,
) -> None:
    """The digital user engagement events database: every email and SMS event in one table."""


def _report_error(error: Exception, settings: Settings) -> ExitCode:
    from due_cli.render import error as show

    if settings.debug:
        import traceback

        traceback.print_exception(error)
    return show(_explained(error), partial(with_target, settings=settings))


def _explained(error: Exception) -> DueError:
    if isinstance(error, DueError):
        return error
    if isinstance(error, OSError):
        return of_system(error)
    return DueError(f"a bug: {type(error).__name__}: {error}", f"the same command with --debug, and {_how_to_report()}")


def _how_to_report() -> str:
    """How to report a bug: at the project's issue tracker, if the package's metadata names one."""
    from importlib.metadata import PackageNotFoundError, metadata

    try:
        links = [link.split(", ", 1) for link in metadata("due-cli").get_all("Project-URL") or ()]
    except PackageNotFoundError:
        links = []
    tracker = next((f" at {url}" for label, url in links if label.lower() in ("issues", "bug tracker")), "")
    return f"please report its output{tracker}, with that of due --version"


def _exit_on_signal(number: int, _frame: object) -> None:
    """Exit by an exception, so that cleanup code runs and no worker process is left."""
    sys.exit(128 + number)


def _open_streams() -> None:
    """Give a process that was started without them its output streams; what due writes is UTF-8 in every locale."""
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

"""What commands share: the global options, the target and the progress of a call, options declared in code."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from due_cli.cli import completion
from due_cli.core.errors import UsageError
from due_cli.core.results import Certificate, Plan, Table
from due_cli.core.settings import (
    FORMATS,
    Choice,
    LocalChoice,
    Output,
    Settings,
    choose_target,
    output_of,
    record_target,
)

if TYPE_CHECKING:
    from due_cli.api.database import Database
    from due_cli.api.target import Target
    from due_cli.aws.stack.stack import Stack
    from due_cli.core.progress import Progress
GLOBAL_SECTION = "Global options"
ProjectId = Annotated[str, typer.Argument(metavar="PROJECT_ID", help="Id of an Amazon Pinpoint project.")]
LimitOption = Annotated[
    int | None, typer.Option("--limit", metavar="N", help="Show at most N rows.", show_default=False)
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")]


@dataclass(slots=True)
class Invocation:
    """One call of ``due``; its settings are known once the command line is parsed."""

    settings: Settings | None = None


def _global(
    *names: str, metavar: str | None = None, text: str, completion: Callable[[str], list[str]] | None = None
) -> Any:
    return typer.Option(
        *names,
        metavar=metavar,
        help=text,
        show_default=False,
        rich_help_panel=GLOBAL_SECTION,
        autocompletion=completion,
    )


def settings_from(
    local: Annotated[
        str | None, _global("--local", metavar="DIR", text="Folder to work on. [env var: DUE_LOCAL]")
    ] = None,
    stack: Annotated[
        str | None,
        _global(
            "--stack",
            metavar="NAME",
            text="Stack on AWS to work on. [env var: DUE_STACK]",
            completion=completion.stacks,
        ),
    ] = None,
    region: Annotated[
        str | None, _global("--region", metavar="REGION", text="AWS region.", completion=completion.regions)
    ] = None,
    profile: Annotated[str | None, _global("--profile", metavar="NAME", text="Profile of the AWS CLI.")] = None,
    output: Annotated[
        str | None,
        _global(
            "--output",
            "-o",
            metavar="FORMAT",
            text=f"Format: {FORMATS}. [env var: DUE_OUTPUT]",
            completion=completion.outputs,
        ),
    ] = None,
    to: Annotated[Path | None, _global("--to", metavar="FILE", text="File to write with -o parquet.")] = None,
    quiet: Annotated[bool | None, _global("--quiet", "-q", text="Show no progress and no hints.")] = None,
    debug: Annotated[bool | None, _global("--debug", text="Show a traceback when something goes wrong.")] = None,
    no_color: Annotated[bool | None, _global("--no-color", text="Use no colors; NO_COLOR works too.")] = None,
    no_pager: Annotated[bool | None, _global("--no-pager", text="Use no pager; DUE_PAGER or PAGER names one.")] = None,
) -> Settings:
    """The settings of a call from its global options, which are the parameters; None is what was not given."""
    for option, value in (("--local", local), ("--stack", stack)):
        if value == "":
            raise UsageError(f"{option}: the name is empty", "leave it out for the default")
    chosen = output_of(os.environ.get("DUE_OUTPUT") if output is None else output)
    if to is None and chosen is Output.PARQUET:
        raise UsageError("-o parquet writes a file, and none is named", "add --to FILE")
    if to is not None and chosen is not Output.PARQUET:
        raise UsageError(f"--to names the file of -o parquet, and -o is {chosen}", "add -o parquet, or write > FILE")
    return Settings(
        local=None if local is None else Path(local),
        stack=stack,
        region=region,
        profile=profile,
        output=chosen,
        to=None if to is None else Path(to),
        quiet=bool(quiet),
        debug=bool(debug),
        color=not no_color and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb",
        pager=not no_pager,
    )


GLOBAL_OPTIONS = frozenset(inspect.signature(settings_from).parameters)


def invocation_of(context: typer.Context) -> Invocation:
    """The call of ``due`` that a command runs in."""
    invocation = context.find_root().obj
    assert isinstance(invocation, Invocation)  # noqa: S101  main makes it
    return invocation


def settings_of(context: typer.Context) -> Settings:
    """The global options of this call."""
    settings = invocation_of(context).settings
    assert settings is not None  # noqa: S101  set before the command's function is called
    return settings


def target_of(context: typer.Context, *, allow_partial: bool = False) -> Target:
    """The events database that this call works on; with ``allow_partial`` also an incomplete stack."""
    from due_cli.api.target import open_target

    choice = choose_target(settings_of(context), os.environ)
    return open_target(choice, progress_of(context), allow_partial=allow_partial)


def database_of(context: typer.Context) -> Database:
    """The events database that this call works on, as Python code has it too."""
    from due_cli.api.database import Database

    return Database(target_of(context), progress_of(context))


def stack_of(context: typer.Context) -> Stack:
    """The stack that this call works on; raises :class:`UsageError` if the target is a folder."""
    choice = choose_target(settings_of(context), os.environ)
    if isinstance(choice, LocalChoice):
        raise UsageError(
            f"{choice.folder} is a folder, and events are attached to a stack on AWS",
            "name a stack with --stack NAME; due ingest PATH... adds events to a folder",
        )
    from due_cli.aws.client import Aws
    from due_cli.aws.stack.stack import find_stack

    return find_stack(Aws(choice.profile, choice.region), choice.stack)


def progress_of(context: typer.Context) -> Progress:
    """Where this call reports its progress."""
    from due_cli.render.bar import progress

    return progress(settings_of(context))


def preview(context: typer.Context, plan: Table | Plan | Certificate) -> None:
    """Show a plan on standard error, before the command's own output."""
    from due_cli.render import show_preview

    show_preview(plan, settings_of(context))


def option_parameter(
    name: str,
    kind: Any,
    *,
    flag: str,
    metavar: str | None = None,
    text: str,
    default: object = None,
    completion: Callable[[str], list[str]] | None = None,
) -> inspect.Parameter:
    """A function parameter that Typer reads as an option, for options that are declared outside of the function."""
    option = typer.Option(flag, metavar=metavar, help=text, show_default=False, autocompletion=completion)
    annotation = Annotated[kind, option]
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def with_signature(command: Callable[..., Any], parameters: Sequence[inspect.Parameter]) -> Callable[..., Any]:
    """A function with a signature for Typer to read."""
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # functions may carry one
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return command


def remember(choice: Choice) -> list[str]:
    """Record a target for later commands; return lines for the user if it cannot be recorded."""
    try:
        record_target(choice, os.environ)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        name = "--local or DUE_LOCAL" if isinstance(choice, LocalChoice) else "--stack or DUE_STACK"
        return [f"{error.filename}: {reason}: name the database to later commands with {name}"]
    return []


def confirm(question: str, *, yes: bool, what: str) -> bool:
    """Whether to go on with something that destroys data or costs money.

    Raises :class:`UsageError` if nobody can be asked and ``--yes`` is not given.
    """
    from due_cli.render import ask

    if yes:
        return True
    answer = ask(question)
    if answer is None:
        raise UsageError(f"{what} needs confirmation, but stdin is not a terminal", "add --yes")
    return answer

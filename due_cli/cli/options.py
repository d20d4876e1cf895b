"""What commands share: the settings they were called with, their target, their examples."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from due_cli.core.errors import UsageError
from due_cli.core.settings import Choice, LocalChoice, Settings, chosen, record

if TYPE_CHECKING:
    from due_cli.core.progress import Progress
    from due_cli.core.results import Result, Table
    from due_cli.core.target import Target

YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def settings_of(context: typer.Context) -> Settings:
    """The global options of this call."""
    settings = context.find_root().obj
    assert isinstance(settings, Settings)  # noqa: S101  the root callback sets it
    return settings


def target_of(context: typer.Context, *, even_partly: bool = False) -> Target:
    """The events database that this call works on; ``even_partly`` also what is left of a stack."""
    choice = chosen(settings_of(context), os.environ)
    if isinstance(choice, LocalChoice):
        from due_cli.local.folder import Folder
        from due_cli.local.target import Local

        return Local(Folder(choice.folder))
    from due_cli.aws.target import on_aws

    return on_aws(choice.stack, choice.profile, choice.region, progress_of(context), even_partly=even_partly)


def progress_of(context: typer.Context) -> Progress:
    """Where this call's work tells of its progress."""
    from due_cli.render.bar import progress

    return progress(settings_of(context))


def preview(context: typer.Context, plan: Table) -> None:
    """Shows a plan beside the command's own output."""
    from due_cli.render import aside

    aside(plan, settings_of(context))


def declared(name: str, kind: Any, default: object, flag: str, metavar: str | None, text: str) -> inspect.Parameter:
    """An option of a command whose options are read from somewhere else than its function."""
    annotation = Annotated[kind, typer.Option(flag, metavar=metavar, help=text, show_default=False)]
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def signed(command: Callable[..., Result], parameters: list[inspect.Parameter]) -> Callable[..., Result]:
    """A function with the signature that Typer is to read."""
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # functions may carry one
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return command


def remembered(choice: Choice) -> list[str]:
    """Records a target for later commands; a line for the user where that cannot be done."""
    try:
        record(choice, os.environ)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        name = "--local or DUE_LOCAL" if isinstance(choice, LocalChoice) else "--stack or DUE_STACK"
        return [f"{error.filename}: {reason}: name the database to later commands with {name}"]
    return []


def examples(*commands: str) -> str:
    """The end of a command's help: commands that work as they stand."""
    return "\b\nExamples:\n" + "\n".join(f"  {command}" for command in commands)


def confirm(question: str, *, yes: bool, what: str) -> bool:
    """Whether to go on with something that destroys or costs.

    Raises :class:`UsageError` where nobody can be asked and ``--yes`` was not given.
    """
    from due_cli.render import ask

    if yes:
        return True
    answer = ask(question)
    if answer is None:
        raise UsageError(f"{what} wants a confirmation, and standard input is not a terminal", "give --yes")
    return answer

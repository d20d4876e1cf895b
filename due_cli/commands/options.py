"""What commands share: the settings they were called with, their target, their examples."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from due_cli.errors import UsageError
from due_cli.progress import Progress
from due_cli.settings import Settings, chosen_folder
from due_cli.targets.local.folder import Folder

YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def settings_of(context: typer.Context) -> Settings:
    """The global options of this call."""
    settings = context.find_root().obj
    assert isinstance(settings, Settings)  # noqa: S101  the root callback sets it
    return settings


def folder_of(context: typer.Context) -> Folder:
    """The local target of this call."""
    return Folder(chosen_folder(settings_of(context), os.environ).folder)


def progress_of(context: typer.Context) -> Progress:
    """Where this call's work tells of its progress."""
    from due_cli.render.bar import progress

    return progress(settings_of(context))


def examples(*commands: str) -> str:
    """The end of a command's help: commands that work as they stand."""
    return "\b\nExamples:\n" + "\n".join(f"  {command}" for command in commands)


def confirm(question: str, *, yes: bool, what: str) -> bool:
    """Whether to go on with something that destroys.

    Raises :class:`UsageError` where nobody can be asked and ``--yes`` was not given.
    """
    from due_cli.render import ask

    if yes:
        return True
    answer = ask(question)
    if answer is None:
        raise UsageError(f"{what} wants a confirmation, and standard input is not a terminal", "give --yes")
    return answer

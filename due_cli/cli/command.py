"""How commands are declared, and what all of them have: global options, help in sections, a result that is written.

Each module of ``due_cli/cli/commands`` has an :class:`App` named ``app``, with one command or a group of them.
"""

from __future__ import annotations

import os
import re
import sys
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from enum import StrEnum, unique
from functools import cache, partial, wraps
from itertools import pairwise, takewhile, zip_longest
from typing import Any, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup

from due_cli.cli.hints import with_target
from due_cli.cli.options import GLOBAL_OPTIONS, GLOBAL_SECTION, invocation_of, settings_from
from due_cli.core.errors import DueError
from due_cli.core.results import Result
from due_cli.core.settings import Settings


@unique
class Section(StrEnum):
    """The sections of the help of ``due``, in their order."""

    START = "Start"
    ASK = "Ask"
    LOOK_AFTER = "Look after"
    AWS = "Send events to a stack on AWS"
    OTHER = "Other"


Function = TypeVar("Function", bound=Callable[..., Any])
_MAX_HELP_WIDTH = 120  # of a wider terminal, as lines of text are hard to read beyond
_CLAUSE = re.compile(r"[;:.](?:\s|$)")
_NO_DASH = ("DIR", "FILE", "FORMAT", "HOUR", "ID", "N", "NAME", "REGION", "TIME")  # values that begin with none
_SECTIONS = ("Arguments", "Options", GLOBAL_SECTION)


class Command(TyperCommand):
    """A command with the global options beside its own; its help has them in a section of their own."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.params = [*self.params, *_global_parameters()]

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the words; an option whose metavar is in brackets may be without a value, which then is empty."""
        _require_values(self, ctx, args)
        optional = {name for one in self.params if (one.metavar or "").startswith("[") for name in one.opts}
        words = [
            f"{word}=" if word in optional and follower.startswith("-") else word
            for word, follower in zip_longest(args, args[1:], fillvalue="-")
        ]
        return super().parse_args(ctx, words)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the sections of parameters."""
        _write_sections(self.get_params(ctx), ctx, formatter)


class Group(TyperGroup):
    """A group of commands with the global options beside its own; its help has them in a section of their own."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.params = [*self.params, *_global_parameters()]

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the words up to the command's name."""
        _require_values(self, ctx, args)
        return super().parse_args(ctx, args)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the sections of commands, then those of parameters."""
        self.format_commands(ctx, formatter)
        _write_sections(self.get_params(ctx), ctx, formatter)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands, each with the first clause of its help."""
        for title, names in self.sections(ctx):
            with formatter.section(title):
                formatter.write_dl([(name, _short_help(self.get_command(ctx, name))) for name in names])

    def sections(self, ctx: Any) -> Iterator[tuple[str, Sequence[str]]]:
        """The titles of the sections of commands with the names in each."""
        yield "Commands", self.list_commands(ctx)


def _require_values(command: Command | Group, ctx: Any, args: Sequence[str]) -> None:
    """Fail where another option stands in the place of an option's value."""
    parameters: list[Any] = [one for one in command.params if one.param_type_name == "option"]
    names = {name for one in parameters for name in (*one.opts, *one.secondary_opts)}
    taking = {name for one in parameters if one.metavar in _NO_DASH for name in one.opts}
    given = list(takewhile(lambda word: word != "--", args))
    for word, follower in pairwise(given):
        if word in taking and follower.partition("=")[0] in names:
            ctx.fail(f"Option '{word}' requires an argument, and {follower} is an option.")


class LazyGroup(Group):
    """A group that makes a command when it is called, or listed; subclasses say how."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = _LazyCommands(self)  # type: ignore[assignment]  # read only

    @abstractmethod
    def names(self) -> Sequence[str]:
        """The names of the commands, in the order of the help."""

    @abstractmethod
    def make(self, name: str) -> TyperCommand | TyperGroup | None:
        """The command of a name; None where there is none."""


class _LazyCommands(Mapping[str, TyperCommand | TyperGroup]):
    def __init__(self, group: LazyGroup) -> None:
        self._group = group
        self._made: dict[str, TyperCommand | TyperGroup] = {}

    def __getitem__(self, name: str) -> TyperCommand | TyperGroup:
        if name not in self._made:
            command = self._group.make(name)
            if command is None:
                raise KeyError(name)
            self._made[name] = command
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._group.names())

    def __len__(self) -> int:
        return len(self._group.names())


class App(typer.Typer):
    """The command of a module; ``position`` is its place in a ``section`` of the help of ``due``."""

    def __init__(self, *, section: Section = Section.OTHER, position: int = 0, add_completion: bool = False) -> None:
        super().__init__(
            add_completion=add_completion,
            rich_markup_mode=None,
            context_settings={"help_option_names": ["-h", "--help"], "max_content_width": _MAX_HELP_WIDTH},
        )
        self.section, self.position = section, position

    def add(self, *examples: str, name: str | None = None, text: str | None = None) -> Callable[[Function], Function]:
        """Declare a function as a command; its help is ``text``, else the function's docstring."""

        def declare(function: Function) -> Function:
            register = self.command(name, cls=Command, help=text, epilog=_epilog(examples))
            register(_with_settings(function))
            return function

        return declare

    def add_group(
        self, *examples: str, cls: type[Group] = Group, runs_alone: bool = False
    ) -> Callable[[Function], Function]:
        """Declare a function as the group of the app's commands; with ``runs_alone`` it needs no command."""

        def declare(function: Function) -> Function:
            register = self.callback(
                cls=cls,
                invoke_without_command=runs_alone,
                no_args_is_help=not runs_alone,
                epilog=_epilog(examples) if examples else None,
            )
            register(_with_settings(function))
            return function

        return declare

    def built(self) -> TyperCommand | TyperGroup:
        """The command, or group of commands, as it is run."""
        command = typer.main.get_command(self)
        assert isinstance(command, (TyperCommand, TyperGroup))  # noqa: S101  what App declares
        return command


def _short_help(command: Any) -> str:
    """The first clause of a command's help."""
    sentence = (command.help or "").partition("\n\n")[0].replace("\n", " ")
    return _CLAUSE.split(sentence, maxsplit=1)[0]


def _epilog(examples: Sequence[str]) -> str:
    return "\b\nExamples:\n" + "\n".join(f"  {example}" for example in examples)


def _write_sections(parameters: Sequence[Any], context: Any, formatter: Any) -> None:
    sections: dict[str, list[tuple[str, str]]] = {}
    for parameter in parameters:
        record = parameter.get_help_record(context)
        if record is not None:
            default = f"{parameter.param_type_name.title()}s"  # Arguments or Options
            sections.setdefault(getattr(parameter, "rich_help_panel", None) or default, []).append(record)
    for section in sorted(sections, key=_SECTIONS.index):
        with formatter.section(section):
            formatter.write_dl(sections[section])


@cache
def _global_parameters() -> tuple[Any, ...]:
    """The global options as Typer makes them: one object each, for all commands."""
    app = typer.Typer(add_completion=False)
    app.command()(settings_from)
    return tuple(typer.main.get_command(app).params)


def _with_settings(function: Callable[..., Result | None]) -> Callable[..., None]:
    """A function that takes the global options too, and writes the result of the given one."""

    @wraps(function)
    def run(context: typer.Context, **values: Any) -> None:
        settings = _settings_of(context)
        invocation_of(context).settings = settings
        options = {name: value for name, value in values.items() if name not in GLOBAL_OPTIONS}
        result = function(context=context, **options)
        if result is not None:
            _write(result, settings)

    return run


def _settings_of(context: typer.Context) -> Settings:
    """The global options: those of the command itself, else those of the groups around it."""
    values: dict[str, Any] = {}
    around: Any = context
    while around is not None:
        for name in GLOBAL_OPTIONS:
            if values.get(name) is None:
                values[name] = around.params.get(name)
        around = around.parent
    return settings_from(**values)


def _write(result: Result, settings: Settings) -> None:
    """Write a result; end the command with its exit code where that is not 0."""
    from due_cli.render import emit

    try:
        code = emit(result, settings, partial(with_target, settings=settings))
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


def _stop_writing() -> None:
    """Discard what is still buffered, so that it does not fail again at exit."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

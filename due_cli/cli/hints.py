"""Suggested commands: made to run as they stand, on the target that was named."""

from __future__ import annotations

import re
import shlex

from due_cli.cli import commands
from due_cli.core.settings import Settings

_COMMAND = re.compile(
    r"\b(?:due (?P<due>[a-z][a-z-]*)(?: (?P<subcommand>[a-z][a-z-]*))?"
    r"|aws (?!configure\b|sso\b|login\b)[a-z0-9]+ [a-z][a-z0-9-]*)"
)
_AWS_OPTIONS = ("--region", "--profile")


def with_target(text: str, settings: Settings) -> str:
    """A text with the target options of this call added to each command in it, of ``due`` and of the AWS CLI.

    They are put after the command's name. An option that the text gives to the command already is not added.
    """
    given = {
        "--local": settings.local,
        "--stack": settings.stack,
        "--region": settings.region,
        "--profile": settings.profile,
    }
    options = {option: shlex.quote(str(value)) for option, value in given.items() if value is not None}
    matches = [match for match in _COMMAND.finditer(text) if match["due"] is None or match["due"] in commands.names()]
    if not options or not matches:
        return text
    completed = text[: matches[0].start()]
    for match, end in zip(matches, [*(match.start() for match in matches[1:]), len(text)], strict=True):
        name_end = _end_of_name(match)
        arguments = text[name_end:end]
        completed += text[match.start() : name_end]
        for option, value in options.items():
            if f"{option} " not in arguments and (match["due"] or option in _AWS_OPTIONS):
                completed += f" {option} {value}"
        completed += arguments
    return completed


def _end_of_name(match: re.Match[str]) -> int:
    """Where the name of a command ends: after its subcommand where the second word is one."""
    if match["subcommand"]:
        subcommands = getattr(commands.load(match["due"]).built(), "commands", ())
        return match.end() if match["subcommand"] in subcommands else match.end("due")
    return match.end()

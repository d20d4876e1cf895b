"""Suggested commands: made to run as they stand, on the target that was named."""

from __future__ import annotations

import re
import shlex

from due_cli.cli import commands
from due_cli.core.settings import Settings

_COMMAND = re.compile(r"\bdue ([a-z][a-z-]*)(?: ([a-z][a-z-]*))?")


def with_target(text: str, settings: Settings) -> str:
    """A text with the target options of this call added to each ``due`` command in it.

    They are put after the command's name. An option that the text gives to the command already is not added.
    """
    given = {
        "--local": settings.local,
        "--stack": settings.stack,
        "--region": settings.region,
        "--profile": settings.profile,
    }
    options = {option: shlex.quote(str(value)) for option, value in given.items() if value is not None}
    if not options:
        return text
    matches = [match for match in _COMMAND.finditer(text) if match[1] in commands.names()]
    ends = [*(match.start() for match in matches[1:]), len(text)]
    pieces = [text[: matches[0].start()] if matches else text]
    for match, end in zip(matches, ends, strict=False):
        name_end = match.end() if match[2] in _subcommands(match[1]) else match.end(1)
        rest = text[name_end:end]
        added = [f" {option} {value}" for option, value in options.items() if f"{option} " not in rest]
        pieces += [text[match.start() : name_end], *added, rest]
    return "".join(pieces)


def _subcommands(command: str) -> frozenset[str]:
    return frozenset(getattr(commands.load(command).built(), "commands", ()))

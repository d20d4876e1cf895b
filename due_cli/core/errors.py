"""Every error that a user meets: an exit code, one line that says what and where, and what to do next."""

from __future__ import annotations

from enum import IntEnum, unique


@unique
class ExitCode(IntEnum):
    """What the shell is told (design: command-line contract)."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    CONFIGURATION = 3
    NOT_FOUND = 4
    REFUSED = 5
    QUERY = 6
    PROBLEMS = 7
    INTERRUPTED = 130


class DueError(Exception):
    """Something that ends a command; ``hint`` is the next step, usually a command to type."""

    exit_code = ExitCode.FAILED

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(DueError):
    """The command was given something it cannot take."""

    exit_code = ExitCode.USAGE


class ConfigurationError(DueError):
    """No target, an unusable one, or one that this version cannot read."""

    exit_code = ExitCode.CONFIGURATION


class NotFoundError(DueError):
    """What was asked for by name is not there."""

    exit_code = ExitCode.NOT_FOUND


class RefusedError(DueError):
    """AWS refused a call, for want of rights or because of what was asked."""

    exit_code = ExitCode.REFUSED


class QueryError(DueError):
    """The engine refused or failed a statement."""

    exit_code = ExitCode.QUERY

"""The errors that a user sees: an exit code, one line with what happened to what, and what to do next."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum, unique


@unique
class ExitCode(IntEnum):
    """The exit codes of ``due``."""

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
    """An error that ends a command; ``hint`` is what to do next, usually a command."""

    exit_code = ExitCode.FAILED

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(DueError):
    """An argument or option that the command does not accept."""

    exit_code = ExitCode.USAGE


class ConfigurationError(DueError):
    """No target, an unusable one, or one that this version cannot read; no credentials or region."""

    exit_code = ExitCode.CONFIGURATION


class NotFoundError(DueError):
    """Something that was named does not exist."""

    exit_code = ExitCode.NOT_FOUND


class RefusedError(DueError):
    """A call that AWS refused, because of missing rights or an invalid request."""

    exit_code = ExitCode.REFUSED


class QueryError(DueError):
    """A statement that the engine refused or failed to run."""

    exit_code = ExitCode.QUERY


@contextmanager
def system_errors() -> Iterator[None]:
    """Raise what the system refused, such as a file that may not be read, as :class:`DueError`."""
    try:
        yield
    except OSError as error:
        raise of_system(error) from error


def of_system(error: OSError) -> DueError:
    """An error of the system as one of due's: to which file, and what."""
    reason = (error.strerror or str(error)).lower()
    return DueError(f"{error.filename}: {reason}" if error.filename else reason)

"""Statements that a user types or keeps in a file, and what they change, which is the same on both targets."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from due_cli.core.errors import NotFoundError, UsageError
from due_cli.core.results import Done
from due_cli.sql import duckdb as dialect
from due_cli.sql.custom import try_it

# The line that stands in the guide's template (appendix E) for columns to add.
_PLACEHOLDER_LINE = re.compile(r"^\s*\.\.\. .* \.\.\.\s*$", re.MULTILINE)


def statement_text(sql: str | None, file: Path | None) -> str:
    """The statement of an argument, a file or standard input (``-``), without the guide's line for more columns.

    Raises :class:`UsageError` for none or two of them, :class:`NotFoundError` for a file that is not there.
    """
    if (sql is None) == (file is None):
        raise UsageError("give one statement: as an argument, or in a file with -f", "due query --help")
    try:
        if file is not None:
            text = file.read_text("utf-8")
        else:
            text = sys.stdin.read() if sql == "-" and sys.stdin is not None else str(sql)
            text.encode()
    except FileNotFoundError:
        raise NotFoundError(f"no such file: {file}") from None
    except (OSError, UnicodeError) as error:
        raise UsageError(f"{file or 'the statement'} cannot be read: {error}") from None
    return _PLACEHOLDER_LINE.sub("", text)


class Drop(Protocol):
    """Removes a view of a target."""

    def __call__(self, name: str, *, missing_ok: bool) -> None:
        """Raises where there is none, if not ``missing_ok``."""


def changed(statement: dialect.Statement, sql: str, create: Callable[[str], str], drop: Drop) -> Done | None:
    """Carries out a ``CREATE VIEW`` or ``DROP VIEW`` with a target's own; None for a statement that only reads.

    Raises :class:`QueryError` for any other statement.
    """
    if dialect.created_view(statement) is not None:
        name = create(sql)
        return Done([f"Created view {name}"], (try_it(name),))
    dropped = dialect.dropped_view(statement)
    if dropped is not None:
        drop(dropped, missing_ok=bool(statement.args.get("exists")))
        return Done([f"Dropped view {dropped}"])
    dialect.must_read(statement, sql)
    return None

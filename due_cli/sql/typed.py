"""Statements that a user types or keeps in a file."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from due_cli.errors import NotFoundError, UsageError

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

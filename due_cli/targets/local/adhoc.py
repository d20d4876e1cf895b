"""Statements that a user types: Athena's SQL on a local folder."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from due_cli.errors import NotFoundError, QueryError, UsageError
from due_cli.results import Done, Table
from due_cli.sql import duckdb as dialect
from due_cli.targets.local import views
from due_cli.targets.local.folder import Folder
from due_cli.targets.local.session import table

# The line that stands in the guide's template (appendix E) for columns to add.
_PLACEHOLDER_LINE = re.compile(r"^\s*\.\.\. .* \.\.\.\s*$", re.MULTILINE)


def statement_text(sql: str | None, file: Path | None) -> str:
    """The statement of an argument, a file or standard input (``-``).

    Raises :class:`UsageError` for none or two of them, :class:`NotFoundError` for a file that is not there.
    """
    if (sql is None) == (file is None):
        raise UsageError("give one statement: as an argument, or in a file with -f", "due query --help")
    try:
        if file is not None:
            return file.read_text("utf-8")
        text = sys.stdin.read() if sql == "-" and sys.stdin is not None else str(sql)
        text.encode()
        return text
    except FileNotFoundError:
        raise NotFoundError(f"no such file: {file}") from None
    except (OSError, UnicodeError) as error:
        raise UsageError(f"{file or 'the statement'} cannot be read: {error}") from None


def run(folder: Folder, sql: str) -> Table | Done:
    """The rows of a query, or the view that a statement made or dropped."""
    folder.require()
    text = _PLACEHOLDER_LINE.sub("", sql)
    statement = dialect.parsed(text)
    if dialect.created_view(statement) is not None:
        name = views.create(folder, text)
        return Done([f"the view {name} is there"], (views.try_it(name),))
    dropped = dialect.dropped_view(statement)
    if dropped is not None:
        views.drop(folder, dropped, missing_ok=bool(statement.args.get("exists")))
        return Done([f"the view {dropped} is gone"])
    if not dialect.only_reads(statement):
        raise QueryError(
            f"due query does not run this: {text.strip().partition(chr(10))[0][:60]}",
            "it reads (SELECT, WITH, SHOW, DESCRIBE); only CREATE OR REPLACE VIEW and DROP VIEW change something",
        )
    return table(folder, dialect.to_duckdb(statement), every_view=dialect.is_command(statement))

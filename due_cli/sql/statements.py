"""Statements that a user types or keeps in a file: where their text is, what they do, how they change views."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Protocol

from sqlglot import TokenType, exp

from due_cli.core.errors import NotFoundError, QueryError, UsageError
from due_cli.core.results import Done, Table
from due_cli.sql import files
from due_cli.sql.custom import preview_command
from due_cli.sql.files import TABLE
from due_cli.sql.parameters import Parameter, literal
from due_cli.sql.transpile import parse, tokenize

_GAP = r"(?:\s|/\*.*?\*/|--[^\n]*\n)*"
# EXPLAIN ANALYZE executes what it explains, which is what follows this.
_EXECUTED = re.compile(
    rf"{_GAP}ANALYZE\b(?:{_GAP}VERBOSE\b)?(?:{_GAP}\(\s*FORMAT\b[^)]*\))?", re.IGNORECASE | re.DOTALL
)
_NAME = re.compile(r"[a-z_][a-z0-9_]*")
# The line in the guide's template of a custom view (appendix E) that stands for columns to add.
_PLACEHOLDER_LINE = re.compile(r"^\s*\.\.\. .* \.\.\.\s*$", re.MULTILINE)


def statement_text(sql: str | None, file: Path | None) -> str:
    """The statement of an argument, a file or standard input (``-``), without the guide's line for more columns.

    Without an argument and a file it is that of standard input, unless that is a terminal. Raises :class:`UsageError`
    for none or two of them, :class:`NotFoundError` for a file that is not there.
    """
    is_piped = sys.stdin is not None and not sys.stdin.isatty()
    if sql is None and file is None and is_piped:
        sql = "-"
    if (sql is None) == (file is None):
        raise UsageError("give one statement: as an argument, or in a file with -f", "due query --help")
    try:
        if file is not None and str(file) != "-":
            text = file.read_text("utf-8")
        else:
            text = sys.stdin.read() if "-" in (sql, str(file)) and sys.stdin is not None else str(sql)
            text.encode()
    except FileNotFoundError:
        raise NotFoundError(f"no such file: {file}") from None
    except (OSError, UnicodeError) as error:
        raise UsageError(f"{file or 'the statement'} cannot be read: {error}") from None
    return _PLACEHOLDER_LINE.sub("", text)


def with_values(sql: str, values: Mapping[str, Parameter]) -> str:
    """The statement with a literal in place of each parameter that it names, such as ``:since``.

    Raises :class:`UsageError` for a parameter without a value, and for a value that is not named.
    """
    places = {  # by their start: the end and the name
        colon.start: (word.end + 1, word.text)
        for colon, word in pairwise(tokenize(sql))
        if colon.token_type is TokenType.COLON and word.start == colon.end + 1 and _NAME.fullmatch(word.text)
    }
    named = {name for _, name in places.values()}
    if missing := sorted(named - values.keys()):
        given = f"--{missing[0]} TIME" if missing[0] in ("since", "until") else f"--param {missing[0]}=VALUE"
        raise UsageError(f"the statement names :{missing[0]}, which has no value", f"add {given}")
    if unused := sorted(values.keys() - named):
        raise UsageError(f"the statement does not name :{unused[0]}", f"write :{unused[0]} where the value belongs")
    for start in sorted(places, reverse=True):
        end, name = places[start]
        sql = sql[:start] + literal(values[name]) + sql[end:]
    return sql


class DropView(Protocol):
    """A function that drops a view of a target."""

    def __call__(self, name: str, *, missing_ok: bool) -> bool:
        """Whether there was one; raise for a view that does not exist, unless ``missing_ok``."""


def change_view(
    statement: exp.Expr, sql: str, create: Callable[[str], str], drop: DropView, restore_command: str
) -> Done | None:
    """Run a ``CREATE VIEW`` or ``DROP VIEW`` with a target's own functions; None for a statement that only reads.

    ``restore_command`` restores a view of the guide. Raises :class:`QueryError` for any other statement.
    """
    if created_view(statement) is not None:
        name = create(sql)
        if name not in files.names("views"):
            return Done([f"Created view {name}"], (preview_command(name),))
        line = f"Created view {name} in place of the guide's view of that name, until {restore_command} restores it"
        return Done([line], (preview_command(name), restore_command))
    dropped = dropped_view(statement)
    if dropped is not None:
        is_dropped = drop(dropped, missing_ok=bool(statement.args.get("exists")))
        return Done([f"Dropped view {dropped}" if is_dropped else f"There is no view {dropped}: nothing was dropped"])
    require_read_only(statement, sql)
    return None


def created_view(statement: exp.Expr) -> str | None:
    """The name, in lower case, of the view that a statement creates; None for any other statement."""
    if isinstance(statement, exp.Create) and statement.kind == "VIEW":
        return str(statement.find(exp.Table).name).lower()  # type: ignore[union-attr]  # CREATE VIEW names one
    return None


def dropped_view(statement: exp.Expr) -> str | None:
    """The name, in lower case, of the view that a statement drops; None for any other statement."""
    if isinstance(statement, exp.Drop) and statement.kind == "VIEW":
        names = [table.name.lower() for table in statement.find_all(exp.Table)]
        return names[0] if len(names) == 1 else None
    return None


def or_replace(statement: exp.Expr) -> bool:
    """Whether a CREATE statement says OR REPLACE."""
    return bool(statement.args.get("replace"))


def database_of(statement: exp.Expr) -> str | None:
    """The database, in lower case, that a CREATE or DROP statement names before the view; None where it names none."""
    table = statement.find(exp.Table)
    return table.db.lower() if table is not None and table.db else None


def new_view_name(statement: exp.Expr) -> str:
    """The name of the view that a statement creates; raises :class:`UsageError` if it creates none that is allowed."""
    name = created_view(statement)
    if name is None:
        raise UsageError("not a CREATE VIEW statement", "due view create --help")
    if name == TABLE:
        raise UsageError(f"{TABLE} is the table of all events and cannot be a view", "choose another name")
    return name


def require_replaceable(statement: exp.Expr, name: str, *, exists: bool) -> None:
    """Raise :class:`UsageError` where a plain CREATE VIEW names an existing view."""
    if exists and not or_replace(statement):
        raise UsageError(f"the view {name} exists", "write CREATE OR REPLACE VIEW to replace it")


def require_droppable(name: str, dependents: Sequence[str], restore_command: str) -> None:
    """Raise for a view of the guide, which ``restore_command`` would restore, and for one that other views read."""
    if name in files.names("views"):
        raise UsageError(f"{name} is one of the guide's views, which stay", f"{restore_command} restores it")
    if dependents:
        raise QueryError(f"the view {name} is needed by {', '.join(dependents)}", f"due view drop {dependents[0]}")


def unknown_view(name: str) -> NotFoundError:
    """The error for a view that a target does not have."""
    return NotFoundError(f"no view {name}", "due view list")


def view_table(names: Iterable[str]) -> Table:
    """The views of a target by name, with what each shows."""
    shipped = files.names("views")
    rows = [(name, files.query("views", name).about if name in shipped else "your own") for name in names]
    return Table(("view", "about"), rows)


def require_read_only(statement: exp.Expr, sql: str) -> None:
    """Raise :class:`QueryError` for a statement, typed as ``sql``, that would change something."""
    if not is_read_only(statement):
        raise QueryError(
            f"Only read statements are allowed: {sql.strip().partition(chr(10))[0][:60]}",
            "use SELECT, WITH, SHOW, DESCRIBE or EXPLAIN; CREATE OR REPLACE VIEW and DROP VIEW work too",
        )


def is_read_only(statement: exp.Expr) -> bool:
    """Whether a statement returns rows and changes nothing."""
    if returns_rows(statement) or isinstance(statement, exp.Describe):
        return True
    if not is_metadata_query(statement):
        return False
    words, sql = explained(statement) or ("", "")
    return words != "EXPLAIN ANALYZE" or is_read_only(parse(sql))


def explained(statement: exp.Expr) -> tuple[str, str] | None:
    """The words of an EXPLAIN before the statement that it explains, and that; None for any other statement."""
    if not isinstance(statement, exp.Command) or str(statement.this).upper() != "EXPLAIN":
        return None
    text = statement.text("expression")
    executed = _EXECUTED.match(text)
    return ("EXPLAIN ANALYZE", text[executed.end() :]) if executed else ("EXPLAIN", text)


def returns_rows(statement: exp.Expr) -> bool:
    """Whether a statement computes rows and can stand in another's FROM: SELECT, WITH, VALUES, UNION."""
    return isinstance(statement, (exp.Query, exp.Values))


def is_metadata_query(statement: exp.Expr) -> bool:
    """Whether a statement is about tables and views themselves (SHOW), or about a statement (EXPLAIN)."""
    return isinstance(statement, exp.Show) or (
        isinstance(statement, exp.Command) and str(statement.this).upper() in ("SHOW", "EXPLAIN")
    )

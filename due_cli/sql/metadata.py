"""Statements about tables, views and functions that the engine of a target does not know: SHOW ..."""

from __future__ import annotations

import re

from due_cli.core.results import Table
from due_cli.sql.function_names import FUNCTIONS
from due_cli.sql.transpile import without_semicolon

_NAME = r"(?:[\"`]?\w+[\"`]?\.)*[\"`]?(?P<name>\w+)[\"`]?"
_SHOWS = {
    "columns": re.compile(rf"SHOW\s+COLUMNS\s+(?:IN|FROM)\s+{_NAME}", re.IGNORECASE),
    "create": re.compile(rf"SHOW\s+CREATE\s+VIEW\s+{_NAME}", re.IGNORECASE),
    "views": re.compile(r"SHOW\s+VIEWS(?:\s+(?:IN|FROM)\s+\S+)?", re.IGNORECASE),
    "functions": re.compile(r"SHOW\s+FUNCTIONS", re.IGNORECASE),
}


def show(sql: str) -> tuple[str, str]:
    """What a SHOW statement is about (``columns``, ``create``, ``views``, ``functions``) and the name in it.

    Both are empty for any other statement.
    """
    text = without_semicolon(sql)
    for what, pattern in _SHOWS.items():
        if match := pattern.fullmatch(text):
            return what, match.groupdict().get("name", "").lower()
    return "", ""


def functions() -> Table:
    """The functions that both targets have."""
    return Table(("function",), [(name,) for name in sorted(FUNCTIONS)])

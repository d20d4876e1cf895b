"""Where ``queries/`` is, and SQL files that hold several statements, each under a ``-- name:`` line."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

_STATEMENT = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)


@cache
def folder() -> Path:
    """Where the SQL files are: in the package (a wheel), else beside it (a checkout)."""
    package = Path(__file__).parent.parent
    for place in (package / "queries", package.parent / "queries"):
        if place.is_dir():
            return place
    raise FileNotFoundError("due was installed without its queries folder")


def template(name: str) -> dict[str, str]:
    """The statements of ``queries/templates/{name}.sql``."""
    return statements(folder() / "templates" / f"{name}.sql")


@cache
def statements(file: Path) -> dict[str, str]:
    """The statements of a SQL file by name: each stands under its ``-- name:`` line."""
    pieces = _STATEMENT.split(file.read_text("utf-8"))
    return {key: text.strip() for key, text in zip(pieces[1::2], pieces[2::2], strict=True)}

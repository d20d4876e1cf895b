"""Where ``queries/`` is, and the files in it that hold several pieces of SQL, each under a ``-- name:`` line."""

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


def statements(name: str) -> dict[str, str]:
    """The statements of ``queries/local/{name}.sql``."""
    return _pieces("local", name)


def template(name: str) -> dict[str, str]:
    """The pieces of ``queries/templates/{name}.sql``."""
    return _pieces("templates", name)


@cache
def _pieces(kind: str, name: str) -> dict[str, str]:
    """The pieces of a file, each under its ``-- name:`` line."""
    pieces = _STATEMENT.split((folder() / kind / f"{name}.sql").read_text("utf-8"))
    return {key: text.strip() for key, text in zip(pieces[1::2], pieces[2::2], strict=True)}

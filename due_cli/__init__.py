"""due: the digital user engagement events database, as a command-line tool and from Python (``docs/python.md``)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from due_cli.api.database import Database, open
    from due_cli.api.rows import Rows
    from due_cli.core.errors import DueError

__version__ = "0.1.0"
__all__ = ["Database", "DueError", "Rows", "open"]

_MODULES = {"Database": "api.database", "open": "api.database", "Rows": "api.rows", "DueError": "core.errors"}


def __getattr__(name: str) -> object:
    """What Python code uses, imported when it is: the command starts without it."""
    from importlib import import_module

    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)

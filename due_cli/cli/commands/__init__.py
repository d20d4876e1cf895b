"""The commands of ``due``, each in the module of its name. They are found here: there is no list of them."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from due_cli.cli.command import App


@cache
def names() -> frozenset[str]:
    """The names of the commands, as they are typed."""
    return frozenset(module.name.replace("_", "-") for module in pkgutil.iter_modules(__path__))


def load(name: str) -> App:
    """The app of a command."""
    app: App = import_module(f"{__name__}.{name.replace('-', '_')}").app
    return app

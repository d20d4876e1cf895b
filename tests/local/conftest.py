"""Databases for the tests of the local target: copied from one that was set up once, which is soon done."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from due_cli.core.progress import Silent
from due_cli.local.folder import Folder
from due_cli.local.setup import set_up

NewDatabase = Callable[[], Path]

LONG = 36_500  # days that a status is kept: the events of the tests stay at their time while the clock goes on


@pytest.fixture(scope="session")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that is set up and empty; only to be copied."""
    place = tmp_path_factory.mktemp("blank") / "database"
    set_up(Folder(place), "due_eventdb", LONG, Silent())
    return place


@pytest.fixture
def new_database(blank: Path, tmp_path: Path) -> NewDatabase:
    """Makes an empty database."""
    numbers = itertools.count()

    def make() -> Path:
        return Path(shutil.copytree(blank, tmp_path / f"database-{next(numbers)}"))

    return make


@pytest.fixture
def database(new_database: NewDatabase) -> Path:
    """An empty database."""
    return new_database()

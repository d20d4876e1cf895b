"""A stack for each test that asks for one, and one filled with events, which the tests of a module only read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from due_cli.deploy.stack import Stack
from due_cli.progress import Silent
from tests.athena import stacks
from tests.athena.awkward import RECORDS
from tests.aws.front.aws import Front
from tests.aws.front.fixture import front
from tests.queries.filing import ingested
from tests.queries.scenes import HAND

__all__ = ["front"]


@dataclass(frozen=True, slots=True)
class Both:
    """The same files in a local database and in a stack."""

    front: Front
    stack: Stack
    database: Path


class Said(Silent):
    """Progress that remembers its lines."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.asides: list[str] = []

    def note(self, text: str) -> None:
        """Keeps a warning."""
        self.notes.append(text)

    def aside(self, text: str) -> None:
        """Keeps what is of less weight."""
        self.asides.append(text)


@pytest.fixture
def said() -> Said:
    """What work tells of itself."""
    return Said()


@pytest.fixture
def stack(front: Front) -> Stack:
    """A stack without events and without views."""
    return stacks.made(views=False)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    """The events that were counted by hand and some with awkward values, on both targets."""
    hand = [record for case in HAND for record in case.records]
    database = ingested(tmp_path_factory.mktemp("both"), hand, RECORDS)
    account = Front()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in account.environment().items():
            patch.setenv(name, value)
        account.start()
        stack = stacks.made(views=True)
        stacks.filled(account, stack, database)
        yield Both(account, stack, database)
        account.stop()

"""A stack for the tests of a module: an empty one, or one with the same files as a local database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from due_cli.aws.stack.stack import Stack
from due_cli.core.progress import Silent
from due_cli.sql.files import TABLE
from tests.aws.athena import stacks
from tests.aws.athena.awkward import RECORDS
from tests.aws_emulator.aws import AwsEmulator
from tests.aws_emulator.fixture import started
from tests.queries.filing import ingested
from tests.queries.scenes import HAND


@dataclass(frozen=True, slots=True)
class StackAccount:
    """A stack in an account."""

    emulator: AwsEmulator
    stack: Stack


@dataclass(frozen=True, slots=True)
class BothTargets:
    """The same files in a local database and in a stack."""

    emulator: AwsEmulator
    stack: Stack
    database: Path


class RecordedProgress(Silent):
    """Progress that records its lines."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.asides: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)

    def aside(self, text: str) -> None:
        self.asides.append(text)


@pytest.fixture
def progress() -> RecordedProgress:
    """The lines that a command would print beside its result."""
    return RecordedProgress()


@pytest.fixture(scope="module")
def account() -> Iterator[StackAccount]:
    """A stack without events and without views."""
    with started() as emulator:
        yield StackAccount(emulator, stacks.create_stack(views=False))


@pytest.fixture
def emulator(account: StackAccount) -> Iterator[AwsEmulator]:
    """The account of the module's tests, as it was before any of them; it cannot be had together with ``both``."""
    emulator, stack = account.emulator, account.stack
    before = emulator.athena.engine
    emulator.journal.clear()
    yield emulator
    emulator.faults.clear()
    emulator.athena.engine, emulator.athena.slow = before, 0.0
    glue = emulator.client("glue")
    for table in glue.get_tables(DatabaseName=stack.options.database)["TableList"]:
        if table["Name"] != TABLE:
            glue.delete_table(DatabaseName=stack.options.database, Name=table["Name"])


@pytest.fixture
def stack(account: StackAccount, emulator: AwsEmulator) -> Stack:
    """The stack in it."""
    return account.stack


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BothTargets]:
    """The events that were counted by hand and some with awkward values, on both targets."""
    hand = [record for case in HAND for record in case.records]
    database = ingested(tmp_path_factory.mktemp("both"), hand, RECORDS, by_hour=True)
    with started() as emulator:
        stack = stacks.create_stack(views=True)
        stacks.add_files(emulator, stack, database)
        yield BothTargets(emulator, stack, database)

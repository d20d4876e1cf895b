"""Whole stacks: ``due`` as processes against an AWS account that only the emulator knows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.aws_emulator.aws import AwsEmulator
from tests.aws_emulator.fixture import started
from tests.scenarios.commands import Commands, commands, preloaded
from tests.scenarios.details import details

__all__ = ["commands"]


@dataclass(frozen=True)
class Made:
    """A stack, and how it was when it was made."""

    emulator: AwsEmulator
    commands: Commands
    details: dict[str, list[str]]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """One stack for the tests of a module."""
    home: Path = tmp_path_factory.mktemp("home")
    with started() as emulator:
        commands = Commands(emulator, home, preloaded())
        assert commands.due("setup", "--yes", "--no-pinpoint", "--alarm-email", "oncall@example.com").code == 0
        yield Made(emulator, commands, details(emulator))

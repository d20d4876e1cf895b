"""A table, a bucket and a Glue table for each test, and the functions' package for all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.aws_emulator.aws import AwsEmulator
from tests.lambdas.functions import unpacked
from tests.lambdas.world import World


@pytest.fixture(scope="session")
def functions_code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The functions' package, unpacked."""
    return unpacked(tmp_path_factory.mktemp("code"))


@pytest.fixture
def world(emulator: AwsEmulator, functions_code: Path, tmp_path: Path) -> Iterator[World]:
    """A deployment's services, empty."""
    with World(emulator, functions_code, {"HOME": str(tmp_path)}).filled() as made:
        yield made

"""A table, a bucket and a Glue table for each test, and the functions' zip for all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from due_cli.aws.stack.package import package
from tests.aws_emulator.aws import AwsEmulator
from tests.lambdas.functions import libraries
from tests.lambdas.world import World


@pytest.fixture(scope="session")
def functions_zip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("code") / "functions.zip"
    place.write_bytes(package().content)
    return place


@pytest.fixture(scope="session")
def boto(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return libraries(tmp_path_factory.mktemp("boto") / "libraries")


@pytest.fixture
def world(emulator: AwsEmulator, functions_zip: Path, boto: Path, tmp_path: Path) -> Iterator[World]:
    """A deployment's services, empty."""
    with World(emulator, functions_zip, boto, {"HOME": str(tmp_path)}).filled() as made:
        yield made

"""moto's server for a run, an emulator before it and a table, a bucket and a Glue table for each test."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from due_cli.aws.stack.package import package
from tests.lambdas.emulator import FunctionsEmulator
from tests.lambdas.functions import libraries
from tests.lambdas.world import World, client_of


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def _started(command: list[str], port: int) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(600):
        with socket.socket() as attempt:
            if attempt.connect_ex(("127.0.0.1", port)) == 0:
                return process
        assert process.poll() is None, "the server did not start"
        time.sleep(0.1)
    raise AssertionError("the server does not answer")


@pytest.fixture(scope="session")
def moto() -> Iterator[str]:
    port = _free_port()
    process = _started([sys.executable, "-m", "moto.server", "-p", str(port)], port)
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait(10)


@pytest.fixture(scope="session")
def functions_zip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("code") / "functions.zip"
    place.write_bytes(package().content)
    return place


@pytest.fixture(scope="session")
def boto(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return libraries(tmp_path_factory.mktemp("boto") / "libraries")


@pytest.fixture
def emulator(moto: str) -> Iterator[FunctionsEmulator]:
    server = FunctionsEmulator(moto)
    yield server
    server.close()


@pytest.fixture
def world(emulator: FunctionsEmulator, moto: str, functions_zip: Path, boto: Path, tmp_path: Path) -> Iterator[World]:
    """A deployment's services, empty."""
    made = World(emulator, functions_zip, boto, {"HOME": str(tmp_path)}, lambda service: client_of(service, moto))
    with made.filled():
        yield made

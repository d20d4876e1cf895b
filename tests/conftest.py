"""Every test has a home, a working folder and an environment of its own; slow ones run with ``make test-all``."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from tests.commands import Due

if TYPE_CHECKING:
    from tests.aws_emulator.aws import AwsEmulator

settings.register_profile(
    "due",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("due")
# A shell has what it runs in the background ignore Ctrl-C, and every process begun from there: tests are about it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

_LONGEST_FIRST = ("scenarios", "aws", "lambdas", "local")  # the quick ones fill what is left at the end


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts the rooms with the longest tests first."""
    rooms = {name: rank for rank, name in enumerate(_LONGEST_FIRST)}
    tests = Path(__file__).parent
    items.sort(key=lambda item: rooms.get(item.path.relative_to(tests).parts[0], len(rooms)))


@pytest.fixture(autouse=True)
def _own_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the developer's machine reaches a test, and nothing of a test reaches it."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    for name in ("XDG_CONFIG_HOME", "DUE_LOCAL", "DUE_OUTPUT", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "100")
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[AwsEmulator]:
    """An AWS account with nothing in it; what a test changes of its environment ends with it."""
    from tests.aws_emulator.fixture import emulated  # moto takes a second to import

    with emulated(monkeypatch) as account:
        yield account


@pytest.fixture
def due(capfdbinary: pytest.CaptureFixture[bytes]) -> Due:
    """The command line, called in this process."""
    return Due(capfdbinary)


@pytest.fixture
def folder(due: Due, tmp_path: Path) -> Path:
    """A local database that is set up and empty."""
    place = tmp_path / "database"
    due("setup", "--local", str(place)).done()
    return place
